"""The two commands around dbt: the summary after a build, and asking the lake."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from collections import Counter

import duckdb
import pytest
from watch_events import ROWS, csv_text, deliver, event

import build
import lake_plugin
import query

pytestmark = pytest.mark.one_domain


def summary_of(project, capsys, monkeypatch) -> str:
    monkeypatch.chdir(project.folder)
    build.print_summary("lake", build.last_invocation(project.target), Counter({"pass": 3}))
    return capsys.readouterr().out


def test_the_summary_says_what_was_new_rejected_unknown_and_touched(project, capsys, monkeypatch):
    rows = [event(f"s{i}", day=i % 3, campaign="spring", shelf=1) for i in range(6)]
    deliver(project, "a.csv", csv_text(rows, [*rows[0]]))
    project.build(*ROWS, "--write-json")
    said = summary_of(project, capsys, monkeypatch)
    assert "unknown columns kept in _unknown_columns: campaign, shelf (1 files)" in said
    assert "Tests: 3 pass" in said and "Partitions touched: 9" in said
    feeds = [line.split() for line in said.splitlines() if line.startswith("  watch_events ")]
    assert feeds == [["watch_events", "6", "6", "0"]]
    tables = {line.split()[0]: line.split()[1:] for line in said.splitlines() if "rebuild" in line}
    assert tables["fact_watch_events"] == ["rebuild", "6", "0", "3"]

    # A delivery of which nothing lands has a summary as well, and only its own.
    deliver(project, "b.csv", "event_id\n1\n")
    deliver(project, "c.pdf", "")
    deliver(project, "a.csv", csv_text(rows[:1]))
    (project.landing / "watch_event").mkdir()
    project.build(*ROWS, "--write-json")
    said = summary_of(project, capsys, monkeypatch)
    assert "rejected watch_events/b.csv: required columns are missing: profile_id" in said
    assert "rejected watch_events/c.pdf: unknown file type" in said
    assert "unknown columns" not in said and "Partitions touched: 0" in said
    feeds = [line.split() for line in said.splitlines() if line.startswith("  watch_events ")]
    assert feeds == [["watch_events", "0", "6", "3"]]
    assert "In the landing folder and in no table\n  watch_event/ is no feed: did you mean" in said
    assert "still rejected watch_events/a.csv: its content has changed under its name" in said

    # A part of the project is not published (test_publication.py): ask the live state.
    with query.connect("lake", lake_plugin.LIVE_CATALOG) as lake:
        assert lake.execute("select count(*) from fact_watch_events").fetchall() == [(6,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            lake.execute("delete from fact_watch_events")
    question = project.folder / "question.sql"
    question.write_text("select 'six' as answer, count(*) as n from fact_watch_events")
    monkeypatch.setattr(
        sys, "argv", ["query", "--unpublished", "--lake", "lake", "--file", str(question)]
    )
    assert query.main() == 0 and "six" in capsys.readouterr().out
    monkeypatch.setattr(
        sys, "argv", ["query", "--unpublished", "--lake", "lake", "select no_such_column"]
    )
    assert query.main() == 1 and "no_such_column" in capsys.readouterr().err


def test_no_lake_is_said_with_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make build` first"):
        query.connect(str(tmp_path))


def test_the_sample_and_own_data_never_share_a_lake(monkeypatch):
    monkeypatch.delenv("REELHOUSE_LAKE", raising=False)
    assert build.choose_lake("", "") == build.choose_lake("seeds/sample", "") == "lake"
    assert build.choose_lake("landing", "") == "lake/own"
    assert build.choose_lake("landing", "elsewhere") == "elsewhere"
    monkeypatch.setenv("REELHOUSE_LAKE", "chosen")
    assert build.choose_lake("landing", "") == "chosen"


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], None),
        (["--landing", "seeds/sample"], None),
        (["--vars", "{as_of: '2025-01-09'}"], {"as_of": "2025-01-09"}),
        (["--landing", "/data", "--vars", "as_of: x"], {"as_of": "x", "landing_path": "/data"}),
    ],
)
def test_variables_of_the_caller_and_the_landing_path_reach_dbt_together(
    arguments, variables, tmp_path, monkeypatch
):
    commands = []

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 3)

    stale = tmp_path / "target" / "run_results.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["build.py", *arguments, "--full-refresh"])
    assert build.main() == 3, "dbt's exit status is the command's own"
    (command,) = commands
    assert command[-1] == "--full-refresh"
    given = [json.loads(command[i + 1]) for i, word in enumerate(command) if word == "--vars"]
    assert given == ([variables] if variables else [])
    assert not stale.exists(), "the results of a former run would be taken for this one's"


class Connection:
    """A connection that can fail to install or to load an extension."""

    def __init__(self, *, network: bool, usable: bool = True) -> None:
        self.network, self.usable, self.calls = network, usable, []

    def install_extension(self, name):
        self.calls.append(f"install {name}")
        if not self.network:
            raise duckdb.IOException("Failed to download extension")

    def load_extension(self, name):
        self.calls.append(f"load {name}")
        if not self.usable:
            raise duckdb.IOException("built for another version")


@pytest.fixture
def without_wheel(monkeypatch):
    real = builtins.__import__

    def absent(name, *arguments, **options):
        if name == "duckdb_extensions":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)


def test_without_the_wheel_duckdb_downloads_the_extension(without_wheel):
    connection = Connection(network=True)
    lake_plugin.load_ducklake(connection)
    assert connection.calls == ["install ducklake", "load ducklake"]


@pytest.mark.parametrize("usable", [True, False])
def test_without_wheel_and_network_one_error_says_what_to_do(without_wheel, usable):
    with pytest.raises(RuntimeError, match="locked requirements .`make build` does., or connect"):
        lake_plugin.load_ducklake(Connection(network=not usable, usable=usable))
