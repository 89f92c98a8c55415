"""JSON documents and lines that are skipped: what lands of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from reelhouse.lake.files import Incoming

OPTIONS = {
    "columns": [],
    "longest_line_bytes": 1 << 20,
    "most_rows_per_file": 1000,
    "highest_expansion": 200,
}
# What the mapping says, the content of the file, and its rows.
DOCUMENTS = {
    "one array": (
        {"rows": "/a"},
        '{"a": [1, "x"], "b": {"c": 2}}',
        [
            {"a": 1, "b": {"c": 2}},
            {"a": "x", "b": {"c": 2}},
        ],
    ),
    "an array in an array": (
        {"rows": ["/r", "/r/v"]},
        '{"r": [{"m": "p", "v": [[1, 2], [3, 4]]}, {"m": "q", "v": []}]}',
        [{"r": {"m": "p", "v": [1, 2]}}, {"r": {"m": "p", "v": [3, 4]}}],
    ),
    "arrays side by side": (
        {"rows": [["/t", "/v"]]},
        '{"t": [1, 2, 3], "v": [4, 5, 6]}',
        [{"t": 1, "v": 4}, {"t": 2, "v": 5}, {"t": 3, "v": 6}],
    ),
    "documents after another": (
        {"rows": "/a"},
        '{"a":[1]}\n\n {"a":[2]}{"a":[]}',
        [
            {"a": 1},
            {"a": 2},
        ],
    ),
    "without the array": ({"rows": ["/a/b"]}, '{"error": "x"}', [{"error": "x"}]),
    "an array of objects": ({}, '[{"a": 1}, {"a": [2]}]', [{"a": 1}, {"a": [2]}]),
    "a key with a slash": ({"rows": "/a~1b"}, '{"a/b": [1]}', [{"a/b": 1}]),
    "gzip": ({"rows": "/a"}, gzip.compress(b'{"a": ["\xc3\xa9"]}'), [{"a": "é"}]),
    "nothing": ({"rows": "/a"}, " ", []),
}
BROKEN = {
    "cut off": ('{"a": [1, 2', "unreadable: Expecting"),
    "no object": ("[1]", "unreadable: an object is expected, not 1"),
    "text after it": ('{"a": [1]} x', "unreadable: Expecting value"),
    "not UTF-8": (b'{"a": ["\xff"]}', "unreadable: 'utf-8' codec can't decode"),
    "too many": ('{"a": [' + "1," * 1000 + "1]}", "over 1,000 rows"),
}


def take(folder: Path, content: bytes | str, **reading: object) -> tuple[dict, list[str]]:
    """Return the facts of a file and its landed lines."""
    path = folder / ("a.json.gz" if content[:2] == b"\x1f\x8b" else "a.json")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    options = json.dumps(OPTIONS | reading)
    facts = json.loads(
        Incoming(folder / "lake").take("feed", 1, quote(str(path)), "", "[]", options)
    )
    text = Path(facts["copy"]).read_text() if facts["copy"] else ""
    return facts, [line.split("\x1f")[3] for line in text.splitlines()]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_elements_of_arrays_are_rows(name, tmp_path):
    reading, content, rows = DOCUMENTS[name]
    facts, lines = take(tmp_path, content, format="json", **reading)
    assert facts["error"] is None and facts["rows_delivered"] == len(rows)
    assert [json.loads(line) for line in lines] == rows
    assert facts["columns"] == list(dict.fromkeys(key for row in rows for key in row))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_rejected_as_a_whole(name, tmp_path):
    content, reason = BROKEN[name]
    facts, lines = take(tmp_path, content, format="json", rows="/a")
    assert facts["error"].startswith(reason) and facts["copy"] is None
    assert (facts["rows_delivered"], lines) == (0, [])


def test_skipped_lines_are_no_rows(tmp_path):
    facts, lines = take(tmp_path, "# a\nx 1\n#\n\n # y\n", format="lines", skip="^#")
    assert (facts["rows_delivered"], facts["columns"]) == (2, ["line"])
    assert lines == ["x 1", " # y"]
