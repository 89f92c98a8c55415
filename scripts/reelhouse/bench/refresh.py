"""Measure what a one-day refresh costs with more and more history, and against a rebuild.

    reelhouse bench refresh --work /var/tmp/reelhouse --events-per-day 100000

Every history is built from generated deliveries, then one more day arrives (1% of it late, over 30
older days). Prints Markdown: seconds are of this machine, the ratios are what counts.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb

from reelhouse.dbt import results, run_dbt
from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import attach_lake

START = date(2025, 1, 1)
# A history comes in deliveries of this many days, as a backfill would: each has to fit into memory.
DAYS_A_DELIVERY = 90
TABLES = ("fact_watch_events", "daily_user_metrics", "daily_title_metrics")


class Lake:
    """A lake of its own with a landing folder, refreshed by dbt."""

    def __init__(self, folder: Path) -> None:
        """Start from nothing in a folder."""
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.landing = folder / "landing"
        (self.landing / "watch_events").mkdir(parents=True)

    def deliver(self, deliveries: Path, days: range) -> None:
        """Link generated days (numbers) into the landing folder."""
        for day in days:
            name = str(START + timedelta(days=day))
            (self.landing / "watch_events" / name).symlink_to(deliveries / "watch_events" / name)

    def refresh(self, *arguments: str) -> dict[str, float]:
        """Run dbt build; return seconds by part: models, tests, and the rest (dbt itself)."""
        target = self.folder / "target"
        began = time.perf_counter()
        run_dbt(
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--select",
            "+daily_user_metrics",
            "+daily_title_metrics",
            "+quarantine_watch_events",
            *arguments,
            lake=self.folder / "lake",
            variables={
                "landing_path": str(self.landing),
                # Days are links to the generated ones.
                "follow_links_out_of_landing": True,
            },
            target=target,
        )
        seconds = defaultdict(float, total=time.perf_counter() - began)
        for result in results(target):
            kind, _, name = result["unique_id"].split(".")[:3]
            seconds["tests" if kind == "test" else name if kind == "model" else kind] += result[
                "execution_time"
            ]
            if kind == "model":
                seconds["models"] += result["execution_time"]
        return seconds

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the lake read-only."""
        connection = duckdb.connect()
        attach_lake(connection, self.folder / "lake")
        return connection

    def snapshot(self) -> int:
        """Return the number of the newest snapshot."""
        with self.connect() as connection:
            return connection.execute("select max(snapshot_id) from lake.snapshots()").fetchone()[0]

    def file_changes(self, since: int) -> list[tuple]:
        """Return (table, files and rows added, files removed, delete files, rows deleted) since."""
        with self.connect() as connection:
            return connection.execute(
                """
                with metadata as (
                    select table_id, table_name
                    from __ducklake_metadata_lake.main.ducklake_table
                    where end_snapshot is null
                ),

                data_files as (
                    select
                        table_id,
                        count(*) filter (begin_snapshot > $1) as added,
                        sum(record_count) filter (begin_snapshot > $1) as rows_added,
                        count(*) filter (end_snapshot > $1 and begin_snapshot <= $1) as removed
                    from __ducklake_metadata_lake.main.ducklake_data_file
                    group by table_id
                ),

                delete_files as (
                    select
                        table_id,
                        count(*) filter (begin_snapshot > $1) as added,
                        sum(delete_count) filter (begin_snapshot > $1) as rows_deleted
                    from __ducklake_metadata_lake.main.ducklake_delete_file
                    group by table_id
                )

                select
                    table_name,
                    data_files.added,
                    coalesce(rows_added, 0),
                    removed,
                    coalesce(delete_files.added, 0),
                    coalesce(rows_deleted, 0)
                from metadata
                inner join data_files using (table_id)
                left join delete_files using (table_id)
                where table_name not in ('landed_files', 'refresh_log')
                order by table_name
                """,
                [since],
            ).fetchall()

    def contents(self) -> dict[str, tuple]:
        """Return for each table its rows and a checksum of them, batch numbers left out."""
        with self.connect() as connection:
            return {
                table: connection.execute(
                    f"select count(*), bit_xor(hash(row)), sum(hash(row) % 1000003)"
                    f" from (select * exclude (batch_id) from lake.analytics.{table}) as row"
                ).fetchone()
                for table in TABLES
            }


def run(work: Path, events_per_day: int, histories: list[int], rebuild_at: int) -> None:
    """Print tables of what a refresh costs after histories of different lengths.

    Args:
        work: scratch folder; generated deliveries are kept there for the next run.
        events_per_day: events of a working day.
        histories: days in the lake before the measured day arrives.
        rebuild_at: the history (days) at which a rebuild is measured too.
    """
    deliveries = work / f"deliveries-{events_per_day}"
    have = len(list(deliveries.glob("watch_events/*")))
    generate(
        deliveries,
        first_day=have,
        days=max(0, max(histories) + 1 - have),
        events_per_day=events_per_day,
        profiles=max(1000, events_per_day // 5),
        titles=2000,
        quiet=False,
    )
    rows = []
    for history in histories:
        lake = Lake(work / f"history-{history}")
        for first in range(0, history, DAYS_A_DELIVERY):
            lake.deliver(deliveries, range(first, min(first + DAYS_A_DELIVERY, history)))
            lake.refresh()
        before = lake.snapshot()
        lake.deliver(deliveries, range(history, history + 1))
        rows.append((f"one day after {history} days", lake.refresh()))
        if history == histories[0]:
            changes = lake.file_changes(before)
            refreshed = lake.contents()
            lake.refresh("--full-refresh")
            same = refreshed == lake.contents()
        if history == rebuild_at:
            rows.append((f"rebuild of {history + 1} days", lake.refresh("--full-refresh")))
            again = lake.snapshot()
            rows.append(("nothing new", lake.refresh()))
            nothing = lake.file_changes(again)
    print(f"\nWhat one day changed ({events_per_day:,} events a day):\n")
    print("| table | files added | rows added | files removed | delete files | rows deleted |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, *numbers in changes:
        print(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
    print(f"\nTables equal those of a rebuild, row for row: {same}")
    if rebuild_at in histories:
        changed = sum(sum(numbers) for _, *numbers in nothing)
        print(f"Files added, removed or marked by a refresh with nothing new: {changed}")
    base = rows[0][1]
    print(
        "\n| refresh | models (s) | to the first"
        " | land | fact | user | title | quarantine | tests | total |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, seconds in rows:
        parts = ["land_watch_events", *TABLES, "quarantine_watch_events", "tests", "total"]
        print(
            f"| {name} | {seconds['models']:.2f} | {seconds['models'] / base['models']:.2f} |"
            f" {' | '.join(f'{seconds[part]:.2f}' for part in parts)} |"
        )
