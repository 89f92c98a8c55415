"""A workspace from its creation to an upgrade of the clone, by the commands that users run."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Project

from reelhouse.lake.connection import attach_lake

COPIED = ("dbt_project.yml", "profiles.yml", "selectors.yml", "profiles", "macros", "models")
COPIED += ("scripts", "seeds", "tests")


class Clone:
    """A copy of this repository under version control, and its command line."""

    def __init__(self, project: Project) -> None:
        self.folder = project.folder
        project.landing.rmdir()
        project.target.rmdir()
        for name in COPIED:
            project.own(name)
        (self.folder / "analyses").mkdir()
        (self.folder / "analyses" / "README.md").write_text("none")
        (self.folder / ".gitignore").write_text("__pycache__/\n*.pyc\n")
        self.git("init", "-q")
        self.commit()

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a")

    def start(self, folder: Path, *words: str) -> subprocess.Popen:
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("REELHOUSE", "DBT"))}
        return subprocess.Popen(
            [sys.executable, "-m", "reelhouse", *words],
            cwd=folder,
            env={**variables, "PYTHONPATH": str(self.folder / "scripts")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, folder: Path, *words: str, status: int = 0) -> str:
        return finished(self.start(folder, *words), status)


def finished(process: subprocess.Popen, status: int = 0) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == status, said
    return said


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    project = Project(tmp_path_factory.mktemp("clone") / "reelhouse")
    project.keep_engagement()
    return Clone(project)


def export(path: Path, country: str, rows: int = 200) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["id", "user_id", "visit", "video_id", "region", "device", "started_at", "watched_ms"]
        )
        for i in range(rows):
            at = 1_740_787_200_000 + 60_000 * i
            writer.writerow(
                [f"e{i}", f"u{i % 20}", f"v{i % 40}", f"t{i % 7}", country, "Smart TV", at, 9000]
            )


def ask(folder: Path, sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        attach_lake(connection, folder / "lake", "published.ducklake")
        connection.execute("use lake.analytics")
        return connection.execute(sql).fetchall()


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_from_an_export_to_daily_user_metrics_in_five_commands(clone, tmp_path):
    export(tmp_path / "export-1.csv", "us-east")
    folder = tmp_path / "own"
    said = clone.run(tmp_path, "init", "own")
    assert "own is a workspace now, with the feeds watch_events." in said
    said = clone.run(folder, "inspect", "../export-1.csv")
    copy = "mkdir -p landing/watch_events && cp ../export-1.csv landing/watch_events/"
    assert "Written to mappings/export.yml" in said and f"\n  {copy}\n  reelhouse build\n" in said
    subprocess.run(copy, shell=True, cwd=folder, check=True)
    # From a folder below, which is a part of the workspace as well.
    said = clone.run(folder / "landing", "build")
    assert "Published: readers see refresh 1" in said
    said = clone.run(
        folder, "query", "select sum(total_watch_time) as total from daily_user_metrics"
    )
    assert "1800" in said
    assert "Nothing new" in clone.run(tmp_path, "--workspace", "own", "build")
    assert clone.git("status", "--porcelain") == ""
    assert {"target", "logs", "lake"} <= {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_two_workspaces_on_one_clone_from_an_export_to_an_upgrade(clone, tmp_path):
    export(tmp_path / "export-1.csv", "mars")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        clone.run(tmp_path, "init", str(folder))
        said = clone.run(folder, "inspect", "../export-1.csv")
        assert "Written to mappings/export.yml" in said and "  reelhouse build\n" in said
        (folder / "landing/watch_events/export-1.csv").write_bytes(
            (tmp_path / "export-1.csv").read_bytes()
        )
        (folder / "reference/regions.csv").write_text(
            "region,region_name,continent\nmars,Mars,Asia\n"
        )
    (folders[1] / "reference/regions.csv").write_text(
        "region,region_name,continent\nmars,Red planet,Europe\n"
    )
    (folders[1] / "reelhouse.yml").write_text("variables: {longest_watch_seconds: 5}\n")

    builds = [clone.start(folder, "build") for folder in folders]
    assert "Published: readers see refresh 1" in finished(builds[0])
    said = finished(builds[1], status=1)
    assert "Not published: refresh 1" in said and "watch_seconds_impossible" in said
    assert "`reelhouse replay watch_events`" in said
    names = "select region_name from lake.reference.regions where region = 'mars'"
    assert ask(folders[0], names) == [("Mars",)]
    assert ask(folders[0], "select count(*), sum(watch_seconds) from fact_watch_events") == [
        (200, 1800)
    ]
    assert "Nothing new" in clone.run(folders[0], "build")
    assert clone.git("status", "--porcelain") == ""
    for folder in folders:
        assert {"target", "logs", "lake"} <= {path.name for path in folder.iterdir()}

    # An upgrade: a model with other logic, and one with another column.
    marts = clone.folder / "models/marts/engagement"
    edit(marts / "daily_user_metrics.sql", "sum(watch_seconds)", "sum(watch_seconds + 0)")
    edit(
        marts / "daily_title_metrics.sql",
        "count(*) as watch_events,",
        "count(*) as watch_events, 1 as a,",
    )
    contract = "      - {name: a, description: A., data_type: integer}\n"
    text = (marts / "_engagement__models.yml").read_text()
    title = text.index("  - name: daily_title_metrics")
    viewers = text.index("      - name: viewers", title)
    (marts / "_engagement__models.yml").write_text(text[:viewers] + contract + text[viewers:])
    # And of a reference table: another name, and another row.
    edit(clone.folder / "seeds/reference/device_types.csv", "Phone", "Mobile phone")
    devices = clone.folder / "seeds/reference/device_types.csv"
    devices.write_text(devices.read_text() + "glasses,Glasses\n")
    clone.commit()
    (folders[0] / "reference/device_types.csv").write_text(
        "device_type,device_type_name\ntv,Telly\n"
    )
    export(folders[0] / "landing/watch_events/export-2.csv", "mars", rows=300)
    arguments = ("build", "--select", "daily_user_metrics", "daily_title_metrics")
    said = clone.run(folders[0], *arguments, status=1)
    assert "no longer fits its table" in said
    assert "Rebuild it: reelhouse build --full-refresh --select daily_title_metrics+" in said
    assert "daily_user_metrics             since refresh 1" in said
    offered = "reelhouse build --vars 'rebuild_outdated: true'"
    assert f"Rebuild these and what is made from them: {offered}" in said

    said = clone.run(folders[0], *shlex.split(offered)[1:])
    assert "Published: readers see refresh" in said and "other logic" not in said
    devices = "select device_type_name from lake.reference.device_types"
    assert {name for (name,) in ask(folders[0], devices)} >= {"Telly", "Mobile phone", "Glasses"}
    sums = "select sum(total_watch_time), (select sum(a) > 0 from daily_title_metrics)"
    assert ask(folders[0], f"{sums} from daily_user_metrics") == [(300 * 9, True)]
    assert clone.git("status", "--porcelain") == ""
