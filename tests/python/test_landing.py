"""A file lands once: again, touched, moved, changed, corrected, unreadable for a while."""

from __future__ import annotations

import gzip
import shutil
from datetime import datetime

import pytest
from conftest import ROWS_ONLY
from watch_events import MODELS, csv_text, deliver, event, set_modified

pytestmark = pytest.mark.one_domain(bare=True)

EARLIER = datetime(2025, 3, 5)
LAND = ("--select", "land_watch_events", *ROWS_ONLY)
LANDED = "select event_id from lake.landing.land_watch_events order by all"
FILES = (
    "select file[14:], status, rows_landed, batch_id from lake.ledger.landed_files"
    " order by batch_id, file"
)


def test_the_same_file_touched_moved_or_copied_lands_nothing(project):
    path = deliver(project, "a.csv", [event("1"), event("2")])
    deliver(project, "b.csv", [event("3")])
    set_modified(path, EARLIER)
    project.build(*LAND)

    path.touch()
    moved = project.folder / "moved"
    shutil.copytree(project.landing, moved, copy_function=shutil.copyfile)
    for landing in ("landing", "moved"):
        project.build(*LAND, vars={"landing_path": landing})
    assert project.query(LANDED) == [("e-1",), ("e-2",), ("e-3",)]
    assert project.query("select max(batch_id) from lake.ledger.refresh_log") == [(1,)]


def test_a_changed_file_is_rejected_and_its_neighbours_land(project):
    path = deliver(project, "a.csv", [event("1")])
    original, when = path.read_bytes(), path.stat().st_mtime
    project.build(*LAND)

    deliver(project, "a.csv", [event("1"), event("changed")])
    deliver(project, "b.csv", [event("2")])
    outcome = project.build(*LAND)
    said = "rejected file watch_events/a.csv: its content has changed under its name"
    assert said in outcome.stdout.replace("Rejected", "rejected")
    assert "put the file back as it was, or deliver what is new under another name" in (
        outcome.stdout
    )
    entries = [
        ("a.csv", "landed", 1, 1),
        ("a.csv", "rejected", 0, 2),
        ("b.csv", "landed", 1, 2),
    ]
    assert project.query(FILES) == entries
    assert project.query(LANDED) == [("e-1",), ("e-2",)]

    assert f"Still {said}" in project.build(*LAND).stdout, "said until somebody has decided"
    path.write_bytes(original)
    set_modified(path, datetime.fromtimestamp(when))
    assert "rejected" not in project.build(*LAND).stdout
    assert project.query(FILES) == entries

    deliver(project, "a.csv", [event("1"), event("changed")])
    project.build(*LAND)
    project.dbt("run-operation", "forget_files", "--args", "{files: [watch_events/a.csv]}")
    assert project.query(LANDED) == [("e-2",)]
    project.build(*LAND)
    assert project.query(LANDED) == [("e-1",), ("e-2",), ("e-changed",)]


def test_a_rejected_file_lands_once_when_it_is_corrected(project):
    """Three deliveries of one name, alone: the number of a refresh that only rejects is its own."""
    deliver(project, "a.csv", [event("1")])
    project.build(*LAND)
    deliver(project, "b.csv", "event_id,profile_id\ne-2,p1\n")
    outcome = project.build(*LAND)
    assert "Rejected file watch_events/b.csv: required columns are missing" in outcome.stdout
    assert "Rejected" not in project.build(*LAND).stdout, "it was said already"

    deliver(project, "b.csv", [event("2"), event("3")])
    for _ in range(2):
        project.build(*LAND)
    assert project.query(FILES) == [
        ("a.csv", "landed", 1, 1),
        ("b.csv", "rejected", 0, 2),
        ("b.csv", "landed", 2, 3),
    ]
    assert project.query("select count(*) from lake.landing.land_watch_events") == [(3,)]


def test_a_file_that_could_not_be_opened_is_tried_again(project):
    target = project.landing / "_elsewhere.csv"
    deliver(project, "a.csv", [event("1")])
    link = project.landing / "watch_events" / "b.csv"
    link.symlink_to(target)
    for _ in range(2):
        project.build(*LAND)
    assert project.query(FILES) == [("a.csv", "landed", 1, 1), ("b.csv", "rejected", 0, 1)]

    target.write_text(csv_text([event("2")]))
    project.build(*LAND)
    assert project.query(FILES)[2:] == [("b.csv", "landed", 1, 2)]


