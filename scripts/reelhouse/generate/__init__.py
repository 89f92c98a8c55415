"""Generated deliveries: the same seed gives the same rows."""
