"""Columns that change between deliveries: what is noticed, and what a build says of it."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import duckdb
import pytest
from rendered import Renderer
from watch_events import csv_text, deliver, event

from reelhouse.refresh.deliveries import print_schema_changes

FEED_COLUMNS = ["event_id", "region", "watch_seconds"]
LANDED_COLUMNS = [*FEED_COLUMNS, "_row", "_unknown_columns"]


class Table(str):
    """A table of the ledger, which renders as its name."""

    def render(self) -> str:
        return str(self)


class Feed:
    """A ledger in memory that takes deliveries of one feed: landing's hook without dbt."""

    def __init__(self) -> None:
        self.batch = 0
        schema = SimpleNamespace(without_identifier=lambda: "ledger")
        self.renderer = Renderer(
            source=lambda schema, table: Table(f"{schema}.{table}"),
            api=SimpleNamespace(Relation=SimpleNamespace(create=lambda **_: schema)),
            target=SimpleNamespace(name="dev", database="lake"),
            new_files_table=lambda: "new_files",
            new_rows_table=lambda: "new_rows",
            feed_name=lambda: "plays",
            current_batch_id=lambda: self.batch,
            command_line=lambda command: f"reelhouse {command}",
        )
        self.connection = duckdb.connect()
        self.connection.execute(self.sql("create_ledgers"))

    def sql(self, macro: str, *arguments: object) -> str:
        return self.renderer.environment.globals[macro](*arguments)

    def find(self, files: dict[str, list[dict]], mapping: str | None, form: str) -> None:
        """Make landing's tables of new files and their rows."""
        self.batch += 1
        self.connection.execute(
            "create or replace table new_files (number bigint, file varchar, mapping varchar,"
            " columns varchar[], format varchar, status varchar default 'landed', reason varchar)"
        )
        self.connection.execute(
            "create or replace table new_rows (_row bigint, event_id varchar, region varchar,"
            " watch_seconds varchar, _unknown_columns varchar, _malformed varchar, _raw varchar,"
            " _number bigint)"
        )
        for number, (name, rows) in enumerate(files.items()):
            columns = list(dict.fromkeys(column for row in rows for column in row))
            self.connection.execute(
                "insert into new_files (number, file, mapping, columns, format)"
                " values ($1, $2, $3, $4, $5)",
                [number, f"plays/{name}", mapping, columns, form],
            )
            self.connection.execute(
                "insert into new_rows by name"
                " select unnest(from_json($1, $2), recursive := true), $3 as _number",
                [
                    json.dumps([landed(i, row) for i, row in enumerate(rows)]),
                    json.dumps([dict.fromkeys(LANDED_COLUMNS, "varchar")]),
                    number,
                ],
            )

    def take(self, files: dict[str, list[dict]], mapping: str | None = None, form: str = "csv"):
        """Land files; return column, change, value before and value after of each change."""
        self.find(files, mapping, form)
        row_count = sum(map(len, files.values()))
        for table, query in (
            ("column_profiles", self.sql("column_profiles_sql", "plays", self.batch, row_count)),
            ("schema_changes", self.sql("schema_changes_sql", "plays", self.batch, FEED_COLUMNS)),
        ):
            self.connection.execute(f"insert into ledger.{table} by name {query}")
        return self.ask("column_name, change, value_before, value_after")

    def ask(self, columns: str) -> list[tuple]:
        return self.connection.execute(
            f"select {columns} from ledger.schema_changes where batch_id = $1 order by all",
            [self.batch],
        ).fetchall()


def landed(number: int, row: dict) -> dict:
    unknown = {name: value for name, value in row.items() if name not in FEED_COLUMNS}
    known = {name: row.get(name) for name in FEED_COLUMNS}
    return {**known, "_row": number, "_unknown_columns": json.dumps(unknown) if unknown else None}


@pytest.fixture
def feed() -> Feed:
    return Feed()


def plays(count: int = 200, **fields) -> list[dict]:
    """Rows of the feed; a field is a value, or a function of the row's number."""
    own = {"event_id": lambda i: f"e-{i}", "region": "eu-west", "watch_seconds": lambda i: 60 + i}
    return [
        {name: field(i) if callable(field) else field for name, field in {**own, **fields}.items()}
        for i in range(count)
    ]


FIRST = {
    "referrer": lambda i: ("home", "search")[i % 2],
    "bitrate": 3000,
    "ad": lambda i: i,
    "seen_at": "2025-03-01T12:00:00Z",
    "is_live": "true",
}


