"""The rows of a feed's private copies, read together, and one by one where that fails.

SQL cannot catch an error, and DuckDB does not say which of several files it could not read. So the
statement runs here: over all files of a group at first, then over halves of it. What fails alone is
named with its reason, and all others land in the same refresh.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from reelhouse.lake.files import SEPARATOR
from reelhouse.sql import quoted

# Not the file's fault: rejecting it would lose what lands on a larger machine.
SHORT_OF_RESOURCES = re.compile(r"no space left|out of memory|too many open files", re.I)


def read_groups(connection: duckdb.DuckDBPyConnection, groups: list[dict]) -> list[dict]:
    """Run the statement of each group over its files.

    Args:
        connection: connection of the refresh; the statements run beside its transaction.
        groups: {statement, files} of each. The statement inserts the rows of the files that
            the variable `paths` names. Files: {number, path, rows} (`rows`: how many it must have).

    Returns:
        {number, reason} of each file that can't be read.

    Raises:
        duckdb.Error: memory or disk ran out, or the refresh was interrupted.
    """
    unreadable: list[dict] = []
    with connection.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        for group in groups:
            files = [(file["number"], file["path"]) for file in group["files"]]
            _read(cursor, group["statement"], files, unreadable)
    return unreadable


def drop_rows(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Drop a table of rows that have landed, beside the transaction that landed them."""
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {table}")
    return table


def _read(
    cursor: duckdb.DuckDBPyConnection,
    statement: str,
    files: list[tuple[int, str]],
    unreadable: list[dict],
) -> None:
    paths = sorted({_as_pattern(path) for _, path in files})
    try:
        cursor.execute(f"set variable paths = [{', '.join(map(quoted, paths))}]")
        cursor.execute(statement)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        if SHORT_OF_RESOURCES.search(str(error)):
            raise
        if any(Path(path).suffixes == [".lines"] for path in paths):
            _read(cursor, statement, _one_copy_each(files), unreadable)
            return
        if len(files) == 1:
            unreadable.append({"number": files[0][0], "reason": _reason(error, files[0][1])})
            return
        middle = len(files) // 2
        _read(cursor, statement, files[:middle], unreadable)
        _read(cursor, statement, files[middle:], unreadable)


def _one_copy_each(files: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Split copies that several text files share; each line starts with its file's number."""
    numbers = {number for number, _ in files}
    found: dict[int, str] = {}
    for shared in sorted({path for _, path in files}):
        with open(shared, "rb") as lines:
            for line in lines:
                number = int(line.partition(SEPARATOR)[0])
                if number not in numbers:
                    continue
                found[number] = str(Path(shared).with_suffix(f".{number}.lines"))
                with open(found[number], "ab") as copy:
                    copy.write(line)
    return sorted(found.items())


def _reason(error: duckdb.Error, path: str) -> str:
    message = (str(error) or repr(error)).splitlines()[0]
    for shown in (f"'{path}' ", f'"{path}"', f"'{path}'", path):
        message = message.replace(shown, "")
    return f"unreadable: {message}"


def _as_pattern(path: str) -> str:
    """DuckDB takes these letters for wildcards; in brackets they stand for themselves."""
    return re.sub(r"([\[*?])", r"[\1]", path)

