"""What the lakehouse tests share: a lake full of small files, and what must stay the same in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
from conftest import ROWS_ONLY, Outcome, Project

from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import attach_lake

# What the lakehouse tests build: the domain of watch events, and the lake's own tables.
ENGAGEMENT = (
    "--select",
    "+path:models/marts/engagement",
    "quarantine_watch_events",
    "path:models/lakehouse",
    *ROWS_ONLY,
)
DAYS = 3
APPENDS = 12


def build_lake(project: Project, *, events_per_day: int, days: int = DAYS) -> None:
    """Fill a project's lake with generated events in one refresh, all on their own days."""
    generate(
        project.landing,
        days=days,
        events_per_day=events_per_day,
        profiles=max(50, events_per_day // 8),
        titles=100,
        late_share=0.0,
    )
    project.build(*ENGAGEMENT)


def append_often(project: Project, appends: int = APPENDS) -> None:
    """Append a few late rows to every day, one transaction a time, and delete some of the first."""
    with open_for_writing(project) as connection:
        for batch in range(1000, 1000 + appends):
            connection.execute(
                "insert into fact_watch_events by name"
                " select * replace (event_id || '-' || $1 as event_id, $1 as batch_id)"
                " from fact_watch_events where batch_id < 1000 and hash(event_id, $1) % 50 = 0",
                [batch],
            )
        connection.execute("delete from fact_watch_events where hash(event_id) % 10 = 0")


def open_for_writing(project: Project) -> duckdb.DuckDBPyConnection:
    """Open a project's lake as a second writer would."""
    connection = duckdb.connect()
    attach_lake(connection, project.lake, read_only=False)
    connection.execute("use lake.analytics")
    return connection


def copy_lake(source: Project, target: Project) -> None:
    """Give a project a copy of another's lake and deliveries; what it had is gone."""
    for folder in ("lake", "landing"):
        shutil.rmtree(target.folder / folder, ignore_errors=True)
        shutil.copytree(source.folder / folder, target.folder / folder)


def run_operation(
    project: Project, name: str, *, expect_success: bool = True, **arguments
) -> Outcome:
    """Run a macro by name, as `dbt run-operation name --args '{...}'` does."""
    return project.dbt(
        "run-operation", name, "--args", json.dumps(arguments), expect_success=expect_success
    )


def table_contents(project: Project) -> dict[str, tuple]:
    """Rows and two order-independent checksums of each table that holds delivered data."""
    with project.connect() as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = 'lake'"
            " and schema_name in ('landing', 'analytics', 'quarantine')"
        ).fetchall()
        return {
            table: connection.execute(
                "select count(*), bit_xor(hash(rows)), sum(hash(rows) % 1000000007)"
                f" from lake.{table} as rows"
            ).fetchone()
            for (table,) in tables
        }


def fact_files(project: Project) -> list[int]:
    """Number of files of each day of the fact."""
    return [
        files
        for (files,) in project.query(
            "select count(*) from lake.lakehouse.lakehouse_files"
            " where table_name = 'fact_watch_events'"
            " group by partition_name order by partition_name"
        )
    ]


def unreferenced_files(project: Project) -> set[str]:
    """Parquet files on disk that the catalog does not know."""
    with project.connect() as connection:
        known = connection.execute(
            """
            select path from __ducklake_metadata_lake.main.ducklake_data_file
            union all
            select path from __ducklake_metadata_lake.main.ducklake_delete_file
            union all
            select path from __ducklake_metadata_lake.main.ducklake_files_scheduled_for_deletion
            """
        ).fetchall()
    names = {Path(path).name for (path,) in known}
    return {file.name for file in project.lake.rglob("*.parquet")} - names
