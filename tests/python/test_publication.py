"""Readers see the last state that was whole and tested: never a half or failed refresh."""

import re
import shutil
import time

import pytest
from conftest import ROWS_ONLY
from lakehouse_lake import copy_lake, open_for_writing, run_operation
from watch_events import deliver, event

from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import PUBLISHED_CATALOG, connect
from reelhouse.lake.query import publication_note

pytestmark = pytest.mark.one_domain(bare=True)

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
        assert "Readers keep the state of refresh 1, published at 2" in partial.stdout
        assert committed(project) != first == published(project)
        note = publication_note(str(project.lake))
        assert note.startswith("Refresh 2 is not published: readers see refresh 1, published at 2")
        project.build()
        assert publication_note(str(project.lake)) is None
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
    assert "steps did not succeed: nobody_watches_on_the_second." in outcome.stdout
    assert "Readers keep the state of refresh 1, published at 2" in outcome.stdout
    assert committed(project) != first == published(project)
    broken.unlink()
    project.build()
    assert committed(project) == published(project) != first


@pytest.mark.one_domain
def test_a_bad_batch_stays_under_test_behind_a_good_one(first_day):
    project, first = first_day
    properties = project.own("models") / "marts" / "engagement" / "_engagement__models.yml"
    limit = "{{ var('longest_watch_seconds') }}"
    assert limit in properties.read_text()
    properties.write_text(properties.read_text().replace(limit, "100"))
    generate(project.landing, first_day=1, **DAY)
    project.build(*ROWS_ONLY)
    generate(project.landing, first_day=2, **{**DAY, "events_per_day": 1}, seed=2)
    outcome = project.build(expect_success=False)
    failed = [name for name, status in outcome.statuses.items() if status == "fail"]
    assert failed == ["fact_watch_events_columns_are_valid"]
    # dbt itself names the test only.
    assert re.search(
        r"fact_watch_events\.watch_seconds: \d+ rows break the rule accepted_range, such as \d+",
        outcome.stdout,
    )
    # The third batch is good (one event of no length), the second one is not.
    newest = "select max(watch_seconds) from fact_watch_events where batch_id = "
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


def break_the_second_day(project):
    broken = project.own("tests") / "nobody_watches_on_the_second.sql"
    broken.write_text(BROKEN_TEST)
    generate(project.landing, first_day=1, **DAY)
    outcome = project.build(expect_success=False)
    assert outcome.statuses["nobody_watches_on_the_second"] == "fail"
    return outcome.stdout


def test_a_failed_state_is_accepted_once(first_day):
    project, first = first_day
    said = break_the_second_day(project)
    assert "accept this state, once, with its failed tests, lost rows and quarantined rows" in said
    assert "`dbt build --vars '{accept_refresh: 2}'`" in said
    # What comes after it is not covered.
    generate(project.landing, first_day=2, **DAY)
    refused = project.build(vars={"accept_refresh": 2}, expect_success=False)
    assert refused.statuses["nobody_watches_on_the_second"] == "fail"
    assert published(project) == first and "{accept_refresh: 3}" in refused.stdout
    accepted = project.build(vars={"accept_refresh": 3})
    assert accepted.statuses["nobody_watches_on_the_second"] == "warn"
    assert published(project) == committed(project) != first
    assert published(project)[0] == published(project)[1]


def test_a_batch_is_dropped_and_its_files_come_again_when_corrected(first_day):
    project, first = first_day
    said = break_the_second_day(project)
    assert "`dbt run-operation drop_batch --args '{batch_id: 2}'`" in said
    nothing = run_operation(project, "drop_batch", batch_id=7, expect_success=False)
    assert "Batch 7 has no landed file" in nothing.stdout
    done = run_operation(project, "drop_batch", batch_id=2)
    assert re.search(r"Dropped batch 2 of watch_events: \d+ rows of 1 files", done.stdout)
    project.build()
    assert published(project) == committed(project) == first
    assert project.query(
        "select status, reason, rows_landed from lake.ledger.landed_files where batch_id = 2"
    ) == [("rejected", "batch 2 was dropped", 0)]
    (project.own("tests") / "nobody_watches_on_the_second.sql").unlink()
    # The file as it was stays out; with another content it lands under its name.
    (file,) = (project.landing / "watch_events" / "2025-01-02").iterdir()
    file.touch()
    project.build()
    assert committed(project) == first
    shutil.rmtree(file.parent)
    generate(project.landing, first_day=2, **DAY)
    (corrected,) = (project.landing / "watch_events" / "2025-01-03").iterdir()
    file.parent.mkdir()
    corrected.rename(file)
    project.build()
    assert published(project) == committed(project) != first