def test_the_first_delivery_and_one_that_is_alike_change_nothing(feed):
    assert feed.take({"a.csv": plays(**FIRST)}) == []
    assert feed.take({"b.csv": plays(**FIRST), "c.csv": plays(30, **FIRST)}) == []
    assert feed.take({"d.csv": plays(3, **FIRST)}) == []
    # Another mapping is another source.
    assert feed.take({"e.csv": plays(other="x")}, mapping="app") == []


def test_what_changes_is_recorded_once(feed):
    feed.take({"a.csv": plays(**FIRST)})
    second = {
        **FIRST,
        "referrer": lambda i: ("home", "partner")[i % 2],
        "ad": lambda i: f"ad-{i}",
        "bitrate": 3_000_000,
        "chapter": lambda i: i,
    }
    del second["is_live"]
    changes = [
        ("ad", "type", "number", "text"),
        ("bitrate", "magnitude", "3,000", "3,000,000"),
        ("chapter", "appeared", None, "number"),
        ("is_live", "disappeared", "boolean", None),
        ("referrer", "new members", None, "partner"),
    ]
    assert feed.take({"b.csv": plays(**second)}) == changes
    assert feed.ask("message") == [
        ("b.csv: ad is text, before number",),
        ("b.csv: bitrate is about 1,000 times as large: typically 3,000,000, before 3,000",),
        ("b.csv: new column chapter (number)",),
        ("b.csv: referrer has new values: partner",),
        ("b.csv: the column is_live is missing",),
    ]
    # Members stay known though a delivery lacks them.
    second["referrer"] = lambda i: ("home", "search")[i % 2]
    assert feed.take({"c.csv": plays(**second)}) == []
    half = {**second, "chapter": lambda i: i if i % 2 else ""}
    assert feed.take({"d.csv": plays(**half)}) == [("chapter", "empty share", "0 %", "50 %")]
    assert feed.take({"e.csv": plays(**half, is_live="true")}) == [
        ("is_live", "appeared", None, "boolean")
    ]


def test_chance_is_no_change(feed):
    first = {**FIRST, "session": lambda i: f"s{i % 5}", "error": lambda i: "x" if i < 2 else None}
    as_json = [{k: v for k, v in row.items() if v is not None} for row in plays(**first)]
    feed.take({"a.jsonl": as_json}, form="jsonl")
    # A rare key, sessions of another day, a few broken values, and few rows.
    second = {
        **FIRST,
        "session": lambda i: f"s{i % 5 + 5}",
        "ad": lambda i: "-" if i % 50 == 0 else i,
    }
    assert feed.take({"b.jsonl": plays(**second)}, form="jsonl") == []
    few = {**FIRST, "session": "s1", "ad": "", "referrer": "elsewhere"}
    assert feed.take({"c.jsonl": plays(9, **few)}, form="jsonl") == []
    assert feed.take({"d.jsonl": as_json}, form="jsonl") == []
    # A key that most objects had is missing for a reason.
    without = [{k: v for k, v in row.items() if k != "bitrate"} for row in plays(**FIRST)]
    changes = feed.take({"e.jsonl": without}, form="jsonl")
    assert ("bitrate", "disappeared", "number", None) in changes


def test_a_changed_unit_gives_the_mapping_to_write(feed):
    feed.take({"a.csv": plays(watch_seconds=150)})
    files = {name: plays(watch_seconds=150_000) for name in ("b.csv", "c.csv")}
    assert feed.take(files) == [("watch_seconds", "magnitude", "150", "150,000")]
    ((message,),) = feed.ask("message")
    text, _, mapping = message.partition("`: ")
    assert text == (
        "b.csv and others: watch_seconds is about 1,000 times as large: typically 150,000, before"
        " 150. If its unit changed, save this as seeds/sample/mappings/plays_2.yml and run"
        " `reelhouse build --vars 'rebuild_outdated: true'"
    )
    assert json.loads(mapping) == {
        "feed": "plays",
        "files": ["b.csv", "c.csv"],
        "columns": {"watch_seconds": {"column": "watch_seconds", "unit": "ms", "round": "nearest"}},
    }


def test_a_large_delivery_is_sampled_evenly(feed):
    feed.renderer.variables["schema_drift_sample_rows"] = 1000
    feed.take({"a.csv": plays(20_000, page=lambda i: "x" if i < 10_000 else "")})
    ((sampled, filled),) = feed.connection.execute(
        "select rows_sampled, rows_filled from ledger.column_profiles where column_name = 'page'"
    ).fetchall()
    assert 700 < sampled < 1300 and 0.4 < filled / sampled < 0.6


