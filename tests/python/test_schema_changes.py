"""A model that gives other columns than its table has: an error that names them, or new columns."""

import pytest
from conftest import ROWS_ONLY
from lakehouse_lake import copy_lake
from test_outdated_tables import edit
from watch_events import MODELS, contents, csv_text, deliver, event

pytestmark = pytest.mark.one_domain

BUILD = ("--select", *MODELS[1:], *ROWS_ONLY)
MARTS = "models/marts/engagement/"
PROPERTIES = MARTS + "_engagement__models.yml"


@pytest.fixture(scope="module")
def built(make_module_project):
    project = make_module_project("project")
    deliver(project, "a.csv", [event(f"a{i}", day=i % 3) for i in range(10)])
    # Columns that the feed does not have yet.
    other = [("home", "it's"), ("", "kept"), ("search", "")]
    rows = [event(f"n{i}", referrer=r, note=n) for i, (r, n) in enumerate(other)]
    deliver(project, "n.csv", csv_text(rows, [*event("x"), "referrer", "note"]))
    project.build(*BUILD)
    return project


def test_other_columns_stop_a_refresh_before_it_writes(built, project):
    copy_lake(built, project)
    title, user = MARTS + "daily_title_metrics.sql", MARTS + "daily_user_metrics.sql"
    # A column added, one dropped and one of another type, all three agreed with the contract.
    edit(project, title, "count(distinct session_id) as sessions", "cast(7 as varchar) as sessions")
    edit(project, title, "count(distinct profile_id) as viewers", "count(*) as devices")
    properties = project.folder / PROPERTIES
    head, _, ours = properties.read_text().partition("  - name: daily_title_metrics")
    ours = ours.replace("- name: viewers", "- name: devices", 1)
    before, _, after = ours.partition("- name: sessions")
    ours = before + "- name: sessions" + after.replace("bigint", "varchar", 1)
    properties.write_text(head + "  - name: daily_title_metrics" + ours)
    # A query that breaks its contract, and a table without one that loses a nullable column.
    edit(project, user, "cast(sum(watch_seconds) as bigint)", "cast(sum(watch_seconds) as double)")
    edit(
        project,
        "macros/quality/quarantine_rows.sql",
        "select * from final",
        "select * exclude (raw) from final",
    )
    deliver(project, "b.csv", [event("late"), event("bad", region="atlantis")])
    tables = contents(project, with_batch=True)
    log = project.query("from ledger.refresh_log order by all")

    outcome = project.build(*BUILD, expect_success=False)
    said = " ".join(outcome.stdout.split())
    assert (
        "The query of daily_title_metrics no longer fits its table"
        ' "lake"."analytics"."daily_title_metrics".'
        " Against the table, the query has: added devices BIGINT; dropped viewers BIGINT;"
        " changed sessions from BIGINT to VARCHAR. Nothing was written. Rebuild it:"
        " dbt build --full-refresh --select daily_title_metrics+"
    ) in said
    assert (
        "The query of daily_user_metrics and the contract in its properties file differ."
        " Against the contract, the query has: changed total_watch_time from BIGINT to DOUBLE."
    ) in said
    assert "fits its table" in said and "dropped raw VARCHAR." in said
    failed = {"daily_title_metrics", "daily_user_metrics", "quarantine_watch_events"}
    assert {name for name, status in outcome.statuses.items() if status == "error"} == failed
    fact = "fact_watch_events"
    assert {**contents(project, with_batch=True), fact: 0} == {**tables, fact: 0}
    new = set(project.query("from ledger.refresh_log")) - set(log)
    assert {row[1] for row in new} == {"land_watch_events", fact}

    # What the message says works.
    edit(project, user, "cast(sum(watch_seconds) as double)", "cast(sum(watch_seconds) as bigint)")
    project.build(
        "--full-refresh", "--select", "daily_title_metrics", "daily_user_metrics", *ROWS_ONLY
    )
    assert project.query("select distinct sessions from daily_title_metrics") == [("7",)]
    # dbt refuses other handling where there is a contract, and the project where there is none.
    sorted_by = "      +sorted_by: [file, file_row]\n"
    edit(project, "dbt_project.yml", sorted_by, sorted_by + "      +on_schema_change: ignore\n")
    quarantine = ("--select", "quarantine_watch_events", *ROWS_ONLY)
    said = project.build(*quarantine, expect_success=False).stdout
    assert "on_schema_change of quarantine_watch_events is 'ignore'. Set it to 'fail' or" in said


def test_a_new_optional_column_of_a_feed_reaches_the_fact(built, project):
    copy_lake(built, project)
    land, stage = "models/landing/land_watch_events.sql", "models/staging/stg_watch_events.sql"
    edit(
        project,
        land,
        "            'watch_seconds',\n        ]",
        "            'watch_seconds',\n        ],\n        optional_columns=['referrer']",
    )
    edit(project, stage, "'event_id', ", "'referrer', 'event_id', ")
    edit(project, stage, "        title_id,\n", "        title_id,\n        referrer,\n")
    edit(
        project,
        MARTS + "fact_watch_events.sql",
        "        title_id,\n",
        "        title_id,\n        referrer,\n",
    )
    edit(
        project,
        "dbt_project.yml",
        "        fact_watch_events:\n",
        "        fact_watch_events:\n          +on_schema_change: append_new_columns\n",
    )
    properties = project.folder / PROPERTIES
    column = "      - {name: title_id, "
    referrer = "      - {name: referrer, data_type: varchar, description: Page.}\n"
    properties.write_text(properties.read_text().replace(column, referrer + column, 1))
    deliver(project, "b.csv", csv_text([event("late", referrer="home")], [*event("x"), "referrer"]))
    before = project.query("select * exclude (batch_id) from fact_watch_events")

    said = " ".join(project.build(*BUILD).stdout.split())
    assert (
        "Feed watch_events: the new columns referrer have their values in 3 rows that had landed"
        " before (from _unknown_columns)."
    ) in said
    assert project.query(
        "select event_id, referrer, _unknown_columns from lake.landing.land_watch_events"
        " where referrer is not null order by event_id"
    ) == [
        ("e-late", "home", None),
        ("e-n0", "home", '{"note":"it\'s"}'),
        ("e-n1", "", '{"note":"kept"}'),
        ("e-n2", "search", '{"note":""}'),
    ]
    assert project.query("select count(*) from lake.landing.land_watch_events") == [(14,)]
    assert project.query(
        "select event_id, batch_id from fact_watch_events where referrer = 'home'"
    ) == [("e-late", 2)]
    kept = "select * exclude (batch_id, referrer) from fact_watch_events where referrer is null"
    assert sorted(project.query(kept)) == sorted(before)
    assert project.query(
        "select count(*) from ledger.refresh_log where batch_id = 2 and mode = 'rebuild'"
    ) == [(0,)]
    # Facts take the values of older rows in a rebuild.
    project.build(*BUILD, vars={"rebuild_outdated": True})
    assert project.query("select count(*) from fact_watch_events where referrer = 'search'") == [
        (1,)
    ]
    # Landing is never rebuilt: a column that its model loses is asked back.
    edit(project, land, ",\n        optional_columns=['referrer']", "")
    said = project.build("--select", "land_watch_events", expect_success=False).stdout
    assert "dropped referrer VARCHAR" in said
    assert "Landing is never rebuilt: restore the columns of its table in the model." in " ".join(
        said.split()
    )
