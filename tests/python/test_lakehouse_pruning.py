"""The pruning gates: green on the project's layout, red on a layout that is broken on purpose."""

import pytest
from conftest import ROWS_ONLY, Project
from lakehouse_lake import copy_lake

from reelhouse.check.pruning import PATTERNS, Verdict, check
from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import LIVE_CATALOG

PARTITIONING = ("          +partitioned_by: [dt]\n", "")
CLUSTERING = ("          +sorted_by: [profile_id, region, event_ts]\n", "")


def lay_out(project: Project, *changes: tuple[str, str]) -> None:
    """Change lines of the project's own copy of dbt_project.yml."""
    file = project.own("dbt_project.yml")
    text = file.read_text()
    for old, new in changes:
        assert old in text, f"dbt_project.yml no longer says {old.strip()}"
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture(scope="module")
def good(tmp_path_factory, parsed_manifest) -> Project:
    project = Project(tmp_path_factory.mktemp("good") / "project", parsed_manifest)
    for day, events in ((0, 130_000), (1, 1_000)):
        generate(
            project.landing,
            first_day=day,
            days=1,
            events_per_day=events,
            profiles=8_000,
            titles=500,
            late_share=0.0,
        )
    project.build("--select", "+fact_watch_events", "lakehouse_files", *ROWS_ONLY)
    return project


def verdicts(project: Project, *, days: int) -> list[Verdict]:
    return check(str(project.lake), days=days, members=3, catalog=LIVE_CATALOG)


def break_layout(good: Project, project: Project, change: tuple[str, str]) -> None:
    """Build the fact of a copied lake anew in another layout."""
    copy_lake(good, project)
    lay_out(project, change)
    project.build("--select", "fact_watch_events", "--full-refresh", *ROWS_ONLY)


def test_every_documented_pattern_prunes(good):
    found = verdicts(good, days=2)
    assert [verdict.faults for verdict in found] == [set()] * len(PATTERNS)
    # Both days are opened, and the large one says what share of it was read.
    assert all(verdict.files_read == 2 * 3 and verdict.rows_of_days > 0 for verdict in found)
    assert found[0].share <= 0.05


def test_without_partitions_the_gates_are_red(good, project):
    break_layout(good, project, PARTITIONING)
    for verdict in verdicts(project, days=1):
        assert "opens files that hold other days" in verdict.faults, verdict


def test_without_an_order_the_gates_are_red(good, project):
    break_layout(good, project, CLUSTERING)
    for verdict in verdicts(project, days=2):
        assert any(fault.startswith("reads over") for fault in verdict.faults), verdict
