"""What was quarantined is visible, keeps a bad delivery from readers, and can be judged again."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT
from lakehouse_lake import open_for_writing, run_operation
from watch_events import contents, deliver, event

from reelhouse.lake.connection import PUBLISHED_CATALOG
from reelhouse.refresh.deliveries import print_deliveries, reason_line
from reelhouse.refresh.replay import outcome as replay_outcome
from reelhouse.refresh.replay import replay

pytestmark = pytest.mark.one_domain

LONGER = {"longest_watch_seconds": 30000}
COUNT = "select count(*) from fact_watch_events"


def third_broken() -> list[dict]:
    """60 rows on two days: 18 that a longer `longest_watch_seconds` permits, 2 of no region."""
    rows = [event(f"second-{i}", day=i % 2) for i in range(60)]
    for i in range(18):
        rows[i]["watch_seconds"] = 20000 + i
    rows[18]["region"] = rows[19]["region"] = "mars"
    return rows


@pytest.fixture(scope="module")
def quick(make_module_project):
    """A project whose whole build has the accounts of landed rows as its only data test."""
    project = make_module_project("quick")
    settings = project.own("dbt_project.yml")
    only_accounts = "data_tests:\n  reelhouse:\n    +enabled: false\n    landing: {+enabled: true}"
    edited = settings.read_text().replace("data_tests:\n  reelhouse:", only_accounts)
    assert edited != settings.read_text()
    settings.write_text(edited)
    return project


@pytest.fixture(scope="module")
def refused(quick):
    """A published delivery, and one of which a third is broken; and a copy of its lake."""
    # Day 5 is of the first delivery only: a replay must not write it.
    deliver(quick, "first.csv", [event(f"first-{i}", day=i % 6) for i in range(40)])
    quick.build()
    deliver(quick, "second.csv", third_broken())
    outcome = quick.build("--write-json", expect_success=False)
    shutil.copytree(quick.lake, quick.folder / "refused")
    shutil.copytree(quick.landing, quick.folder / "delivered")
    results = json.loads((quick.target / "run_results.json").read_text())
    invocation_id = results["metadata"]["invocation_id"]
    return SimpleNamespace(project=quick, outcome=outcome, invocation_id=invocation_id)


def restore(project, lake: str | None = None, landing: str | None = None) -> None:
    """Empty the project's folders, or put copies in their place."""
    for folder, copy in ((project.lake, lake), (project.landing, landing)):
        shutil.rmtree(folder, ignore_errors=True)
        if copy:
            shutil.copytree(project.folder / copy, folder)
    project.landing.mkdir(exist_ok=True)
    project.environment = {}


@pytest.fixture
def refused_lake(refused):
    """The project with that lake, for a test that goes on from there."""
    restore(refused.project, "refused", "delivered")
    return refused.project


@pytest.fixture
def empty_lake(quick, refused):
    """The project without a delivery."""
    restore(quick)
    return quick


def published(project) -> int:
    return project.query(COUNT, PUBLISHED_CATALOG)[0][0]


def test_a_delivery_with_a_third_of_its_rows_broken_is_not_published(refused, refused_lake):
    project, said = refused_lake, refused.outcome.stdout
    assert refused.outcome.returncode == 1
    # Every step succeeded; the last hook alone makes the command fail.
    failed = [name for name, status in refused.outcome.statuses.items() if status == "error"]
    assert failed == ["reelhouse-on-run-end-2"]
    assert (
        "Not published: refresh 2: 20 of 60 rows of watch_events in batch 2 are quarantined"
        " (33.3 percent, more than the 5.0 of quarantined_share)." in said
    )
    assert (
        "  18 rows watch_seconds_impossible, such as watch_events/second.csv row 2: watch_seconds"
        " '20000': the rule is in models/staging/stg_watch_events.sql" in said
    )
    assert (
        "  2 rows region_unknown, such as watch_events/second.csv row 20: region 'mars' is not in"
        " seeds/reference/regions.csv: add it there, or deliver one of its values" in said
    )
    assert "Readers keep the state of refresh 1, published at 2" in said
    for command in (
        'reelhouse query --unpublished "from quarantine.quarantine_watch_events"',
        "dbt run-operation replay --args '{feed: watch_events}'`, then `dbt build",
        "dbt run-operation drop_batch --args '{batch_id: 2}'`, then `dbt build",
        "dbt build --vars '{accept_refresh: 2}'",
    ):
        assert f"`{command}`" in said
    assert published(project) == 40 and project.query(COUNT) == [(80,)]
    assert project.query("select count(*) from ledger.publications") == [(1,)]


