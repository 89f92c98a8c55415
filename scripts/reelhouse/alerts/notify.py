"""Send the alerts that are open in a lake to a webhook."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

from reelhouse.alerts.webhook import NotDelivered, check_url, send
from reelhouse.lake.connection import LIVE_CATALOG, PUBLISHED_CATALOG, attach_lake


def open_alerts(lake: str) -> list[dict]:
    """Return the open alerts of a lake, pages first, as one dictionary an alert.

    They are those of the published state, as every reader sees; without one, those of the lake.
    """
    published = Path(lake) / PUBLISHED_CATALOG
    catalog = PUBLISHED_CATALOG if published.exists() else LIVE_CATALOG
    with duckdb.connect() as connection:
        attach_lake(connection, lake, catalog)
        found = connection.execute(
            """
            select
                severity, objective, alert, service_name, endpoint, indicator, requests,
                bad_requests, round(burn_rate, 1) as burn_rate,
                cast(started_at as varchar) as started_at
            from lake.analytics.service_level_alerts
            where is_open
            order by severity, objective, alert
            """
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def message(alerts: list[dict]) -> dict:
    """Return what is sent: a text that a chat shows, and the rows for a program."""
    lines = [
        "{severity}: {objective} burns its error budget {burn_rate} times too fast"
        " since {started_at} ({bad_requests} of {requests} requests)".format(**alert)
        for alert in alerts
    ]
    return {"text": "\n".join(lines), "alerts": alerts}


def run(lake: str) -> int:
    """Print the open alerts of a lake and send them to the webhook in ALERT_WEBHOOK, if it is set.

    Returns:
        Exit status: 1 if the webhook did not take them, 2 if its address cannot be used.
    """
    url = os.environ.get("ALERT_WEBHOOK", "")
    try:
        # Checked on every run, so that a wrong address shows before the first alert is lost.
        url = url and check_url(url, "ALERT_WEBHOOK")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    alerts = open_alerts(lake)
    print(message(alerts)["text"] or "no alert is open")
    if not alerts or not url:
        return 0
    try:
        send(url, message(alerts))
    except NotDelivered as error:
        print(f"The webhook in ALERT_WEBHOOK did not accept the alerts: {error}.", file=sys.stderr)
        return 1
    return 0
