"""What the macros render, run in DuckDB: the cases that a unit test of a model can't reach.

The expressions come from one `dbt compile --inline`, so that what is tested is what dbt renders.
"""

import json
import re

import duckdb
import pandas as pd
import pytest
from conftest import Project

# Name of a case: the Jinja that renders its SQL expression.
EXPRESSIONS = {
    "three_fields": "{{ split_fields('line', ',', 3) }}",
    "two_fields_by_pipe": "{{ split_fields('line', '|', 2) }}",
    "reasons": (
        "{{ rejection_reasons({'missing': 'value is null', 'small': 'value < 10',"
        " 'negative': 'value < 0'}) }}"
    ),
    "malformed_id": "{{ is_malformed_id('line') }}",
    "unknown_region": "{{ is_unknown_member('line', '(values (1))', '\\'us-east\\'') }}",
    "absurd": "{{ is_implausible_timestamp('seen') }}",
    "given": "{{ blank_to_null('line') }}",
    "boolean": "{{ parsed_boolean('line') }}",
    "number": "{{ parsed_number('line') }}",
    "time": "{{ utc_timestamp('line') }}",
    "raw": "{{ raw_text() }}",
    "no_partition": "{{ partition_literals([]) }}",
    "two_partitions": "{{ partition_literals([('2025-01-03',), ('2025-01-31',)]) }}",
    "paths": '{{ path_list({"paths": ["it\'s/a.csv", "b.csv"]}) }}',
    "unknown": ("{{ unknown_columns({'columns': ['a', \"it's\", 'b']}, ['a', 'b']) }}"),
    "nothing_unknown": "{{ unknown_columns({'columns': ['a']}, ['a']) }}",
    "as_of_newest": "{{ as_of('events', 'seen') }}",
    "qualified": "{{ staged_columns('kept', ['a', 'b']) }}",
    "arrived_when_compiled": "{{ new_batches(ref('stg_watch_events')) }}",
    "touched_when_compiled": "{{ affected_keys(ref('fact_watch_events'), ['profile_id', 'dt']) }}",
    "new_when_compiled": "{{ not_yet_loaded('a', 'b', ref('stg_watch_events')) }}",
    "written_last_when_compiled": "{{ last_written(ref('fact_watch_events')) }}",
    "refresh_id_when_compiled": "{{ current_batch_id() }}",
    "tokens": '{{ sql_tokens("""select a--b\n from t /* c\'s */ where b<=\'x  --y\'""") }}',
    "same_tokens": '{{ sql_tokens("""select  a from\tt where\n b <= \'x  --y\'""") }}',
    "other_tokens": '{{ sql_tokens("""select a from t where b <= \'x --y\'""") }}',
}
CONSTANTS = {"arrived_when_compiled", "touched_when_compiled", "new_when_compiled"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, parsed_manifest):
    """SQL of every expression, by the name of its case."""
    project = Project(tmp_path_factory.mktemp("macros") / "project", parsed_manifest)
    inline = "\n".join(f"<<{name}>>{jinja}" for name, jinja in EXPRESSIONS.items())
    output = project.dbt("--quiet", "compile", "--inline", inline).stdout
    cases = re.split(r"<<(\w+)>>", output)
    return {name: sql.strip() for name, sql in zip(cases[1::2], cases[2::2], strict=True)}


def value(expression, **columns):
    """The value of a SQL expression over one row."""
    names = ", ".join(f"${name} as {name}" for name in columns) or "1 as one"
    return duckdb.execute(f"select {expression} from (select {names}) as row", columns).fetchone()[
        0
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a,b,c", ["a", "b", "c"]),
        (",,", ["", "", ""]),
        ('a,"b,still b",c', ["a", "b,still b", "c"]),
        ('"a ""quoted"" word",b,c', ['a "quoted" word', "b", "c"]),
        ('"","",""', ["", "", ""]),
        ('a,"日本, 東京",c', ["a", "日本, 東京", "c"]),
        ("a,b", None),
        ("a,b,c,d", None),
        ('a,"b,c', None),
        ('a,"b"x,c', None),
        ('a,b"b,c', None),
        ('a,"b""c,d', None),
    ],
)
def test_a_csv_line_gives_its_fields_or_none(rendered, line, fields):
    assert value(rendered["three_fields"], line=line, _malformed=None) == fields


def test_another_delimiter_and_a_line_that_is_known_to_be_broken(rendered):
    by_pipe = rendered["two_fields_by_pipe"]
    assert value(by_pipe, line='"a|b"|c,d', _malformed=None) == ["a|b", "c,d"]
    assert value(by_pipe, line="a.b", _malformed=None) is None
    assert value(by_pipe, line="a|b", _malformed="not_utf8") is None


@pytest.mark.parametrize(
    ("number", "reasons"),
    [(10, []), (9, ["small"]), (-1, ["small", "negative"]), (None, ["missing"])],
)
def test_all_broken_rules_are_named_in_order(rendered, number, reasons):
    assert value(f"({rendered['reasons']})", value=number) == reasons


@pytest.mark.parametrize(
    ("identifier", "malformed"),
    [
        ("user-1", False),
        ("a" * 64, False),
        ("A_b.c:d-9", False),
        ("a" * 65, True),
        ("", True),
        (None, True),
        ("a b", True),
        ("a\n", True),
        ("ä", True),
    ],
)
def test_identifiers(rendered, identifier, malformed):
    assert value(rendered["malformed_id"], line=identifier) is malformed


