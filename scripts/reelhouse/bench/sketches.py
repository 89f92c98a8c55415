"""Measure quantiles from sketches against exact ones on the raw requests, side by side in one run.

    reelhouse bench sketches --folder /tmp/sketches --requests 20000000

Prints Markdown: ratios of time (p95 by service and endpoint) and bytes, and the largest error of
p50, p95, p99 and p99.9. The data are in Parquet files, with the layout of the lake (a file a
day, sorted by service, endpoint and time, zstd).
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from reelhouse.bench.macros import render

DAYS = 30
KEYS = 24  # endpoints, of six services
QUANTILES = (0.5, 0.95, 0.99, 0.999)
COPY = "(format parquet, compression zstd, parquet_version v2)"
U, V = "(hash(i) / 18446744073709551616.0)", "(hash(i + 1000000007) / 18446744073709551616.0)"


def day_of_requests(day: int, requests: int) -> str:
    """Return SQL for the requests of a day: log-normal times, another median for each endpoint."""
    return f"""
        select
            md5(cast(i as varchar)) as request_id,
            'service-' || i % {KEYS} % 6 as service_name,
            '/endpoint/' || i % {KEYS} as endpoint,
            case when i % 200 = 0 then 503 else 200 end as status_code,
            round(
                (10 + i % {KEYS} * 7) * exp(0.6 * sqrt(-2 * ln(1 - {U})) * cos(2 * pi() * {V})), 1
            ) as response_time_ms,
            cast(hash(i) % 50000 as bigint) as response_bytes,
            timestamp '2025-01-01' + to_days({day})
            + to_milliseconds(cast(hash(i + 7) % 86400000 as bigint)) as request_ts,
            date '2025-01-01' + {day} as dt,
            1 as batch_id
        from range({day * requests}, {(day + 1) * requests}) as positions (i)
        order by service_name, endpoint, request_ts
    """


def make_files(connection: duckdb.DuckDBPyConnection, folder: Path, requests: int) -> None:
    """Write the raw requests, and of them the sketches by hour and by day, a file a day each."""
    for grain in ("raw", "hour", "day", "minute"):
        (folder / grain).mkdir(parents=True, exist_ok=True)
    for day in range(DAYS):
        name = f"{day:02d}.parquet"
        raw = folder / "raw" / name
        connection.execute(f"copy ({day_of_requests(day, requests)}) to '{raw}' {COPY}")
        for grain in ("hour", "day"):
            keys = ["service_name", "endpoint", "period_ts", "dt"]
            cells = render(f"{{{{ latency_cells('requests', keys={keys}) }}}}", "sketch")
            connection.execute(
                f"""
                copy (
                    with requests as (
                        select *, date_trunc('{grain}', request_ts) as period_ts
                        from '{raw}'
                    ),
                    cells as ({cells})
                    from cells order by service_name, endpoint, period_ts
                ) to '{folder / grain / name}' {COPY}
                """
            )


def best_of(connection: duckdb.DuckDBPyConnection, sql: str, runs: int = 3) -> tuple[float, list]:
    """Return the shortest time (seconds) of some runs, and the rows."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        rows = connection.execute(sql).fetchall()
        times.append(time.perf_counter() - started)
    return min(times), rows


def size(folder: Path) -> int:
    """Return the bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())


def exact_sql(files: str, quantiles: tuple = (0.95,)) -> str:
    """Return the query for exact quantiles by service and endpoint."""
    columns = ", ".join(f"quantile_disc(response_time_ms, {q})" for q in quantiles)
    return f"select service_name, endpoint, {columns} from '{files}' group by all order by all"


def sketch_sql(files: str, quantiles: tuple = (0.95,)) -> str:
    """Return the query for the same from sketches."""
    columns = ", ".join(
        render(f"{{{{ sketch_quantile('sketch_buckets', 'sketch_counts', {q}) }}}}", "sketch")
        for q in quantiles
    )
    merged = render(
        f"{{{{ merged_sketches(\"'{files}'\", keys=['service_name', 'endpoint']) }}}}", "sketch"
    )
    return (
        f"select service_name, endpoint, {columns} from ({merged}) order by service_name, endpoint"
    )


def compare(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Print the table of ratios of the two grains against the raw requests."""
    exact_seconds, _ = best_of(connection, exact_sql(f"{folder}/raw/*.parquet"))
    exact = connection.execute(exact_sql(f"{folder}/raw/*.parquet", QUANTILES)).fetchall()
    print("| grain | rows | times faster than exact | times smaller | largest error |")
    print("| --- | --- | --- | --- | --- |")
    for grain in ("hour", "day"):
        files = f"{folder}/{grain}/*.parquet"
        seconds, _ = best_of(connection, sketch_sql(files))
        found = connection.execute(sketch_sql(files, QUANTILES)).fetchall()
        (rows,) = connection.execute(
            f"select count(*) from '{folder}/{grain}/*.parquet'"
        ).fetchone()
        error = max(
            abs(estimate - true) / true
            for exact_row, row in zip(exact, found, strict=True)
            for true, estimate in zip(exact_row[2:], row[2:], strict=True)
        )
        print(
            f"| {grain} | {rows:,} | {exact_seconds / seconds:.0f}"
            f" | {size(folder / 'raw') / size(folder / grain):.0f} | {100 * error:.2f} % |"
        )


def compare_minutes(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Print what minute sketches save for cells of more and more requests."""
    print("\n| requests a minute cell | times faster than exact | times smaller |")
    print("| --- | --- | --- |")
    for requests in (20, 100, 500, 1000, 2000, 4000):
        raw, cells = folder / "minute" / "raw.parquet", folder / "minute" / "cells.parquet"
        # A million requests or more, of as many minutes as that takes.
        minutes = max(60, 1_000_000 // requests // KEYS)
        connection.execute(
            f"""
            copy (
                select
                    * replace (
                        timestamp '2025-01-01'
                        + to_minutes(cast(hash(request_id) % {minutes} as bigint)) as request_ts
                    )
                from ({day_of_requests(0, requests * minutes * KEYS)})
                order by service_name, endpoint, request_ts
            ) to '{raw}' {COPY}
            """
        )
        cells_sql = render(
            "{{ latency_cells('requests', keys=['service_name', 'endpoint', 'minute_ts']) }}",
            "sketch",
        )
        connection.execute(
            f"""
            copy (
                with requests as (select *, request_ts as minute_ts from '{raw}'),
                cells as ({cells_sql})
                from cells order by service_name, endpoint, minute_ts
            ) to '{cells}' {COPY}
            """
        )
        exact_seconds, _ = best_of(connection, exact_sql(str(raw)))
        seconds, _ = best_of(connection, sketch_sql(str(cells)))
        print(
            f"| {requests} | {exact_seconds / seconds:.1f}"
            f" | {raw.stat().st_size / cells.stat().st_size:.1f} |"
        )


def run(folder: Path, requests: int, memory: str) -> None:
    """Make the files and print both tables.

    Args:
        folder: scratch folder (2 GB for 20 million requests).
        requests: rows over 30 days.
        memory: DuckDB's memory limit, such as 4GB.
    """
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{memory}'")
        connection.execute(f"set temp_directory = '{folder}/spill'")
        connection.execute("set enable_progress_bar = false")
        make_files(connection, folder, requests // DAYS)
        compare(connection, folder)
        compare_minutes(connection, folder)
