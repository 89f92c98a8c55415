"""Measure what compaction restores after many small appends: files, bytes and the time of queries.

    reelhouse bench compaction --work /var/tmp/compaction --appends 200

Builds a lake from generated events, appends rows to all its days many times (one transaction
and one file a day each time, as a refresh does), asks the documented patterns, compacts, and asks
again. Prints Markdown: times are ratios of one run, side by side.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from statistics import median

import duckdb

from reelhouse.check.pruning import PATTERNS
from reelhouse.dbt import run_dbt
from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import LIVE_CATALOG, attach_lake, connect

CHECKSUM = (
    "select count(*), bit_xor(hash(rows)), sum(hash(rows) % 1000000007)"
    " from fact_watch_events as rows"
)
# Of one column: the chunks and bytes by encoding, in the compacted fact.
ENCODINGS = """
    select
        column_name,
        page_encoding,
        count(*) as chunks,
        sum(row_count) as row_count,
        sum(compressed_bytes) as compressed_bytes,
        sum(uncompressed_bytes) as uncompressed_bytes
    from lake.lakehouse.lakehouse_column_chunks
    where table_name = 'fact_watch_events'
    group by column_name, page_encoding
    order by compressed_bytes desc
"""


def dbt(lake: Path, *arguments: str) -> None:
    """Run dbt on the benchmark's lake."""
    run_dbt(*arguments, lake=lake, variables={"landing_path": str(lake / "landing")})


def append(lake: Path, appends: int, rows_share: int) -> None:
    """Append one row in `rows_share` of every day again, under a new id, one transaction a time."""
    with duckdb.connect() as connection:
        attach_lake(connection, lake, read_only=False)
        connection.execute("use lake.analytics")
        for batch in range(1000, 1000 + appends):
            connection.execute(
                "insert into fact_watch_events by name"
                " select * replace (event_id || '-' || $1 as event_id, $1 as batch_id)"
                " from fact_watch_events where batch_id < 1000 and hash(event_id, $1) % $2 = 0",
                [batch, rows_share],
            )
        connection.execute("delete from fact_watch_events where hash(event_id) % 50 = 0")


def measure(lake: Path, repeats: int) -> dict:
    """Return the fact's files, bytes, checksum, and the median time of each pattern (seconds)."""
    with connect(str(lake), LIVE_CATALOG) as connection:
        files, size = connection.execute(
            "select count(*), sum(file_bytes + delete_file_bytes)"
            " from lake.lakehouse.lakehouse_files"
            " where table_name = 'fact_watch_events'"
        ).fetchone()
        contents = connection.execute(CHECKSUM).fetchone()
    seconds = {}
    for pattern in PATTERNS:
        times = []
        for _ in range(repeats):
            with connect(str(lake), LIVE_CATALOG) as connection:
                member = connection.execute(
                    f"select {', '.join(pattern.members)} from fact_watch_events"
                    " order by hash(event_id) limit 1"
                ).fetchone()
                predicate = " and ".join(
                    f"{name} = '{value}'"
                    for name, value in zip(pattern.members, member, strict=True)
                )
            with connect(str(lake), LIVE_CATALOG) as connection:
                started = time.perf_counter()
                connection.execute(
                    f"select {pattern.select} from fact_watch_events where {predicate}"
                ).fetchall()
                times.append(time.perf_counter() - started)
        seconds[pattern.name] = median(times)
    return {"files": files, "bytes": size, "contents": contents, "seconds": seconds}


def run(
    work: Path, days: int, events_per_day: int, appends: int, rows_share: int, repeats: int
) -> bool:
    """Print tables of files, bytes and query times before and after compaction.

    Args:
        work: scratch folder.
        days: days in the lake.
        events_per_day: events of a working day.
        appends: transactions that append to every day.
        rows_share: each appends one row in so many.
        repeats: runs of each query; the median counts.

    Returns:
        Whether rows and checksums stayed the same.
    """
    lake = work / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    generate(
        lake / "landing",
        days=days,
        events_per_day=events_per_day,
        profiles=max(100, events_per_day // 7),
        titles=1000,
        late_share=0.0,
    )
    dbt(lake, "build", "--select", "+fact_watch_events", "lakehouse_files", "compaction_debt")
    append(lake, appends, rows_share)
    before = measure(lake, repeats)
    started = time.perf_counter()
    dbt(lake, "run-operation", "compact", "--args", '{"snapshot_days": 0, "orphan_hours": 0}')
    compacting = time.perf_counter() - started
    after = measure(lake, repeats)
    dbt(lake, "run", "--select", "lakehouse_column_chunks")
    print(f"{appends} appends to {days} days; compaction took {compacting:.0f} s.")
    print(f"Rows and checksums are identical: {before['contents'] == after['contents']}\n")
    print("| | before | after | before : after |")
    print("|---|---:|---:|---:|")
    for name in ("files", "bytes"):
        print(f"| {name} | {before[name]:,} | {after[name]:,} | {before[name] / after[name]:.2f} |")
    for name, seconds in before["seconds"].items():
        print(f"| time: {name} | | | {seconds / after['seconds'][name]:.1f} |")
    print(f"\nBytes an event after it: {after['bytes'] / after['contents'][0]:.2f}\n")
    print("| column | encoding | chunks | rows | bytes a row | before ZSTD |")
    print("|---|---|---:|---:|---:|---:|")
    with connect(str(lake), LIVE_CATALOG) as connection:
        for column, encoding, chunks, rows, size, plain in connection.execute(ENCODINGS).fetchall():
            print(
                f"| {column} | {encoding} | {chunks:,} | {rows:,}"
                f" | {size / rows:.3f} | {plain / rows:.3f} |"
            )
    return before["contents"] == after["contents"]
