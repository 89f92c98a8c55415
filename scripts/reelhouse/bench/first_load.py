"""Compare the first load of a history with SQL written by hand for the same tables.

    reelhouse bench first-load --work /var/tmp/reelhouse --events 5000000 --memory-limit 4GB

Both load the same generated watch events into DuckLake, each in a process of its own, in turns.
`reelhouse build` also lands every row as delivered, keeps the ledger and the reasons, and runs all
data tests. Prints Markdown: medians, peak memory, bytes written, and ratios to the SQL.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import LIVE_CATALOG, attach_lake, load_ducklake
from reelhouse.paths import REFERENCE, ROOT
from reelhouse.sql import quoted

DAYS = 90
SQL = Path(__file__).with_suffix(".sql")
# Tables that both write, and the columns that must be equal.
COMPARED = {
    "fact_watch_events": "event_id, profile_id, session_id, title_id, region, device_type,"
    " watch_seconds, event_ts, dt",
    "daily_user_metrics": "profile_id, activity_date, sessions, total_watch_time, unique_titles",
    "daily_title_metrics": "title_id, region, activity_date, watch_events, viewers, sessions,"
    " total_watch_time",
}


@dataclass
class Load:
    """What one load cost."""

    seconds: float
    peak_memory_mb: float
    written_mb: float


def load_by_hand(landing: Path, lake: Path, memory_limit: str) -> None:
    """Run `first_load.sql` on the files of a landing folder.

    Args:
        landing: landing folder with the feed watch_events in Parquet.
        lake: folder of a new lake.
        memory_limit: as DuckDB spells it, such as 4GB.
    """
    lake.mkdir(parents=True)
    with duckdb.connect() as connection:
        load_ducklake(connection)
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        connection.execute(f"set memory_limit = {quoted(memory_limit)}")
        connection.execute(f"set temp_directory = {quoted(f'{lake}/.spill')}")
        attach_lake(connection, lake, read_only=False)
        connection.execute("create schema lake.analytics; use lake.analytics")
        for option, value in (
            ("compression", "zstd"),
            ("version", "2"),
            ("row_group_size", "2048"),
        ):
            connection.execute(f"call lake.set_option('parquet_{option}', '{value}')")
        connection.execute(f"set variable files = {quoted(f'{landing}/watch_events/**/*.parquet')}")
        for table in ("regions", "device_types"):
            path = REFERENCE / f"{table}.csv"
            connection.execute(f"set variable {table} = {quoted(str(path))}")
        connection.execute(SQL.read_text())


def measured(command: list[str], lake: Path, memory_limit: str) -> Load:
    """Run a command that fills a new lake, in a process of its own.

    Raises:
        RuntimeError: it failed; the message is the end of its output.
    """
    shutil.rmtree(lake, ignore_errors=True)
    environment = {**os.environ, "REELHOUSE_MEMORY_LIMIT": memory_limit}
    output = lake.with_suffix(".txt")
    with output.open("w") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output.read_text()[-2000:]}")
    written = sum(path.stat().st_size for path in lake.rglob("*") if path.is_file())
    return Load(seconds, usage.ru_maxrss / 1024, written / 2**20)


def contents(lake: Path) -> dict[str, tuple]:
    """Return (rows, checksum) of each compared table; the checksum does not depend on order."""
    with duckdb.connect() as connection:
        attach_lake(connection, lake, LIVE_CATALOG)
        return {
            table: connection.execute(
                f"select count(*), sum(hash(row({columns}))) from lake.analytics.{table}"
            ).fetchone()
            for table, columns in COMPARED.items()
        }


def run(work: Path, events: int, memory_limit: str, runs: int) -> bool:
    """Generate the events, load them in turns, print the table; return whether all rows are equal.

    Args:
        work: scratch folder; deliveries of an earlier run with as many events are used again.
        events: about how many events to deliver.
        memory_limit: limit of DuckDB's memory in both processes, such as 4GB.
        runs: how often each one loads.
    """
    landing = work / f"first-load-{events}"
    if not landing.exists():
        generate(
            landing,
            days=DAYS,
            events_per_day=events // DAYS,
            profiles=max(1000, events // 300),
            titles=2000,
            dirty_share=0.001,
        )
    reelhouse = [sys.executable, "-m", "reelhouse", "build", f"--landing={landing}"]
    by_hand = [sys.executable, "-m", "reelhouse.bench.first_load", str(landing)]
    commands = {
        "SQL by hand": lambda lake: [*by_hand, str(lake), memory_limit],
        "reelhouse build": lambda lake: [*reelhouse, f"--lake={lake}"],
    }
    loads: dict[str, list[Load]] = {name: [] for name in commands}
    found = {}
    for _ in range(runs):
        for name, command in commands.items():
            lake = work / name.replace(" ", "-").lower()
            loads[name].append(measured(command(lake), lake, memory_limit))
            found[name] = contents(lake)
    print(table(loads))
    rows = found["SQL by hand"]["fact_watch_events"][0]
    is_equal = found["SQL by hand"] == found["reelhouse build"]
    print(f"\n{rows:,} events kept; rows of both: {'equal' if is_equal else f'DIFFERENT: {found}'}")
    return is_equal


def table(loads: dict[str, list[Load]]) -> str:
    """Return the figures as Markdown, with ratios to the first entry."""
    lines = [
        "| load | seconds (median) | lowest to highest | ratio | peak memory MB | written MB |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    limit = None
    for name, found in loads.items():
        seconds = [load.seconds for load in found]
        median = statistics.median(seconds)
        limit = limit or median
        lines.append(
            f"| {name} | {median:.1f} | {min(seconds):.1f} to {max(seconds):.1f}"
            f" | {median / limit:.2f} | {max(load.peak_memory_mb for load in found):,.0f}"
            f" | {found[-1].written_mb:,.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    load_by_hand(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
