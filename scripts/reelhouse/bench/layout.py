"""Measure layouts of one day of watch events: which order reads least for three access patterns.

    reelhouse bench layout --events 400000 --profiles 60000

Every order is written with the project's options (variable `layout`) by the project's own macros.
Then each pattern is asked for several members, and DuckDB's log of its reads says what that took.
Prints Markdown.
"""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path

import duckdb
import jinja2
import yaml

from reelhouse.check.file_reads import file_reads
from reelhouse.generate.watch_events import generate
from reelhouse.paths import ROOT

DEFAULT_LAYOUT = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["layout"]
PATTERNS = {
    "profile, time": (
        "select event_ts, title_id, watch_seconds from {file} where profile_id = '{profile_id}'"
    ),
    "title, region, time": (
        "select event_ts, watch_seconds from {file}"
        " where title_id = '{title_id}' and region = '{region}'"
    ),
    "region, device, time": (
        "select sum(watch_seconds) from {file}"
        " where region = '{region}' and device_type = '{device_type}'"
    ),
}
ORDERS = (
    ("sort", ["event_ts"]),
    ("sort", ["profile_id", "event_ts"]),
    ("sort", ["title_id", "region", "event_ts"]),
    ("sort", ["region", "device_type", "event_ts"]),
    ("sort", ["region", "profile_id", "event_ts"]),
    ("sort", ["region", "title_id", "event_ts"]),
    ("sort", ["region", "device_type", "profile_id", "event_ts"]),
    ("ranges", ["profile_id", "region", "event_ts"]),
    ("z_order", ["profile_id", "title_id"]),
    ("z_order", ["profile_id", "region"]),
    ("z_order", ["profile_id", "title_id", "region"]),
    ("z_order", ["profile_id", "title_id", "region", "device_type"]),
)


def macro(name: str):
    """Return a macro of `insert_in_order.sql` that needs nothing of dbt, as a function."""
    file = ROOT / "macros" / "storage" / "insert_in_order.sql"
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(file.read_text())
    return getattr(template.module, name)


def write_file(connection: duckdb.DuckDBPyConnection, sql: str, file: Path, layout: dict) -> None:
    """Write a query's rows as Parquet with a layout's options, in their order."""
    connection.execute(
        f"copy ({sql}) to '{file}' (format parquet, compression {layout['parquet_compression']},"
        f" parquet_version v{layout['parquet_version']}, row_group_size {layout['row_group_rows']})"
    )


def pattern_reads(file: Path, pattern: str, members: list[dict]) -> tuple[int, int]:
    """Return the row groups and bytes that a pattern read over several members."""
    groups = size = 0
    for member in members:
        with duckdb.connect() as connection:
            reads = file_reads(
                connection, PATTERNS[pattern].format(file=f"read_parquet('{file}')", **member)
            )
        groups += len(reads.row_groups)
        size += reads.bytes
    return groups, size


def run(events: int, profiles: int, titles: int, members: int, row_group_sizes: list[int]) -> None:
    """Print a table of what each order of a day's events reads.

    Args:
        events: events of the day.
        profiles: number of profiles.
        titles: number of titles.
        members: profiles, titles and regions asked for, per pattern.
        row_group_sizes: rows per row group; each is tried.
    """
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        generate(
            Path(folder),
            days=1,
            events_per_day=events,
            profiles=profiles,
            titles=titles,
            late_share=0.0,
        )
        connection.execute(
            f"create table events as select *, cast(event_ts as date) as dt"
            f" from read_parquet('{folder}/watch_events/**/*.parquet')"
        )
        columns = ("profile_id", "title_id", "region", "device_type")
        members = [
            dict(zip(columns, row, strict=True))
            for row in connection.execute(
                f"select {', '.join(columns)} from events order by hash(event_id) limit {members}"
            ).fetchall()
        ]
        file = Path(folder) / "day.parquet"
        rows = connection.execute("select count(*) from events").fetchone()[0]
        connection.execute(f"copy events to '{file}' (format parquet)")
        default = file.stat().st_size
        print(f"{rows:,} events; Parquet with defaults: {default / rows:.2f} bytes an event\n")
        print(
            "| order | rows a row group | bytes an event"
            f" | {' | '.join(PATTERNS)} | bytes read, all three |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        for (clustering, order), rows_per_group in product(ORDERS, row_group_sizes):
            layout = {
                **DEFAULT_LAYOUT,
                "row_group_rows": rows_per_group,
                "clustering": clustering,
                "sorted_by": order,
                "partitioned_by": ["dt"],
            }
            write_file(connection, macro("clustered")("select * from events", layout), file, layout)
            total_groups = connection.execute(
                "select sum(num_row_groups) from parquet_file_metadata(?)", [str(file)]
            ).fetchone()[0]
            cells, total = [], 0
            for pattern in PATTERNS:
                groups, size = pattern_reads(file, pattern, members)
                total += size
                share = groups / len(members) / total_groups
                cells.append(f"{share:.1%} of row groups, {size // len(members):,} B")
            print(
                f"| {clustering} ({', '.join(order)}) | {rows_per_group:,}"
                f" | {file.stat().st_size / rows:.2f}"
                f" | {' | '.join(cells)} | {total // len(members):,} |",
                flush=True,
            )
