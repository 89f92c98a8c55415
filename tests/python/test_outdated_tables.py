"""A change of a model's logic: which tables hold rows of the old one, and how they are rebuilt."""

from collections import Counter

import duckdb
import pytest
from conftest import ROWS_ONLY, Project
from lakehouse_lake import copy_lake
from watch_events import MODELS, deliver, event

from reelhouse.lake.plugin import load_ducklake
from reelhouse.refresh import build

pytestmark = pytest.mark.one_domain

# The tables that are made from watch events, and the view that is asked.
BUILD = ("--select", "outdated_tables", *MODELS[1:], *ROWS_ONLY)
REPORT = "were computed with older logic than the project has now"


def edit(project: Project, path: str, old: str, new: str) -> None:
    """Replace a text in one of the project's files."""
    file = project.own(path.split("/")[0]).joinpath(*path.split("/")[1:])
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def outdated(project: Project) -> set[str]:
    return {model for (model,) in project.query("select model from lakehouse.outdated_tables")}


def rebuilt(project: Project, batch_id: int) -> set[str]:
    found = project.query(
        f"select model from ledger.refresh_log where batch_id = {batch_id} and mode = 'rebuild'"
    )
    return {model for (model,) in found}


@pytest.fixture(scope="module")
def built(make_module_project):
    project = make_module_project("project")
    deliver(project, "a.csv", [event(f"a{i}", day=i % 3) for i in range(30)])
    outcome = project.build(*BUILD)
    assert REPORT not in outcome.stdout and outdated(project) == set()
    return project


def test_a_change_of_logic_is_reported_until_the_tables_it_concerns_are_rebuilt(
    built, project, capsys, monkeypatch
):
    copy_lake(built, project)
    models = "models/marts/engagement/"
    edit(
        project, models + "daily_title_metrics.sql", "sum(watch_seconds)", "sum(watch_seconds + 1)"
    )
    # Neither a comment nor the form of a query is its logic; nor is what counts as now.
    edit(
        project,
        models + "daily_user_metrics.sql",
        "    group by profile_id, dt",
        "group by profile_id,dt--",
    )
    deliver(project, "b.csv", [event("late")])
    said = project.build(*BUILD, "--write-json", vars={"as_of": "2025-03-05"}).stdout
    assert f"Rows of daily_title_metrics {REPORT}" in said
    assert "dbt build --vars 'rebuild_outdated: true'" in said
    assert outdated(project) == {"daily_title_metrics"} and rebuilt(project, 2) == set()
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("REELHOUSE_PROJECT", str(project.folder))
    build.print_summary("lake", project.target, Counter())
    summary = " ".join(capsys.readouterr().out.split())
    assert (
        "other logic computed than the project has now daily_title_metrics since refresh 1 "
        in summary
    )

    said = project.build(*BUILD, vars={"rebuild_outdated": True}).stdout
    assert REPORT not in said and outdated(project) == set()
    assert rebuilt(project, 3) == {"daily_title_metrics"}
    assert project.query(
        "select (select sum(total_watch_time) from daily_title_metrics)"
        " - (select sum(watch_seconds) + count(*) from fact_watch_events)"
    ) == [(0,)]

    # A macro that one table uses; then a variable of the view that this one and the fact read.
    edit(project, "macros/quality/quarantine_rows.sql", "_delivered_before", "_known_before")
    assert REPORT in project.build(*BUILD).stdout
    assert outdated(project) == {"quarantine_watch_events"}
    limit = {"longest_watch_seconds": 100}
    # Nothing new was delivered: what was rebuilt is what was outdated, and what is made from it.
    said = project.build(*BUILD, vars={**limit, "rebuild_outdated": True}).stdout
    assert REPORT not in said and outdated(project) == set()
    assert rebuilt(project, 4) == {
        "fact_watch_events",
        "quarantine_watch_events",
        "daily_user_metrics",
        "daily_title_metrics",
    }
    assert project.query("select max(watch_seconds) <= 100 from fact_watch_events") == [(True,)]
    assert project.query("select count(*) > 0 from quarantine.quarantine_watch_events") == [(True,)]


def test_a_lake_older_than_fingerprints_is_upgraded_and_reports_nothing(built, project):
    copy_lake(built, project)
    with duckdb.connect() as lake:
        load_ducklake(lake)
        lake.execute(f"attach 'ducklake:{project.lake}/catalog.ducklake' as lake")
        lake.execute("alter table lake.ledger.refresh_log drop column logic_fingerprint")
        lake.execute("drop table lake.ledger.logic_changes")
    edit(project, "models/marts/engagement/daily_title_metrics.sql", "count(*)", "count(*) + 0")
    assert REPORT not in project.build(*BUILD).stdout
    assert outdated(project) == set()
    edit(project, "models/marts/engagement/daily_title_metrics.sql", "count(*) + 0", "count(*)")
    deliver(project, "b.csv", [event("late")])
    assert REPORT not in project.build(*BUILD).stdout
    fingerprints = "select count(logic_fingerprint) from ledger.refresh_log where batch_id = 2"
    assert project.query(fingerprints) == [(4,)]
