"""What a file of any system holds: its format and, per column, types, ranges and shares."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from reelhouse.lake.files import file_format
from reelhouse.sources.pointers import pointer
from reelhouse.sql import quoted

SAMPLED_ROWS = 20_000
LISTED_VALUES = 40
# How deep JSON objects are taken apart, and how many keys one may have.
DEEPEST_LEVEL = 3
MOST_KEYS = 50
# No value: what landing takes for null (macros/quality/blank_to_null.sql).
TEXT = "case when lower(trim({0})) not in ('', 'null', '\\n') then trim({0}) end"
PROFILE = """
    select
        {name} as name,
        count(*) as rows,
        count(value) as filled,
        count(distinct value) as members,
        count(number) as numbers,
        count(*) filter (number <> trunc(number)) as fractions,
        min(number) as lowest,
        max(number) as highest,
        count(*) filter (
            substr(value, 5, 1) in ('-', '/') and try_cast(value as timestamp) is not null
        ) as times,
        count(*) filter (regexp_matches(substr(value, 11), '[zZ]$|[+-][0-9:]+$')) as offsets,
        count(*) filter (regexp_full_match(value, '[A-Za-z0-9_.:-]{{1,64}}')) as ids,
        any_value(value) as example
    from (select {text} as value, try_cast({text} as double) as number from sample)
"""


@dataclass
class Column:
    """One column of a sample. Counts are of rows; `listed` is empty if there are many values."""

    name: str
    rows: int
    filled: int
    members: int
    numbers: int
    fractions: int
    lowest: float | None
    highest: float | None
    times: int
    offsets: int
    ids: int
    example: str | None
    listed: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return number, whole number, time, id or text; empty for a column without a value."""
        if not self.filled:
            return "empty"
        if self.numbers == self.filled:
            return "number" if self.fractions else "whole number"
        if self.times == self.filled:
            return "time"
        return "id" if self.ids == self.filled and self.members > LISTED_VALUES else "text"


@dataclass
class Sample:
    """The columns of some files of one source, and a connection that holds their first rows."""

    format: str
    columns: list[Column]
    rows: int
    connection: duckdb.DuckDBPyConnection

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)


def profile(files: list[Path]) -> Sample:
    """Read the first rows of files and describe their columns.

    Raises:
        ValueError: a file can't be read as a table of any known format.
    """
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    form = _format(files[0])
    try:
        connection.execute(
            f"create table sample as select * from ({_query(form, files)}) limit {SAMPLED_ROWS}"
        )
    except duckdb.Error as error:
        raise ValueError(f"{files[0]} can't be read: {str(error).splitlines()[0]}") from None
    if form == "jsonl":
        _flatten(connection)
    names = [row[0] for row in connection.execute("describe sample").fetchall()]
    columns = []
    for name in names:
        text = TEXT.format(identifier(name))
        found = connection.execute(PROFILE.format(name=quoted(name), text=text)).fetchone()
        column = Column(*found)
        if 0 < column.members <= LISTED_VALUES and column.kind not in ("number", "time"):
            column.listed = [
                value
                for (value,) in connection.execute(
                    f"select {text} as value from sample where value is not null"
                    " group by value order by count(*) desc, value"
                ).fetchall()
            ]
        columns.append(column)
    (rows,) = connection.execute("select count(*) from sample").fetchone()
    if not rows:
        raise ValueError(f"{files[0]} has no rows")
    return Sample(form, columns, rows, connection)


def _flatten(connection: duckdb.DuckDBPyConnection) -> None:
    """Replace each column of JSON objects by one column per key, named by its JSON pointer."""
    for _ in range(DEEPEST_LEVEL):
        for name, *_ in connection.execute("describe sample").fetchall():
            column = identifier(name)
            is_object = f"starts_with({column}, '{{') and json_valid({column})"
            keys = connection.execute(
                f"select distinct unnest(json_keys({column})) as key from sample where {is_object}"
                " order by key"
            ).fetchall()
            if not 0 < len(keys) <= MOST_KEYS:
                continue
            above = name if name.startswith("/") else f"/{pointer(name)}"
            nested = ", ".join(
                f"json_extract_string({column}, {quoted('/' + pointer(key))})"
                f" as {identifier(f'{above}/{pointer(key)}')}"
                for (key,) in keys
            )
            connection.execute(
                f"create or replace table sample as select * exclude ({column}), {nested}"
                " from sample"
            )


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _format(file: Path) -> str:
    """Return the format of a file by its content, where its name does not say it."""
    form = file_format(file.name)
    if form == "parquet":
        return form
    with file.open("rb") as stream:
        start = stream.read(1 << 16)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"\x1f\x8b"):
        with gzip.open(file) as stream:
            start = stream.read(1 << 16)
    lines = start.removeprefix(b"\xef\xbb\xbf").splitlines()
    if any(line.startswith(b"#Fields:") for line in lines[:10]):
        return "w3c"
    if form:
        return form
    if start.lstrip()[:1] == b"[":
        raise ValueError(
            f"{file} is a JSON array, and landing reads one object per line:"
            f" jq -c '.[]' {file} > {file.with_suffix('.jsonl')}"
        )
    return "jsonl" if start.lstrip()[:1] == b"{" else "csv"


def _query(form: str, files: list[Path]) -> str:
    paths = "[" + ", ".join(quoted(path) for path in files) + "]"
    gz = ", compression = 'gzip'" if _is_gzip(files[0]) else ""
    if form == "parquet":
        return f"select columns(*)::varchar from read_parquet({paths})"
    if form == "jsonl":
        # Nested values stay JSON, as in landing.
        return (
            "select columns(*) ->> '$' from read_json("
            f"{paths}, maximum_depth = 1, union_by_name = true{gz})"
        )
    if form == "lines":
        return (
            f"select line from read_csv({paths}, columns = {{'line': 'VARCHAR'}}, delim = e'\\x1f',"
            f" quote = '', escape = '', header = false, auto_detect = false{gz})"
        )
    if form == "w3c":
        names, delimiter = _w3c_header(files[0])
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
        return (
            f"select nullif(columns(*), '-') from read_csv({paths}, columns = {{{columns}}},"
            f" delim = '{delimiter}', comment = '#', quote = '', escape = '', header = false,"
            f" auto_detect = false, null_padding = true{gz})"
        )
    return f"select * from read_csv({paths}, all_varchar = true, header = true{gz})"


def _w3c_header(file: Path) -> tuple[list[str], str]:
    opener = gzip.open if _is_gzip(file) else open
    with opener(file, "rt", errors="replace") as stream:
        lines = stream.readlines(1 << 16)
    header = next(line for line in lines if line.startswith("#Fields:"))
    row = next((line for line in lines if not line.startswith("#")), "")
    return header.removeprefix("#Fields:").split(), "\\t" if "\t" in row else " "


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"
