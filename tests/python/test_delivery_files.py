"""One read of a delivered file: what it finds out, what it copies, and what it refuses. No dbt."""

from __future__ import annotations

import gzip
import json
import os
import socket
import tracemalloc
from base64 import b64decode
from pathlib import Path
from urllib.parse import quote

import pytest

from reelhouse.lake import files as delivery
from reelhouse.lake.files import Incoming, delivered_files, unread_input

LIMITS = {
    "columns": ["a", "b"],
    "longest_line_bytes": 1 << 20,
    "most_rows_per_file": 1_000_000,
    "highest_expansion": 200,
}


def take(folder: Path, name: str, content: bytes | None = None, **limits: int) -> dict:
    """Write a file, if it has a content, and take it in as the feed's first."""
    path = folder / name
    if content is not None:
        path.write_bytes(content)
    options = json.dumps(LIMITS | limits)
    return json.loads(Incoming(folder).take("feed", 1, quote(str(path)), "", "[]", options))


def copied(facts: dict) -> list[tuple[int, str, str]]:
    """The private copy's rows: number of the line, how it is spelled, and the line."""
    rows = []
    for row in Path(facts["copy"]).read_bytes().decode().splitlines():
        _, number, spelling, line = row.split("\x1f")
        rows.append((int(number), spelling, b64decode(line).decode() if spelling else line))
    return rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [(2, "", "1,2")]),
        (b"\n\na,b\r\n\r\n1,2\r\n3,4", [(5, "", "1,2"), (6, "", "3,4")]),
        (b"\xef\xbb\xbfa,b\r1,2\r", [(2, "", "1,2")]),
        (b"a,b\n1,\x1d\n2,\x1e\n", [(2, "", "1,\x1d"), (3, "", "2,\x1e")]),
        (b"a,b\n1,\x1f2\n3,\0\n", [(2, "b", "1,\x1f2"), (3, "b", "3,\0")]),
        (b"a,b\n1,caf\xe9\n2,\x93x\x94\n", [(2, "m", "1,caf\xe9"), (3, "m", "2,\x93x\x94")]),
        ("a,b\n1,日本".encode()[:-1], [(2, "m", "1," + "日本".encode()[:-1].decode("latin-1"))]),
        ("a,b\n1,日本\x85\u2028\n".encode(), [(2, "", "1,日本\x85\u2028")]),
    ],
)
def test_lines_are_copied_with_their_numbers_whatever_they_hold(tmp_path, content, rows):
    facts = take(tmp_path, "x.csv", content)
    text = Path(facts["copy"]).read_text()
    assert facts["error"] is None and facts["columns"] == ["a", "b"]
    assert facts["rows_delivered"] == len(rows) == text.count("\n")
    if "\u2028" in text:
        assert text == "1\x1f2\x1f\x1f1,日本\x85\u2028\n"
    else:
        assert [(n, s, line) for n, s, line in split_rows(facts)] == rows


def split_rows(facts: dict) -> list[tuple[int, str, str]]:
    """As `copied`, with line feeds alone as the end of a row."""
    rows = []
    for row in Path(facts["copy"]).read_bytes().decode().split("\n")[:-1]:
        _, number, spelling, line = row.split("\x1f")
        rows.append((int(number), spelling, b64decode(line).decode() if spelling else line))
    return rows


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 5, 64])
def test_where_a_chunk_ends_makes_no_difference(tmp_path, monkeypatch, chunk_bytes):
    content = "a,b\r\n\r\n1,é\r2,\x1f\n\n3,4\r".encode()
    expected = split_rows(take(tmp_path, "x.csv", content))
    monkeypatch.setattr(delivery, "CHUNK_BYTES", chunk_bytes)
    Incoming(tmp_path).clear("feed")
    assert split_rows(take(tmp_path, "x.csv", content)) == expected
    assert [number for number, *_ in expected] == [3, 4, 6]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("wide.csv", b"a,b" + b"x" * 200_000 + b"\n", "field larger than field limit"),
        ("nul.csv", b"a,b,c\0d\n1,2,3\n", "a column's name holds a NUL byte"),
        ("many.csv", b",".join(b"%d" % n for n in range(10_001)), "10,001 columns are more than"),
        ("long.csv", b"a,b\n" + b"x" * ((1 << 20) + 1), "a line after row 1 is over 1048576 bytes"),
        (
            "broken.csv.gz",
            gzip.compress(b"a,b\n" * 9, mtime=0)[:-9],
            "unreadable: Compressed file ended",
        ),
    ],
)
def test_a_file_that_cannot_land_is_refused_and_leaves_no_copy(tmp_path, name, content, reason):
    facts = take(tmp_path, name, content)
    assert reason in facts["error"] and facts["rows_delivered"] == 0 and facts["copy"] is None
    assert not any(path.stat().st_size for path in (tmp_path / ".incoming").rglob("*.lines"))


