"""Measure what a one-day refresh costs with more and more history, and against a rebuild.

    python scripts/benchmark_refresh.py --work /var/tmp/reelhouse --events-per-day 100000

Every history is built from generated deliveries, then one more day arrives (1% of it late, over 30
older days). Prints Markdown: seconds are of this machine, the ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb

from generate_watch_events import generate
from lake_plugin import attach_lake

ROOT = Path(__file__).resolve().parent.parent
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
        command = [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--select",
            "+daily_user_metrics",
            "+daily_title_metrics",
            "+quarantine_watch_events",
            "--target-path",
            str(target),
            "--log-path",
            str(target),
            "--vars",
            json.dumps({"landing_path": str(self.landing)}),
            *arguments,
        ]
        environment = {**os.environ, "REELHOUSE_LAKE": str(self.folder / "lake")}
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        seconds = defaultdict(float, total=time.perf_counter() - began)
        for result in json.loads((target / "run_results.json").read_text())["results"]:
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
                    f" from (select * exclude (batch) from lake.analytics.{table}) as row"
                ).fetchone()
                for table in TABLES
            }


def main() -> int:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description="Measure the refresh.")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/reelhouse"))
    parser.add_argument("--events-per-day", type=int, default=100_000)
    parser.add_argument("--histories", type=int, nargs="+", default=[30, 90, 360])
    parser.add_argument("--rebuild-at", type=int, default=90)
    options = parser.parse_args()
    deliveries = options.work / f"deliveries-{options.events_per_day}"
    have = len(list(deliveries.glob("watch_events/*")))
    generate(
        deliveries,
        first_day=have,
        days=max(0, max(options.histories) + 1 - have),
        events_per_day=options.events_per_day,
        profiles=max(1000, options.events_per_day // 5),
        titles=2000,
        quiet=False,
    )
    rows = []
    for history in options.histories:
        lake = Lake(options.work / f"history-{history}")
        for first in range(0, history, DAYS_A_DELIVERY):
            lake.deliver(deliveries, range(first, min(first + DAYS_A_DELIVERY, history)))
            lake.refresh()
        before = lake.snapshot()
        lake.deliver(deliveries, range(history, history + 1))
        rows.append((f"one day after {history} days", lake.refresh()))
        if history == options.histories[0]:
            changes = lake.file_changes(before)
            refreshed = lake.contents()
            lake.refresh("--full-refresh")
            same = refreshed == lake.contents()
        if history == options.rebuild_at:
            rows.append((f"rebuild of {history + 1} days", lake.refresh("--full-refresh")))
            again = lake.snapshot()
            rows.append(("nothing new", lake.refresh()))
            nothing = lake.file_changes(again)
    print(f"\nWhat one day changed ({options.events_per_day:,} events a day):\n")
    print("| table | files added | rows added | files removed | delete files | rows deleted |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, *numbers in changes:
        print(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
    print(f"\nTables equal those of a rebuild, row for row: {same}")
    if options.rebuild_at in options.histories:
        touched = sum(sum(numbers) for _, *numbers in nothing)
        print(f"Files added, removed or marked by a refresh with nothing new: {touched}")
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
