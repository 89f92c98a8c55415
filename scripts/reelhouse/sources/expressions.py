"""SQL expressions of mappings: one scalar expression over the columns of a row, and nothing else.

DuckDB parses the expression and binds it. What a row does not hold is refused: other tables,
aggregates, the clock, settings of the session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache

import duckdb

# Scalar functions and macros that read something else than their arguments.
READS_SESSION = {"current_setting", "getvariable", "version", "in_search_path"}
# DuckDB's macros of the dialect of PostgreSQL read catalogs; these compute.
MACROS = {
    "array_reverse",
    "array_to_string",
    "date_add",
    "days_in_month",
    "fdiv",
    "fmod",
    "json",
    "list_first",
    "list_last",
    "list_max",
    "list_min",
    "list_reverse",
    "list_sum",
    "nullif",
    "round_even",
    "split_part",
}
REFUSED = {
    "SUBQUERY": "a subquery reads more than the row",
    "WINDOW": "a window function reads more than the row",
    "STAR": "'*' is no value; name the columns",
    "PARAMETER": "a parameter ($1, ?) has no value here",
    "DEFAULT": "'default' is no value",
    "POSITIONAL_REFERENCE": "a position (#1) is no column; name it",
}
# A valid statement around a column says what else DuckDB's parser keeps of one.
PLAIN = "select a"


class InvalidExpression(ValueError):
    """The expression can't be used; the message says why."""


@dataclass
class Expression:
    """A checked expression; in `sql`, column n of `columns` is called `_source_<n>_`."""

    # The columns of the expression itself are in `used`.
    sql: str = ""
    used: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def compile_expression(text: str, columns: list[str] | None = None) -> Expression:
    """Check an expression and rename the columns in it.

    Args:
        text: the expression.
        columns: columns that have a number already; new ones follow them.

    Raises:
        InvalidExpression: it is no scalar expression over the row.
    """
    connection = parser()
    node = _select_node(connection, text)
    expression = Expression(columns=list(columns or []))
    (item,) = node["select_list"]
    item["alias"] = ""
    _walk(item, expression, frozenset())
    statement = _parsed(connection, PLAIN)
    statement["statements"][0]["node"]["select_list"] = [item]
    (sql,) = connection.execute(
        "select json_deserialize_sql($1)", [json.dumps(statement)]
    ).fetchone()
    expression.sql = sql.removeprefix("SELECT ")
    _bind(connection, expression)
    return expression


@cache
def parser() -> duckdb.DuckDBPyConnection:
    """Return an empty DuckDB that judges expressions, formats and names of zones."""
    return duckdb.connect()


def source_name(number: int) -> str:
    """Return the name of a column in a compiled expression, by its place."""
    return f"_source_{number}_"


def _parsed(connection: duckdb.DuckDBPyConnection, statement: str) -> dict:
    (found,) = connection.execute("select json_serialize_sql($1)", [statement]).fetchone()
    return json.loads(found)


def _select_node(connection: duckdb.DuckDBPyConnection, text: str) -> dict:
    # On lines of its own, so that a comment in it does not hide the rest.
    parsed = _parsed(connection, f"select\n{text}\n")
    if parsed["error"]:
        message = parsed["error_message"].splitlines()[0]
        if "Only SELECT" in message or len(parsed.get("statements", [])) > 1:
            message = "more than one expression"
        raise InvalidExpression(f"this is no SQL expression: {message}")
    if len(parsed["statements"]) != 1:
        raise InvalidExpression("this is no SQL expression: more than one statement")
    node = parsed["statements"][0]["node"]
    if node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1:
        raise InvalidExpression("this is no SQL expression: give one value")
    plain = _parsed(connection, PLAIN)["statements"][0]["node"]
    for part in plain.keys() - {"select_list", "from_table"}:
        if node.get(part) != plain[part]:
            raise InvalidExpression("this is no SQL expression but a query")
    if node["from_table"]["type"] != "EMPTY":
        raise InvalidExpression("'from' reads more than the row: give an expression over columns")
    return node


def _walk(node: object, expression: Expression, bound: frozenset[str]) -> None:
    if isinstance(node, list):
        for child in node:
            _walk(child, expression, bound)
    if not isinstance(node, dict):
        return
    kind = node.get("class")
    if kind in REFUSED:
        raise InvalidExpression(REFUSED[kind])
    if kind == "LAMBDA":
        parameters = node["lhs"] if isinstance(node["lhs"], list) else [node["lhs"]]
        names = {name for p in parameters for name in _lambda_names(p)}
        _walk(node["expr"], expression, bound | names)
        return
    if kind == "COLUMN_REF":
        _rename(node, expression, bound)
        return
    if kind == "FUNCTION":
        _check_function(node["function_name"].lower())
        node["schema"] = node["catalog"] = ""  # the lake is no place of DuckDB's functions
    for child in node.values():
        _walk(child, expression, bound)


def _lambda_names(node: dict) -> list[str]:
    if node.get("class") == "COLUMN_REF":
        return node["column_names"]
    return [name for child in node.get("children", []) for name in _lambda_names(child)]


def _rename(node: dict, expression: Expression, bound: frozenset[str]) -> None:
    names = node["column_names"]
    if names[0] in bound:
        return
    if len(names) > 1:
        raise InvalidExpression(
            f"{'.'.join(names)}: a column has one name; in quotes if it has a dot in it"
        )
    if names[0] not in expression.columns:
        expression.columns.append(names[0])
    if names[0] not in expression.used:
        expression.used.append(names[0])
    node["column_names"] = [source_name(expression.columns.index(names[0]))]


def _check_function(name: str) -> None:
    kinds = _functions().get(name)
    if kinds is None:
        raise InvalidExpression(f"there is no function {name}")
    if name in MACROS:
        return
    if name in READS_SESSION or name.startswith("current_"):
        raise InvalidExpression(f"{name} reads more than the row")
    if "aggregate" in kinds and "scalar" not in kinds:
        raise InvalidExpression(f"{name} is an aggregate and reads more than the row")
    if "scalar" not in kinds:
        raise InvalidExpression(f"{name} is no function of a value")
    if kinds["scalar"] != "CONSISTENT":
        raise InvalidExpression(f"{name} gives another value each time")


@cache
def _functions() -> dict[str, dict[str, str]]:
    """Return the kinds of each of DuckDB's functions, with the stability of the kind."""
    found: dict[str, dict[str, str]] = {}
    for name, kind, stability in (
        parser()
        .execute(
            "select function_name, function_type, max(stability) from duckdb_functions()"
            " group by all"
        )
        .fetchall()
    ):
        found.setdefault(name.lower(), {})[kind] = stability
    return found


def _bind(connection: duckdb.DuckDBPyConnection, expression: Expression) -> None:
    columns = [f"cast(null as varchar) as {source_name(i)}" for i in range(len(expression.columns))]
    try:
        connection.execute(
            f"explain select cast(try({expression.sql}) as varchar)"
            f" from (select {', '.join(columns) or '1'})"
        )
    except duckdb.Error as error:
        message = " ".join(str(error).split("LINE ")[0].split())
        if "No function matches" in message or "Cannot mix values" in message:
            message = message.partition(" You might")[0].partition(" - an explicit")[0]
            message += "; columns are text: cast them, as in try_cast(a as double)"
        for number, name in enumerate(expression.columns):
            message = message.replace(source_name(number), name)
        raise InvalidExpression(message) from None
