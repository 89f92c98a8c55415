"""W3C extended logs: #Fields in any order, other directives, and a header that changes mid-file."""

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
    "format": "w3c",
}
# Name, content, columns, delimiter, and the rows that land.
FILES = [
    (
        "E1.gz",
        gzip.compress(b"#Version: 1.0\n#Fields: date time x\n2025-01-01\t10:00\ta b\n"),
        (["date", "time", "x"], "\t", ["2025-01-01\t10:00\ta b"]),
    ),
    (
        "moved.log",
        b"#Fields: date time x\r\n2025-01-01 10:00 q\r\n"
        b"#Fields: x date time\r\nz 2025-01-02 11:00\r\n",
        (["date", "time", "x"], " ", ["2025-01-01 10:00 q", "2025-01-02 11:00 z"]),
    ),
    (
        "fewer.log",
        b"#Fields: date time x\n1 2 3\n#Date: 4\n"
        b"#Fields: x time\n3 2\n#Fields: date time x\n1 2 3\n",
        (["date", "time", "x"], " ", ["1 2 3", "- 2 3", "1 2 3"]),
    ),
    ("no_rows.log", b"#Fields: a b\n", (["a", "b"], None, [])),
]
REJECTED = [
    ("new.log", b"#Fields: a b\n1 2\n#Fields: a c\n1 2\n", "#Fields of line 3 has what the first"),
    ("none.log", b"1 2\n#Fields: a b\n", "line 1 is a row, and no #Fields line came before"),
    ("twice.log", b"#Fields: a a\n1 2\n", "columns appear more than once: 'a'"),
]


def take(folder: Path, name: str, content: bytes) -> dict:
    path = folder / name
    path.write_bytes(content)
    incoming = Incoming(folder / "lake")
    return json.loads(incoming.take("feed", 1, quote(str(path)), "", "[]", json.dumps(OPTIONS)))


@pytest.mark.parametrize(("name", "content", "expected"), FILES, ids=[file[0] for file in FILES])
def test_rows_have_the_order_of_the_first_header(name, content, expected, tmp_path):
    facts = take(tmp_path, name, content)
    rows = []
    if facts["copy"]:
        rows = [line.split("\x1f")[3] for line in Path(facts["copy"]).read_text().splitlines()]
    assert facts["error"] is None and facts["rows_delivered"] == len(rows)
    assert (facts["columns"], facts["delimiter"], rows) == expected


@pytest.mark.parametrize(("name", "content", "reason"), REJECTED, ids=[f[0] for f in REJECTED])
def test_a_log_without_a_usable_header_is_rejected(name, content, reason, tmp_path):
    facts = take(tmp_path, name, content)
    assert reason in facts["error"] and facts["copy"] is None


def test_a_row_with_too_many_fields_after_a_new_header_is_quarantined(tmp_path):
    facts = take(tmp_path, "a.log", b"#Fields: a b\n1 2\n#Fields: b a\n2 1 3\n")
    last = Path(facts["copy"]).read_text().splitlines()[-1].split("\x1f")[3]
    assert len(last.split(" ")) != 2