def test_what_a_list_does_not_hold_is_unknown_and_so_is_null(rendered):
    unknown = rendered["unknown_region"]
    assert [value(unknown, line=region) for region in ("us-east", "US-EAST", None)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("seen", "absurd"),
    [
        ("1990-01-01 00:00:00", False),
        ("1989-12-31 23:59:59.999", True),
        ("2025-01-04 00:00:00", False),
        ("2025-01-04 00:00:00.001", True),
        ("9999-12-31 00:00:00", True),
        (None, None),
    ],
)
def test_the_bounds_of_a_timestamp(rendered, seen, absurd):
    delivered = "2025-01-03 00:00:00"
    expression = re.sub(r"\b(seen|_delivered_at)\b", r"cast(\1 as timestamp)", rendered["absurd"])
    assert value(expression, seen=seen, _delivered_at=delivered) is absurd


@pytest.mark.parametrize(
    ("line", "given"),
    [
        *((blank, None) for blank in (None, "", " ", "\t\r\n ", "NULL", "null", " Null ", "\\N")),
        *((text, text) for text in ("a", "NULLS", "NaN", "None", "NA", "-", "0", "\\n\\n", "ü")),
        ("  web\t", "web"),
        ("web ", "web"),
        ("a b", "a b"),
    ],
)
def test_a_blank_field_is_null_and_blanks_around_a_value_go(rendered, line, given):
    assert value(rendered["given"], line=line) == given


@pytest.mark.parametrize(
    ("line", "number", "boolean"),
    [
        ("1", 1.0, True),
        ("0.0", 0.0, False),
        ("true", None, True),
        ("NO", None, False),
        ("1e3", 1000.0, None),
        ("nan", None, None),
        ("1e400", None, None),
        ("maybe", None, None),
        (None, None, None),
    ],
)
def test_a_text_is_a_number_or_a_boolean_or_neither(rendered, line, number, boolean):
    assert value(rendered["number"], line=line) == number
    assert value(rendered["boolean"], line=line) is boolean


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("2025-01-14T10:00:00.5Z", "2025-01-14 10:00:00.5"),
        ("2025-01-14 10:00:00+05:30", "2025-01-14 04:30:00"),
        ("9999-12-31 23:59:59-14:00", "10000-01-01 13:59:59"),
        *((text, None) for text in ("infinity", "-infinity", "epoch", "2025-02-30", None)),
        *((text, None) for text in ("294247-01-10 04:00:54+14:00", "10000-01-01", "1736640143")),
    ],
)
def test_a_time_is_one_that_arithmetic_can_bear(rendered, line, time):
    assert value(f"({rendered['time']})::varchar", line=line) == time
    assert value(f"({rendered['time']}) + interval 9999 year is null", line=line) is (time is None)


def test_a_rejected_row_keeps_its_text(rendered):
    raw = rendered["raw"]
    fields = {"line": 'say "no"', "value": None}
    assert json.loads(value(raw, _delivered={"line": None, "fields": fields})) == fields
    unparsed = {"line": "the whole line", "fields": {"line": None}}
    assert value(raw, _delivered=unparsed) == "the whole line"


def test_literals_of_partitions_and_paths(rendered):
    assert rendered["no_partition"] == "null"
    assert value(f"'2025-01-31' in ({rendered['two_partitions']})") is True
    assert value(f"'2025-01-04' in ({rendered['two_partitions']})") is False
    assert value(rendered["paths"]) == ["it's/a.csv", "b.csv"]


def test_unknown_columns_are_kept_as_json(rendered):
    expression = rendered["unknown"].replace('"it\'s"', "theirs")
    assert json.loads(value(expression, theirs="2")) == {"it's": "2"}
    assert rendered["nothing_unknown"] == "null"


def test_columns_are_qualified(rendered):
    assert rendered["qualified"] == "kept.a, kept.b"


HOUR = 3600
YEARS = 10 * 365 * 24 * HOUR


@pytest.mark.parametrize(
    ("seconds", "newest"),
    [
        ([], None),
        ([7], 7),
        ([0, HOUR, 23 * HOUR], 23 * HOUR),
        # Nothing supports the last event: it is more than a day after all others.
        ([0, HOUR, 26 * HOUR], HOUR),
        ([0, YEARS], 0),
        # A second event supports it.
        ([0, YEARS, YEARS + 60], YEARS + 60),
        # One in a thousand does not, and neither do a hundred of any number.
        ([*range(3000), YEARS, YEARS + 1, YEARS + 2], 2999),
        ([*range(3000), *range(YEARS, YEARS + 4)], YEARS + 3),
        ([*range(200_000), *range(YEARS, YEARS + 100)], 199_999),
        ([*range(200_000), *range(YEARS, YEARS + 101)], YEARS + 100),
    ],
)
def test_now_is_the_newest_event_that_others_support(rendered, seconds, newest):
    start = "timestamp '2025-01-14 00:30:00'"
    events = pd.DataFrame({"second": pd.Series(seconds, dtype="int64")})
    with duckdb.connect() as connection:
        connection.register("delivered", events)
        found = connection.execute(
            f"with events as (select {start} + to_seconds(second) as seen from delivered)"
            f" select date_diff('second', {start}, {rendered['as_of_newest']})"
        ).fetchone()
    assert found == (newest,)


def test_where_nothing_is_written_no_macro_asks_the_lake(rendered):
    assert {rendered[name] for name in CONSTANTS | {"written_last_when_compiled"}} == {"true"}
    assert rendered["refresh_id_when_compiled"] == "0"


def test_the_form_of_a_query_is_no_part_of_its_logic_and_a_literal_is(rendered):
    assert rendered["tokens"] == "select a from t where b < = 'x  --y'"
    assert rendered["same_tokens"] == rendered["tokens"] != rendered["other_tokens"]
