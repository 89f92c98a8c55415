"""Files that DuckDB can't read together: the one that fails is named, all others land. No dbt."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from reelhouse.lake.files import Incoming
from reelhouse.lake.rows import read_groups

PARQUET = (
    "insert into landed select _number, event_id from read_parquet("
    "getvariable('paths'), filename = '_path', file_row_number = true)"
)
LINES = (
    "insert into landed select _number, cast(cast(line as integer) as varchar) from read_csv("
    "getvariable('paths'), delim = e'\\x1f', header = false, auto_detect = false, columns ="
    " {'_number': 'BIGINT', '_row': 'BIGINT', 'spelling': 'VARCHAR', 'line': 'VARCHAR'})"
)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute("create table landed (_number bigint, event_id varchar)")
        yield connection


def groups(statement: str, files: dict[int, Path | str]) -> list[dict]:
    found = [{"number": number, "path": str(path)} for number, path in files.items()]
    return [{"statement": statement, "files": found}]


def landed(connection: duckdb.DuckDBPyConnection) -> list[int]:
    rows = connection.execute("select _number from landed order by all").fetchall()
    return [number for (number,) in rows]


def parquet_files(folder: Path, count: int) -> dict[int, Path]:
    files = {}
    for number in range(count):
        files[number] = folder / f"it's [{number}].parquet"
        duckdb.sql(
            f"select {number} as _number, repeat('e', 500) || uuid() as event_id from range(9)"
        ).write_parquet(str(files[number]))
    return files


@pytest.mark.parametrize("damaged", [{5}, {0, 7, 15}, set(range(16))])
def test_the_damaged_parquet_files_of_a_group_are_named(connection, tmp_path, damaged):
    files = parquet_files(tmp_path, 16)
    for number in damaged:
        content = files[number].read_bytes()
        # The values; the footer stays, so that the file looks readable.
        files[number].write_bytes(content[:200] + b"\xff" * 200 + content[400:])
    unreadable = read_groups(connection, groups(PARQUET, files))
    assert {file["number"] for file in unreadable} == damaged
    assert landed(connection) == [
        number for number in range(16) if number not in damaged for _ in range(9)
    ]
    for file in unreadable:
        assert file["reason"].startswith("unreadable: ") and str(tmp_path) not in file["reason"]


def test_text_files_that_share_a_copy_are_told_apart(connection, tmp_path):
    copy = tmp_path / "csv_0.lines"
    rows = [(1, "10"), (1, "11"), (2, "12"), (2, "no number"), (3, "13"), (4, "refused before")]
    copy.write_text(
        "".join(f"{file}\x1f{row}\x1f\x1f{line}\n" for row, (file, line) in enumerate(rows))
    )
    files = dict.fromkeys((1, 2, 3), copy)
    (unreadable,) = read_groups(connection, groups(LINES, files))
    assert unreadable["number"] == 2 and "no number" in unreadable["reason"]
    assert landed(connection) == [1, 1, 3]


def test_what_the_machine_lacks_rejects_no_file(connection, tmp_path):
    files = parquet_files(tmp_path, 2)
    connection.execute("set memory_limit = '10MB'; set temp_directory = ''")
    greedy = PARQUET.replace("event_id from", "md5(i::varchar) from range(9_000_000) r(i),")
    with pytest.raises(duckdb.OutOfMemoryException):
        read_groups(connection, groups(greedy + " order by 2", files))
    assert landed(connection) == []


def test_one_footer_is_read_without_another_database(tmp_path, monkeypatch):
    """To open a database took longer than to read a file: 3,000 files took five minutes."""
    (path,) = parquet_files(tmp_path, 1).values()
    incoming = Incoming(tmp_path)
    monkeypatch.setattr(duckdb, "connect", None)
    options = {"columns": ["event_id"], "most_rows_per_file": 9}
    facts = json.loads(incoming.take("feed", 1, str(path), "", "[]", json.dumps(options)))
    assert (facts["error"], facts["rows_delivered"]) == (None, 9)
    assert facts["columns"] == ["_number", "event_id"]
