"""A wrong mapping is an error that names file, line and key, and what to write instead."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT

from reelhouse.sources.feeds import read_feeds
from reelhouse.sources.mappings import mapping_files, read_mapping, read_mappings, source_mappings

FEEDS = read_feeds(ROOT)


def one_column(text: str, feed: str = "watch_events") -> str:
    """Return a mapping with one column, which begins on line 4."""
    return f"feed: {feed}\nfiles: a-*.csv\ncolumns:\n" + textwrap.indent(
        textwrap.dedent(text), "  "
    )


# What is wrong, the mapping, and the messages that it gets (without the path).
MISTAKES = {
    # The file.
    "empty": ("", ["1: a mapping has the keys feed, files and columns"]),
    "a list": ("- feed: watch_events\n", ["1: a mapping has the keys feed, files and columns"]),
    "no YAML": ("feed: [watch\nfiles: a\n", ["2: this is not YAML: expected ',' or ']'"]),
    "a tab": ("feed: a\ncolumns:\n\ta: b\n", ["3: this is not YAML: found character '\\t'"]),
    "two documents": (
        "feed: a\n---\nfeed: b\n",
        ["2: this is not YAML: but found another document"],
    ),
    "unknown anchor": ("feed: *a\n", ["1: this is not YAML: found undefined alias"]),
    "endless alias": ("a: &x\n  b: *x\n", ["an alias that holds itself"]),
    "a key that is a list": ("[a, b]: c\n", ["1: a key is a text, not a list or a mapping"]),
    # Keys.
    "no feed": (
        "files: a\ncolumns: {event_id: id}\n",
        ["1: the key 'feed' is missing"],
    ),
    "no files": (
        "feed: watch_events\ncolumns: {event_id: id}\n",
        ["1: the key 'files' is missing"],
    ),
    "no columns": ("feed: watch_events\nfiles: a\n", ["1: the key 'columns' is missing"]),
    "columns are empty": (
        "feed: watch_events\nfiles: a\ncolumns: {}\n",
        ["3: columns: the value is empty"],
    ),
    "columns are a text": (
        "feed: watch_events\nfiles: a\ncolumns: id\n",
        ["3: columns: a text is not expected here; expected a mapping of keys"],
    ),
    "unknown key": (
        "feed: watch_events\nfile: a\nfiles: a\ncolumns: {event_id: id}\n",
        ["2: file: unknown key: did you mean 'files'?"],
    ),
    "key twice": (
        "feed: watch_events\nfiles: a\ncolumns:\n  event_id: id\n  event_id: uuid\n",
        ["5: columns.event_id: the key is there twice"],
    ),
    "feed unknown": (
        "feed: watch_event\nfiles: a\ncolumns: {event_id: id}\n",
        ["1: feed: 'watch_event' is no feed: did you mean 'watch_events'?"],
    ),
    "feed empty": ("feed:\nfiles: a\ncolumns: {event_id: id}\n", ["1: feed: the value is empty"]),
    "feed is a list": (
        "feed: [watch_events]\nfiles: a\ncolumns: {event_id: id}\n",
        ["1: feed: a list is not expected here; expected a text"],
    ),
    "files empty": (
        "feed: watch_events\nfiles: []\ncolumns: {event_id: id}\n",
        ["2: files: the value is empty"],
    ),
    "files leave the folder": (
        "feed: watch_events\nfiles: ../a\ncolumns: {event_id: id}\n",
        ["2: files: '../a' leaves the folder of the feed"],
    ),
    "files absolute": (
        "feed: watch_events\nfiles: [b, /a]\ncolumns: {event_id: id}\n",
        ["2: files.1: '/a' leaves the folder of the feed"],
    ),
    "files with the feed": (
        "feed: watch_events\nfiles: watch_events/a\ncolumns: {event_id: id}\n",
        ["2: files: 'watch_events/a': leave 'watch_events/' out, the folder is that of the feed"],
    ),
    "format unknown": (
        "feed: watch_events\nfiles: a\nformat: xml\ncolumns: {event_id: id}\n",
        ["3: format: 'xml' is none of csv, jsonl, json, lines, parquet, w3c"],
    ),
    "extends nothing": (
        "extends: cloudfrond\nfiles: a\n",
        ["1: extends: 'cloudfrond' is no other mapping: did you mean 'cloudfront'?"],
    ),
    "extends itself": (
        "feed: watch_events\nextends: app\nfiles: a\ncolumns: {event_id: id}\n",
        ["2: extends: 'app' is no other mapping"],
    ),
    # A column.
    "no such column": (
        one_column("profil_id: id"),
        [
            "4: columns.profil_id: the feed watch_events has no such column: did you mean"
            " 'profile_id'?"
        ],
    ),
    "the line of a log": (
        one_column("line: id", "api_requests"),
        ["4: columns.line: the feed api_requests has no such column"],
    ),
    "column is a list": (
        one_column("event_id: [a, b]"),
        ["4: columns.event_id: a list is not expected here; expected a text or a mapping of keys"],
    ),
    "column is empty": (one_column("event_id: ''"), ["4: columns.event_id: the value is empty"]),
    "no source": (
        one_column("watch_seconds: {unit: ms}"),
        ["4: columns.watch_seconds: give one of column, sql, constant and first, not none"],
    ),
    "two sources": (
        one_column("event_id: {column: a, sql: b}"),
        ["4: columns.event_id: give one of column, sql, constant and first, not column and sql"],
    ),
    "key of a column": (
        one_column("event_id:\n  colum: a\n  column: b"),
        ["5: columns.event_id.colum: unknown key: did you mean 'column'?"],
    ),
    "rows of lines": (
        "feed: watch_events\nfiles: a\nformat: jsonl\nrows: /a\ncolumns: {event_id: id}\n",
        ["4: rows: 'rows' is for the format json"],
    ),
    "rows without a slash": (
        "feed: watch_events\nfiles: a\nformat: json\nrows: [a]\ncolumns: {event_id: id}\n",
        ["4: rows: 'a' is no JSON pointer: it begins with a slash"],
    ),
    "skip in Parquet": (
        "feed: watch_events\nfiles: a.parquet\nskip: '#'\ncolumns: {event_id: id}\n",
        ["3: skip: 'skip' is for the formats lines and jsonl"],
    ),
    "skip no pattern": (
        "feed: watch_events\nfiles: a\nformat: lines\nskip: '('\ncolumns: {event_id: id}\n",
        ["4: skip: this is no regular expression: missing ), unterminated subpattern"],
    ),
    "one row per nothing": (
        "feed: watch_events\nfiles: a\none_row_per: [session]\ncolumns: {event_id: id}\n",
        ["3: one_row_per: the feed watch_events has no column 'session': did you mean"],
    ),
    "first of nothing": (
        one_column("watch_seconds: {first: event, per: session_id}"),
        ["4: columns.watch_seconds.first: the feed watch_events has no column 'event': did you"],
    ),
    "first without per": (
        one_column("watch_seconds: {first: event_ts}"),
        ["4: columns.watch_seconds: 'first' needs 'per'"],
    ),
    # Times.
    "timestamp unknown": (
        one_column("event_ts: {column: t, timestamp: epoch}"),
        [
            "4: columns.event_ts.timestamp: 'epoch' is none of epoch_s, epoch_ms, epoch_us,"
            " epoch_ns, iso, and no format with % signs"
        ],
    ),
    "timestamp format": (
        one_column("event_ts: {column: t, timestamp: '%Y-%m-%d %Q'}"),
        ["4: columns.event_ts.timestamp: Failed to parse format specifier"],
    ),
    "timestamp without a day": (
        one_column("event_ts: {column: t, timestamp: '%H:%M:%S'}"),
        ["4: columns.event_ts.timestamp: '%H:%M:%S' names no day of a year"],
    ),
    "timestamp of a number": (
        one_column("watch_seconds: {column: t, timestamp: epoch_ms}"),
        ["4: columns.watch_seconds.timestamp: watch_seconds is no time"],
    ),
    "zone unknown": (
        one_column("event_ts:\n  column: t\n  time_zone: Europe/Berln"),
        [
            "6: columns.event_ts.time_zone: 'Europe/Berln' is no time zone: did you mean"
            " 'Europe/Berlin'?"
        ],
    ),
    "zone of an epoch": (
        one_column("event_ts: {column: t, timestamp: epoch_s, time_zone: Europe/Berlin}"),
        ["4: columns.event_ts.time_zone: an epoch is UTC and has no time zone"],
    ),
    "zone beside an offset": (
        one_column("event_ts: {column: t, timestamp: '%d/%m/%Y %z', time_zone: Europe/Berlin}"),
        ["4: columns.event_ts.time_zone: the format has an offset of its own (%z)"],
    ),
    # Units.
    "unit unknown": (
        one_column("watch_seconds: {column: t, unit: msec}"),
        ["4: columns.watch_seconds.unit: 'msec' is none of ns, us, ms, s, min, h,"],
    ),
    "unit of another kind": (
        one_column("watch_seconds: {column: t, unit: kbit/s}"),
        [
            "4: columns.watch_seconds.unit: watch_seconds is a time in s, and 'kbit/s' is a unit of"
            " rate"
        ],
    ),
    "unit of an id": (
        one_column("event_id: {column: t, unit: ms}"),
        ["4: columns.event_id.unit: event_id has no unit"],
    ),
    "unit of a time": (
        one_column("event_ts: {column: t, unit: ms}"),
        ["4: columns.event_ts.unit: event_ts is a time; see 'timestamp'"],
    ),
    "rounding unknown": (
        one_column("watch_seconds: {column: t, round: half}"),
        ["4: columns.watch_seconds.round: 'half' is none of nearest, down, up"],
    ),
    # Members.
    "unknown without values": (
        one_column("region: {column: c, unknown: keep}"),
        ["4: columns.region: 'unknown' needs 'values': the values that are known"],
    ),
    "policy unknown": (
        one_column("region: {column: c, values: {US: us-east}, unknown: learn}"),
        ["4: columns.region.unknown: 'learn' is none of quarantine, keep"],
    ),
    "policy without a member": (
        one_column("region: {column: c, values: {US: us-east}, unknown: {to: x}}"),
        [
            "4: columns.region.unknown.to: unknown key",
            "4: columns.region.unknown: the key 'as' is missing",
        ],
    ),
    "values of no file": (
        one_column("region: {column: c, values: contries}"),
        [
            "4: columns.region.values: there is no contries.csv with the columns value and member:"
            " did you mean 'countries'?"
        ],
    ),
    "values empty": (
        one_column("region: {column: c, values: {}}"),
        ["4: columns.region.values: the value is empty"],
    ),
    "value without a member": (
        one_column("region:\n  column: c\n  values:\n    US:"),
        ["7: columns.region.values.US: the value is empty"],
    ),
    "value twice": (
        one_column("region:\n  column: c\n  values:\n    US: us-east\n    us: us-west"),
        [
            "8: columns.region.values.us: upper and lower case are equal here, and 'us' is already"
            " 'us-east'"
        ],
    ),
    "value of nothing": (
        one_column("region: {column: c, values: {'': us-east}}"),
        ["4: columns.region.values: an empty value is named by 'missing'"],
    ),
    # Expressions.
    "no expression": (
        one_column("event_id: {sql: 'a +'}"),
        ["4: columns.event_id.sql: this is no SQL expression: syntax error at end of input"],
    ),
    "subquery": (
        one_column("event_id: {sql: (select max(a) from t)}"),
        ["4: columns.event_id.sql: a subquery reads more than the row"],
    ),
    "from": (
        one_column("event_id: {sql: a from t}"),
        [
            "4: columns.event_id.sql: 'from' reads more than the row: give an expression over"
            " columns"
        ],
    ),
    "where": (
        one_column("event_id: {sql: a where b}"),
        ["4: columns.event_id.sql: this is no SQL expression but a query"],
    ),
    "statement": (
        one_column("event_id: {sql: a; drop table t}"),
        ["4: columns.event_id.sql: this is no SQL expression: more than one expression"],
    ),
    "comment and more": (
        one_column('event_id: {sql: "a -- \\n, b"}'),
        ["4: columns.event_id.sql: this is no SQL expression: give one value"],
    ),
    "aggregate": (
        one_column("event_id: {sql: max(a)}"),
        ["4: columns.event_id.sql: max is an aggregate and reads more than the row"],
    ),
    "window": (
        one_column("event_id: {sql: row_number() over ()}"),
        ["4: columns.event_id.sql: a window function reads more than the row"],
    ),
    "clock": (
        one_column("event_ts: {sql: now()}"),
        ["4: columns.event_ts.sql: now gives another value each time"],
    ),
    "dice": (
        one_column("event_id: {sql: uuid()}"),
        ["4: columns.event_id.sql: uuid gives another value each time"],
    ),
    "setting": (
        one_column("event_id: {sql: current_setting('TimeZone')}"),
        ["4: columns.event_id.sql: current_setting reads more than the row"],
    ),
    "file": (
        one_column("event_id: {sql: read_text('/etc/passwd')}"),
        ["4: columns.event_id.sql: read_text is no function of a value"],
    ),
    "function of the lake": (
        one_column("event_id: {sql: publish_catalog()}"),
        ["4: columns.event_id.sql: there is no function publish_catalog"],
    ),
    "star": (one_column("event_id: {sql: '*'}"), ["4: columns.event_id.sql: '*' is no value"]),
    "qualified column": (
        one_column("event_id: {sql: t.a}"),
        ["4: columns.event_id.sql: t.a: a column has one name; in quotes if it has a dot in it"],
    ),
    "number and text": (
        one_column("event_id: {sql: visits + 1}"),
        [
            "4: columns.event_id.sql: Binder Error: No function matches the given name and argument"
            " types '+(VARCHAR, INTEGER_LITERAL)'.; columns are text: cast them"
        ],
    ),
    # Several at once.
    "three": (
        one_column("event_id: {colum: a}\nregion: {column: c, unknown: keep}\nnope: x"),
        [
            "4: columns.event_id.colum: unknown key",
            "4: columns.event_id: give one of column, sql, constant and first, not none",
            "5: columns.region: 'unknown' needs 'values'",
        ],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_key(mistake, tmp_path: Path):
    text, messages = MISTAKES[mistake]
    path = tmp_path / "app.yml"
    path.write_text(text)
    mapping, problems = read_mapping(path, FEEDS)
    said = [str(problem) for problem in problems]
    assert mapping == {} and len(said) == len(messages), said
    for message in messages:
        wanted = f"{path}:{message}" if message[0].isdigit() else message
        assert any(wanted in line for line in said), said


def test_there_are_forty_mistakes_and_more():
    assert len(MISTAKES) >= 40


def test_files_that_cannot_be_read(tmp_path: Path):
    for name, content, message in [
        ("latin.yml", "feed: café".encode("latin-1"), ":1: the file is not UTF-8"),
        ("two words.yml", one_column("event_id: id").encode(), "the name 'two words' has other"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        assert message in str(read_mapping(path, FEEDS)[1][0])
    (tmp_path / "folder.yml").mkdir()
    assert "can't be read: Is a directory" in str(
        read_mapping(tmp_path / "folder.yml", FEEDS)[1][0]
    )


def test_every_value_is_text(tmp_path: Path):
    path = tmp_path / "app.yml"
    path.write_text(
        one_column(
            "region: {column: c, values: {NO: eu-west, 1.0: us-east}}\ntitle_id: {constant: 007}"
        )
    )
    mapping, problems = read_mapping(path, FEEDS)
    assert problems == []
    assert mapping["columns"]["region"]["members"]["no"] == "eu-west"
    assert mapping["columns"]["region"]["members"]["1.0"] == "us-east"
    assert mapping["columns"]["title_id"]["sql"] == "'007'"


def test_a_mapping_extends_another_one(tmp_path: Path):
    (tmp_path / "app.yml").write_text(
        one_column("region: {column: c, values: {US: us-east}}\ntitle_id: video")
    )
    (tmp_path / "other.yml").write_text(
        "extends: app\nfiles: b\ncolumns: {region: {values: {DE: eu-west}, missing: us-east}}\n"
    )
    mapping, problems = read_mapping(tmp_path / "other.yml", FEEDS)
    assert problems == [] and mapping["files"] == ["watch_events/b"]
    assert mapping["columns"]["title_id"] == {"sql": "_source_1_"}
    region = mapping["columns"]["region"]
    assert (region["missing"], region["sql"]) == ("us-east", "_source_0_")
    assert {"us", "de"} <= set(region["members"])


def test_a_broken_mapping_concerns_its_own_feed_alone(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "wrong.yml").write_text(one_column("event_id: {sql: 'a +'}"))
    assert "wrong.yml:4: columns.event_id.sql" in source_mappings(
        str(tmp_path), "", "watch_events", ""
    )
    assert '"problems": []' in source_mappings(str(tmp_path), "", "cdn_requests", "")
    (folder / "wrong.yml").write_text("feed: nothing\nfiles: a\ncolumns: {a: b}\n")
    os.utime(folder / "wrong.yml", (1, 1))
    assert "'nothing' is no feed" in source_mappings(str(tmp_path), "", "cdn_requests", "")


def test_a_mapping_of_the_user_replaces_the_built_in_one_of_its_name(tmp_path: Path):
    own, built_in = tmp_path / "own", tmp_path / "built_in"
    for folder, source in [(own, "mine"), (built_in, "theirs")]:
        folder.mkdir()
        (folder / "app.yml").write_text(one_column(f"event_id: {source}"))
    (mapping,), problems = read_mappings(own, FEEDS, built_in)
    assert (problems, mapping["sources"], mapping["is_own"]) == ([], ["mine"], True)


def test_a_project_without_a_feed_does_without_its_built_in_mappings():
    mappings, problems = read_mappings(ROOT / "nothing", {"watch_events": FEEDS["watch_events"]})
    assert problems == [] and {mapping["feed"] for mapping in mappings} <= {"watch_events"}


def test_the_built_in_mappings_are_right():
    mappings, problems = read_mappings(ROOT / "nothing", FEEDS)
    assert problems == [] and len(mappings) == len(mapping_files(ROOT / "seeds" / "mappings"))


def test_dbt_gets_patterns_first_and_columns_of_what_it_asks_for(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(ROOT)
    headers = json.loads(source_mappings(str(tmp_path), "", "cdn_requests", ""))["mappings"]
    patterns = {header["name"]: header["files"] for header in headers}
    mappings, _ = read_mappings(tmp_path, FEEDS)
    compiled = {m["name"]: m["files"] for m in mappings if m["feed"] == "cdn_requests"}
    assert patterns == compiled and all("columns" not in header for header in headers)
    (asked,) = json.loads(source_mappings(str(tmp_path), "", "cdn_requests", '["akamai"]'))[
        "mappings"
    ]
    assert asked["columns"]["response_bytes"] == {"sql": "_source_6_"}
    assert asked["feed_columns"] == list(FEEDS["cdn_requests"].columns)