def test_a_landing_path_that_does_not_exist_is_an_error_and_a_quote_in_it_is_none(project):
    outcome = project.build(*LAND, vars={"landing_path": "landnig"}, expect_success=False)
    assert "the landing_path 'landnig' is no folder" in outcome.stdout
    assert not outcome.statuses, "no model was started"
    folder = project.folder / "it's here"
    (folder / "watch_events").mkdir(parents=True)
    (folder / "watch_events" / "a.csv").write_text(csv_text([event("1")]))
    project.build(*LAND, vars={"landing_path": "it's here"})
    assert project.query(LANDED) == [("e-1",)]


def test_every_line_of_a_large_file_keeps_its_number(project):
    """Larger than the reader's buffer, so read in pieces by several threads at once."""
    rows = [event("1")] * 3
    line = csv_text(rows).splitlines()[1]
    lines = [line.replace("e-1,", f"e-{number},") for number in range(600_000)]
    content = "\r\n".join([csv_text(rows).splitlines()[0], "", *lines])
    deliver(project, "large.csv", content)
    deliver(project, "large.csv.gz", gzip.compress(content.replace("e-", "z-").encode(), 1))
    project.build(*LAND)
    assert project.query(
        "select count(*), count(distinct event_id), count(*) filter ("
        " cast(event_id[3:] as integer) + 3 <> _row) from lake.landing.land_watch_events"
    ) == [(1_200_000, 1_200_000, 0)]


@pytest.mark.one_domain
def test_a_file_of_which_nothing_landed_fails_the_account(project):
    """What an older version left behind when a file grew while it was read."""
    deliver(project, "a.csv", [event("1"), event("2")])
    deliver(project, "b.csv", [event("3")])
    project.build(*MODELS)
    with project.connect(read_only=False) as lake:
        lake.execute("delete from lake.landing.land_watch_events where _file like '%/a.csv'")
        lake.execute("delete from lake.analytics.fact_watch_events where event_id <> 'e-3'")
    account = ("--select", "test_name:every_row_is_accounted_for", "--indirect-selection", "eager")
    outcome = project.dbt("test", *account, expect_success=False)
    accounts = [name for name in outcome.statuses if name.endswith("are_accounted_for")]
    assert [outcome.statuses[name] for name in accounts] == ["fail", "fail"]

    project.dbt("run-operation", "forget_files", "--args", "{files: [watch_events/a.csv]}")
    project.build(*MODELS, "--full-refresh")
    assert project.query("select count(*) from fact_watch_events") == [(3,)]


def test_others_may_not_read_the_lake(project):
    project.lake.mkdir(mode=0o777)
    deliver(project, "a.csv", [event("1")])
    project.build(*LAND)
    entries = [project.lake, *project.lake.rglob("*")]
    assert [path for path in entries if path.stat().st_mode & 0o007] == []


def test_a_lake_with_the_columns_of_version_0_1_is_continued(project):
    """One number had several names; the next refresh renames them and lands no file again."""
    deliver(project, "a.csv", [event("1")])
    project.build(*LAND)
    former = {
        "landing.land_watch_events": {"batch_id": "_batch_id"},
        "ledger.publications": {"batch_id": "refresh_id"},
        "ledger.refresh_log": {
            "batch_id": "refresh_id",
            "first_batch_id": "first_batch",
            "partitions_affected": "partitions_touched",
        },
    }
    with project.connect(read_only=False) as lake:
        for table, names in former.items():
            for name, older in names.items():
                lake.execute(f"alter table lake.{table} rename column {name} to {older}")
        lake.execute("alter table lake.ledger.refresh_log drop column logic_fingerprint")
    deliver(project, "b.csv", [event("2")])
    project.build(*LAND)
    assert project.query(LANDED) == [("e-1",), ("e-2",)]
    assert project.query(FILES) == [("a.csv", "landed", 1, 1), ("b.csv", "landed", 1, 2)]
    assert project.query("select max(batch_id) from lake.ledger.refresh_log") == [(2,)]