def test_rows_that_a_dropped_batch_hid_count_again(first_day):
    project, _ = first_day
    generate(project.landing, first_day=1, **DAY)
    project.build()
    both = committed(project)
    (file,) = (project.landing / "watch_events" / "2025-01-02").iterdir()
    shutil.copy(file, file.with_name(f"again-{file.name}"))
    project.build()
    assert committed(project) == both
    run_operation(project, "drop_batch", batch_id=2)
    project.build()
    assert published(project) == committed(project) == both


def test_a_loss_of_rows_needs_consent(first_day):
    project, first = first_day
    with open_for_writing(project) as lake:
        lake.execute("delete from daily_title_metrics where title_id > 't00002'")
    generate(project.landing, first_day=1, **{**DAY, "events_per_day": 10, "late_share": 0.0})
    refused = project.build(expect_success=False)
    count = "select count(*) from daily_title_metrics"
    (rows,), (before,) = *project.query(count), *project.query(count, PUBLISHED_CATALOG)
    assert 0 < rows < before * 0.8
    assert (
        f"daily_title_metrics has {rows} rows where readers have {before}, a loss of more than 20.0"
        " percent (lost_rows_share)" in refused.stdout
    )
    assert "`dbt build --vars '{accept_refresh: 2}'`" in refused.stdout
    assert published(project) == first
    again = project.build(expect_success=False)
    assert "Not published" in again.stdout and again.returncode == 1, "it stays so"
    project.build(vars={"accept_refresh": 2})
    assert published(project) == committed(project) != first
    # From now on it is what readers have.
    generate(project.landing, first_day=2, **DAY)
    project.build()
    assert published(project) == committed(project)


def test_an_edited_seed_that_drops_published_rows_needs_consent(first_day):
    project, first = first_day
    seed = project.own("seeds") / "reference" / "regions.csv"
    whole = seed.read_text()
    (lost,) = project.query("select count(*) from fact_watch_events where region = 'eu-west'")[0]
    kept = [line for line in whole.splitlines() if not line.startswith("eu-west")]
    seed.write_text("\n".join(kept) + "\n")
    # New rows must not make up for the lost ones.
    generate(project.landing, first_day=1, **DAY)
    refused = project.build(expect_success=False)
    assert 0 < lost < first[0]
    assert (
        f"fact_watch_events was built anew without {lost} of the {first[0]} rows that readers have"
        in refused.stdout
    )
    assert published(project) == first
    seed.write_text(whole)
    project.build()
    assert published(project) == committed(project) != first

    second = committed(project)
    seed.write_text("\n".join(kept) + "\n")
    assert "Not published" in project.build(expect_success=False).stdout
    (newest,) = project.query("select max(batch_id) from lake.ledger.refresh_log")[0]
    project.build(vars={"accept_refresh": newest})
    assert published(project) == committed(project) != second


@pytest.mark.one_domain
def test_coarse_times_are_published(project):
    # A dictionary is the smallest encoding of few times, whatever the layout asks for.
    rows = [
        event(f"c{i}", event_ts=f"2025-03-01 {i % 24:02}:{i % 12 * 5:02}:00") for i in range(4000)
    ]
    deliver(project, "a.csv", rows)
    project.build()
    assert published(project) == committed(project) == (4000, 4000)
    assert project.query(
        "select distinct page_encoding from lake.lakehouse.lakehouse_column_chunks"
        " where table_name = 'fact_watch_events' and column_name = 'event_ts'"
    ) == [("RLE_DICTIONARY",)]
    layout = project.dbt("test", "--select", "tag:layout").statuses
    assert layout["columns_are_encoded_as_the_layout_says"] == "pass"


@pytest.mark.one_domain
def test_a_failed_layout_check_is_reported_and_published(first_day):
    project, first = first_day
    strict = project.own("tests") / "lakehouse" / "columns_have_fitting_types.sql"
    strict.write_text("{{ config(tags=['layout']) }}\nselect 1 as misfit\n")
    generate(project.landing, first_day=1, **DAY)
    outcome = project.build(expect_success=False)
    assert outcome.statuses["columns_have_fitting_types"] == "fail"
    assert published(project) == committed(project) != first


@pytest.mark.one_domain
@pytest.mark.parametrize(
    "damage",
    [
        "update daily_title_metrics set total_watch_time = total_watch_time + 1 where viewers = 1",
        "delete from daily_title_metrics where viewers = 1",
        "insert into daily_title_metrics select * replace ('t9' as title_id)"
        " from daily_title_metrics limit 1",
    ],
)
def test_an_aggregate_that_differs_from_its_fact_is_found(first_day, damage):
    project, _ = first_day
    with open_for_writing(project) as lake:
        lake.execute(damage)
    names = ["daily_user_metrics_reconciles_with_its_events"]
    names += ["daily_title_metrics_reconciles_with_its_events"]
    statuses = project.dbt("test", "--select", *names, expect_success=False).statuses
    assert [statuses[name] for name in names] == ["pass", "fail"]
