"""Measure what the three example queries read, against what they need.

    python scripts/benchmark_queries.py --lake lake

Files opened and bytes read come from EXPLAIN ANALYZE; rows read are those of the row groups, in the
opened files, whose statistics admit the predicate; needed are the files and rows that match it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from query import connect


@dataclass
class Question:
    """A query on one table: the columns that it asks for, and its predicate by column."""

    name: str
    table: str
    select: str
    ranges: dict[str, tuple]
    tail: str = ""

    @property
    def predicate(self) -> str:
        """The where clause, one `between` a column."""
        return " and ".join(
            f"{column} between '{low}' and '{high}'" for column, (low, high) in self.ranges.items()
        )


def questions(connection: duckdb.DuckDBPyConnection) -> list[Question]:
    """Return the example queries for a lake: the week, the month and the profile come from it."""
    last, month, week = connection.execute(
        "select max(dt), max(dt) - 29, max(dt) - 6 from fact_watch_events"
    ).fetchone()
    (profile,) = connection.execute(
        f"select profile_id from fact_watch_events where dt = '{last}' order by profile_id"
        " limit 1 offset (select count(*) // 2 from fact_watch_events where dt = ?)",
        [last],
    ).fetchone()
    return [
        Question(
            "partition pruning: a week by region",
            "fact_watch_events",
            "region, sum(watch_seconds), count(distinct profile_id)",
            {"dt": (week, last)},
            "group by region",
        ),
        Question(
            "watch history: one profile, 30 days",
            "fact_watch_events",
            "event_ts, title_id, watch_seconds",
            {"profile_id": (profile, profile), "dt": (month, last)},
            "order by event_ts",
        ),
        Question(
            "materialized metrics: 30 days by profile",
            "daily_user_metrics",
            "profile_id, sum(total_watch_time)",
            {"activity_date": (month, last)},
            "group by profile_id",
        ),
    ]


def scan_of(plan: dict) -> dict:
    """Return the table scan of a JSON query plan.

    Raises:
        ValueError: the plan has none.
    """
    if plan.get("operator_type") == "TABLE_SCAN":
        return plan
    for child in plan.get("children", []):
        try:
            return scan_of(child)
        except ValueError:
            continue
    raise ValueError("the plan scans no table")


def measure(connection: duckdb.DuckDBPyConnection, question: Question) -> dict[str, int]:
    """Run a question and return files, rows and bytes: of the table, read, and needed."""
    sql = (
        f"select {question.select} from {question.table} where {question.predicate} {question.tail}"
    )
    plan = json.loads(connection.execute(f"explain (analyze, format json) {sql}").fetchone()[1])
    files = connection.execute(
        f"select data_file, data_file_size_bytes"
        f" from ducklake_list_files('lake', '{question.table}', schema => 'analytics')"
    ).fetchall()
    admitted = " and ".join(
        f"max(stats_max_value >= '{low}' and stats_min_value <= '{high}')"
        f" filter (path_in_schema = '{column}')"
        for column, (low, high) in question.ranges.items()
    )
    rows_read, rows = connection.execute(
        f"""
        with row_groups as (
            select
                any_value(row_group_num_rows) as row_count,
                {admitted} as is_admitted
            from parquet_metadata({[name for name, _ in files]})
            group by file_name, row_group_id
        )

        select sum(row_count) filter (is_admitted), sum(row_count) from row_groups
        """
    ).fetchone()
    files_needed, rows_needed = connection.execute(
        f"select count(distinct filename), count(*)"
        f" from {question.table} where {question.predicate}"
    ).fetchone()
    return {
        "files": len(files),
        "files_read": int(scan_of(plan)["extra_info"]["Total Files Read"]),
        "files_needed": files_needed,
        "rows": rows,
        "rows_read": rows_read,
        "rows_needed": rows_needed,
        "bytes": sum(size for _, size in files),
        "bytes_read": plan["total_bytes_read"],
    }


def main() -> int:
    """Measure a lake from the command line and print a Markdown table."""
    parser = argparse.ArgumentParser(description="What do the example queries read?")
    parser.add_argument("--lake", type=Path, default=Path("lake"))
    options = parser.parse_args()
    print("| query | files: read / needed / all | rows: read / needed / all | bytes read / all |")
    print("|---|---|---|---|")
    with connect(str(options.lake)) as connection:
        for question in questions(connection):
            found = measure(connection, question)
            print(
                f"| {question.name}"
                f" | {found['files_read']:,} / {found['files_needed']:,} / {found['files']:,}"
                f" | {found['rows_read']:,} / {found['rows_needed']:,} / {found['rows']:,}"
                f" | {found['bytes_read']:,} / {found['bytes']:,} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
