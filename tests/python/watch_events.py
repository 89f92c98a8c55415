"""Small hand-made deliveries of the feed watch_events, and what tests ask of a lake."""

from __future__ import annotations

import csv
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from conftest import ROWS_ONLY, Project

COLUMNS = [
    "event_id",
    "profile_id",
    "session_id",
    "title_id",
    "region",
    "device_type",
    "event_ts",
    "watch_seconds",
]
# The part of the project that is built from watch_events alone, whatever other domains there are.
MODELS = (
    "--select",
    "+daily_user_metrics",
    "+daily_title_metrics",
    "+quarantine_watch_events",
    "source:ledger",
)
ROWS = (*MODELS, *ROWS_ONLY)
TABLES = ("fact_watch_events", "daily_user_metrics", "daily_title_metrics")
FIRST_DAY = datetime(2025, 3, 1)


def event(name: str, day: int = 0, hour: int = 12, **values: object) -> dict:
    """Return a valid event of a day (counted from 1 March 2025); `values` replace its own."""
    number = sum(map(ord, name))
    return {
        "event_id": f"e-{name}",
        "profile_id": f"p{number % 7}",
        "session_id": f"s{number % 7}-{day}",
        "title_id": f"t{number % 5}",
        "region": "eu-west",
        "device_type": "tv",
        "event_ts": str(FIRST_DAY + timedelta(days=day, hours=hour)),
        "watch_seconds": 60 + number % 100,
        **values,
    }


def csv_text(rows: list[dict], columns: list[str] = COLUMNS, delimiter: str = ",") -> str:
    """Return rows as CSV with a header."""
    lines = [delimiter.join(columns)]
    lines += [delimiter.join(str(row[column]) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def json_lines(rows: list[dict]) -> str:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def deliver(project: Project, name: str, content: str | bytes | list[dict]) -> Path:
    """Write a file of the feed: text, bytes, or rows (as CSV)."""
    path = project.landing / "watch_events" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = csv_text(content) if isinstance(content, list) else content
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def set_modified(path: Path, when: datetime) -> None:
    """Set a file's modification time."""
    os.utime(path, (when.timestamp(), when.timestamp()))


def files_of(project: Project) -> dict[str, tuple[str, ...]]:
    """Return the live data and delete files of every table of the lake."""
    with project.connect() as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'lake'"
        ).fetchall()
        return {
            f"{schema}.{table}": tuple(
                sorted(
                    name
                    for row in connection.execute(
                        "select data_file, delete_file from"
                        f" ducklake_list_files('lake', '{table}', schema => '{schema}')"
                    ).fetchall()
                    for name in row
                    if name
                )
            )
            for schema, table in tables
        }


def contents(project: Project, *, with_batch: bool = False) -> dict[str, list[tuple]]:
    """Return every row of the tables, sorted; batches are equal only if arrivals are."""
    columns = "*" if with_batch else "* exclude (batch_id)"
    with project.connect() as lake:
        return {
            table: lake.execute(f"select {columns} from {table} order by all").fetchall()
            for table in TABLES
        }


def read_csv_rows(path: Path) -> list[dict]:
    """Return the rows of a CSV file."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))
