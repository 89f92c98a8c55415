"""Staging of rows that a mapping reads, in a plain DuckDB: no dbt, no lake."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import duckdb
from conftest import ROOT
from rendered import Renderer

from reelhouse.sources.feeds import read_feeds
from reelhouse.sources.mappings import read_mapping

FEEDS = read_feeds(ROOT)
DELIVERED_AT = "2026-01-01 00:00:00"


def read_text(text: str, name: str = "app") -> dict:
    """Return a mapping that is written down as YAML; fail on a mistake."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yml"
        path.write_text(text)
        mapping, problems = read_mapping(path, FEEDS)
    assert not problems, list(map(str, problems))
    return {**mapping, "feed_columns": FEEDS[mapping["feed"]].columns, "is_own": True}


class Staging:
    """A DuckDB with the reference tables, in which delivered rows are staged."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        for path in (ROOT / "seeds" / "reference").glob("*.csv"):
            self.connection.execute(f"create table {path.stem} as from read_csv('{path}')")
        self.mappings: list[dict] = []
        self.renderer = Renderer(
            applied_mappings=lambda feed: [m for m in self.mappings if m["feed"] == feed],
            endpoint_rules=lambda: self.connection.execute(
                "select pattern, replacement from endpoint_rules order by rule_order"
            ).fetchall(),
        )

    def stage(
        self,
        feed: str,
        rows: list[dict],
        mappings: list[dict] = (),
        files: list[str] | None = None,
    ) -> duckdb.DuckDBPyRelation:
        """Return the staged rows of these columns and values, each in its file or all in one."""
        columns = FEEDS[feed].columns
        self.mappings = list(mappings)
        landed = [
            [row.get(column) for column in columns]
            + [
                json.dumps({k: v for k, v in row.items() if k not in columns}),
                number,
                f"{feed}/{files[number - 1] if files else 'app-1.csv'}",
            ]
            for number, row in enumerate(rows, 1)
        ]
        names = ", ".join(f"{column} varchar" for column in columns)
        self.connection.execute(f"drop table if exists land_{feed}")
        self.connection.execute(
            f"create table land_{feed} ({names}, _unknown_columns varchar, _row bigint,"
            " _file varchar)"
        )
        self.connection.executemany(
            f"insert into land_{feed} values ({', '.join('?' * (len(columns) + 3))})", landed
        )
        self.connection.execute(
            f"""
            create or replace table land_{feed} as
            select
                * replace (nullif(_unknown_columns, '{{}}') as _unknown_columns),
                cast(null as varchar) as _malformed,
                cast(null as varchar) as _raw,
                cast(1 as bigint) as batch_id,
                timestamp '{DELIVERED_AT}' as _delivered_at,
                _row as _occurrence
            from land_{feed}
            """
        )
        return self.connection.sql(self.renderer.model(f"stg_{feed}"))
