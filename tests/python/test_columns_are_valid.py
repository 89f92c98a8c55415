"""The data test of many columns: each rule names its column, counts its rows and shows one."""

from __future__ import annotations

import duckdb
import jinja2
import pytest
from conftest import ROOT

RULES = {
    "not_null": ["id", "kind"],
    "unique": ["id", "day"],
    "accepted_values": {"kind": ["film", "it's"], "level": [1, 2]},
    "accepted_ranges": {"stars": [1, 5]},
}
GOOD = [("a", "film", 1, 1, "2025-01-01"), ("b", "it's", 2, 5, None), ("c", "film", None, 3, None)]


def broken_rules(rows: list[tuple]) -> list[tuple]:
    text = (ROOT / "tests" / "generic" / "columns_are_valid.sql").read_text()
    text = text.replace("{% test ", "{% macro ").replace("{% endtest %}", "{% endmacro %}")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["execute"] = False
    sql = environment.from_string(text).module.columns_are_valid("(from rows) as given", **RULES)
    with duckdb.connect() as connection:
        connection.execute(
            "create table rows (id varchar, kind varchar, level integer, stars double, day date)"
        )
        connection.executemany("insert into rows values (?, ?, ?, ?, ?)", rows)
        return connection.execute(sql).fetchall()


def test_valid_rows_break_no_rule():
    assert broken_rules(GOOD) == []


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ((None, "film", 1, 1, None), ("id", "not_null", 1, '"kind":"film"')),
        (("d", None, 1, 1, None), ("kind", "not_null", 1, '"id":"d"')),
        (("a", "film", 1, 1, None), ("id", "unique", 1, "a")),
        (("d", "film", 1, 1, "2025-01-01"), ("day", "unique", 1, "2025-01-01")),
        (("d", "series", 1, 1, None), ("kind", "accepted_values", 1, "series")),
        (("d", "film", 3, 1, None), ("level", "accepted_values", 1, "3")),
        (("d", "film", 1, 5.5, None), ("stars", "accepted_range", 1, "5.5")),
        (("d", "film", 1, 0, None), ("stars", "accepted_range", 1, "0.0")),
    ],
)
def test_a_broken_rule_names_its_column(row, broken):
    ((column, rule, rows, example),) = broken_rules([*GOOD, row])
    assert (column, rule, rows) == broken[:3] and broken[3] in example


def test_a_null_is_outside_of_every_range():
    assert broken_rules([*GOOD, ("d", "film", 1, None, None)]) == [
        ("stars", "accepted_range", 1, None)
    ]


def test_all_broken_rules_are_counted():
    rows = [*GOOD, ("a", "film", 9, 9, None), ("a", None, 9, 9, None)]
    counted = {(column, rule): count for column, rule, count, _ in broken_rules(rows)}
    assert counted == {
        ("kind", "not_null"): 1,
        ("id", "unique"): 2,
        ("level", "accepted_values"): 2,
        ("stars", "accepted_range"): 2,
    }
