"""Rows that a mapping reads: what staging makes of them, in SQL."""

from __future__ import annotations

import glob
import hashlib
import random
from datetime import datetime

import pytest
import yaml
from conftest import ROOT
from mapped_rows import FEEDS, Staging, read_text

GOOD = {
    "event_id": "e1",
    "profile_id": "p1",
    "session_id": "s1",
    "title_id": "t1",
    "region": "us-east",
    "device_type": "tv",
    "event_ts": "2025-01-01 10:00:00",
    "watch_seconds": "60",
}


@pytest.fixture(scope="module")
def staging() -> Staging:
    return Staging()


def staged(staging: Staging, columns: str, **values: object) -> tuple[dict, list[str]]:
    """Return a staged row and its reasons; `columns` is YAML, `values` what the file has."""
    mapping = read_text(f"feed: watch_events\nfiles: app-*.csv\ncolumns: {columns}\n")
    own = [name for name in GOOD if name not in mapping["columns"]]
    row = {name: GOOD[name] for name in own} | values
    relation = staging.stage("watch_events", [row], [mapping])
    found = dict(zip(relation.columns, relation.fetchone(), strict=True))
    return found, found["_rejection_reasons"]


# The column of the feed, its mapping, the delivered value, and the staged value or the reason.
VALUES = [
    ("event_ts", "{column: x, timestamp: epoch_s}", "1735725600", datetime(2025, 1, 1, 10)),
    (
        "event_ts",
        "{column: x, timestamp: epoch_s}",
        "1735725600.25",
        datetime(2025, 1, 1, 10, 0, 0, 250000),
    ),
    (
        "event_ts",
        "{column: x, timestamp: epoch_ms}",
        "1735725600001",
        datetime(2025, 1, 1, 10, 0, 0, 1000),
    ),
    ("event_ts", "{column: x, timestamp: epoch_ms}", "1.7357256e12", datetime(2025, 1, 1, 10)),
    (
        "event_ts",
        "{column: x, timestamp: epoch_us}",
        "1735725600000001",
        datetime(2025, 1, 1, 10, 0, 0, 1),
    ),
    (
        "event_ts",
        "{column: x, timestamp: epoch_ns}",
        "1735725600000001000",
        datetime(2025, 1, 1, 10, 0, 0, 1),
    ),
    # A value of another unit is implausible, and never silently another time.
    ("event_ts", "{column: x, timestamp: epoch_s}", "1735725600000", "event_ts_unparseable"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", "1735725600", "event_ts_implausible"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", "2025-01-01 10:00:00", "event_ts_unparseable"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", "inf", "event_ts_unparseable"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", "9" * 40, "event_ts_unparseable"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", " ", "event_ts_unparseable"),
    ("event_ts", "{column: x, timestamp: epoch_ms}", None, "event_ts_unparseable"),
    (
        "event_ts",
        "{column: x, timestamp: '%d/%m/%Y %H:%M'}",
        "02/01/2025 10:30",
        datetime(2025, 1, 2, 10, 30),
    ),
    (
        "event_ts",
        "{column: x, timestamp: '%d/%m/%Y %H:%M'}",
        "13/13/2025 10:30",
        "event_ts_unparseable",
    ),
    # Right, and yet not in the format that the mapping promises.
    (
        "event_ts",
        "{column: x, timestamp: '%d/%m/%Y %H:%M'}",
        "2025-01-02 10:30:00",
        "event_ts_unparseable",
    ),
    (
        "event_ts",
        "{column: x, timestamp: '%d/%b/%Y:%H:%M:%S %z'}",
        "02/Jan/2025:10:30:00 +0200",
        datetime(2025, 1, 2, 8, 30),
    ),
    (
        "event_ts",
        "{column: x, timestamp: '%Y%m%d%H%M%S', time_zone: America/New_York}",
        "20250102103000",
        datetime(2025, 1, 2, 15, 30),
    ),
    (
        "event_ts",
        "{column: x, time_zone: Europe/Berlin}",
        "2025-07-01 10:00:00",
        datetime(2025, 7, 1, 8),
    ),
    (
        "event_ts",
        "{column: x, time_zone: Europe/Berlin}",
        "2025-07-01T10:00:00Z",
        datetime(2025, 7, 1, 10),
    ),
    (
        "event_ts",
        "{column: x, time_zone: Europe/Berlin}",
        "2025-07-01 10:00:00-05:00",
        datetime(2025, 7, 1, 15),
    ),
    ("event_ts", "{column: x, time_zone: Europe/Berlin}", "yesterday", "event_ts_unparseable"),
    # 2:30 is there twice on the last Sunday of October, and not at all on that of March.
    (
        "event_ts",
        "{column: x, time_zone: Europe/Berlin}",
        "2025-10-26 02:30:00",
        datetime(2025, 10, 26, 1, 30),
    ),
    (
        "event_ts",
        "{column: x, time_zone: Europe/Berlin}",
        "2025-03-30 02:30:00",
        datetime(2025, 3, 30, 1, 30),
    ),
    ("event_ts", "{sql: \"d || ' ' || x\"}", "10:00", "event_ts_unparseable"),
    ("event_ts", "x", "2025-01-01T10:00:00Z", datetime(2025, 1, 1, 10)),
    ("watch_seconds", "{column: x, unit: ms}", "60000", 60),
    ("watch_seconds", "{column: x, unit: ms}", "60001", "watch_seconds_not_whole"),
    ("watch_seconds", "{column: x, unit: ms, round: down}", "60999", 60),
    ("watch_seconds", "{column: x, unit: ms, round: up}", "60001", 61),
    ("watch_seconds", "{column: x, unit: ms, round: nearest}", "60500", 61),
    ("watch_seconds", "{column: x, round: nearest}", "60.4", 60),
    ("watch_seconds", "{column: x, round: nearest}", "60.4 s", "watch_seconds_not_a_number"),
    ("watch_seconds", "{column: x, unit: us}", "nan", "watch_seconds_not_a_number"),
    ("watch_seconds", "{column: x, unit: min}", "2", 120),
    ("watch_seconds", "{column: x, unit: h}", "1.5", 5400),
    ("watch_seconds", "{column: x, unit: h}", "5", "watch_seconds_impossible"),
    ("watch_seconds", "{column: x, missing: 0}", None, 0),
    ("watch_seconds", "{sql: 'try_cast(x as double) * 2'}", "30", 60),
    ("watch_seconds", "{sql: 'cast(x as double) * 2'}", "many", "watch_seconds_not_a_number"),
    ("region", "{column: x, values: {US: us-east}}", "us", "us-east"),
    ("region", "{column: x, values: {US: us-east}}", " US ", "us-east"),
    ("region", "{column: x, values: {US: us-east}}", "us-east", "us-east"),
    ("region", "{column: x, values: {US: us-east}}", "eu-west", "region_not_mapped"),
    ("region", "{column: x, values: {US: us-east}, unknown: keep}", "eu-west", "eu-west"),
    ("region", "{column: x, values: {US: us-east}, unknown: keep}", "mars", "region_unknown"),
    ("region", "{column: x, values: {US: us-east}, unknown: {as: eu-west}}", "FR", "eu-west"),
    (
        "region",
        "{column: x, values: {US: us-east}, unknown: {as: eu-west}}",
        None,
        "region_unknown",
    ),
    ("region", "{column: x, values: {US: us-east}, missing: sa-east}", "", "sa-east"),
    ("region", "{column: x, values: {US: mars}}", "US", "region_unknown"),
    ("region", "{column: x, values: [us-east, us-west]}", "US-WEST", "us-west"),
    ("region", '{column: x, values: {"it\'s": us-east}}', "IT'S", "us-east"),
    ("device_type", "{constant: web}", "tv", "web"),
    ("device_type", "{constant: it's, values: {\"it's\": web}}", "tv", "web"),
    ("title_id", "/x/id", {"id": "t9"}, "t9"),
    ("title_id", "{sql: \"x ->> '$.id'\"}", "no json", "title_id_malformed"),
    ("profile_id", "{sql: md5(x)}", "a@b.example", hashlib.md5(b"a@b.example").hexdigest()),
]


def test_a_value_becomes_the_field_or_a_reason(staging):
    """All cases in one query: each row in a file of its own, with a mapping of its own."""
    mappings, rows, files = [], [], []
    for number, (target, column, value, _) in enumerate(VALUES):
        text = f"feed: watch_events\nfiles: case-{number}.csv\ncolumns: {{{target}: {column}}}\n"
        mappings.append(read_text(text, f"case-{number}"))
        rows.append(
            {name: GOOD[name] for name in GOOD if name != target} | {"x": value, "d": "2025-02-30"}
        )
        files.append(f"case-{number}.csv")
    relation = staging.stage("watch_events", rows, mappings, files).order("_row")
    wrong = []
    for case, values in zip(VALUES, relation.fetchall(), strict=True):
        row = dict(zip(relation.columns, values, strict=True))
        reasons = row["_rejection_reasons"]
        found = reasons[0] if reasons else row[case[0]]
        if found != case[3] or len(reasons) > 1:
            wrong.append((case, found, reasons))
    assert wrong == []


def test_quarantine_shows_the_row_as_it_was_delivered(staging):
    row, reasons = staged(
        staging,
        "{region: {column: geo, values: {US: us-east}},"
        " device_type: {column: device, values: {TV: tv}}}",
        geo="Mars",
        device="radio",
        spare="1",
    )
    # Every value that the mapping does not know, not only the first.
    assert sorted(reasons) == ["device_type_not_mapped", "region_not_mapped"]
    raw = yaml.safe_load(row["_raw"])
    assert raw == {
        **{name: GOOD[name] for name in GOOD if name not in ("region", "device_type")},
        "geo": "Mars",
        "device": "radio",
        "spare": "1",
    }


def test_a_file_that_no_pattern_matches_is_read_as_it_is(staging):
    mapping = read_text(
        "feed: watch_events\nfiles: other-*\ncolumns: {region: {constant: sa-east}}\n"
    )
    relation = staging.stage("watch_events", [GOOD], [mapping])
    assert relation.fetchone()[relation.columns.index("region")] == "us-east"


def test_the_first_of_two_mappings_counts_and_each_reads_its_own_files(staging):
    texts = ["{region: {constant: sa-east}}", "{region: geo, title_id: {constant: b}}"]
    mappings = [
        read_text(f"feed: watch_events\nfiles: {pattern}\ncolumns: {columns}\n", name)
        for name, pattern, columns in zip("ab", ("app-1*", "app-*"), texts, strict=True)
    ]
    rows = [{**GOOD, "geo": "eu-west"}] * 2
    relation = staging.stage("watch_events", rows, mappings, ["app-1.csv", "app-2.csv"])
    found = relation.project("_row, region, title_id").order("_row").fetchall()
    assert found == [(1, "sa-east", "t1"), (2, "eu-west", "b")]


TIMES = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1}
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata"]
# Of a feed's unit, another one and the factor to it.
OTHER_UNITS = {
    "_ms": [("s", 1e-3), ("us", 1e3)],
    "_seconds": [("ms", 1e3), ("us", 1e6)],
    "_kbps": [("bit/s", 1e3), ("Mbit/s", 1e-3)],
    "_bytes": [("kB", 1e-3), ("bit", 8)],
    "_percent": [("ratio", 1e-2)],
}
MEMBERS = ("region", "device_type", "event_type", "cache_status", "cache_level", "operation")


