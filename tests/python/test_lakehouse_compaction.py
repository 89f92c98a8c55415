"""Compaction and retention: what they change, what they must not, and a kill at any instant."""

import random
import time

import pytest
from conftest import Project
from lakehouse_lake import (
    APPENDS,
    DAYS,
    ENGAGEMENT,
    append_often,
    build_lake,
    copy_lake,
    fact_files,
    open_for_writing,
    run_operation,
    table_contents,
    unreferenced_files,
)

from reelhouse.lake.connection import PUBLISHED_CATALOG
from reelhouse.lake.plugin import publish_catalog

pytestmark = pytest.mark.one_domain


@pytest.fixture(scope="module")
def small_files(make_module_project) -> Project:
    """A lake whose fact has one file of each day's own, many of late rows, and deleted rows."""
    project = make_module_project("small_files")
    build_lake(project, events_per_day=2000)
    append_often(project)
    return project


@pytest.fixture
def lake(small_files, project) -> Project:
    copy_lake(small_files, project)
    return project


def test_a_compaction_leaves_one_file_a_day_and_every_row(lake):
    before, snapshot = (
        table_contents(lake),
        lake.query("select max(snapshot_id) from lake.snapshots()"),
    )
    assert fact_files(lake) == [1 + APPENDS] * DAYS

    planned = run_operation(lake, "compact", dry_run=True).stdout
    assert planned.count("would rewrite") >= DAYS and fact_files(lake) == [1 + APPENDS] * DAYS

    run_operation(lake, "compact")
    assert fact_files(lake) == [1] * DAYS
    assert table_contents(lake) == before
    assert lake.query(
        "select sum(deleted_rows), count(*) filter (delete_file_bytes > 0)"
        " from lake.lakehouse.lakehouse_files where table_name = 'fact_watch_events'"
    ) == [(0, 0)]
    # Rows lie in the order of the layout again, and a reader of the past still finds it.
    assert lake.query(
        """
        with ranged as (
            select
                *,
                rowid as place,
                (rank() over (partition by dt order by profile_id) - 1)
                * 32 // count(*) over (partition by dt) as profile_range
            from fact_watch_events
        ),
        ordered as (
            select
                (profile_range, region, profile_id, event_ts) as keys,
                lag(keys) over (partition by dt order by place) as previous
            from ranged
        )
        select count(*) filter (keys < previous), count(*) > 1000
        from ordered
        """
    ) == [(0, True)]
    assert lake.query(
        f"select count(*) from fact_watch_events at (version => {snapshot[0][0]})"
    ) == [before["analytics.fact_watch_events"][:1]]

    again = run_operation(lake, "compact", snapshot_days=0, orphan_hours=0).stdout
    assert "Nothing to compact." in again and table_contents(lake) == before
    # A refresh after it has nothing to do, and finds no debt.
    checked = lake.build("--selector", "after_compaction").statuses
    assert checked["no_compaction_is_owed"] == "pass"
    lake.build(*ENGAGEMENT)
    assert lake.query(
        "select count(*) from ledger.refresh_log where batch_id > 1 and model like '%watch%'"
    ) == [(0,)]


def test_the_budget_takes_the_worst_partition_and_it_alone(lake):
    with open_for_writing(lake) as connection:
        for _ in range(2):
            connection.execute(
                "insert into fact_watch_events from fact_watch_events"
                " where dt = '2025-01-02' limit 5"
            )
    run_operation(lake, "compact", budget_bytes=1, tables=["fact_watch_events"])
    assert fact_files(lake) == [1 + APPENDS, 1, 1 + APPENDS]


def publish_state(lake: Project, batch_id: int) -> None:
    """Give readers the lake as it is, as the end of a whole build does."""
    with open_for_writing(lake) as connection:
        publish_catalog(connection, lake.lake)
        connection.execute(
            "insert into lake.ledger.publications values ($1, 'a build', now() at time zone 'UTC')",
            [batch_id],
        )


def test_readers_of_the_published_state_keep_their_files(lake):
    asked = "select count(*), sum(watch_seconds), min(batch_id) from fact_watch_events"
    (newest,) = lake.query("select max(batch_id) from lake.ledger.refresh_log")[0]
    expected = lake.query(asked)
    # Published is an older state than the newest refresh: its files stay, whatever compaction does.
    publish_state(lake, newest - 1)
    with open_for_writing(lake) as connection:
        connection.execute("delete from fact_watch_events where watch_seconds % 2 = 0")
    run_operation(lake, "compact", snapshot_days=0, orphan_hours=0)
    assert fact_files(lake) == [1] * DAYS and lake.query(asked) != expected
    assert lake.query(asked, PUBLISHED_CATALOG) == expected

    # Published is the newest: readers get the compacted state, and the old files go.
    publish_state(lake, newest)
    append_often(lake, appends=2)
    run_operation(lake, "compact", snapshot_days=0, orphan_hours=0)
    assert lake.query(asked, PUBLISHED_CATALOG) == lake.query(asked)
    run_operation(lake, "compact", snapshot_days=0, orphan_hours=0)
    assert len(list(lake.lake.rglob("dt=*/*.parquet"))) == DAYS


