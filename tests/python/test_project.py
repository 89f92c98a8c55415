"""The project as a whole: fresh commands, edited seeds, failed builds, and what "now" means."""

from __future__ import annotations

import shutil

import pytest
from conftest import ROOT, ROWS_ONLY
from dbt_process import start_dbt
from watch_events import ROWS, contents, deliver, event


def run_plain(project, *command: str) -> str:
    """Run dbt with no flag and no variable of any kind, and return what it says."""
    process = start_dbt(
        [*command], project.folder, {"REELHOUSE_LAKE": "lake"}, project.folder / "plain.txt"
    )
    process.join(300)
    said = (project.folder / "plain.txt").read_text()
    assert process.exitcode == 0, said
    return said


def test_plain_commands_work_in_a_fresh_folder(project):
    shutil.rmtree(project.landing)
    compiled = run_plain(project, "compile")
    run_plain(project, "docs", "generate")
    assert (project.target / "catalog.json").exists() and "Error" not in compiled
    run_plain(project, "build")
    run_plain(project, "test")
    sample = {path.name for path in (ROOT / "seeds" / "sample" / "watch_events").rglob("*.*")}
    landed = project.query("select file from lake.ledger.landed_files where feed = 'watch_events'")
    assert {file.rpartition("/")[2] for (file,) in landed} == sample


@pytest.mark.one_domain
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
    assert project.query("select event_id, batch from fact_watch_events order by all") == [
        ("e-1", 1),
        ("e-2", 1),
        ("e-3", 2),
    ]
    assert project.query("select count(*) from lake.quarantine.quarantine_watch_events") == [(0,)]
    assert project.query("select sum(watch_events) from daily_title_metrics") == [(3,)]
    assert project.query(
        "select model from lake.ledger.refresh_log where refresh_id = 2 and first_batch = 0"
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


@pytest.mark.one_domain
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


@pytest.mark.one_domain
def test_days_beyond_the_horizon_are_dropped_exactly(project):
    days = "select cast(min(activity_date) as varchar), count(distinct activity_date)"
    days += " from daily_user_metrics"
    deliver(project, "a.csv", [event(f"d{day}", day=day) for day in range(100)])
    project.build(*ROWS)
    # 100 days, the newest on 8 June; 90 days before it is 10 March.
    assert project.query(days) == [("2025-03-10", 91)]

    deliver(
        project, "b.csv", [event("new", day=102), event("late", day=11), event("later", day=12)]
    )
    project.build(*ROWS)
    # Now is 11 June, and the days from 13 March on are kept: one late event is beyond, one is not.
    assert project.query(days) == [("2025-03-13", 89)]
    assert project.query("select count(*) from fact_watch_events") == [(103,)]
    assert project.query(
        "select sum(total_watch_time) - (select sum(watch_seconds) from fact_watch_events"
        " where dt >= '2025-03-13') from daily_user_metrics"
    ) == [(0,)]
    project.build(
        *ROWS, "--full-refresh", vars={"as_of": "2025-06-01 10:00:00", "activity_horizon_days": 30}
    )
    assert project.query(days)[0][0] == "2025-05-02"