def test_what_became_of_it_is_in_the_ledger_the_views_and_the_summary(
    refused, refused_lake, capsys
):
    project = refused_lake
    columns = "rows_delivered, rows_kept, rows_late, rows_duplicate, rows_quarantined"
    assert project.query(f"select batch_id, {columns} from ledger.deliveries order by all") == [
        (1, 40, 40, 0, 0, 0),
        (2, 60, 40, 40, 0, 20),
    ]
    assert project.query(
        "select feed, disposition, reason, row_count, example_file, example_row"
        " from quarantine.quarantine_reasons order by all"
    ) == [
        ("watch_events", "rejected", "region_unknown", 2, "watch_events/second.csv", 20),
        ("watch_events", "rejected", "watch_seconds_impossible", 18, "watch_events/second.csv", 2),
    ]
    assert project.query(
        "select feed, count(*), count(distinct raw) from quarantine.quarantined_rows group by feed"
    ) == [("watch_events", 20, 20)]
    with project.connect() as lake:
        print_deliveries(lake, refused.invocation_id)
    heading, counts, *reasons = capsys.readouterr().out.strip().splitlines()
    assert heading.split()[:4] == ["Feeds", "delivered", "kept", "late"]
    assert counts.split() == ["watch_events", "60", "40", "40", "0", "20", "33.3%", "0"]
    file = "such as watch_events/second.csv row"
    assert reasons == [
        f"    18 watch_seconds_impossible, {file} 2: watch_seconds '20000'",
        f"    2 region_unknown, {file} 20: region 'mars'",
    ]


def test_a_long_row_is_cut_in_the_summary():
    reason = {"reason": "x", "rows": 1200, "file": "f/a.csv", "row": 3, "raw": "a\n " * 100}
    assert reason_line(reason) == "1,200 x, such as f/a.csv row 3: " + ("a " * 45) + "..."


def test_a_refused_delivery_is_accepted_once(refused_lake):
    refused_lake.build(vars={"accept_refresh": 2})
    assert published(refused_lake) == 80
    deliver(refused_lake, "third.csv", [event("third"), event("broken", region="mars")])
    again = refused_lake.build(vars={"accept_refresh": 2}, expect_success=False)
    # Batch 2 is published and not judged again; what came after it is.
    assert "refresh 3: 1 of 2 rows of watch_events in batch 3 are quarantined (50.0" in again.stdout
    assert published(refused_lake) == 80


def test_a_feed_can_have_a_share_of_its_own(refused_lake):
    refused_lake.build(vars={"quarantined_share": {"default": 0.1, "watch_events": 0.34}})
    assert published(refused_lake) == 80


def test_a_wrong_share_stops_the_build_before_it_writes(empty_lake):
    outcome = empty_lake.build(
        vars={"quarantined_share": {"watch_event": 0.1}}, expect_success=False
    )
    assert "quarantined_share names watch_event, which is no feed. The feeds are watch_events." in (
        " ".join(outcome.stdout.split())
    )
    assert not outcome.statuses


def test_corrected_rows_are_replayed_and_others_stay(refused_lake):
    project = refused_lake
    before = contents(project)
    done = run_operation(project, "replay", feed="watch_events")
    assert "Replay of watch_events: 20 rejected rows are batch 3 now" in done.stdout
    # Between the two commands nothing has changed but the quarantine.
    assert contents(project) == before
    with project.connect() as lake:
        assert (
            replay_outcome(lake, "watch_events") == "No row of watch_events was judged again yet."
        )
    outcome = project.build(vars=LONGER)
    assert outcome.statuses["watch_events_of_the_last_batch_are_accounted_for"] == "pass"
    assert published(project) == 98
    assert project.query(
        "select batch_id, reasons, count(*) from quarantine.quarantined_rows group by all"
    ) == [(3, ["region_unknown"], 2)]
    assert project.query("select * exclude (replayed_at) from ledger.replays") == [
        ("watch_events", "watch_events/second.csv", 2, 3, 20)
    ]
    with project.connect() as lake:
        assert replay_outcome(lake, "watch_events") == (
            "Replay of watch_events: 18 of 20 rows left the quarantine; 2 stay: region_unknown."
        )
    # It cost what was replayed: two of six days, and the keys of 18 rows.
    passed = third_broken()[:18]
    titles = {(row["title_id"], row["event_ts"][:10]) for row in passed}
    profiles = {(row["profile_id"], row["event_ts"][:10]) for row in passed}
    assert project.query(
        "select model, mode, rows_written, partitions_affected from ledger.refresh_log"
        " where batch_id = 4 and model not like 'lakehouse%' and mode <> 'view' order by model"
    ) == [
        ("daily_title_metrics", "delete+insert", len(titles), 2),
        ("daily_user_metrics", "delete+insert", len(profiles), 2),
        ("fact_watch_events", "append", 18, 2),
        ("quarantine_watch_events", "append", 2, 0),
    ]
    replayed = contents(project, with_batch=True)
    rebuilt = project.build("--full-refresh", vars=LONGER)
    assert contents(project, with_batch=True) == replayed
    assert rebuilt.statuses["watch_events_of_the_last_batch_are_accounted_for"] == "pass"


