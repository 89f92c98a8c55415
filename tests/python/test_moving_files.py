"""Files that grow, are replaced or deleted between the steps in which a refresh reads them.

The changes happen inside dbt's process, at the step that a file's name says, so that nothing
depends on timing: after the files were listed, between two reads of the file, and after the file
was read but before DuckDB reads the private copies.
"""

from __future__ import annotations

import gzip
import os
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import duckdb
import pytest
from conftest import TIMEOUT_SECONDS
from dbt_process import SERVER, run_dbt
from watch_events import csv_text, event, json_lines

from reelhouse.lake.connection import PUBLISHED_CATALOG

pytestmark = pytest.mark.one_domain

STEPS = ("listed", "half_read", "read")
CHANGES = ("grows", "replaced", "deleted")
FORMATS = ("csv", "jsonl.gz", "parquet")
ROWS, MORE_ROWS = 40, 30
CHANGED_DURING_READ = "it changed while it was read; the next refresh tries it again"
CHANGED_LATER = "its content has changed under its name"


def rows_of(name: str, first: int, last: int) -> list[dict]:
    return [event(f"{name}-{number}", day=number % 3) for number in range(first, last)]


def content(name: str, first: int, last: int) -> bytes:
    """The file's rows of these numbers, in the format that its name says."""
    rows = rows_of(name, first, last)
    if name.endswith("csv"):
        return csv_text(rows).encode()
    if name.endswith("jsonl.gz"):
        return gzip.compress(json_lines(rows).encode())
    path = Path(f"{name}.rows")
    path.write_text(json_lines(rows))
    duckdb.sql(f"copy (from read_json('{path}')) to '{path}.parquet'")
    made = Path(f"{path}.parquet").read_bytes()
    path.unlink()
    Path(f"{path}.parquet").unlink()
    return made


def change(path: Path) -> None:
    """Change a file as its name says; a second call does nothing."""
    name = path.name
    later = path.parents[2] / "later" / name
    if "deleted" in name:
        path.unlink(missing_ok=True)
    elif later.exists() and "replaced" in name:
        later.replace(path)
    elif later.exists():
        # What has been read stays as it is; only Parquet changes from its footer on.
        with path.open("r+b") as stream:
            if not name.endswith("parquet"):
                stream.seek(0, os.SEEK_END)
            stream.write(later.read_bytes())
        later.unlink()


def run_dbt_on_moving_files(*arguments: object) -> None:
    """Run dbt; each file changes at the step that its name says."""
    from reelhouse.lake import files, plugin

    opened, read_groups = files._opened, plugin.read_groups
    files.CHUNK_BYTES = 256

    class Moving:
        def __init__(self, stream, path: Path) -> None:
            self.stream, self.path, self.fileno = stream, path, stream.fileno

        def readinto(self, view: memoryview) -> int:
            count = self.stream.readinto(view)
            change(self.path)
            return count

    @contextmanager
    def open_moving(name: bytes):
        path = Path(os.fsdecode(name)).absolute()
        if path.name.startswith("listed"):
            change(path)
        with opened(name) as source:
            if path.name.startswith("half_read"):
                source.stream = Moving(source.stream, path)
            yield source

    def read_moving(*arguments: object) -> list[dict]:
        for path in Path("landing").absolute().rglob("read_*"):
            change(path)
        return read_groups(*arguments)

    files._opened, plugin.read_groups = open_moving, read_moving
    run_dbt(*arguments)


@pytest.fixture
def moving(project, monkeypatch):
    """A project whose files change during its first build: their names, and that build."""
    monkeypatch.chdir(project.folder)
    feed, later = project.landing / "watch_events", project.folder / "later"
    feed.mkdir()
    later.mkdir()
    (feed / "steady.csv").write_text(csv_text(rows_of("steady", 0, ROWS)))
    names = [
        "_".join((step, how)) + f".{form}" for step, how, form in product(STEPS, CHANGES, FORMATS)
    ]
    for name in names:
        (feed / name).write_bytes(content(name, 0, ROWS))
        if "replaced" in name or name.endswith("parquet"):
            (later / name).write_bytes(content(name, 0, ROWS + MORE_ROWS))
        elif name.endswith("csv"):
            more = content(name, ROWS, ROWS + MORE_ROWS)
            (later / name).write_bytes(more.partition(b"\n")[2])
        else:
            (later / name).write_bytes(content(name, ROWS, ROWS + MORE_ROWS))
    return project, names


def land_moving_files(project) -> None:
    command = ["run", "--select", "land_watch_events", "--vars", "{landing_path: landing}"]
    command += ["--target-path", "target", "--log-path", "logs", "--no-use-colors"]
    output = project.folder / "output.txt"
    process = SERVER.Process(
        target=run_dbt_on_moving_files,
        args=(command, project.folder, {"REELHOUSE_LAKE": "lake"}, output),
        daemon=True,
    )
    process.start()
    process.join(TIMEOUT_SECONDS)
    assert process.exitcode == 0, output.read_text()


def outcomes(project) -> dict[str, tuple]:
    """Each file's newest entry: status, what was counted, what landed, and the reason."""
    return {
        file.removeprefix("watch_events/"): rest
        for file, *rest in project.query(
            """
            select file, status, rows_delivered, coalesce(rows_found, 0), reason
            from lake.ledger.landed_files
            left join (
                select _file as file, batch_id, count(*) as rows_found
                from lake.landing.land_watch_events
                group by all
            ) using (file, batch_id)
            order by batch_id
            """
        )
    }


def test_rows_and_entry_of_a_moving_file_come_from_one_read(moving):
    project, names = moving
    land_moving_files(project)
    first = outcomes(project)
    assert sorted(first) == sorted([*names, "steady.csv"])
    for name in names:
        status, counted, found, reason = first[name]
        if name.startswith("listed_deleted"):
            expected = ("rejected", 0, 0, "unreadable: No such file or directory")
        elif name.startswith("listed"):
            expected = ("landed", ROWS + MORE_ROWS, ROWS + MORE_ROWS, None)
        elif name.startswith("half_read"):
            expected = ("rejected", 0, 0, CHANGED_DURING_READ)
        else:
            expected = ("landed", ROWS, ROWS, None)
        assert (status, counted, found, reason) == expected, name

    project.build(vars={"quarantined_share": 1})
    second = outcomes(project)
    for name in names:
        status, counted, found, reason = second[name]
        if name.startswith("half_read") and "deleted" not in name:
            assert (status, counted, found) == ("landed", ROWS + MORE_ROWS, ROWS + MORE_ROWS), name
        elif name.startswith("read") and "deleted" not in name:
            assert status == "rejected" and reason.startswith(CHANGED_LATER), name
        else:
            assert [status, counted, found, reason] == first[name], name
    assert project.query("select count(*) from fact_watch_events", PUBLISHED_CATALOG) == (
        project.query(
            "select sum(rows_delivered) from lake.ledger.landed_files where status = 'landed'"
        )
    )
