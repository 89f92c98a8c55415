"""Open alerts, sent to a webhook."""
