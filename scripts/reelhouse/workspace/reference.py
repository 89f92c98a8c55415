"""Rows of reference tables that a workspace changes: checked like the originals, laid over them.

A file `reference/<table>.csv` holds the key and the columns that differ. A row with a known key
changes that row; another is new. What a table must look like is read from where dbt reads it: the
column types and the data tests in `seeds/reference/*.yml`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from reelhouse.paths import REFERENCE, read_yaml
from reelhouse.sql import quoted
from reelhouse.workspace.settings import Mistake, Workspace, near


@dataclass(frozen=True)
class Test:
    """A data test of a reference table: its kind, its column (None: the table) and arguments."""

    kind: str
    column: str | None
    arguments: dict
    description: str


@dataclass(frozen=True)
class ReferenceTable:
    """A reference table: the type of each column, its key, and its data tests."""

    name: str
    types: dict[str, str]
    key: tuple[str, ...]
    tests: tuple[Test, ...]


@cache
def reference_tables() -> dict[str, ReferenceTable]:
    """Return the reference tables of the clone by name."""
    return {
        seed["name"]: _table(seed)
        for path in sorted(REFERENCE.glob("*.yml"))
        for seed in read_yaml(path)["seeds"]
    }


def _table(seed: dict) -> ReferenceTable:
    types = {name: kind for name, kind in seed["config"]["column_types"].items()}
    tests = [
        test
        for given in (_test(given, None) for given in seed.get("data_tests", ()))
        for test in _of_each_column(given)
    ]
    for column in seed["columns"]:
        tests += [_test(given, column["name"]) for given in column.get("data_tests", ())]
    keys = [(t.column,) for t in tests if t.kind == "unique"]
    keys += [
        tuple(t.arguments["combination_of_columns"])
        for t in tests
        if t.kind == "unique_combination_of_columns"
    ]
    return ReferenceTable(seed["name"], types, keys[0] if keys else (), tuple(tests))


def _test(given: str | dict, column: str | None) -> Test:
    kind, options = (given, {}) if isinstance(given, str) else next(iter(given.items()))
    return Test(kind, column, options.get("arguments", {}), options.get("description", ""))


def _of_each_column(test: Test) -> list[Test]:
    """Take `columns_are_valid` apart: a test for each column and rule; another test stays."""
    if test.kind != "columns_are_valid":
        return [test]
    rules = test.arguments
    tests = [Test("not_null", column, {}, "") for column in rules.get("not_null", ())]
    tests += [Test("unique", column, {}, "") for column in rules.get("unique", ())]
    tests += [
        Test("accepted_values", column, {"values": values}, "")
        for column, values in rules.get("accepted_values", {}).items()
    ]
    return tests + [
        Test("accepted_range", column, {"min_value": lowest, "max_value": highest}, "")
        for column, (lowest, highest) in rules.get("accepted_ranges", {}).items()
    ]


def overridden_files(workspace: Workspace) -> tuple[dict[str, str], list[Mistake]]:
    """Return the CSV text of each reference table that the workspace changes, and all mistakes."""
    texts, mistakes = {}, []
    if not workspace.reference.is_dir():
        return texts, mistakes
    tables = reference_tables()
    with duckdb.connect() as connection:
        loaded = []
        for path in sorted(workspace.reference.iterdir()):
            if path.name[0] in "._" or path.suffix == ".md":
                continue
            if path.suffix != ".csv":
                mistakes.append(Mistake(path, 1, "", "reference tables are CSV files: <table>.csv"))
            elif path.stem not in tables:
                message = f"there is no reference table {path.stem}{near(path.stem, tables)}"
                mistakes.append(Mistake(path, 1, "", message))
            else:
                override = _Override(connection, tables[path.stem], path, workspace)
                mistakes += override.mistakes
                if not override.mistakes:
                    loaded.append(override)
        for override in loaded:
            override.check()
            mistakes += override.mistakes
            texts[override.table.name] = override.text()
    return texts, mistakes


def read_csv(path: Path) -> list[tuple[int, list[str]]]:
    """Return the records of a CSV file with the line on which each ends; empty lines are left out.

    Raises:
        ValueError: the file is not UTF-8 or not CSV; the message says where.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(f"{line}: the file is not UTF-8: save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, record) for record in reader if record]
    except csv.Error as error:
        raise ValueError(f"{reader.line_num}: this is not CSV: {error}") from None


class _Override:
    """A file of the workspace over a reference table; the connection gets the merged table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: ReferenceTable,
        path: Path,
        workspace: Workspace,
    ) -> None:
        self.connection, self.table, self.path = connection, table, path
        self.is_whole = table.name in workspace.whole_tables
        self.mistakes: list[Mistake] = []
        try:
            records = read_csv(path)
        except ValueError as error:
            line, _, message = str(error).partition(": ")
            self.add(int(line), "", message)
            return
        self._check_header(records)
        if self.mistakes:
            return
        self._load(records)
        if not self.mistakes:
            self._merge()

    def add(self, line: int, place: str, message: str) -> None:
        self.mistakes.append(Mistake(self.path, line, place, message))

    def _check_header(self, records: list[tuple[int, list[str]]]) -> None:
        columns = list(self.table.types)
        if not records:
            self.add(1, "", f"the file is empty: begin with the header {','.join(columns)}")
            return
        line, self.columns = records[0][0], [name.strip() for name in records[0][1]]
        for name in dict.fromkeys(self.columns):
            if self.columns.count(name) > 1:
                self.add(line, name, "the column is there twice")
            elif name not in columns:
                self.add(line, name, f"{self.table.name} has no such column{near(name, columns)}")
        if not self.table.key and not self.is_whole:
            self.add(
                line,
                "",
                f"the rows of {self.table.name} have no key: give the whole table (copy"
                f" {REFERENCE / self.table.name}.csv), and name it in `whole_tables`",
            )
        needed = columns if self.is_whole else self.table.key
        if missing := [name for name in needed if name not in self.columns]:
            what = "a whole table has all columns" if self.is_whole else "it is part of the key"
            self.add(line, ", ".join(missing), f"the column is missing: {what}")

    def _load(self, records: list[tuple[int, list[str]]]) -> None:
        """Load the rows as text, with the line of each."""
        for line, record in records[1:]:
            if len(record) != len(self.columns):
                self.add(
                    line,
                    "",
                    f"{len(record)} fields, and the header has {len(self.columns)} columns:"
                    " a value with a comma needs double quotes",
                )
        if self.mistakes:
            return
        self._create("own", self.columns, records[1:])
        built_in = read_csv(REFERENCE / f"{self.table.name}.csv")
        self._create("built_in", built_in[0][1], [] if self.is_whole else built_in[1:])
        self._check_types()
        if not self.is_whole:
            self._check_key()

    def _check_types(self) -> None:
        for name in self.columns:
            for line, value in self.connection.execute(
                f'select line, "{name}" from {self._own} where "{name}" is not null'
                f' and try_cast("{name}" as {self.table.types[name]}) is null order by line'
            ).fetchall():
                self.add(line, name, f"{value!r} is no {self.table.types[name]}")

    def _check_key(self) -> None:
        key = ", ".join(f'"{name}"' for name in self.table.key)
        for lines, *values in self.connection.execute(
            f"select list(line order by line), {key} from {self._own} group by {key}"
            " having count(*) > 1 order by 1"
        ).fetchall():
            shown = ", ".join(map(repr, values))
            message = f"{shown} is already on line {lines[0]}: keep one row per key"
            self.add(lines[1], ", ".join(self.table.key), message)

    def _create(self, kind: str, columns: list[str], records: list) -> None:
        """Create a table of texts; an empty field is null."""
        name = f"{kind}_{self.table.name}"
        names = ", ".join(f'"{column}" varchar' for column in columns)
        self.connection.execute(f"create table {name} (line bigint, {names})")
        places = ", ".join(["?"] * (len(columns) + 1))
        if records:
            self.connection.executemany(
                f"insert into {name} values ({places})",
                [[line, *(value or None for value in record)] for line, record in records],
            )

    @property
    def _own(self) -> str:
        return f"own_{self.table.name}"

    def _merge(self) -> None:
        """Lay the own rows over the built-in ones, by key; other columns keep their values."""
        columns = []
        for name in self.table.types:
            if name not in self.columns:
                value = f'built_in."{name}"'
            elif name in self.table.key and not self.is_whole:
                value = f'coalesce(own."{name}", built_in."{name}")'
            else:
                value = f'case when own.line is null then built_in."{name}" else own."{name}" end'
            columns.append(f'try_cast({value} as {self.table.types[name]}) as "{name}"')
            columns.append(f'{value} as "{name} as text"')
        same = " and ".join(
            f'own."{name}" is not distinct from built_in."{name}"' for name in self.table.key
        )
        self.connection.execute(
            f"""
            create table "{self.table.name}" as
            select
                own.line,
                row_number() over (order by built_in.line nulls last, own.line) as place,
                {", ".join(columns)}
            from built_in_{self.table.name} as built_in
            full join {self._own} as own
                on {"false" if self.is_whole else same}
            """
        )

    def check(self) -> None:
        """Apply the table's data tests to the rows of the file."""
        for test in self.table.tests:
            if check := getattr(self, f"_check_{test.kind}", None):
                check(test)
        self.mistakes.sort(key=lambda mistake: mistake.line)

    def _rows(self, columns: str, condition: str) -> list[tuple]:
        return self.connection.execute(
            f'select line, {columns} from "{self.table.name}" as merged'
            f" where line is not null and ({condition}) order by line"
        ).fetchall()

    def _check_not_null(self, test: Test) -> None:
        for line, _ in self._rows("1", f'"{test.column}" is null'):
            why = "" if test.column in self.columns else ", and the file has no such column"
            self.add(line, test.column, f"a value is missing{why}")

    def _check_unique(self, test: Test) -> None:
        self._check_unique_combination_of_columns(
            Test(test.kind, None, {"combination_of_columns": [test.column]}, "")
        )

    def _check_unique_combination_of_columns(self, test: Test) -> None:
        names = test.arguments["combination_of_columns"]
        key = ", ".join(f'"{name}"' for name in names)
        complete = " and ".join(f'"{name}" is not null' for name in names)
        for line, *values in self._rows(
            key,
            f"{complete} and ({key}) in (select {'(' + key + ')' if len(names) > 1 else key}"
            f' from "{self.table.name}" group by {key} having count(*) > 1)',
        ):
            shown = ", ".join(map(repr, values))
            self.add(
                line, ", ".join(names), f"{shown} is there in another row too, and must be unique"
            )

    def _check_accepted_values(self, test: Test) -> None:
        values = [str(value) for value in test.arguments["values"]]
        accepted = ", ".join(map(quoted, values))
        for line, value in self._rows(
            f'"{test.column} as text"', f'"{test.column} as text" not in ({accepted})'
        ):
            self.add(line, test.column, f"{value!r} is none of {', '.join(values)}")

    def _check_accepted_range(self, test: Test) -> None:
        lowest, highest = test.arguments.get("min_value"), test.arguments.get("max_value")
        limits = {"<": lowest, ">": highest}
        beyond = [
            f'"{test.column}" {sign} {limit}' for sign, limit in limits.items() if limit is not None
        ]
        allowed = " and ".join(
            f"{word} {limit}"
            for word, limit in (("at least", lowest), ("at most", highest))
            if limit is not None
        )
        for line, value in self._rows(f'"{test.column}"', " or ".join(beyond)):
            self.add(line, test.column, f"{value} is out of range: {allowed}")

    def _check_relationships(self, test: Test) -> None:
        parent = test.arguments["to"].split("'")[1]
        field = test.arguments["field"]
        if parent not in reference_tables():
            return
        known = f'"{parent}"'
        if not self.connection.execute(
            "select 1 from duckdb_tables() where table_name = $1", [parent]
        ).fetchall():
            file = quoted(f"{REFERENCE / parent}.csv")
            known = (
                f"read_csv({file}, all_varchar = true, header = true, delim = ',', quote = '\"')"
            )
        for line, value in self._rows(
            f'"{test.column} as text"',
            f'"{test.column}" is not null and "{test.column} as text" not in'
            f' (select cast("{field}" as varchar) from {known} where "{field}" is not null)',
        ):
            message = f"{value!r} is no {field} of {parent}: correct it, or add it to"
            self.add(line, test.column, f"{message} reference/{parent}.csv")

    def _check_expression_is_true(self, test: Test) -> None:
        expression = test.arguments["expression"]
        for line, _ in self._rows("1", f"not coalesce({expression}, false)"):
            self.add(line, "", f"{test.description} ({expression} is false)")

    def text(self) -> str:
        """Return the merged table as CSV."""
        names = ", ".join(f'"{name} as text"' for name in self.table.types)
        rows = self.connection.execute(
            f'select {names} from "{self.table.name}" order by place'
        ).fetchall()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.table.types)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        return text.getvalue()
