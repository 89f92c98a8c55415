"""Staging gives every delivered row a verdict, whatever the row, the format or the file's time."""

from __future__ import annotations

import csv
import gzip
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as arrow
import pytest
import yaml
from conftest import ROOT, ROWS_ONLY
from hostile_rows import (
    DELIVERED_AT,
    FACTS,
    GOOD_LINE,
    GOOD_ROWS,
    LANDED_COLUMNS,
    hostile_rows,
    ids_of,
)
from watch_events import ROWS, deliver, event, set_modified

SEEDS = ROOT / "seeds" / "reference"
# Invariants of the facts: data tests that would stop the publication of what staging let through.
FACT_TESTS = (
    "api_request_logs_dt_is_the_day_of_timestamp",
    "api_request_logs_times_and_bytes_are_possible",
    "cdn_requests_lie_in_their_partition",
    "fact_cache_requests_dt_is_the_day_of_request_ts",
    "fact_watch_events_dt_is_the_day_of_event_ts",
    "forecasts_look_ahead",
    "playback_events_lie_in_their_partition",
    "resource_metrics_minute_and_day_belong_together",
    "throughput_samples_lie_in_their_partition",
)
# What is computed from every kept row.
AGGREGATES = (
    "circuit_breaker_what_if",
    "daily_cache_metrics",
    "daily_cdn_metrics",
    "daily_playback_metrics",
    "daily_title_metrics",
    "daily_user_metrics",
    "latency_by_region",
    "daily_latency",
    "hourly_latency",
    "minutely_latency",
    "rate_limit_what_if",
    "hourly_service_demand",
    "int_service_level_indicators",
    "session_bitrates",
    "upstream_balance",
)
RELATION = re.compile(r'"lake"\."(\w+)"\."(\w+)"')


class Lake:
    """A DuckDB in memory in which compiled models become tables; landed rows are given."""

    def __init__(self, compiled_sql) -> None:
        self.compiled_sql = compiled_sql
        self.connection = duckdb.connect(config={"threads": 2})
        self.connection.execute("attach ':memory:' as lake; set timezone = 'UTC'")
        self.built: set[str] = set()

    def land(self, feed: str, rows: list[dict]) -> None:
        """Make the landing table of a feed."""
        columns = dict.fromkeys(GOOD_ROWS[feed], "varchar") | LANDED_COLUMNS
        landed = arrow.Table.from_pylist(
            rows, arrow.schema([(name, self.arrow_type(kind)) for name, kind in columns.items()])
        )
        self.connection.register("landed", landed)
        self.connection.execute("create schema if not exists lake.landing")
        casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns.items())
        self.connection.execute(
            f"create or replace table lake.landing.land_{feed} as select {casts} from landed"
        )
        self.built.add(f"land_{feed}")

    @staticmethod
    def arrow_type(kind: str) -> arrow.DataType:
        """Times are landed as text and cast by DuckDB."""
        return arrow.int64() if kind == "bigint" else arrow.string()

    def build(self, name: str, schema: str = "analytics") -> None:
        """Make the table of a model and, before it, all tables that it reads."""
        if name in self.built:
            return
        self.built.add(name)
        self.connection.execute(f"create schema if not exists lake.{schema}")
        target = f"lake.{schema}.{name}"
        if schema == "reference":
            self.connection.execute(
                f"create table {target} as from read_csv('{SEEDS}/{name}.csv', header = true)"
            )
            return
        sql = self.compiled_sql(name)
        for upstream_schema, upstream in RELATION.findall(sql):
            self.build(upstream, upstream_schema)
        if name in FACTS.values():
            self.connection.execute(f"create table {target} ({contract(name)})")
            self.connection.execute(f"insert into {target} by name ({sql})")
        else:
            self.connection.execute(f"create table {target} as {sql}")

    def query(self, sql: str) -> list[tuple]:
        """Answer a query."""
        return self.connection.execute(sql).fetchall()


