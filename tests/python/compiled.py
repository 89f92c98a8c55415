"""Compiled models over tables that a test makes: their steps, and what is inside of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb

STEP = re.compile(r'"lake"\."analytics"\."(int_\w+)"')


def create_steps(
    connection: duckdb.DuckDBPyConnection, compiled_sql: Callable[[str], str], name: str
) -> str:
    """Create the tables of the int_ models that a model reads; return the SQL of the model."""
    sql = compiled_sql(name)
    for step in dict.fromkeys(STEP.findall(sql)):
        connection.execute(
            f"create or replace table lake.analytics.{step} as"
            f" {create_steps(connection, compiled_sql, step)}"
        )
    return sql


def rows_of_cte(sql: str, name: str) -> str:
    """Return the query that reads one of a compiled model's CTEs instead of `final`."""
    text, found = re.subn(r"select \* from final\s*$", f"select * from {name}", sql)
    assert found == 1 and f"{name} as (" in text
    return text