def test_a_replay_that_corrected_nothing_is_refused_again(refused_lake):
    run_operation(refused_lake, "replay", feed="watch_events")
    again = refused_lake.build(expect_success=False)
    assert "20 of 60 rows of watch_events in batch 2 are quarantined" in again.stdout
    assert published(refused_lake) == 40
    # The rows of the batch are found by their file, whatever batch they have now.
    run_operation(refused_lake, "drop_batch", batch_id=2)
    refused_lake.build()
    assert published(refused_lake) == 40 and refused_lake.query(COUNT) == [(40,)]
    assert refused_lake.query("select count(*) from quarantine.quarantined_rows") == [(0,)]
    assert refused_lake.query("select count(*) from ledger.replays") == [(0,)]


def test_a_replay_that_stops_half_way_changes_nothing(refused_lake):
    state = (
        "select batch_id, count(*) from {} group by all order by all",
        ("lake.landing.land_watch_events", "lake.quarantine.quarantine_watch_events"),
    )
    before = [refused_lake.query(state[0].format(table)) for table in state[1]]
    with open_for_writing(refused_lake) as lake:
        lake.execute("alter table lake.ledger.replays drop column row_count")
    stopped = run_operation(refused_lake, "replay", feed="watch_events", expect_success=False)
    assert '"row_count"' in stopped.stdout
    assert [refused_lake.query(state[0].format(table)) for table in state[1]] == before


def test_a_first_delivery_of_an_unknown_form_publishes_nothing_and_says_what_to_do(empty_lake):
    rows = [
        event(f"n{i}", region="XX", device_type="Smart TV", event_ts=str(1741000000000 + i))
        for i in range(20)
    ]
    deliver(empty_lake, "export.csv", rows)
    renamed = "user_id,video_id,started_at\n1,2,2025-01-01\n1,3,2025-01-01\n"
    deliver(empty_lake, "renamed.csv", renamed)
    empty_lake.environment = {"REELHOUSE_OPTIONS": "--landing my/landing"}
    said = empty_lake.build(expect_success=False).stdout
    assert (
        "22 of 22 rows of watch_events in batch 1 are quarantined or in 1 rejected files (100.0"
        in said
    )
    assert "device_type 'Smart TV' is not in seeds/reference/device_types.csv: add it there" in said
    assert (
        "event_ts '1741000000000' looks like epoch milliseconds, and event_ts has to be a UTC time"
        " such as 2025-01-31 12:00:00" in said
    )
    assert "`reelhouse build --landing my/landing --vars '{accept_refresh: 1}'`" in said
    assert "`reelhouse replay watch_events --landing my/landing`" in said
    assert "`reelhouse inspect 'landing/watch_events/export.csv' --landing 'landing'`" in said
    assert "Readers have no state yet." in said
    assert not (empty_lake.lake / PUBLISHED_CATALOG).exists()


def test_a_rejected_file_counts_until_it_is_corrected_or_taken_away(empty_lake):
    deliver(empty_lake, "good.csv", [event(f"g{i}") for i in range(30)])
    damaged = deliver(empty_lake, "damaged.parquet", b"PAR1 and no more")
    said = empty_lake.build(expect_success=False).stdout
    # What can't be counted is taken for a file like the others.
    assert "30 of 60 rows of watch_events in batch 1 are quarantined or in 1 rejected files" in said
    assert "file rejected: " in said and "watch_events/damaged.parquet" in said
    assert "correct, restore or remove the rejected files that are named above, then `" in said
    assert "reelhouse inspect" not in said, "a mapping does not help a damaged file"
    damaged.unlink()
    empty_lake.build()
    assert published(empty_lake) == 30
    assert empty_lake.query("select rejected_files, quarantined_share from ledger.deliveries") == [
        (0, 0.0)
    ]


def test_views_over_all_feeds_know_every_feed():
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    landing = (ROOT / "models" / "landing").glob("land_*.sql")
    assert settings["vars"]["feeds"] == sorted(path.stem.removeprefix("land_") for path in landing)


def test_an_unknown_feed_is_said_with_the_feeds_there_are(capsys):
    assert replay("watch_event", "", "", []) == 2
    said = capsys.readouterr().err
    assert "there is no feed 'watch_event'. The feeds are api_requests, " in said
