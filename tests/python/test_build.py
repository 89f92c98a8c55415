"""The two commands around dbt: the summary after a build, and asking the lake."""

from __future__ import annotations

import builtins
import json
import os
import shutil
from collections import Counter

import duckdb
import pytest
from command_line import reelhouse
from conftest import ROOT
from watch_events import ROWS, csv_text, deliver, event

from reelhouse.lake import connection as lake_connection
from reelhouse.refresh import build

pytestmark = pytest.mark.one_domain


def summary_of(project, capsys, monkeypatch) -> str:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("REELHOUSE_PROJECT", str(project.folder))
    build.print_summary("lake", project.target, Counter({"pass": 3}))
    return capsys.readouterr().out


def test_the_summary_says_what_was_new_rejected_unknown_and_touched(project, capsys, monkeypatch):
    rows = [event(f"s{i}", day=i % 3, campaign="spring", shelf=1) for i in range(6)]
    deliver(project, "a.csv", csv_text(rows, [*rows[0]]))
    project.build(*ROWS, "--write-json")
    said = summary_of(project, capsys, monkeypatch)
    assert "unknown columns kept in _unknown_columns: campaign, shelf (1 files)" in said
    assert "Tests: 3 pass" in said and "Partitions affected: 9" in said
    feeds = [line.split() for line in said.splitlines() if line.startswith("  watch_events ")]
    assert feeds == [["watch_events", "6", "6", "0", "0", "0", "0.0%", "0"]]
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
    assert "unknown columns" not in said and "Partitions affected: 0" in said
    feeds = [line.split() for line in said.splitlines() if line.startswith("  watch_events ")]
    assert feeds == [["watch_events", "0", "0", "0", "0", "0", "100.0%", "3"]]
    assert "In the landing folder and in no table\n  watch_event/ is no feed: did you mean" in said
    assert "still rejected watch_events/a.csv: its content has changed under its name" in said

    # A part of the project is not published (test_publication.py): ask the live state.
    with lake_connection.connect("lake", lake_connection.LIVE_CATALOG) as lake:
        assert lake.execute("select count(*) from fact_watch_events").fetchall() == [(6,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            lake.execute("delete from fact_watch_events")
    question = project.folder / "question.sql"
    question.write_text("select 'six' as answer, count(*) as n from fact_watch_events")
    asked = ("query", "--unpublished", "--lake", "lake")
    assert reelhouse(*asked, "--file", str(question)) == 0 and "six" in capsys.readouterr().out
    assert (
        reelhouse(*asked, "select no_such_column") == 1
        and "no_such_column" in capsys.readouterr().err
    )

    # Nothing of it is published, and both commands say so.
    assert "Not published: refresh 2: " in said and "steps were left out" in said
    assert "Readers have no state yet." in said
    assert reelhouse("query", "--lake", "lake", "select 1") == 1
    said = capsys.readouterr().err
    assert "Refresh 2 is not published: readers see nothing yet." in said
    assert "nothing is published in the lake 'lake': run a complete `make build`, or read" in said


def test_a_lake_is_built_summarised_and_published_wherever_it_lies(
    project, capsys, monkeypatch, tmp_path
):
    """With quotes, blanks and wildcards in its path; then moved; by either kind of path."""
    monkeypatch.chdir(project.folder)
    project.lake = project.folder / "it's [a] 'lake' *"
    deliver(project, "a.csv", [event("1"), event("2")])
    project.build("--write-json")
    rows = "select count(*) from fact_watch_events"
    assert project.query(rows, lake_connection.PUBLISHED_CATALOG) == [(2,)]

    moved = tmp_path / "moved; to"
    project.lake.rename(moved)
    project.lake = moved
    deliver(project, "b.csv", [event("3")])
    project.build("--write-json")
    for lake in (str(moved), os.path.relpath(moved)):
        build.print_summary(lake, project.target, Counter())
        assert "watch_events" in capsys.readouterr().out
        for catalog in (lake_connection.LIVE_CATALOG, lake_connection.PUBLISHED_CATALOG):
            with lake_connection.connect(lake, catalog) as connection:
                assert connection.execute(rows).fetchall() == [(3,)]
    # Footers were read of files from before the move and after it.
    unread = (
        "select count(*) from lake.lakehouse.lakehouse_files as files"
        " left join lake.lakehouse.lakehouse_column_chunks as chunks using (data_file_id)"
        " where files.table_name = 'fact_watch_events' and chunks.data_file_id is null"
    )
    assert project.query(unread) == [(0,)]
    # Whoever opens the published state by hand names no folder of the data.
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        lake_connection.load_ducklake(connection)
        connection.execute(
            f"attach 'ducklake:{moved}/{lake_connection.PUBLISHED_CATALOG}' as lake (read_only)"
        )
        assert connection.execute(rows.replace("from ", "from lake.analytics.")).fetchall() == [
            (3,)
        ]


def test_no_lake_is_said_with_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make build` first"):
        lake_connection.connect(str(tmp_path))


def test_the_sample_and_own_data_never_share_a_lake(monkeypatch):
    monkeypatch.delenv("REELHOUSE_LAKE", raising=False)
    assert build.choose_lake("", "") == build.choose_lake("seeds/sample", "") == "lake"
    assert build.choose_lake("landing", "") == "lake/own"
    assert build.choose_lake("landing", "elsewhere") == "elsewhere"
    monkeypatch.setenv("REELHOUSE_LAKE", "chosen")
    assert build.choose_lake("landing", "") == "chosen"


@pytest.fixture
def run_build(tmp_path, monkeypatch, capsys):
    """Run `reelhouse build` in a folder where dbt is not run: (status, commands, errors)."""
    monkeypatch.setenv("REELHOUSE_PROJECT", str(tmp_path))
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    monkeypatch.delenv("REELHOUSE_LAKE", raising=False)
    (tmp_path / "seeds" / "sample").mkdir(parents=True)
    (tmp_path / "landing").mkdir()
    (tmp_path / "file").write_text("")

    def run(*arguments):
        commands = []

        def note(command, folder, environment):
            commands.append(command)
            return 3

        monkeypatch.setattr(build, "run_to_end", note)
        words = [word.replace("{here}", str(tmp_path)) for word in arguments]
        status = reelhouse("build", *words)
        return status, commands, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], None),
        (["--landing", "seeds/sample"], None),
        (["--landing", "{here}/seeds/sample"], None),
        (["--vars", "{as_of: '2025-01-09'}"], {"as_of": "2025-01-09"}),
        (["--vars", "{as_of: 2030-01-01}"], {"as_of": "2030-01-01"}),
        (["--vars={as_of: 2030-01-01 10:00:00}"], {"as_of": "2030-01-01 10:00:00"}),
        (["--vars", "{days: [2030-01-01], n: 5}"], {"days": ["2030-01-01"], "n": 5}),
        (["--vars", "{as_of: x}", "--vars", "{n: 1}"], {"n": 1}),
        (
            ["--landing", "{here}/landing", "--vars", "as_of: x"],
            {"as_of": "x", "landing_path": "{here}/landing"},
        ),
    ],
)
def test_variables_of_the_caller_and_the_landing_path_reach_dbt_together(
    arguments, variables, run_build, tmp_path
):
    stale = tmp_path / "target" / "run_results.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    status, (command,), _ = run_build(*arguments, "--full-refresh")
    assert status == 3, "dbt's exit status is the command's own"
    assert command[-1] == "--full-refresh"
    given = [json.loads(command[i + 1]) for i, word in enumerate(command) if word == "--vars"]
    expected = json.loads(json.dumps(variables).replace("{here}", str(tmp_path)))
    assert given == ([expected] if variables else [])
    assert not stale.exists(), "the results of a former run would be taken for this one's"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--vars", "as_of"], "--vars is not a YAML mapping, but 'as_of'"),
        (["--vars", "[as_of, x]"], "--vars is not a YAML mapping"),
        (["--vars", ""], "--vars is not a YAML mapping, but ''"),
        (["--vars", "{as_of: '2025}"], "--vars is not YAML (while scanning a quoted scalar"),
        (["--vars", "{2025-01-01: x}"], "--vars has the key 2025-01-01, which is not a name"),
        (["--vars", "{landing_path: nowhere}"], "/nowhere' does not exist"),
        (["--landing", "{here}/nowhere"], "/nowhere' does not exist"),
        (["--landing", "{here}/file"], "/file' is a file, not a folder"),
        (["--landing", "{here}/file/x"], "/file/x' is a file, not a folder"),
        (["--landing", "{here}/" + "x" * 300], "cannot be read: File name too long"),
        (["--lake", "wh?t"], "wh?t': DuckDB reads '?' as the start of options"),
        (["--lake", "a\\b"], "as a separator of folders"),
        (["--lake", "file"], "/file': that is a file, not a folder"),
    ],
)
def test_what_cannot_be_built_is_said_before_dbt_starts(arguments, said, run_build):
    status, commands, error = run_build(*arguments)
    assert (status, commands) == (2, [])
    assert said in error and error.startswith("reelhouse build: ") and error.count("\n") == 1


def test_a_landing_folder_without_permission_is_said_before_dbt_starts(run_build, tmp_path):
    (tmp_path / "landing").chmod(0o700)
    nobody = 65534
    if os.geteuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            folder.exists() and folder.chmod(folder.stat().st_mode | 0o011)
        os.seteuid(nobody)
    else:
        (tmp_path / "landing").chmod(0)
    try:
        status, commands, error = run_build("--landing", "{here}/landing")
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        (tmp_path / "landing").chmod(0o700)
    assert (status, commands) == (2, [])
    assert "/landing' may not be read by this user" in error


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
    lake_connection.load_ducklake(connection)
    assert connection.calls == ["install ducklake", "load ducklake"]


@pytest.mark.parametrize("usable", [True, False])
def test_without_wheel_and_network_one_error_says_what_to_do(without_wheel, usable):
    with pytest.raises(RuntimeError, match="locked requirements .`make build` does., or connect"):
        lake_connection.load_ducklake(Connection(network=not usable, usable=usable))
