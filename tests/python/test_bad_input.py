"""Every kind of bad input in one delivery: what is bad is named, and nothing else is lost."""

from __future__ import annotations

import gzip
import os
from datetime import datetime
from types import SimpleNamespace

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import yaml
from conftest import ROOT
from watch_events import COLUMNS, MODELS, csv_text, deliver, event, json_lines

pytestmark = pytest.mark.one_domain
VARIABLES = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]

# Rows that are quarantined: the values that replace a good row's own, and all reasons expected.
BAD_ROWS = {
    "id_null": ({"event_id": ""}, ["event_id_malformed"]),
    "id_malformed": ({"profile_id": "no such profile!"}, ["profile_id_malformed"]),
    "id_too_long": ({"title_id": "t" * 65}, ["title_id_malformed"]),
    "id_with_nul": ({"title_id": "t\0x"}, ["title_id_malformed"]),
    "region_unknown": ({"region": "atlantis"}, ["region_unknown"]),
    "device_unknown": ({"device_type": "fridge"}, ["device_type_unknown"]),
    "time_unparseable": ({"event_ts": "the day before"}, ["event_ts_unparseable"]),
    "time_ancient": ({"event_ts": "1970-01-01 00:00:00"}, ["event_ts_implausible"]),
    "time_future": ({"event_ts": "2999-12-31 23:59:59"}, ["event_ts_implausible"]),
    "time_infinite": ({"event_ts": "infinity"}, ["event_ts_unparseable"]),
    "time_minus_infinite": ({"event_ts": "-infinity"}, ["event_ts_unparseable"]),
    "time_offset_nonsense": ({"event_ts": "2025-03-01 12:00:00+99:00"}, ["event_ts_unparseable"]),
    "seconds_missing": ({"watch_seconds": ""}, ["watch_seconds_not_a_number"]),
    "seconds_text": ({"watch_seconds": "long"}, ["watch_seconds_not_a_number"]),
    "seconds_nan": ({"watch_seconds": "NaN"}, ["watch_seconds_not_a_number"]),
    "seconds_infinite": ({"watch_seconds": "-inf"}, ["watch_seconds_not_a_number"]),
    "seconds_negative": ({"watch_seconds": -5}, ["watch_seconds_negative"]),
    "seconds_impossible": ({"watch_seconds": 86401}, ["watch_seconds_impossible"]),
    "seconds_huge": ({"watch_seconds": "1e300"}, ["watch_seconds_impossible"]),
    "seconds_not_whole": ({"watch_seconds": 1.5}, ["watch_seconds_not_whole"]),
    "two_reasons": (
        {"region": "", "watch_seconds": -1},
        ["region_unknown", "watch_seconds_negative"],
    ),
}
BAD_JSON_ROWS = {
    "json_null_id": ({"event_id": None}, ["event_id_malformed"]),
    "json_nested": ({"region": {"name": "eu-west"}}, ["region_unknown"]),
    "json_list": ({"watch_seconds": [1]}, ["watch_seconds_not_a_number"]),
    "json_true": ({"watch_seconds": True}, ["watch_seconds_not_a_number"]),
    "json_nan": ({"watch_seconds": float("nan")}, ["watch_seconds_not_a_number"]),
}
good = event("good")
LINE = ",".join(str(good[column]) for column in COLUMNS)
HEADER = ",".join(COLUMNS)
# Lines that are quarantined whole: file, its text (bytes), reason and the line that stays as raw.
BAD_LINES = {
    "too_few_fields.csv": (b"a,b,c", "wrong_number_of_fields"),
    "too_many_fields.csv": (LINE.encode() + b",more", "wrong_number_of_fields"),
    "quote_that_does_not_close.csv": (b'"' + LINE.encode(), "wrong_number_of_fields"),
    "quote_inside.csv": (LINE.replace("eu-west", 'eu"west').encode(), "wrong_number_of_fields"),
    "not_utf8.csv": (LINE.encode().replace(b"eu-west", b"caf\xe9"), "not_utf8"),
    "windows_quotes.csv": (LINE.encode().replace(b"eu-west", b"\x93eu\x94\x80"), "not_utf8"),
    "cut_character.jsonl": ('{"event_id": "日本'.encode()[:-1] + b'"}', "not_utf8"),
    "separator_and_not_utf8.csv": (LINE.encode() + b"\x1f\xff\0", "not_utf8"),
    "json_key_lone_surrogate.jsonl": (b'{"\\ud800": "e1"}', "not_a_json_object"),
    "json_key_twice.jsonl": (b'{"event_id": "e1", "event_id": "e2"}', "duplicate_json_key"),
    "json_key_twice_spelled.jsonl": (
        json_lines([good]).strip()[:-1].encode() + b', "event_i\\u0064": "e2"}',
        "duplicate_json_key",
    ),
    "not_json.jsonl": (b"this is no JSON", "not_a_json_object"),
    "json_list.jsonl": (b'["e1", "p1"]', "not_a_json_object"),
    "json_number.jsonl": (b"42", "not_a_json_object"),
    "json_cut_off.jsonl": (b'{"event_id": "e1", "prof', "not_a_json_object"),
    "json_lone_surrogate.jsonl": (b'{"event_id": "\\ud800"}', "not_a_json_object"),
}


