"""The checklist for queries: plans that prune are stored and stay, and types fit."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Project
from lakehouse_lake import ENGAGEMENT, open_for_writing

from reelhouse.check.analyses import compiled_analyses, explain, variables

STORED = Path(__file__).with_name("analysis_plans.json")


@pytest.fixture(scope="module")
def sample(tmp_path_factory, parsed_manifest) -> Project:
    """The lake of the repository's sample, with its analyses compiled."""
    project = Project(tmp_path_factory.mktemp("sample") / "project", parsed_manifest)
    shutil.copytree(ROOT / "seeds" / "sample", project.landing, dirs_exist_ok=True)
    project.build(*ENGAGEMENT)
    named = variables(str(project.lake))
    project.dbt("compile", "--select", "resource_type:analysis", vars=named)
    return project


def test_the_plans_of_the_analyses_prune_as_they_did(sample):
    # Where a change is meant: explain_analyses.py on the sample's lake writes the file anew.
    stored = json.loads(STORED.read_text())
    analyses = compiled_analyses(sample.target)
    found = explain(str(sample.lake), {name: analyses[name] for name in stored})
    assert found == stored
    for name, entries in stored.items():
        assert entries, f"{name} asks for nothing that the sample holds"
        for entry in entries:
            assert {"dt", "activity_date"} & set(entry["filters_by"]), f"{name} reads all days"
            assert entry["files_read"] < entry["files"], name


def test_a_predicate_that_hides_its_column_changes_the_plan(sample):
    analyses = compiled_analyses(sample.target)
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