def sample_rows(staging: Staging, feed: str, most: int) -> list[dict]:
    """Rows of the repository's sample of a feed, as text, the broken ones among them."""
    files = sorted(
        glob.glob(str(ROOT / "seeds" / "sample" / feed / "**" / "*.parquet"), recursive=True)
    )
    relation = staging.connection.sql(
        f"select columns(*)::varchar from read_parquet({files}, union_by_name = true)"
        f" using sample {most} rows (reservoir, 1)"
    )
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def disguise(
    staging: Staging, feed: str, rows: list[dict], dice: random.Random
) -> tuple[list[dict], dict]:
    """Rename columns, change units, formats and spellings; return the rows and the mapping back."""
    columns = {}
    changed = [{k: v for k, v in row.items() if k not in FEEDS[feed].columns and v} for row in rows]
    for number, target in enumerate(name for name in FEEDS[feed].columns if name != "line"):
        name = dice.choice([target, f"c{number}", f'ä {number} "q"/~', f"/slash/{number}"])
        if name.startswith("/"):
            name = f"C.{number}"
        spec: dict = {"column": name}
        values = [row.get(target) for row in rows]
        if target.endswith(("_ts", "_at")):
            values = disguised_times(staging, values, spec, dice)
        elif (
            ending := next((e for e in OTHER_UNITS if target.endswith(e)), None)
        ) and dice.random() < 0.7:
            spec["unit"], factor = dice.choice(OTHER_UNITS[ending])
            values = [scaled(value, factor) for value in values]
        elif target in MEMBERS and dice.random() < 0.7:
            known = sorted({value for value in values if value})
            spec |= {
                "values": {f"{value} (Old)".upper(): value for value in known},
                "unknown": "keep",
            }
            values = [
                value and dice.choice([str.upper, str.lower])(f"{value} (old)") for value in values
            ]
        columns[target] = spec if len(spec) > 1 else name
        for row, value in zip(changed, values, strict=True):
            row[name] = value
    mapping = {"feed": feed, "files": "app-*.csv", "columns": columns}
    return changed, read_text(yaml.safe_dump(mapping, allow_unicode=True))


