"""Readers see the last state that was whole and tested: never a half or failed refresh."""

import time

import pytest
from conftest import ROWS_ONLY
from lakehouse_lake import copy_lake

from reelhouse.generate.watch_events import generate
from reelhouse.lake.plugin import PUBLISHED_CATALOG
from reelhouse.lake.query import connect

pytestmark = pytest.mark.one_domain

DAY = {"days": 1, "events_per_day": 200, "profiles": 50, "titles": 20}
COUNTS = """
    select
        (select count(*) from fact_watch_events),
        (select sum(watch_events) from daily_title_metrics)
"""
# A rule that the second day's events break.
BROKEN_TEST = """
select *
from {{ ref('fact_watch_events') }}
where dt = date '2025-01-02'
"""


def published(project):
    return project.query(COUNTS, PUBLISHED_CATALOG)[0]


def committed(project):
    return project.query(COUNTS)[0]


@pytest.fixture(scope="module")
def built(make_module_project):
    """A project whose first day is published."""
    project = make_module_project("project")
    generate(project.landing, **DAY)
    project.build()
    return project


@pytest.fixture
def first_day(built, project):
    copy_lake(built, project)
    return project, committed(project)


def test_a_refresh_is_published_when_it_is_whole(first_day):
    project, first = first_day
    assert published(project) == first
    with project.connect(PUBLISHED_CATALOG) as open_before:
        generate(project.landing, first_day=1, **DAY)
        # A build of a part leaves the aggregates behind the fact.
        partial = project.build("--select", "+fact_watch_events")
        assert "steps were left out; run the whole `dbt build`" in partial.stdout
        assert committed(project) != first == published(project)
        project.build()
        assert committed(project) == published(project) != first
        assert open_before.execute(COUNTS).fetchone() == first
    assert project.query("select count(*) from ledger.publications") == [(2,)]
    project.build()
    assert project.query("select count(*) from ledger.publications") == [(2,)]


def test_a_failed_test_keeps_readers_on_the_former_state(first_day):
    project, first = first_day
    broken = project.own("tests") / "nobody_watches_on_the_second.sql"
    broken.write_text(BROKEN_TEST)
    generate(project.landing, first_day=1, **DAY)
    outcome = project.build(expect_success=False)
    assert outcome.statuses["nobody_watches_on_the_second"] == "fail"
    assert "did not succeed. Readers keep the state of refresh 1." in outcome.stdout
    assert committed(project) != first == published(project)
    broken.unlink()
    project.build()
    assert committed(project) == published(project) != first


def test_a_bad_batch_stays_under_test_behind_a_good_one(first_day):
    project, first = first_day
    properties = project.own("models") / "marts" / "engagement" / "_engagement__models.yml"
    limit = "{{ var('longest_watch_seconds') }}"
    assert limit in properties.read_text()
    properties.write_text(properties.read_text().replace(limit, "100"))
    generate(project.landing, first_day=1, **DAY)
    project.build(*ROWS_ONLY)
    generate(project.landing, first_day=2, **{**DAY, "events_per_day": 1}, seed=2)
    statuses = project.build(expect_success=False).statuses
    failed = [name for name, status in statuses.items() if status == "fail"]
    assert failed and all(name.startswith("within_range_fact_watch_events") for name in failed)
    # The third batch is good (one event of no length), the second one is not.
    newest = "select max(watch_seconds) from fact_watch_events where batch = "
    assert project.query(newest + "3")[0][0] <= 100 < project.query(newest + "2")[0][0]
    assert published(project) == first


def test_readers_are_not_locked_out_by_a_refresh(first_day):
    project, first = first_day
    generate(project.landing, first_day=1, **{**DAY, "events_per_day": 20_000})
    process = project.start("build")
    answers = set()
    while process.is_alive():
        answers.add(project.query(COUNTS, PUBLISHED_CATALOG)[0])
        time.sleep(0.1)
    assert process.exitcode == 0
    assert answers <= {first, committed(project)}
    assert first in answers


def test_nothing_published_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make build` first"):
        connect(str(tmp_path))
