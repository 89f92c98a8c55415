"""The repository's sample: dbt's plain commands build it, and it shows the whole product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT, Project
from dbt_process import start_dbt
from lakehouse_lake import open_for_writing

from reelhouse.check.analyses import compiled_analyses, explain, variables

STORED = Path(__file__).with_name("analysis_plans.json")


def run_plain(project: Project, *command: str) -> str:
    """Run dbt with no flag and no variable of any kind, and return what it says."""
    process = start_dbt(
        [*command], project.folder, {"REELHOUSE_LAKE": "lake"}, project.folder / "plain.txt"
    )
    process.join(300)
    said = (project.folder / "plain.txt").read_text()
    assert process.exitcode == 0, said
    return said


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Project:
    """A fresh clone in which the first commands were run; its lake holds the sample."""
    project = Project(tmp_path_factory.mktemp("sample") / "project")
    project.landing.rmdir()
    run_plain(project, "docs", "generate")
    run_plain(project, "build")
    return project


def test_plain_commands_work_in_a_fresh_folder(sample):
    assert (sample.target / "catalog.json").exists()
    run_plain(sample, "test", "--exclude-resource-type", "unit_test")
    files = {path.name for path in (ROOT / "seeds" / "sample" / "watch_events").rglob("*.*")}
    landed = sample.query("select file from lake.ledger.landed_files where feed = 'watch_events'")
    assert {file.rpartition("/")[2] for (file,) in landed} == files


def test_every_model_has_rows(sample):
    nodes = json.loads((sample.target / "manifest.json").read_text())["nodes"].values()
    models = {f"{n['schema']}.{n['name']}" for n in nodes if n["resource_type"] == "model"}
    with sample.connect() as lake:
        empty = {
            name
            for name in models
            if lake.execute(f"select 1 from lake.{name} limit 1").fetchone() is None
        }
    assert len(models) > 60
    # Every table was built by the models as they are, so none is outdated; and no delivery came
    # before this one, from which its columns could differ.
    assert empty == {"lakehouse.outdated_tables", "lakehouse.feed_schema_history"}


@pytest.fixture(scope="module")
def analyses(sample) -> dict[str, str]:
    """The compiled analyses, of the days that the sample holds."""
    named = variables(str(sample.lake))
    sample.dbt("compile", "--select", "resource_type:analysis", vars=named)
    return compiled_analyses(sample.target)


def test_the_plans_of_the_analyses_prune_as_they_did(sample, analyses):
    # Where a change is meant: explain_analyses.py on the sample's lake writes the file anew.
    stored = json.loads(STORED.read_text())
    found = explain(str(sample.lake), {name: analyses[name] for name in stored})
    assert found == stored
    for name, entries in stored.items():
        assert entries, f"{name} asks for nothing that the sample holds"
        for entry in entries:
            assert {"dt", "activity_date"} & set(entry["filters_by"]), f"{name} reads all days"
            assert entry["files_read"] < entry["files"], name


def test_a_predicate_that_hides_its_column_changes_the_plan(sample, analyses):
    hidden = analyses["watch_time_by_day"].replace("dt between", "strftime(dt, '%Y-%m-%d') between")
    hidden = hidden.replace("date '", "'")
    assert hidden != analyses["watch_time_by_day"]
    stored = json.loads(STORED.read_text())["watch_time_by_day"]
    (found,) = explain(str(sample.lake), {"hidden": hidden})["hidden"]
    assert found["files_read"] == found["files"] > stored[0]["files_read"]


def test_a_time_kept_as_text_and_a_count_kept_as_a_float_are_refused(sample):
    select = ("test", "--select", "columns_have_fitting_types")
    sample.dbt(*select)
    with open_for_writing(sample) as connection:
        connection.execute("create table misfits (seen_ts varchar, play_count double, dt varchar)")
        connection.execute("insert into misfits values ('2025-01-01', 1.0, '2025-01-01')")
    failed = sample.dbt(*select, expect_success=False)
    assert "Got 3 results" in failed.stdout
