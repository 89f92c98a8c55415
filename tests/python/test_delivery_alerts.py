"""A quiet week raises no alert; a latency regression and an error burst each raise theirs."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from command_line import reelhouse

from reelhouse.generate.delivery import Incident, generate_api_requests

START = date(2025, 1, 6)
SLOW = Incident("playback", datetime(2025, 1, 13, 10), 60, latency_factor=12)
FAILING = Incident("catalog", datetime(2025, 1, 13, 21), 179, error_share=0.3)
MODELS = ("--select", "+service_level_alerts", "+error_budgets")
ROWS_ONLY = ("--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def week(tmp_path_factory, parsed_manifest):
    """A project with a quiet week, refreshed by a second day of incidents: (project, alerts)."""
    from conftest import Project

    project = Project(tmp_path_factory.mktemp("week") / "project", parsed_manifest)
    shape = {"requests_per_day": 10_000, "seed": 11}
    generate_api_requests(project.landing, start=START, days=7, **shape)
    project.build(*MODELS, *ROWS_ONLY)
    quiet = project.query("select * from service_level_alerts")
    generate_api_requests(
        project.landing, start=START + timedelta(days=7), incidents=(SLOW, FAILING), **shape
    )
    project.build(*MODELS, *ROWS_ONLY)
    return project, quiet


def test_a_quiet_week_raises_none(week):
    project, quiet = week
    assert quiet == []
    judged = "select count(*), min(requests) > 10000, sum(bad_requests) > 0 from error_budgets"
    assert project.query(judged) == [(6, True, True)]


def test_the_regression_and_the_burst_are_found(week):
    project, _ = week
    alerts = project.query(
        """
        select
            objective, severity, min(started_at), max(ended_at), bool_or(is_open), min(bad_requests)
        from service_level_alerts
        group by objective, severity
        """
    )
    found = {(objective, severity): rest for objective, severity, *rest in alerts}
    assert {objective for objective, _ in found} == {"manifest-latency", "catalog-availability"}

    since, until, is_open, bad = found["manifest-latency", "page"]
    assert SLOW.since < since <= SLOW.since + timedelta(minutes=30)
    assert until <= SLOW.since + timedelta(minutes=SLOW.minutes + 35)
    assert not is_open and bad >= 10

    since, _, is_open, _ = found["catalog-availability", "page"]
    assert FAILING.since < since <= FAILING.since + timedelta(minutes=30)
    assert is_open


def test_evidence_is_what_the_requests_say(week):
    """The counts of an alert equal a count over the requests themselves."""
    project, _ = week
    (alert,) = project.query(
        "select started_at, requests, bad_requests, burn_rate from service_level_alerts"
        " where objective = 'catalog-availability' and alert = 'page-fast'"
        " order by burn_rate desc limit 1"
    )
    counted = project.query(
        """
        select max_by((requests, bad), bad / requests), max(bad / requests) / (1 - 0.99)
        from (
            select
                ends.slot_ts,
                count(*) as requests,
                count(*) filter (status_code >= 500) as bad
            from (select distinct slot_ts from int_service_level_indicators
                where slot_ts >= timestamp '2025-01-13 21:00') as ends
            inner join api_request_logs as logs
                on logs.timestamp >= ends.slot_ts - interval 55 minute
                and logs.timestamp < ends.slot_ts + interval 5 minute
            where service_name = 'catalog'
            group by ends.slot_ts
        )
        """
    )
    assert (alert[1], alert[2]) == counted[0][0]
    assert alert[3] == pytest.approx(counted[0][1])


def test_a_page_fails_and_a_webhook_is_told(week, monkeypatch, capsys):
    project, _ = week
    outcome = project.dbt("test", "--selector", "alerts", expect_success=False)
    assert outcome.statuses["no_page_is_open"] == "fail"
    assert outcome.statuses["no_ticket_is_open"] in {"warn", "pass"}

    received = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if len(received) == 1 else 500)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_port}/hook")
    alerts = ("alerts", "--lake", str(project.lake))
    try:
        assert reelhouse(*alerts) == 0
        assert reelhouse(*alerts) == 1, "a webhook that refuses is an error"
    finally:
        server.shutdown()
        server.server_close()
    assert received[0]["alerts"][0]["objective"] == "catalog-availability"
    assert received[0]["alerts"][0]["severity"] == "page"
    assert "catalog-availability burns its error budget" in received[0]["text"]
    assert "/hook" not in capsys.readouterr().err