def kill_while_compacting(lake: Project, delay_seconds: float) -> bool:
    """Start a compaction, kill it some time after its first step; False if it came to its end."""
    process = lake.start("run-operation", "compact")
    output = lake.folder / "output.txt"
    while process.is_alive() and "rewrite" not in (output.read_text() if output.exists() else ""):
        time.sleep(0.005)
    process.join(delay_seconds)
    was_alive = process.is_alive()
    process.kill()
    process.join()
    return was_alive


def test_a_kill_at_any_instant_loses_nothing(small_files, lake):
    chance, expected = random.Random(1), table_contents(lake)
    kills = 0
    for _ in range(6):
        kills += kill_while_compacting(lake, chance.uniform(0.0, 0.3))
        assert table_contents(lake) == expected
        if set(fact_files(lake)) == {1}:
            copy_lake(small_files, lake)
    assert kills >= 3
    run_operation(lake, "compact", snapshot_days=0, orphan_hours=0)
    assert fact_files(lake) == [1] * DAYS and table_contents(lake) == expected
    assert unreferenced_files(lake) == set()


@pytest.mark.slow
def test_twenty_five_kills_each_repaired_by_the_next_run(small_files, lake):
    chance, expected = random.Random(2), table_contents(lake)
    kills = 0
    while kills < 25:
        copy_lake(small_files, lake)
        kills += kill_while_compacting(lake, chance.uniform(0.0, 0.5))
        assert table_contents(lake) == expected
        run_operation(lake, "compact", snapshot_days=0, orphan_hours=0)
        assert fact_files(lake) == [1] * DAYS and table_contents(lake) == expected
        assert unreferenced_files(lake) == set()


def test_a_lake_that_is_written_to_is_not_compacted(lake):
    before = table_contents(lake)
    with open_for_writing(lake):
        refused = run_operation(lake, "compact", expect_success=False)
        assert refused.returncode != 0 and "lock" in refused.stdout
    assert table_contents(lake) == before and fact_files(lake) == [1 + APPENDS] * DAYS


def test_orphans_go_and_files_of_the_catalog_stay(lake):
    some_file = next(lake.lake.rglob("dt=*/*.parquet"))
    orphan = some_file.with_name("ducklake-left-over.parquet")
    orphan.write_bytes(some_file.read_bytes())
    before = table_contents(lake)
    run_operation(lake, "compact", tables=["none"])
    assert orphan.exists(), "a young file may belong to a transaction that still runs"
    run_operation(lake, "compact", tables=["none"], orphan_hours=0)
    assert not orphan.exists() and table_contents(lake) == before


def keep_one_day(lake: Project) -> None:
    """Give every table of the lake's own project file `retention_days: 1`."""
    file = lake.own("dbt_project.yml")
    file.write_text(file.read_text().replace("retention_days: null", "retention_days: 1"))


def test_retention_drops_old_days_and_refuses_what_a_rebuild_would_lose(lake):
    # Staging and quarantine have no days to judge by, so the line is for the others.
    keep_one_day(lake)
    refused = run_operation(lake, "apply_retention", expect_success=False)
    assert refused.returncode != 0
    assert "retention_days of land_watch_events is 1, but fact_watch_events" in refused.stdout
    # Without a skew of clocks nothing is delivered before it happens, and both may keep one day.
    skewless = {"clock_skew_hours": 0}
    # A history that was landed in two builds, weeks apart: a rebuild still needs both.
    landed = "select count(*) from lake.landing.land_watch_events"
    rows_landed = lake.query(landed)
    with open_for_writing(lake) as connection:
        connection.execute(
            "update lake.landing.land_watch_events set _delivered_at = _delivered_at - interval 30"
            " day where event_ts < '2025-01-02'"
        )
    before = table_contents(lake)
    planned = lake.dbt(
        "run-operation", "apply_retention", "--args", "{dry_run: true}", vars=skewless
    )
    assert "would drop" in planned.stdout and table_contents(lake) == before
    lake.dbt("run-operation", "apply_retention", vars=skewless)
    for table, day in (("fact_watch_events", "dt"), ("daily_user_metrics", "activity_date")):
        assert lake.query(f"select min({day})::varchar from {table}") == [("2025-01-02",)]
    assert lake.query(landed) == rows_landed
