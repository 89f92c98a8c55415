"""dbt's own options and commands: each works, or says why it does not before it writes."""

import pytest
from conftest import ROWS_ONLY, Outcome
from lakehouse_lake import copy_lake
from test_outdated_tables import edit
from watch_events import MODELS, contents, deliver, event, files_of

pytestmark = pytest.mark.one_domain

BUILD = ("--select", "lakehouse_files", *MODELS[1:], *ROWS_ONLY)
TITLES = "models/marts/engagement/daily_title_metrics.sql"
EVERYTHING = "select schema_name, table_name from duckdb_tables() where database_name = 'lake'"


def steps_of(outcome: Outcome) -> dict[str, str]:
    """Return the status of each step but the hooks, by its name."""
    return {name: status for name, status in outcome.statuses.items() if "-on-run-" not in name}


@pytest.fixture(scope="module")
def built(make_module_project):
    project = make_module_project("project")
    deliver(project, "a.csv", [event(f"a{i}", day=i % 3) for i in range(10)])
    project.build(*BUILD, "--write-json")
    return project


@pytest.mark.parametrize("command", ["build", "run", "seed"])
def test_several_threads_are_refused_before_a_table_or_schema_is_made(command, project):
    deliver(project, "a.csv", [event("a")])
    outcome = project.dbt(command, "--threads", "4", expect_success=False)
    assert outcome.returncode != 0
    assert "dbt runs with 4 threads, but DuckLake 1.5.5 corrupts memory" in outcome.stdout
    assert "Use 1 (`--threads 1`" in outcome.stdout
    assert project.query(EVERYTHING) == []
    schemas = "select schema_name from duckdb_schemas() where database_name = 'lake'"
    assert project.query(schemas) == [("main",)]


def test_options_that_would_harm_a_lake_are_refused_before_anything_is_written(built, project):
    copy_lake(built, project)
    deliver(project, "b.csv", [event("late")])
    before = files_of(project), project.query("from ledger.refresh_log order by all")
    said = [
        " ".join(project.dbt(*command, expect_success=False).stdout.split())
        for command in (
            ("run", "--threads", "2"),
            ("build", "--empty", "--full-refresh"),
            ("build", "--sample", "3 days"),
            ("clone", "--full-refresh", "--state", str(built.target)),
        )
    ]
    after = files_of(project), project.query("from ledger.refresh_log order by all")
    assert after == before
    words = [
        "dbt runs with 2 threads",
        "this lake holds rows. Nothing was written. Use a separate lake",
        "--sample is not supported: it reads a part of the rows",
        "Copy the lake's folder instead: cp -a lake /tmp/lake",
    ]
    for text, expected in zip(said, words, strict=True):
        assert expected in text


def test_empty_builds_every_table_without_rows_and_leaves_nothing_to_misread(built, project):
    deliver(project, "a.csv", [event(f"a{i}", day=i % 3) for i in range(10)])
    project.build("--empty")
    for table in ("fact_watch_events", "daily_user_metrics", "lake.landing.land_watch_events"):
        assert project.query(f"select count(*) from {table}") == [(0,)]
    for ledger in ("refresh_log", "landed_files", "publications"):
        assert project.query(f"select count(*) from ledger.{ledger}") == [(0,)]
    # A second time, with a query that breaks its contract: that is what the option is for.
    edit(project, TITLES, "count(*) as watch_events", "count(*) as watch_event")
    broken = ("--empty", "--select", "daily_title_metrics", *ROWS_ONLY)
    outcome = project.build(*broken, expect_success=False)
    assert outcome.statuses["daily_title_metrics"] == "error"
    edit(project, TITLES, "count(*) as watch_event", "count(*) as watch_events")
    # The first real build need not make the views anew to find what was delivered.
    project.build("--select", "land_watch_events", "fact_watch_events", *ROWS_ONLY)
    assert project.query("select count(*) from lake.staging.stg_watch_events") == [(10,)]
    project.build(*BUILD)
    assert contents(project) == contents(built)


def test_show_and_freshness_work(built, project):
    copy_lake(built, project)
    said = project.dbt("show", "--select", "daily_title_metrics", "--limit", "1").stdout
    assert "watch_events" in said and "eu-west" in said
    said = project.dbt(
        "show", "--inline", "select count(*) as n from {{ ref('fact_watch_events') }}"
    ).stdout
    assert "| 10 |" in said
    # The default selector holds no sources: alone, the command would have nothing to do.
    said = project.dbt("source", "freshness", "--select", "source:ledger").stdout
    assert "PASS freshness of ledger.landed_files" in said
    tests = steps_of(project.dbt("test", "--threads", "4", "--select", "fact_watch_events"))
    assert len(tests) > 3 and set(tests.values()) == {"pass"}


def test_retry_builds_what_failed_and_a_whole_build_publishes_it(built, project):
    copy_lake(built, project)
    deliver(project, "b.csv", [event("late")])
    edit(project, TITLES, "count(*)", "count(no_such_column)")
    failed = project.build(*BUILD, "--write-json", expect_success=False)
    assert failed.statuses["daily_title_metrics"] == "error"
    edit(project, TITLES, "count(no_such_column)", "count(*)")
    retried = project.dbt("retry")
    assert steps_of(retried) == {"daily_title_metrics": "success"}
    assert "run the whole `dbt build`" in retried.stdout
    assert project.query("select sum(watch_events) from daily_title_metrics") == [(11,)]


def test_modified_models_are_selected_by_a_former_state(built, project):
    copy_lake(built, project)
    edit(project, TITLES, "count(*)", "count(*) + 0")
    state = ("--select", "state:modified+", "--defer", "--state", str(built.target))
    outcome = project.build(*state, *ROWS_ONLY, vars={"rebuild_outdated": True})
    assert steps_of(outcome) == {
        "daily_title_metrics": "success",
        "lakehouse_column_chunks": "success",
    }
    # Nothing has changed: nothing is built.
    edit(project, TITLES, "count(*) + 0", "count(*)")
    assert steps_of(project.build(*state, *ROWS_ONLY)) == {}
