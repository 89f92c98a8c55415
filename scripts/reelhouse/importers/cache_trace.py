"""Turn a block I/O trace into the feed cache_requests.

    reelhouse import cache-trace --out landing [--data ../shared/data]

One operation a line, in the order of the trace. Real are: cache_key (the block number), size_bytes,
operation (a read is a `get`, a write a `set`: reading a block that was just written is a hit)
and the second. Derived, because the trace has no such thing: request_ts is the trace's second
after 2025-01-01, with the line's number within that second as microseconds, so that the order
stays; cache_level `database`, cache_name `block-cache`, region `us-east`. Whether it was a hit, its
TTL and its latency are unknown and stay empty.

The trace is not part of this repository.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from reelhouse.paths import data_folder
from reelhouse.sql import quoted

# Operation codes of the trace: SCSI's READ(10) and WRITE(10).
OPERATIONS = {"28": "get", "2a": "set"}


def find_trace(given: str | None = None) -> Path:
    """Return the trace's file in the argument's folder, REELHOUSE_DATA, or ../shared/data.

    Raises:
        FileNotFoundError: it is not there.
    """
    data = data_folder(given)
    trace = data / "cache_trace" / "block_io.csv.gz"
    if not trace.exists():
        raise FileNotFoundError(
            f"{data} has no file cache_trace/block_io.csv.gz. Pass the folder that has it:"
            " --data FOLDER, or the environment variable REELHOUSE_DATA."
        )
    return trace


def requests_sql(trace: Path) -> str:
    """Return SQL for the operations of a trace (version, time, op, size, lbn)."""
    operations = " ".join(f"when '{code}' then '{name}'" for code, name in OPERATIONS.items())
    return f"""
        with lines as (
            select
                row_number() over () as line,
                *
            from read_csv({quoted(trace)}, header = true, all_varchar = true)
        )

        select
            printf('io-%06d', line) as event_id,
            timestamp '2025-01-01'
            + to_seconds(cast(time as bigint) - min(cast(time as bigint)) over ())
            + to_microseconds(row_number() over (partition by time order by line) - 1)
                as request_ts,
            'database' as cache_level,
            'block-cache' as cache_name,
            lbn as cache_key,
            case op {operations} else op end as operation,
            cast(null as boolean) as hit,
            cast(null as double) as ttl_seconds,
            cast(size as bigint) as size_bytes,
            cast(null as double) as latency_ms,
            'us-east' as region
        from lines
        order by line
    """


def adapt(trace: Path, out: Path) -> int:
    """Write the feed to `<out>/cache_requests/block_io.parquet`; return the number of rows.

    Args:
        trace: the trace's file.
        out: landing folder. The file appears under its name when it is complete.
    """
    folder = out / "cache_requests"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".block_io.parquet.unfinished"
    with duckdb.connect() as connection:
        count = connection.execute(
            f"copy ({requests_sql(trace)}) to {quoted(unfinished)}"
            " (format parquet, compression zstd)"
        ).fetchone()[0]
    unfinished.rename(folder / "block_io.parquet")
    return count
