"""Measure what the three example queries read, against what they need.

    reelhouse bench queries --lake lake [--days 7]

The queries are the project's own analyses, compiled by dbt for the last days of the lake and run
with EXPLAIN ANALYZE, which reports the files and bytes read. Rows read are those of the row groups
that statistics do not exclude; needed are the files and rows that match the filters.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import duckdb

from reelhouse.check.analyses import compile_analyses
from reelhouse.lake.connection import LIVE_CATALOG, connect

ANALYSES = {
    "watch_time_by_day": "partition pruning: watch time by day and region",
    "watch_history": "watch history: what one profile watched",
    "most_active_profiles": "materialized metrics: who watched most",
}
# One comparison of a scan's filter, as the plan writes it: dt>='2025-01-01'::DATE
COMPARISON = re.compile(r"(\w+)(>=|<=|>|<|=)('(?:[^']|'')*')(?:::\w+)?")
# What the statistics of a row group must say for it to hold a row that passes the comparison.
ADMITTED = {
    "=": "stats_min_value <= {0} and stats_max_value >= {0}",
    ">=": "stats_max_value >= {0}",
    ">": "stats_max_value > {0}",
    "<=": "stats_min_value <= {0}",
    "<": "stats_min_value < {0}",
}


def choose_variables(connection: duckdb.DuckDBPyConnection, days: int) -> dict[str, str]:
    """Return the analyses' variables: the lake's last days, and the profile of its median event."""
    (last_day,) = connection.execute("select max(dt) from fact_watch_events").fetchone()
    (profile,) = connection.execute(
        "select quantile_disc(profile_id, 0.5) from fact_watch_events where dt = ?", [last_day]
    ).fetchone()
    first_day = last_day - timedelta(days=days - 1)
    return {"profile_id": profile, "from_date": str(first_day), "to_date": str(last_day)}


def scan_of(plan: dict) -> dict:
    """Return what a JSON query plan reports about its only table scan.

    Raises:
        ValueError: the plan has none, or several.
    """
    scans, operators = [], [plan]
    while operators:
        operator = operators.pop()
        operators += operator.get("children", [])
        if operator.get("operator_type") == "TABLE_SCAN":
            scans.append(operator["extra_info"])
    if len(scans) != 1:
        raise ValueError(f"the plan has {len(scans)} table scans, not one")
    return scans[0]


def listed(scan: dict, name: str) -> list[str]:
    """Return a list of a scan; the plan writes a list of one as the text alone."""
    found = scan.get(name, [])
    return [found] if isinstance(found, str) else found


def filters_of(scan: dict) -> list[tuple[str, str, str]]:
    """Return a scan's filters as (column, operator, literal).

    Raises:
        ValueError: a filter is not a chain of comparisons, so that rows can't be counted by it.
    """
    comparisons = [part for entry in listed(scan, "Filters") for part in entry.split(" AND ")]
    matches = [COMPARISON.fullmatch(comparison) for comparison in comparisons]
    if None in matches:
        raise ValueError(f"not a comparison: {comparisons[matches.index(None)]}")
    return [match.groups() for match in matches]


def measure(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    """Run a query on one table and return its files, rows and bytes: all, read, and needed."""
    plan = json.loads(connection.execute(f"explain (analyze, format json) {sql}").fetchone()[1])
    scan = scan_of(plan)
    table, filters = scan["Table"], filters_of(scan)
    files = connection.execute(
        "select data_file, data_file_size_bytes"
        f" from ducklake_list_files('lake', '{table}', schema => 'analytics')"
    ).fetchall()
    columns = {*listed(scan, "Projections"), *(column for column, _, _ in filters)}
    admitted = " and ".join(
        f"bool_or({ADMITTED[operator].format(literal)}) filter (path_in_schema = '{column}')"
        for column, operator, literal in filters
    )
    rows, rows_read, bytes_read = connection.execute(
        f"""
        with row_groups as (
            select
                any_value(row_group_num_rows) as row_count,
                sum(total_compressed_size)
                    filter (path_in_schema in {tuple(columns)}) as used_bytes,
                {admitted or "true"} as is_admitted
            from parquet_metadata({[name for name, _ in files]})
            group by file_name, row_group_id
        )

        select
            sum(row_count),
            coalesce(sum(row_count) filter (is_admitted), 0),
            coalesce(sum(used_bytes) filter (is_admitted), 0)
        from row_groups
        """
    ).fetchone()
    wanted = " and ".join("".join(comparison) for comparison in filters) or "true"
    files_needed, rows_needed = connection.execute(
        f"select count(distinct filename), count(*) from {table} where {wanted}"
    ).fetchone()
    return {
        "files": len(files),
        "files_read": int(scan["Total Files Read"]),
        "files_needed": files_needed,
        "rows": rows,
        "rows_read": rows_read,
        "rows_needed": rows_needed,
        "bytes": sum(size for _, size in files),
        "bytes_read": bytes_read,
    }


def run(lake: Path, days: int) -> None:
    """Print a Markdown table of what the example queries read.

    Args:
        lake: folder of the lake.
        days: how many of the newest days the queries ask for.

    Raises:
        FileNotFoundError: the folder has no lake.
    """
    with connect(str(lake), LIVE_CATALOG) as connection:
        variables = choose_variables(connection, days)
    queries = compile_analyses(lake, variables, select=ANALYSES)
    with connect(str(lake), LIVE_CATALOG) as connection:
        measured = {name: measure(connection, sql) for name, sql in queries.items()}
    print(", ".join(f"{name} {value}" for name, value in variables.items()), end="\n\n")
    print("| query | files read / needed / all | rows read / needed / all | bytes read / all |")
    print("|---|---:|---:|---:|")
    for name, found in measured.items():
        print(
            f"| `{name}` ({ANALYSES[name]})"
            f" | {found['files_read']:,} / {found['files_needed']:,} / {found['files']:,}"
            f" | {found['rows_read']:,} / {found['rows_needed']:,} / {found['rows']:,}"
            f" | {found['bytes_read']:,} / {found['bytes']:,} |"
        )