def test_only_a_new_name_for_a_missing_column_is_proposed(feed):
    feed.connection.execute(
        "insert into ledger.landed_files by name"
        " select 'plays' as feed, 'landed' as status,"
        " ['event_id', 'region', 'watch_seconds', 'page'] as columns"
    )
    feed.find(
        {
            "one.csv": [{"event_id": "e", "page": "x", "market_region": "eu", "note": "y"}],
            "two.csv": [{"regions": "eu", "event_key": "e", "note": "y"}],
            "none.csv": [{"event_id": "e", "page": "x"}],
        },
        None,
        "csv",
    )
    feed.connection.execute(
        "update new_files set status = 'rejected', reason = 'required columns are missing: some'"
    )
    feed.connection.execute(
        feed.sql("name_renamed_columns", ["event_id", "region"], ["watch_seconds"])
    )
    reasons = [r for (r,) in feed.connection.execute("select reason from new_files").fetchall()]
    assert [reason.partition(" again: ")[2] for reason in reasons] == [
        '{"feed":"plays","files":"one.csv","columns":{"region":"market_region"}}',
        '{"feed":"plays","files":"two.csv","columns":{"event_id":"event_key","region":"regions"}}',
        "",
    ]
    assert (
        ". If region is called market_region now, save this as"
        " seeds/sample/mappings/plays_1.yml and build again: "
    ) in reasons[0]


def test_the_summary_lists_what_is_not_ignored(feed, capsys):
    feed.take({"a.csv": plays()})
    feed.take({"b.csv": plays(page="x")})
    feed.connection.execute("attach ':memory:' as lake; create schema lake.ledger")
    for table in ("schema_changes", "refresh_log"):
        feed.connection.execute(f"create table lake.ledger.{table} as from ledger.{table}")
    feed.connection.execute(
        "insert into lake.ledger.refresh_log (batch_id, invocation_id) values (2, 'this')"
    )
    for policies in ("ignore", {"plays": "ignore"}, {"default": "ignore"}):
        print_schema_changes(feed.connection, "this", policies)
    print_schema_changes(feed.connection, "other", "warn")
    assert capsys.readouterr().out == ""
    print_schema_changes(feed.connection, "this", {"default": "ignore", "plays": "error"})
    assert capsys.readouterr().out == (
        "\nColumns that differ from the deliveries before (lakehouse.feed_schema_history)\n"
        "  plays/b.csv: new column page (text)\n"
    )


@pytest.mark.one_domain
def test_a_change_is_an_error_by_choice_and_the_proposed_mapping_lands_the_file(project):
    def rows(name: str, **fields) -> list[dict]:
        return [{**event(f"{name}{i}", day=i % 3), **fields} for i in range(120)]

    refresh = ("--select", "land_watch_events+", "lakehouse", "--exclude", "tag:full_check")
    refresh = (*refresh, "tag:alert", "--indirect-selection", "eager")
    deliver(project, "a.csv", rows("a"))
    project.build()
    with_page = rows("b", page="p")
    deliver(project, "b.csv", csv_text(with_page, list(with_page[0])))
    renamed = [{"video_id": row.pop("title_id"), **row} for row in rows("c")]
    deliver(project, "c.csv", csv_text(renamed, list(renamed[0])))
    policy = {"schema_drift": {"default": "warn", "watch_events": "error"}, "quarantined_share": 1}
    said = " ".join(project.build(*refresh, vars=policy, expect_success=False).stdout.split())
    assert (
        "Not published: refresh 2: the columns of watch_events changed (schema_drift):"
        " b.csv: new column page (text)."
    ) in said
    ((reason,),) = project.query("select reason from ledger.landed_files where reason is not null")
    path, mapping = re.search(r"save this as (\S+) and build again: (.*)", reason).groups()
    (project.folder / path).parent.mkdir()
    (project.folder / path).write_text(mapping)
    said = project.build(*refresh, vars={"schema_drift": "warn"}).stdout
    assert "Warning: watch_events: b.csv: new column page (text)" in said
    assert project.query("select count(*) from fact_watch_events where batch_id = 3") == [(120,)]
    assert project.query("select max(batch_id) from ledger.publications") == [(3,)]
    assert project.query("select batch_id, column_name from lakehouse.feed_schema_history") == [
        (2, "page")
    ]

    project.dbt("run-operation", "drop_batch", "--args", "{batch_id: 2}")
    assert project.query("select distinct batch_id from ledger.column_profiles order by all") == [
        (1,),
        (3,),
    ]
    assert project.query("select count(*) from lakehouse.feed_schema_history") == [(0,)]
    said = project.build(vars={"schema_drift": {"watch": "warn"}}, expect_success=False).stdout
    assert "The variable schema_drift names watch, which is no feed. The feeds are" in said
