"""The project as a whole: edited seeds, failed builds, and what "now" means."""

from __future__ import annotations

import json

import pytest
from conftest import ROWS_ONLY
from watch_events import ROWS, contents, deliver, event


@pytest.mark.one_domain(bare=True)
def test_an_edited_seed_builds_anew_what_it_judges(project):
    seeds = project.own("seeds") / "reference"
    deliver(project, "a.csv", [event("1"), event("2", region="mars")])
    project.build(*ROWS)
    assert project.query("select count(*) from fact_watch_events") == [(1,)]

    header, *rest = (seeds / "regions.csv").read_text().splitlines()
    row = ",".join(["mars", *["Mars"] * header.count(",")])
    (seeds / "regions.csv").write_text("\n".join([header, *rest, row]) + "\n")
    deliver(project, "b.csv", [event("3", region="mars", day=1)])
    project.build(*ROWS)
    assert project.query("select event_id, batch_id from fact_watch_events order by all") == [
        ("e-1", 1),
        ("e-2", 1),
        ("e-3", 2),
    ]
    assert project.query("select count(*) from lake.quarantine.quarantine_watch_events") == [(0,)]
    assert project.query("select sum(watch_events) from daily_title_metrics") == [(3,)]
    assert project.query(
        "select model from lake.ledger.refresh_log where batch_id = 2 and first_batch_id = 0"
        " order by model"
    ) == [
        ("daily_title_metrics",),
        ("daily_user_metrics",),
        ("fact_watch_events",),
        ("quarantine_watch_events",),
        ("regions",),
    ]

    # A seed may get a column as well.
    lines = (seeds / "regions.csv").read_text().splitlines()
    text = "\n".join([f"{lines[0]},planet", *(f"{line},x" for line in lines[1:])]) + "\n"
    (seeds / "regions.csv").write_text(text)
    project.build("--select", "regions", *ROWS_ONLY)
    assert project.query("select distinct planet from lake.reference.regions") == [("x",)]


@pytest.mark.one_domain(bare=True)
def test_a_failed_first_build_leaves_nothing_half_built(make_project):
    project, undisturbed = make_project("project"), make_project("undisturbed")
    model = project.own("models") / "marts" / "engagement" / "daily_user_metrics.sql"
    good = model.read_text()
    rows = [event(f"f{i}", day=i % 4) for i in range(20)]
    for each in (project, undisturbed):
        deliver(each, "a.csv", rows)
    # It fails while it reads its rows, after its table was made.
    model.write_text(good.replace("count(distinct session_id)", "count(error('boom'))"))
    failed = project.build(*ROWS, expect_success=False)
    assert failed.statuses["daily_user_metrics"] == "error" and "boom" in failed.stdout
    assert failed.statuses["daily_title_metrics"] == "success"
    assert not project.query(
        "select table_name from ducklake_table_info('lake') where table_name = 'daily_user_metrics'"
    )
    assert not project.query(
        "select * from lake.ledger.refresh_log where model = 'daily_user_metrics'"
    )

    model.write_text(good)
    project.build(*ROWS)
    undisturbed.build(*ROWS)
    assert contents(project, with_batch=True) == contents(undisturbed, with_batch=True)


def test_edited_endpoint_rules_reach_view_and_fact_in_any_order(project):
    only = ("--select", "+api_request_logs", *ROWS_ONLY)
    rules = project.own("seeds") / "reference" / "endpoint_rules.csv"
    request = {"request_ts": "2025-03-01 12:00:00", "service_name": "web", "endpoint": "/a/x1"}
    feed = project.landing / "api_requests"
    feed.mkdir()
    (feed / "a.jsonl").write_text(
        json.dumps({**request, "method": "GET", "status_code": "200", "response_bytes": "1"}) + "\n"
    )
    project.build(*only)
    rules.write_text(rules.read_text() + "5,/a/[^/]+,/a/{letter},An edited rule\n")
    # The fact before the view, which still holds the rules of before as constants.
    project.dbt("seed", "--select", "endpoint_rules")
    project.dbt("run", "--select", "api_request_logs")
    project.build(*only)
    endpoints = "select (select endpoint from api_request_logs)"
    endpoints += ", (select endpoint from lake.staging.stg_api_requests)"
    assert project.query(endpoints) == [("/a/{letter}", "/a/{letter}")]
    # And that is all: nothing is built anew a second time.
    project.build(*only)
    newest = "select max(batch_id) from lake.ledger.refresh_log where model = 'api_request_logs'"
    assert project.query(newest) == [(4,)]


@pytest.mark.one_domain(bare=True)
def test_a_wrong_as_of_loses_nothing(make_project):
    project, undisturbed = make_project("project"), make_project("undisturbed")
    for each in (project, undisturbed):
        deliver(each, "a.csv", [event(f"d{day}", day=day) for day in range(100)])
    project.build(*ROWS, vars={"as_of": "2035-01-01"})
    assert project.query("select count(*) from daily_user_metrics") == [(100,)]
    # One event of a broken clock does no more than the variable.
    rows = [event("late", day=11), event("broken", event_ts="2025-11-30 00:00:00")]
    for each in (project, undisturbed):
        deliver(each, "b.csv", rows)
    project.build(*ROWS, vars={"as_of": "2035-01-01"})
    undisturbed.build(*ROWS)
    assert contents(project) == contents(undisturbed)
    assert project.query("select count(*) from daily_user_metrics") == [(101,)]