def test_a_refused_file_leaves_its_neighbours_rows(tmp_path):
    take(tmp_path, "first.csv", b"a,b\n1,2\n")
    take(tmp_path, "bad.csv.gz", gzip.compress(b"a,b\n" + b"3,4\n" * 99_999)[:-9])
    last = take(tmp_path, "last.csv", b"a,b\n5,6\n")
    assert [line for *_, line in copied(last)] == ["1,2", "5,6"]


def test_keys_that_no_text_can_hold_are_not_written_down(tmp_path):
    lines = rb'{"a": 1, "\ud800": 2, "\u0000": 3}'
    facts = take(tmp_path, "x.jsonl", lines)
    assert facts["error"] is None and facts["columns"] == ["a"] and facts["rows_delivered"] == 1


@pytest.mark.parametrize(
    ("content", "limits", "reason"),
    [
        (b"a,b\n" + b"\n" * (1 << 20), {}, "expands to more than 200 times"),
        (b"a,b\n" + (b"x" * 1_000_000 + b"\n") * 40, {}, "expands to more than 200 times"),
        (b"a,b\n" + b"1,2\n" * 101, {"most_rows_per_file": 100}, "over 100 rows"),
    ],
)
def test_a_bomb_is_refused_in_little_memory(tmp_path, monkeypatch, content, limits, reason):
    monkeypatch.setattr(delivery, "HARMLESS_BYTES", 1 << 19)
    packed = gzip.compress(content)
    del content
    tracemalloc.start()
    facts = take(tmp_path, "bomb.csv.gz", packed, **limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in facts["error"]
    assert facts["sha256"] is None, "it is tried again: the limit may have been raised"
    assert peak < 32 << 20


def test_a_file_that_changes_while_it_is_read_is_refused_and_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n")
    split = delivery._split

    def grow(text: bytes) -> list[bytes]:
        with path.open("ab") as stream:
            stream.write(b"3,4\n" * 1000)
        return split(text)

    monkeypatch.setattr(delivery, "_split", grow)
    facts = take(tmp_path, "x.csv")
    assert facts["error"] == "it changed while it was read; the next refresh tries it again"
    assert facts["sha256"] is None and not Path(tmp_path / ".incoming/feed/csv_0.lines").read_text()
    monkeypatch.undo()
    facts = take(tmp_path, "x.csv")
    assert facts["error"] is None and facts["rows_delivered"] == 1001 == len(copied(facts))
    assert facts["size_bytes"] == path.stat().st_size, "of what was read"


def test_what_is_no_regular_file_is_never_opened(tmp_path):
    feed = tmp_path / "feed"
    feed.mkdir()
    os.mkfifo(feed / "pipe.csv")
    (feed / "device.csv").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(feed / "socket.csv"))
        listed = json.loads(delivered_files(str(tmp_path), "feed", True))
    problems = {entry["file"]: entry["problem"] for entry in listed}
    assert problems == {
        "feed/pipe.csv": "a named pipe and no regular file",
        "feed/device.csv": "a device and no regular file",
        "feed/socket.csv": "a socket and no regular file",
    }
    # One that takes a file's place after the listing does not hang the read either.
    assert take(tmp_path, "feed/pipe.csv")["error"] == "a named pipe and no regular file"
    assert take(tmp_path, "feed/device.csv")["error"] == "a device and no regular file"