def contract(fact: str) -> str:
    """Columns of a fact as its contract states them."""
    for path in (ROOT / "models" / "marts").rglob("*__models.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            if model["name"] == fact:
                return ", ".join(
                    f"{column['name']} {column['data_type']}"
                    + (" not null" if {"type": "not_null"} in column.get("constraints", []) else "")
                    for column in model["columns"]
                )
    raise LookupError(fact)


def landed(feed: str, number: int = 1, **values: object) -> dict:
    """Return a good landed row; `values` replace its own."""
    metadata = {
        "_unknown_columns": None,
        "_malformed": None,
        "_raw": None,
        "batch_id": 1,
        "_file": f"{feed}/a.csv",
        "_row": number,
        "_delivered_at": DELIVERED_AT,
        "_occurrence": 1,
    }
    return {**GOOD_ROWS[feed], **metadata, **values}


def optional_columns(feed: str) -> list[str]:
    """Optional columns of a feed, as its landing model names them."""
    if feed == "api_requests":
        sql = (ROOT / "macros" / "quality" / "api_request_columns.sql").read_text()
        return re.findall(r"'(\w+)'", sql)[4:]
    sql = (ROOT / "models" / "landing" / f"land_{feed}.sql").read_text()
    found = re.search(r"optional_columns=\[(.*?)\]", sql, re.DOTALL)
    return re.findall(r"'(\w+)'", found[1]) if found else []


def judge(compiled_sql, count: int, seed: int) -> dict[str, tuple[int, int]]:
    """Stage hostile rows of all feeds, check every verdict, and return kept and rejected rows."""
    lake = Lake(compiled_sql)
    verdicts = {}
    for feed, fact in FACTS.items():
        lake.land(feed, hostile_rows(feed, count, seed))
        staged = f"lake.staging.stg_{feed}"
        lake.build(f"stg_{feed}", "staging")
        total, without_verdict = lake.query(
            "select count(*), count(*) filter (where _is_rejected is distinct from"
            f" (len(_rejection_reasons) > 0) or _is_rejected is null) from {staged}"
        )[0]
        assert (total, without_verdict) == (count, 0), feed
        lake.build(fact)
        lake.build(f"quarantine_{feed}", "quarantine")
        assert lake.query(
            f"select (select count(*) from lake.analytics.{fact})"
            f" + (select count(*) from lake.quarantine.quarantine_{feed})"
        ) == [(count,)], f"{feed}: rows that are neither kept nor quarantined"
        verdicts[feed] = lake.query(
            "select count(*) filter (where not _is_rejected), count(*) filter (where _is_rejected)"
            f" from {staged}"
        )[0]
    for test in FACT_TESTS:
        assert lake.query(f"select count(*) from ({compiled_sql(test)})") == [(0,)], test
    for aggregate in AGGREGATES:
        lake.build(aggregate)
    return verdicts


def test_every_feed_has_a_good_row_to_damage():
    landing = (ROOT / "models" / "landing").glob("land_*.sql")
    assert sorted(GOOD_ROWS) == sorted(path.stem.removeprefix("land_") for path in landing)


def test_every_hostile_row_has_a_verdict(compiled_sql):
    verdicts = judge(compiled_sql, 500, seed=1)
    # A mutation that broke nothing, or everything, would test nothing.
    assert all(kept >= 50 and rejected >= 200 for kept, rejected in verdicts.values()), verdicts


@pytest.mark.slow
def test_every_one_of_100_000_hostile_rows_has_a_verdict(compiled_sql):
    print(judge(compiled_sql, 12_500, seed=2))


@pytest.mark.parametrize(
    ("feed", "values", "reason"),
    [
        ("api_requests", {"tail": " msec=nan"}, "request_ts_unparseable"),
        ("api_requests", {"tail": " msec=1e16"}, "request_ts_unparseable"),
        ("api_requests", {"tail": " msec=1e11"}, "request_ts_implausible"),
        ("api_requests", {"tail": " msec=1736848943.5 rt=inf"}, "response_time_ms_not_a_number"),
        ("api_requests", {"tail": " msec=1736848943.5 rt=nan"}, "response_time_ms_not_a_number"),
        ("api_requests", {"status_code": "404.5"}, "status_code_impossible"),
        ("api_requests", {"response_bytes": "9e18"}, "response_bytes_impossible"),
        (
            "playback_events",
            {"session_started_at": "294247-01-10 04:00:54+14:00"},
            "session_started_at_unparseable",
        ),
        ("cache_requests", {"ttl_seconds": "1e300"}, "ttl_seconds_impossible"),
        ("demand_forecasts", {"forecast": "1e308"}, "forecast_impossible"),
        ("demand_forecasts", {"target_ts": "9999-12-31"}, "target_ts_implausible"),
        ("watch_events", {"event_ts": "infinity"}, "event_ts_unparseable"),
    ],
)
def test_what_cannot_be_computed_is_a_reason(compiled_sql, feed, values, reason):
    if "tail" in values:
        line = GOOD_LINE.removesuffix(" 0.021") + values["tail"]
        values = dict.fromkeys(GOOD_ROWS[feed]) | {"line": line}
    row = landed(feed, **values)
    lake = Lake(compiled_sql)
    lake.land(feed, [row])
    lake.build(f"stg_{feed}", "staging")
    assert reason in lake.query(f"select _rejection_reasons from lake.staging.stg_{feed}")[0][0]


@pytest.mark.parametrize("blank", [None, "", "NULL"])
def test_optional_columns_may_be_blank_in_every_feed(compiled_sql, blank):
    lake = Lake(compiled_sql)
    for feed, fact in FACTS.items():
        rows = [landed(feed)]
        for number, column in enumerate(optional_columns(feed), start=2):
            ids = {name: f"{name}-{number}" for name in ids_of(feed)}
            rows.append(landed(feed, number, **ids | {column: blank}))
        lake.land(feed, rows)
        lake.build(fact)
        assert lake.query(f"select count(*) from lake.analytics.{fact}") == [(len(rows),)], feed


@pytest.mark.parametrize("blank", ["", "  ", "\t", "NULL", "null", "\\N"])
def test_a_blank_is_null_and_the_row_as_delivered_still_shows_it(compiled_sql, blank):
    lake = Lake(compiled_sql)
    lake.land("watch_events", [landed("watch_events", region=blank)])
    lake.build("stg_watch_events", "staging")
    shown = "region, _rejection_reasons, _raw::json ->> 'region'"
    assert lake.query(f"select {shown} from lake.staging.stg_watch_events") == [
        (None, ["region_unknown"], blank)
    ]


def test_empty_fields_of_the_sample_s_cache_csv_reject_no_row(compiled_sql):
    path = ROOT / "seeds" / "sample" / "cache_requests" / "2025-01-13.csv.gz"
    with gzip.open(path, "rt", newline="") as stream:
        delivered = list(csv.DictReader(stream))
    lake = Lake(compiled_sql)
    feed = "cache_requests"
    lake.land(feed, [landed(feed, number, **row) for number, row in enumerate(delivered, 2)])
    lake.build("stg_cache_requests", "staging")
    # Seven rows of it are spoiled on purpose.
    reasons = "select unnest(_rejection_reasons) from lake.staging.stg_cache_requests order by 1"
    assert [reason for (reason,) in lake.query(reasons)] == [
        "cache_key_missing",
        "cache_key_missing",
        "cache_level_unknown",
        "cache_level_unknown",
        "latency_ms_negative",
        "latency_ms_not_a_number",
        "ttl_seconds_not_positive",
    ]
    assert len(delivered) > 2_000


def test_a_key_with_any_character_is_split(compiled_sql):
    lake = Lake(compiled_sql)
    lake.land("cache_requests", [landed("cache_requests", cache_key="recs:a\x1fb:ho\nme")])
    lake.build("cache_requests")
    assert lake.query("select key_parameters from lake.analytics.cache_requests")[0][0]


# Files of the sample whose columns have types: the other formats are made from them. A feed that is
# not listed has its first file here.
TYPED_SAMPLES = {
    "api_requests": "2025-01-14.parquet",
    "cache_requests": "2025-01-12.parquet",
    "cdn_requests": "2025-01-13.parquet",
    "playback_events": "2025-01-14.parquet",
    "resource_metrics": "2025-01-14.parquet",
    "throughput_samples": "2025-01-13.parquet",
    "watch_events": "2025-01-01/part-0.parquet",
}
FORECASTS = """
    select 'catalog' as service_name, 'cpu_pods' as resource, 'hour' as grain, 'ets' as method,
        timestamp '2025-01-14 10:00:00' as origin_ts,
        timestamp '2025-01-14 10:00:00' + to_hours(i) as target_ts, i / 7 as forecast
    from range(1, 25) as hours (i)
"""
# What a Parquet writer may make of the same values.
OTHER_TYPES = {
    "INTEGER": "double",
    "BIGINT": "double",
    "BOOLEAN": "double",
    "TIMESTAMP": "timestamptz",
    "DECIMAL(3,1)": "double",
}
FORMATS = {
    "a.csv": "format csv",
    "b.csv.gz": "format csv, compression gzip, delimiter ';', nullstr 'NULL'",
    "c.jsonl": "format json",
    "d.jsonl.gz": "format json, compression gzip",
    "e.parquet": "format parquet",
    "f.parquet": "format parquet",
}


def write_in_every_format(landing: Path, feed: str) -> int:
    """Write the typed sample of a feed once in each format, and return its number of rows."""
    folder = landing / feed
    folder.mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute("set timezone = 'Asia/Tokyo'")
    sample = ROOT / "seeds" / "sample" / feed
    first = sample / TYPED_SAMPLES.get(feed, min(path.name for path in sample.iterdir()))
    source = FORECASTS if feed == "demand_forecasts" else f"from '{first}'"
    connection.execute(f"create table typed as {source}")
    types = dict(
        connection.execute("select column_name, column_type from (describe typed)").fetchall()
    )
    others = ", ".join(
        f"{name} at time zone 'UTC' as {name}"
        if kind == "TIMESTAMP"
        else f"cast({name} as {OTHER_TYPES.get(kind, kind)}) as {name}"
        for name, kind in types.items()
    )
    for name, options in FORMATS.items():
        columns = others if name.startswith("f") else "*"
        connection.execute(f"copy (select {columns} from typed) to '{folder / name}' ({options})")
    # Each optional column once missing.
    for column in optional_columns(feed):
        if column in types:
            connection.execute(
                f"copy (select * exclude ({column}) from typed) to '{folder}/without_{column}.csv'"
            )
    return connection.execute("select count(*) from typed").fetchone()[0]


def test_every_format_gives_the_same_tables(project):
    counts = {feed: write_in_every_format(project.landing, feed) for feed in FACTS}
    facts = [
        argument for feed, fact in FACTS.items() for argument in (f"+{fact}", f"+quarantine_{feed}")
    ]
    project.build("--select", *facts, "source:ledger", *ROWS_ONLY)
    with project.connect() as lake:
        for feed, fact in FACTS.items():
            values = "* exclude (batch_id, _file, _row, _raw)"
            files = sorted(
                row[0]
                for row in lake.execute(
                    f"select distinct _file from lake.staging.stg_{feed}"
                ).fetchall()
            )
            assert len(files) == len(FORMATS) + len(
                list((project.landing / feed).glob("without_*"))
            )
            for file in files:
                rows = f"from lake.staging.stg_{feed} where _file = '{file}'"
                assert lake.execute(f"select count(*) {rows}").fetchone() == (counts[feed],)
                if "without_" not in file:
                    differing = lake.execute(
                        f"select count(*) from (select {values} {rows} except all select {values}"
                        f" from lake.staging.stg_{feed} where _file = '{feed}/a.csv')"
                    ).fetchone()
                    assert differing == (0,), file
                # What the sample spoils on purpose is rejected in every format, and nothing else.
                spoiled = (
                    f"select count(*) from lake.staging.stg_{feed} where _is_rejected and _file"
                )
                assert (
                    lake.execute(f"{spoiled} = '{file}'").fetchall()
                    == lake.execute(f"{spoiled} = '{feed}/e.parquet'").fetchall()
                ), file
            # A fact takes the same row from six files once, and finds no contradiction.
            kept = lake.execute(
                f"select count(distinct row_id) from lake.quarantine.quarantine_{feed}"
                f" where disposition = 'conflict' and file not like '%/without_%'"
            ).fetchone()
            assert kept == (0,), feed
            assert lake.execute(f"select count(*) > 0 from lake.analytics.{fact}").fetchone() == (
                True,
            )


def test_requests_without_ids_are_the_same_in_every_format(compiled_sql):
    lake = Lake(compiled_sql)
    spelled = [
        landed("api_requests", 1, request_id=None),
        landed(
            "api_requests",
            2,
            request_id="",
            status_code="200.0",
            response_time_ms="29",
            response_bytes="9967.0",
            request_ts="2025-01-14T10:00:00.123000Z",
        ),
        landed("api_requests", 3, request_id="NULL", request_ts="2025-01-14 19:00:00.123+09"),
        landed("api_requests", 4, request_id=None, response_bytes="9968"),
    ]
    lake.land("api_requests", spelled)
    lake.build("stg_api_requests", "staging")
    ids = [
        row[0]
        for row in lake.query("select request_id from lake.staging.stg_api_requests order by _row")
    ]
    assert ids[0] == ids[1] == ids[2] != ids[3]


@pytest.mark.one_domain(bare=True)
def test_a_file_time_decides_nothing(project):
    set_modified(deliver(project, "old.csv", [event("old")]), datetime(1970, 1, 2))
    set_modified(
        deliver(project, "new.csv", [event("new"), event("far", event_ts="2035-01-01")]),
        datetime(2035, 1, 1),
    )
    project.build(*ROWS)
    kept = "select event_id from fact_watch_events order by 1"
    assert project.query(kept) == [("e-new",), ("e-old",)]
    rejected = "select row_id, reasons from lake.quarantine.quarantine_watch_events"
    assert project.query(rejected) == [("e-far", ["event_ts_implausible"])]
    set_modified(project.landing / "watch_events" / "old.csv", datetime(1970, 1, 3))
    project.build(*ROWS, "--full-refresh")
    assert project.query(kept) == [("e-new",), ("e-old",)]
    assert project.query(rejected) == [("e-far", ["event_ts_implausible"])]
