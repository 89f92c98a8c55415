"""Rows of a DuckDB answer by the names of their columns."""

from __future__ import annotations

import duckdb


def dictionaries(answer: duckdb.DuckDBPyConnection) -> list[dict]:
    """Fetch all rows, each as {column: value}."""
    columns = [column[0] for column in answer.description]
    return [dict(zip(columns, values, strict=True)) for values in answer.fetchall()]