def test_links_that_leave_the_landing_folder_need_consent(tmp_path):
    landing, outside = tmp_path / "landing", tmp_path / "outside"
    (landing / "feed" / "inside").mkdir(parents=True)
    outside.mkdir()
    for folder in (landing / "feed" / "inside", outside):
        (folder / "x.csv").write_text("a,b\n")
    (landing / "feed" / "file.csv").symlink_to(outside / "x.csv")
    (landing / "feed" / "folder").symlink_to(outside)
    (landing / "feed" / "same.csv").symlink_to(landing / "feed" / "inside" / "x.csv")
    (landing / "other").symlink_to(outside)

    def problems(feed: str, follow: bool) -> dict:
        listed = json.loads(delivered_files(str(landing), feed, follow))
        return {entry["file"]: entry["problem"] for entry in listed}

    assert problems("feed", False) == {
        "feed/file.csv": delivery.LINK_LEAVES,
        "feed/same.csv": None,
        "feed/inside/x.csv": None,
        "feed/folder": delivery.LINK_LEAVES,
    }
    assert problems("other", False) == {"other": delivery.LINK_LEAVES}
    assert set(problems("feed", True)) == {
        "feed/file.csv",
        "feed/same.csv",
        "feed/inside/x.csv",
        "feed/folder/x.csv",
    }
    assert set(problems("feed", True).values()) == {None}
    assert problems("other", True) == {"other/x.csv": None}


@pytest.mark.parametrize("seconds", [0, -1, -(10**10), 2**33, 10**12])
def test_no_modification_time_is_an_error(tmp_path, seconds):
    (tmp_path / "feed").mkdir()
    path = tmp_path / "feed" / "x.csv"
    path.write_text("a,b\n")
    try:
        os.utime(path, (seconds, seconds))
    except (OSError, OverflowError):
        pytest.skip("this file system does not keep such a time")
    (entry,) = json.loads(delivered_files(str(tmp_path), "feed"))
    assert entry["problem"] is None
    assert entry["modified_at"] is None or entry["modified_at"][4] == "-"


@pytest.mark.parametrize("name", ["back\\slash.csv", "caf\udce9.csv", "new\nline.csv", "%41.csv"])
def test_a_file_of_any_name_is_read(tmp_path, name):
    (tmp_path / "feed").mkdir()
    try:
        (tmp_path / "feed" / name).write_text("a,b\n1,2\n")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (entry,) = json.loads(delivered_files(str(tmp_path), "feed"))
    entry["file"].encode()
    facts = Incoming(tmp_path).take("feed", 1, entry["path"], "", "[]", json.dumps(LIMITS))
    assert json.loads(facts)["rows_delivered"] == 1


def test_everything_that_no_feed_reads_is_listed(tmp_path, monkeypatch):
    for folder in ("watch_events/closed", "watch_event", "Watch_Events", "invoices", ".git"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("beside.csv", "watch_events/a.csv", "watch_events/_part.csv"):
        (tmp_path / name).write_text("")
    os.mkfifo(tmp_path / "watch_events" / "pipe")
    listdir = os.listdir

    def refuse(folder: Path) -> list[str]:
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(folder))
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    assert unread_input(str(tmp_path), ["watch_events", "api_requests"]) == [
        "Watch_Events/ is no feed: did you mean watch_events?",
        "beside.csv is in no feed's folder: move it into the folder of its feed",
        "invoices/ is no feed; feeds are api_requests, watch_events",
        "watch_event/ is no feed: did you mean watch_events?",
        "watch_events/pipe: a named pipe and no regular file",
        "watch_events/closed: unreadable: Permission denied",
        "2 skipped for a dot or an underscore in front: .git, watch_events/_part.csv",
    ]


def test_a_known_content_is_not_copied_and_what_was_left_behind_is_named(tmp_path):
    path = tmp_path / "x.csv"
    first = take(tmp_path, "x.csv", b"a,b\n1,2\n")
    incoming = Incoming(tmp_path)
    assert incoming.clear("feed") == str(path)
    arguments = "feed", 1, quote(str(path)), "", json.dumps([first["sha256"]]), json.dumps(LIMITS)
    again = json.loads(incoming.take(*arguments))
    assert (again["sha256"], again["copy"], again["error"]) == (first["sha256"], None, None)
    assert incoming.clear("feed") == ""
