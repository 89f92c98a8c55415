"""Tell a webhook of the alerts that are open in the lake.

    ALERT_WEBHOOK=https://... python scripts/notify_alerts.py --lake lake

Sends one POST of {"text": ..., "alerts": [...]}, and nothing when no alert is open or the variable
is not set. Exit status 1 when the webhook did not take it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

import duckdb

from reelhouse.lake.plugin import load_ducklake

TIMEOUT_SECONDS = 20


def open_alerts(lake: str) -> list[dict]:
    """Return the open alerts of a lake, pages first, as one dictionary an alert.

    They are those of the published state, as every reader sees; without one, those of the lake.
    """
    published = Path(lake) / "published.ducklake"
    catalog = published if published.exists() else Path(lake) / "catalog.ducklake"
    with duckdb.connect() as connection:
        load_ducklake(connection)
        connection.execute(
            f"attach 'ducklake:{catalog}' as lake"
            f" (read_only, data_path '{lake}/data/', override_data_path true)"
        )
        found = connection.execute(
            """
            select
                severity, objective, alert, service_name, endpoint, indicator, requests,
                bad_requests, round(burn_rate, 1) as burn_rate, cast(since as varchar) as since
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
        "{severity}: {objective} burns its error budget {burn_rate} times too fast since {since}"
        " ({bad_requests} of {requests} requests)".format(**alert)
        for alert in alerts
    ]
    return {"text": "\n".join(lines), "alerts": alerts}


def send(url: str, body: dict) -> None:
    """Post the body as JSON; raises urllib.error.URLError when it was not taken."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()


def main() -> int:
    """Read the alerts and send them."""
    parser = argparse.ArgumentParser(description="Tell a webhook of open alerts.")
    parser.add_argument("--lake", default=os.environ.get("REELHOUSE_LAKE", "lake"))
    alerts = open_alerts(parser.parse_args().lake)
    url = os.environ.get("ALERT_WEBHOOK", "")
    print(message(alerts)["text"] or "no alert is open")
    if not alerts or not url:
        return 0
    try:
        send(url, message(alerts))
    except urllib.error.URLError as error:
        # Not the URL: it is a secret.
        print(f"the webhook did not take the alerts: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