def parquet_bytes(table: arrow.Table, **options: object) -> bytes:
    """Return a table as a Parquet file's bytes."""
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def two(name: str, **values: object) -> list[dict]:
    """Two good rows that belong to one file."""
    return [event(f"{name}-{number}", **values) for number in (1, 2)]


WHOLE = parquet_bytes(arrow.Table.from_pylist([event(f"x{i}") for i in range(500)]))
DAMAGED_PAGE = bytearray(parquet_bytes(arrow.Table.from_pylist(two("page")), compression="gzip"))
DAMAGED_PAGE[20:40] = b"\xff" * 20
PACKED = gzip.compress(csv_text([event(f"y{i}") for i in range(500)]).encode())
# Files that are rejected whole: file, its bytes, and what the reason says.
BAD_FILES = {
    "truncated.parquet": (WHOLE[: len(WHOLE) // 2], "unreadable"),
    "damaged_page.parquet": (bytes(DAMAGED_PAGE), "unreadable"),
    "text.parquet": (b"event_id,profile_id\n", "unreadable"),
    "truncated.csv.gz": (PACKED[: len(PACKED) // 2], "unreadable: Compressed file ended"),
    "not_gzip.csv.gz": (csv_text(two("z")).encode(), "unreadable: Not a gzipped file"),
    "empty.csv": (b"", "the file is empty: not even a header"),
    "empty.csv.gz": (b"", "the file is empty: not even a gzip header"),
    "empty.jsonl": (b"", "required columns are missing: event_id, profile_id"),
    "empty.parquet": (b"", "unreadable"),
    "only_line_ends.csv": (b"\n\r\n\n", "the file is empty"),
    "no_header.csv": (csv_text(two("h")).partition("\n")[2].encode(), "are missing: event_id"),
    "column_missing.csv": (
        csv_text(two("m"), [name for name in COLUMNS if name != "region"]).encode(),
        "required columns are missing: region",
    ),
    "column_missing.parquet": (
        parquet_bytes(arrow.Table.from_pylist(two("m")).drop(["event_ts"])),
        "required columns are missing: event_ts",
    ),
    "column_twice.csv": (
        csv_text(two("t"), [*COLUMNS, "region"]).encode(),
        "columns appear more than once: 'region'",
    ),
    "row_number_taken.parquet": (
        parquet_bytes(arrow.Table.from_pylist(two("r", file_row_number=1))),
        "column called file_row_number",
    ),
    "header_too_wide.csv": (
        csv_text(two("w"), [*COLUMNS]).replace("watch_seconds", "w" * 140_000).encode(),
        "field larger than field limit",
    ),
    "header_with_nul.csv": (
        csv_text(two("n")).replace("watch_seconds", "watch_seconds,\0").encode(),
        "a column's name holds a NUL byte",
    ),
    "line_too_long.csv": (
        csv_text(two("l")).encode() + b"x" * (VARIABLES["longest_line_bytes"] + 1),
        "a line after row 3 is over",
    ),
    "notes.txt": (b"delivered by hand", "unknown file type"),
    "utf16.csv": (csv_text(two("u")).encode("utf-16"), "a column's name holds a NUL byte"),
    "plain.csv.zip": (b"PK\x03\x04", "unknown file type"),
}
typed = arrow.table(
    {
        **{name: [1, 2] for name in ("event_id", "profile_id", "session_id", "title_id")},
        "region": arrow.array(["eu-west", "eu-west"]).dictionary_encode(),
        "device_type": ["tv", "tv"],
        "event_ts": arrow.array([datetime(2025, 3, 1, 5)] * 2, arrow.timestamp("ns", "Asia/Tokyo")),
        "watch_seconds": arrow.array([60, 61]).cast(arrow.decimal128(23, 2)),
    }
)
# Odd files that are good: file, its bytes, the number of rows that the fact keeps of it.
ODD_FILES = {
    "plain.csv": (csv_text(two("plain")).encode(), 2),
    "UPPER.CSV.GZ": (gzip.compress(csv_text(two("upper")).encode()), 2),
    "with_bom.csv": (b"\xef\xbb\xbf" + csv_text(two("bom")).encode(), 2),
    "with_bom.jsonl": (b"\xef\xbb\xbf" + json_lines(two("bom-json")).encode(), 2),
    "bom_and_not_utf8.jsonl": (
        b"\xef\xbb\xbf" + json_lines(two("bom-latin")).encode() + b"caf\xe9\n",
        2,
    ),
    "crlf.csv": (csv_text(two("crlf")).replace("\n", "\r\n").encode(), 2),
    "mixed_line_ends.csv": (csv_text(two("mixed")).replace("\n", "\r\n", 1).encode(), 2),
    "only_cr.csv": (csv_text(two("cr")).replace("\n", "\r").encode(), 2),
    "empty_lines_first.csv": (b"\n\r\n" + csv_text(two("first")).encode(), 2),
    "no_last_line_end.csv": (csv_text(two("last")).rstrip("\n").encode(), 2),
    "header_only.csv": (HEADER.encode() + b"\n", 0),
    "no_rows.parquet": (parquet_bytes(arrow.Table.from_pylist(two("none"))[:0]), 0),
    "semicolons.csv": (csv_text(two("semi"), delimiter=";").encode(), 2),
    "tabs.csv": (csv_text(two("tabs"), delimiter="\t").encode(), 2),
    "pipes.csv": (csv_text(two("pipe"), delimiter="|").encode(), 2),
    "other_order.csv": (csv_text(two("order"), COLUMNS[::-1]).encode(), 2),
    "quoted.csv": (
        b'"'
        + HEADER.replace(",", '","').encode()
        + b'"\n"'
        + LINE.replace(",", '","').encode()
        + b'"\n',
        1,
    ),
    "two_gzips_in_one.csv.gz": (
        gzip.compress(csv_text([event("gzip-1")]).encode())
        + gzip.compress(csv_text([event("gzip-2")]).partition("\n")[2].encode()),
        2,
    ),
    "brackets[1]*?.csv": (csv_text(two("brackets")).encode(), 2),
    "brackets1.csv": (csv_text(two("no-brackets")).encode(), 2),
    "quote's, spaces and ünïcode.csv": (csv_text(two("name")).encode(), 2),
    "dt=2025-03-01/hive.parquet": (parquet_bytes(arrow.Table.from_pylist(two("hive"))), 2),
    "typed.parquet": (parquet_bytes(typed), 2),
    "whole_seconds.parquet": (parquet_bytes(arrow.Table.from_pylist(two("whole"))), 2),
    # The same columns as the file before, in another type: read together, 1.5 would become 2.
    "broken_seconds.parquet": (
        parquet_bytes(
            arrow.Table.from_pylist(
                [*two("half", watch_seconds=60.0), event("half", watch_seconds=1.5)]
            )
        ),
        2,
    ),
    "column_called_filename.parquet": (
        parquet_bytes(arrow.Table.from_pylist(two("filename", filename="theirs"))),
        2,
    ),
    "column_of_our_own.parquet": (
        parquet_bytes(arrow.Table.from_pylist(two("own", _path_of_file="theirs", _path="x"))),
        2,
    ),
    "back\\slash.csv": (csv_text(two("backslash")).encode(), 2),
    "back\\slash.parquet": (parquet_bytes(arrow.Table.from_pylist(two("backslash2"))), 2),
    "separators.csv": (
        csv_text(two("sep", note="a\x1d\x1e\x1f\x1cb"), [*COLUMNS, "note"]).encode(),
        2,
    ),
    "odd'name.csv": (csv_text(two("odd", **{"it's": "x"}), [*COLUMNS, "it's"]).encode(), 2),
    'odd"name.parquet': (
        parquet_bytes(arrow.Table.from_pylist(two("odd2", **{'a "b" c': 1}))),
        2,
    ),
    "deep.jsonl": (
        json_lines(two("deep")).encode() + b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n",
        2,
    ),
    "late_key.jsonl": (
        json_lines([event(f"k{number}") for number in range(1000)]).encode()
        + json_lines([event("k1000", campaign="spring")]).encode(),
        1001,
    ),
}
# Times with an offset are converted, not cut: what was delivered, and the UTC time kept.
TIMES = {
    "2025-03-01T12:00:00+05:30": "2025-03-01 06:30:00",
    "2025-03-01 12:00:00-08": "2025-03-01 20:00:00",
    "2025-03-01 23:30:00-0100": "2025-03-02 00:30:00",
    "2025-3-1 1:2:3+01": "2025-03-01 00:02:03",
    "2025-03-01T12:00:00Z": "2025-03-01 12:00:00",
    "2025-03-01T12:00:00.123456Z": "2025-03-01 12:00:00.123456",
    "2025-03-01 12:00:00 UTC": "2025-03-01 12:00:00",
    "2025-03-01": "2025-03-01 00:00:00",
}


@pytest.fixture(scope="module")
def lake(make_module_project):
    """A lake after one delivery of everything above, good rows beside each bad one."""
    project = make_module_project("bad")
    rows = [event(name) | values for name, (values, _) in BAD_ROWS.items()]
    deliver(project, "bad_rows.csv", [event("before"), *rows, event("after")])
    rows = [event(name) | values for name, (values, _) in BAD_JSON_ROWS.items()]
    deliver(project, "bad_rows.jsonl", json_lines([event("before-json"), *rows]))
    for name, (line, _) in BAD_LINES.items():
        before, after = event(f"{name}-before"), event(f"{name}-after")
        if name.endswith("csv"):
            content = csv_text([before]).encode() + line + b"\n"
            content += csv_text([after]).partition("\n")[2].encode()
        else:
            content = b"\n".join(
                [json_lines([before]).strip().encode(), line, json_lines([after]).encode()]
            )
        deliver(project, name, content)
    for name, (content, _) in (BAD_FILES | ODD_FILES).items():
        deliver(project, name, content)
    times = [event(f"time-{i}", event_ts=text) for i, text in enumerate(TIMES)]
    deliver(project, "times.csv", times)
    folder = project.landing / "watch_events"
    deliver(project, "folder.parquet/inside.csv", two("inside"))
    (folder / "loop").symlink_to(folder)
    (folder / "again").symlink_to(folder / "folder.parquet")
    (folder / "nowhere.csv").symlink_to(folder / "missing")
    deliver(project, "_unfinished.csv", two("unfinished"))
    deliver(project, ".hidden/file.csv", two("hidden"))
    os.mkfifo(folder / "pipe.csv")
    (folder / "device.csv").symlink_to("/dev/zero")
    return SimpleNamespace(
        outcome=project.build(*MODELS),
        # Asked once: a test for each kind only looks up its own.
        files={
            file.removeprefix("watch_events/"): entry
            for file, *entry in project.query(
                "select file, status, reason, rows_landed, rows_delivered"
                " from lake.ledger.landed_files"
            )
        },
        kept={
            event_id: (time, seconds)
            for event_id, time, seconds in project.query(
                "select event_id, cast(event_ts as varchar), watch_seconds from fact_watch_events"
            )
        },
        landed=project.query(
            "select _file[14:], event_id, _unknown_columns from lake.landing.land_watch_events"
        ),
        aside={
            (file.removeprefix("watch_events/"), row): (disposition, reasons, raw)
            for file, row, disposition, reasons, raw in project.query(
                "select file, file_row, disposition, reasons, raw"
                " from lake.quarantine.quarantine_watch_events"
            )
        },
    )


def test_the_build_with_its_tests_passes_and_every_row_is_accounted_for(lake):
    assert set(lake.outcome.statuses.values()) <= {"success", "pass"}
    assert lake.outcome.statuses["watch_events_of_the_last_batch_are_accounted_for"] == "pass"
    landed = [entry for entry in lake.files.values() if entry[0] == "landed"]
    delivered = sum(rows_delivered for *_, rows_delivered in landed)
    assert delivered == sum(rows_landed for *_, rows_landed, _ in landed) == len(lake.landed)
    assert delivered == len(lake.kept) + len(lake.aside)


@pytest.mark.parametrize("name", [*BAD_ROWS, *BAD_JSON_ROWS])
def test_a_bad_row_is_quarantined_with_all_its_reasons(lake, name):
    rows, file, first = (
        (BAD_ROWS, "bad_rows.csv", 3) if name in BAD_ROWS else (BAD_JSON_ROWS, "bad_rows.jsonl", 2)
    )
    disposition, reasons, raw = lake.aside[file, first + list(rows).index(name)]
    assert (disposition, reasons) == ("rejected", rows[name][1])
    assert f'"session_id":"{event(name)["session_id"]}"' in raw


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_quarantined_as_it_was_and_its_neighbours_are_kept(lake, name):
    line, reason = BAD_LINES[name]
    row = 3 if name.endswith("csv") else 2
    assert lake.aside[name, row] == ("rejected", [reason], line.decode("latin-1"))
    assert {f"e-{name}-before", f"e-{name}-after"} <= lake.kept.keys()


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_rejected_with_a_reason_that_names_it(lake, name):
    status, reason, rows_landed, _ = lake.files[name]
    assert status == "rejected" and BAD_FILES[name][1] in reason and rows_landed == 0
    assert f"Rejected file watch_events/{name}: {reason}" in lake.outcome.stdout


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_that_can_be_read_lands_whole(lake, name):
    assert lake.files[name][:2] == ["landed", None]
    ids = [event_id for file, event_id, _ in lake.landed if file == name]
    assert sum(event_id in lake.kept for event_id in ids) == ODD_FILES[name][1]


def test_times_with_an_offset_are_converted_to_utc(lake):
    assert [lake.kept[f"e-time-{i}"][0] for i in range(len(TIMES))] == list(TIMES.values())
    # Parquet's own type: five o'clock UTC, whatever zone the file shows it in.
    assert [lake.kept[name] for name in "12"] == [
        ("2025-03-01 05:00:00", 60),
        ("2025-03-01 05:00:00", 61),
    ]


def test_files_that_differ_only_in_types_keep_their_values(lake):
    assert lake.kept.keys() >= {"e-half-1", "e-whole-1"}
    assert lake.aside["broken_seconds.parquet", 3][1] == ["watch_seconds_not_whole"]


@pytest.mark.parametrize(
    ("file", "unknown"),
    [
        ("odd'name.csv", '{"it\'s":"x"}'),
        ('odd"name.parquet', '{"a \\"b\\" c":1}'),
        ("column_called_filename.parquet", '{"filename":"theirs"}'),
        ("late_key.jsonl", '{"campaign":"spring"}'),
        ("separators.csv", '{"note":"a\\u001D\\u001E\\u001F\\u001Cb"}'),
        ("column_of_our_own.parquet", '{"_path_of_file":"theirs","_path":"x"}'),
    ],
)
def test_unknown_columns_are_kept_as_json(lake, file, unknown):
    assert {columns for name, _, columns in lake.landed if name == file} - {None} == {unknown}


def test_links_and_folders_are_read_once_and_unfinished_files_are_left(lake):
    assert lake.files["again/inside.csv"][0] == "landed"
    assert not [
        file
        for file in lake.files
        if file.startswith(("folder", "loop", "_", ".")) or "hidden" in file
    ]
    status, reason, *_ = lake.files["nowhere.csv"]
    assert status == "rejected" and "No such file" in reason


def test_what_is_no_file_or_lies_elsewhere_is_rejected_and_never_opened(lake):
    assert lake.files["pipe.csv"][:2] == ["rejected", "a named pipe and no regular file"]
    assert lake.files["device.csv"][0] == "rejected"
    assert "a link that leaves the landing folder" in lake.files["device.csv"][1]
    assert "Not read: watch_events/pipe.csv: a named pipe and no regular file" in (
        lake.outcome.stdout
    )