def scaled(value: str | None, factor: float) -> str | None:
    try:
        return value and repr(round(float(value) * factor, 9))
    except (ValueError, OverflowError):
        return value


def disguised_times(
    staging: Staging, values: list, spec: dict, dice: random.Random
) -> list[str | None]:
    kind = dice.choice(["same", "epoch", "zone", "format"])
    if kind == "same":
        return values
    zone = dice.choice(ZONES)
    if kind == "epoch":
        spec["timestamp"] = dice.choice(list(TIMES))
        shown = f"cast(epoch_us(t) / {TIMES[spec['timestamp']]} as decimal(30, 6))"
    else:
        spec["time_zone"] = zone
        form = "%Y-%m-%d %H:%M:%S.%f"
        if kind == "format":
            form = spec["timestamp"] = "%d.%m.%Y at %H:%M:%S.%f"
        shown = f"strftime(t at time zone 'UTC' at time zone '{zone}', '{form}')"
    found = staging.connection.execute(
        f"select coalesce(cast({shown} as varchar), v)"
        " from (select v, try_cast(v as timestamp) as t from (select unnest($1::varchar[]) as v))",
        [values],
    ).fetchall()
    return [value for (value,) in found]


@pytest.mark.parametrize(
    ("feed", "rounds", "most"),
    [
        ("watch_events", 2, 200),
        ("playback_events", 1, 200),
        pytest.param("watch_events", 20, 1000, marks=pytest.mark.slow),
        pytest.param("playback_events", 20, 1000, marks=pytest.mark.slow),
        pytest.param("cdn_requests", 20, 1000, marks=pytest.mark.slow),
        pytest.param("cache_requests", 20, 1000, marks=pytest.mark.slow),
        pytest.param("throughput_samples", 20, 1000, marks=pytest.mark.slow),
        pytest.param("resource_metrics", 20, 1000, marks=pytest.mark.slow),
        pytest.param("api_requests", 20, 1000, marks=pytest.mark.slow),
    ],
)
def test_a_sample_in_disguise_is_staged_as_itself(feed, rounds, most, staging):
    """Any renaming and change of units, mapped back, gives the same rows and the same reasons."""
    rows = sample_rows(staging, feed, most)
    ignored = {"_raw", "_file"}
    plain = staging.stage(feed, rows)
    # A rejected request without an id is known by its text.
    shown = [
        "case when not _is_rejected then request_id end"
        if (c, feed) == ("request_id", "api_requests")
        else c
        for c in plain.columns
        if c not in ignored
    ]
    expected = plain.project(", ".join(shown)).order("_row").fetchall()
    for number in range(rounds):
        dice = random.Random(f"{feed} {number}")
        changed, mapping = disguise(staging, feed, rows, dice)
        found = staging.stage(feed, changed, [mapping]).project(", ".join(shown)).order("_row")
        for row, wanted in zip(found.fetchall(), expected, strict=True):
            assert row == wanted, (number, mapping["columns"])
