"""Measure what deliveries cost that are small on disk and large, or many, when they are read.

    reelhouse bench hostile-files --work /var/tmp/reelhouse

Each case lands in a lake of its own through dbt. Prints Markdown: the first case is one small file,
so that the difference to it is what the delivery costs.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import duckdb

from reelhouse.dbt import dbt_command
from reelhouse.lake.connection import attach_lake

EVENT = {
    "event_id": "e-1",
    "profile_id": "p-1",
    "session_id": "s-1",
    "title_id": "t-1",
    "region": "us-east",
    "device_type": "tv",
    "event_ts": "2025-01-05 10:00:00",
    "watch_seconds": "60",
}
HEADER = ",".join(EVENT).encode() + b"\n"


def one_small_file(folder: Path) -> None:
    """The usual: a header and a row."""
    (folder / "small.csv").write_bytes(HEADER + ",".join(EVENT.values()).encode() + b"\n")


def long_lines(folder: Path) -> None:
    """A gigabyte of lines of a megabyte, in a megabyte of gzip."""
    with gzip.open(folder / "long_lines.csv.gz", "wb") as stream:
        stream.write(HEADER)
        for _ in range(1000):
            stream.write(b"x" * 1_000_000 + b"\n")


def line_feeds(folder: Path) -> None:
    """315 million line feeds, in 306 kilobytes of gzip."""
    with gzip.open(folder / "line_feeds.csv.gz", "wb") as stream:
        stream.write(HEADER)
        for _ in range(315):
            stream.write(b"\n" * 1_000_000)


def json_keys(folder: Path, files: int) -> None:
    """JSON files of which each has a key of its own."""
    for number in range(files):
        row = EVENT | {"event_id": f"e-{number}", f"key_{number}": number}
        (folder / f"{number}.jsonl").write_text(json.dumps(row) + "\n")


def parquet_columns(folder: Path, files: int) -> None:
    """Parquet files of which each has a column of its own."""
    columns = ", ".join(f"'{value}' as {name}" for name, value in EVENT.items())
    with duckdb.connect() as connection:
        for number in range(files):
            connection.execute(
                f"copy (select {columns}, {number} as key_{number})"
                f" to '{folder / str(number)}.parquet' (format parquet)"
            )


def land(work: Path, project: Path, timeout: float) -> tuple[float, float, float, str]:
    """Land the delivery; return wall and CPU seconds, peak resident MB, and the outcome."""
    command = dbt_command(
        "run",
        "--select",
        "land_watch_events",
        variables={"landing_path": str(work / "landing")},
        target=work / "target",
    )
    began = time.perf_counter()
    process = subprocess.Popen(
        ["timeout", str(timeout), *command],
        cwd=project,
        env={**os.environ, "REELHOUSE_LAKE": str(work / "lake")},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    outcome = outcome_of(work / "lake") if not process.returncode else "no end"
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, outcome


def outcome_of(lake: Path) -> str:
    """Return how many files landed, or why they did not."""
    with duckdb.connect() as connection:
        attach_lake(connection, lake)
        verdicts = connection.execute(
            "select count(*), status, reason from lake.ledger.landed_files group by all"
        ).fetchall()
    return ", ".join(
        f"{count:,} {status}" + (f": {reason}" if reason else "")
        for count, status, reason in verdicts
    )


def run(work: Path, files: int, project: Path, timeout: float) -> None:
    """Measure each case and print the table.

    Args:
        work: scratch folder; a subfolder is emptied.
        files: how many files the cases of many files have.
        project: root of the dbt project that lands them.
        timeout: seconds for one case.
    """
    work = work.resolve() / "hostile"
    cases = {
        "one small file": one_small_file,
        "1 GB of lines of 1 MB in 1 MB of gzip": long_lines,
        "315 million line feeds in 306 KB of gzip": line_feeds,
        f"{files:,} JSON files, a key of its own in each": lambda to: json_keys(to, files),
        f"{files:,} Parquet files, a column of its own in each": lambda to: parquet_columns(
            to, files
        ),
    }
    print("| delivery | seconds | CPU seconds | peak memory MB | outcome |")
    print("| --- | ---: | ---: | ---: | --- |")
    for name, make in cases.items():
        shutil.rmtree(work, ignore_errors=True)
        folder = work / "landing" / "watch_events"
        folder.mkdir(parents=True)
        make(folder)
        seconds, cpu_seconds, memory, outcome = land(work, project, timeout)
        print(
            f"| {name} | {seconds:.0f} | {cpu_seconds:.0f} | {memory:,.0f} | {outcome} |",
            flush=True,
        )
    shutil.rmtree(work, ignore_errors=True)
