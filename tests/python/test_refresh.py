"""Whole refreshes: what one costs, and that no order, repetition or kill changes the result."""

from __future__ import annotations

import gzip
import random
import re
import time
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from conftest import Project
from watch_events import (
    ROWS,
    contents,
    csv_text,
    deliver,
    event,
    files_of,
    json_lines,
)

pytestmark = pytest.mark.one_domain(bare=True)

ASIDE = (
    "select {columns}, count(*) from lake.quarantine.quarantine_watch_events"
    " group by all order by all"
)


def test_a_build_with_nothing_new_touches_no_file_and_no_ledger(project):
    deliver(project, "a.csv", [event(f"n{i}", day=i % 5) for i in range(40)])
    deliver(project, "bad.csv", "no\nheader\n")
    project.build(*ROWS)
    ledgers = "from lake.ledger.refresh_log order by all", "from lake.ledger.landed_files"
    before = files_of(project), [project.query(ledger) for ledger in ledgers]
    assert len(before[0]["analytics.fact_watch_events"]) == 5

    project.build(*ROWS)
    assert (files_of(project), [project.query(ledger) for ledger in ledgers]) == before


def test_a_late_day_appends_to_the_fact_and_rewrites_only_touched_keys(make_project):
    project, fresh = make_project("project"), make_project("fresh")
    history = [event(f"h{i}", day=i % 30) for i in range(600)]
    late = [event(f"late{day}", day=day) for day in range(30)]
    new = [event(f"new{i}", day=30) for i in range(40)]
    deliver(project, "history.csv", history)
    project.build(*ROWS)
    before = files_of(project)
    users_before = set(project.query("select profile_id, activity_date from daily_user_metrics"))

    deliver(project, "late.csv", [*new, *late, *history[:3]])
    project.build(*ROWS)
    after = files_of(project)
    gone = {table: set(before[table]) - set(after[table]) for table in before}
    added = {table: set(after[table]) - set(before[table]) for table in before}
    fact, users = "analytics.fact_watch_events", "analytics.daily_user_metrics"
    assert not gone[fact] and len(added[fact]) == 31
    assert not any("delete" in name for name in after[fact])
    assert not gone["landing.land_watch_events"]
    assert not gone["quarantine.quarantine_watch_events"]

    # As many rows written as keys touched, and these are the keys.
    keys = {(row["profile_id"], row["event_ts"][:10]) for row in [*new, *late]}
    assert keys == {
        (profile, str(day))
        for profile, day in project.query(
            "select profile_id, activity_date from daily_user_metrics where batch_id = 2"
        )
    }
    replaced = keys & {(profile, str(day)) for profile, day in users_before}
    assert 0 < len(replaced) < len(users_before) / 2
    titles = {(row["title_id"], row["region"], row["event_ts"][:10]) for row in [*new, *late]}
    log = {
        model: tuple(rest)
        for model, *rest in project.query(
            "select model, mode, rows_written, rows_deleted, partitions_affected"
            " from lake.ledger.refresh_log where batch_id = 2"
        )
    }
    assert log["fact_watch_events"] == ("append", 70, 0, 31)
    assert log["daily_user_metrics"] == ("delete+insert", len(keys), len(replaced), 31)
    assert log["daily_title_metrics"][:2] == ("delete+insert", len(titles))
    assert project.query(ASIDE.format(columns="disposition")) == [("duplicate", 3)]
    assert len(added[users]) <= 2 * 31

    refreshed = contents(project, with_batch=True)
    project.build(*ROWS, "--full-refresh")
    assert contents(project, with_batch=True) == refreshed
    for name, rows in (("a.csv", [*new, *late, *history[:3]]), ("b.csv", history)):
        deliver(fresh, name, rows)
    fresh.build(*ROWS)
    assert contents(fresh) == contents(project)


# One delivery of this test: every event of two months one to three times, and some bad rows.
def copies_of_events(order: str) -> list[dict]:
    """Return the rows of one order of arrival: its own ids, else the same for every order."""
    prefixed = ("event_id", "profile_id", "session_id", "title_id")
    rows = []
    for number in range(90):
        row = event(f"r{number}", day=number % 60, hour=number % 24)
        if number % 15 == 0:
            row["watch_seconds"] = -number - 1
        rows += [row] * (1 + number % 3)
    return [row | {name: f"{order}{row[name]}" for name in prefixed} for row in rows]


def deliver_part(project: Project, name: str, rows: list[dict], rng: random.Random) -> None:
    """Deliver rows as a file of any text format."""
    text, suffix = rng.choice([(csv_text, "csv"), (json_lines, "jsonl")])
    content = text(rows).encode()
    if rng.random() < 0.3:
        content, suffix = gzip.compress(content), f"{suffix}.gz"
    deliver(project, f"{name}.{suffix}", content)


def by_order(project: Project) -> dict[str, list[list[str]]]:
    """Return what the lake holds of each order of arrival, without the order's own marks."""
    found: dict[str, list[list[str]]] = defaultdict(lambda: [[], [], [], []])
    with project.connect() as lake:
        for place, (table, exclude) in enumerate(
            [
                ("fact_watch_events", "batch_id"),
                ("daily_user_metrics", "batch_id"),
                ("daily_title_metrics", "batch_id"),
                ("lake.quarantine.quarantine_watch_events", "batch_id, file, file_row"),
            ]
        ):
            for row in lake.execute(f"select * exclude ({exclude}) from {table}").fetchall():
                (order,) = set(re.findall(r"o\d\d-", repr(row)))
                found[order][place].append(repr(row).replace(order, ""))
    return {order: [sorted(rows) for rows in tables] for order, tables in found.items()}


def test_twenty_orders_of_arrival_give_the_same_rows(make_project):
    """Twenty orders in one lake, each with ids of its own, so that none can help another."""
    rng = random.Random(20)
    orders = [f"o{number:02}-" for number in range(20)]
    project, undisturbed = make_project("project"), make_project("undisturbed")
    deliver(undisturbed, "all.csv", copies_of_events("o99-"))
    undisturbed.build(*ROWS)
    expected = by_order(undisturbed)["o99-"]
    assert len(expected[0]) == 84 and len(expected[3]) == 96

    batches: list[dict[str, list[dict]]] = [{}, {}, {}]
    for order in orders:
        rows = copies_of_events(order)
        rng.shuffle(rows)
        cuts = sorted(rng.sample(range(len(rows)), 2))
        for batch, share in zip(
            batches, (rows[: cuts[0]], rows[cuts[0] : cuts[1]], rows[cuts[1] :]), strict=True
        ):
            batch[order] = share
    for number, batch in enumerate(batches):
        for order, rows in batch.items():
            parts = rng.randint(1, 3)
            for part in range(parts):
                deliver_part(project, f"{order}{number}{part}", rows[part::parts], rng)
        project.build(*ROWS)
    found = by_order(project)
    for order in orders:
        assert found[order] == expected, order

    # Months later all comes once more, under another name.
    deliver(project, "again.csv", copies_of_events("o07-"))
    project.build(*ROWS)
    found = by_order(project)
    assert found["o07-"][:3] == expected[:3] and found["o08-"] == expected


@pytest.mark.one_domain
def test_the_first_delivery_stands_when_an_id_comes_with_another_payload(project):
    """The rows kept depend on who came first, and only that: ids, days and counts do not."""
    one, other = event("c"), event("c", watch_seconds=7, region="us-east")

    def named(row: dict, name: str) -> dict:
        return row | {"event_id": name}

    moved = event("m", day=1), event("m", day=2)
    unseen = event("u", day=3), event("u", day=4)
    first = [named(one, "c1"), named(other, "c2"), event("d1", day=1), moved[0], unseen[0]]
    deliver(project, "a.csv", first)
    project.build(*ROWS)
    second = [named(other, "c1"), named(one, "c2"), event("d2", day=1), moved[1], unseen[1]]
    deliver(project, "b.csv", second)
    project.build(*ROWS)

    kept = "select event_id, region, watch_seconds, cast(dt as varchar) from fact_watch_events"
    rows = {(row[0], row[3]): row[1:3] for row in project.query(kept)}
    assert rows["c1", "2025-03-01"] == ("eu-west", one["watch_seconds"])
    assert rows["c2", "2025-03-01"] == ("us-east", 7)
    assert project.query(ASIDE.format(columns="disposition, reasons, row_id")) == [
        ("conflict", ["event_id_known_on_another_day"], "e-m", 1),
        ("conflict", ["event_id_known_with_another_payload"], "c1", 1),
        ("conflict", ["event_id_known_with_another_payload"], "c2", 1),
    ]
    # The limit of a flat check: on days that the batch does not touch, an id is not looked for.
    # The check of the whole history finds it, and a replay keeps the first delivery alone.
    assert {("e-u", "2025-03-04"), ("e-u", "2025-03-05")} <= rows.keys()
    check = project.dbt(
        "test", "--select", "unique_fact_watch_events_event_id", expect_success=False
    )
    assert check.statuses["unique_fact_watch_events_event_id"] == "fail"
    project.build(*ROWS, "--full-refresh")
    replayed = {(row[0], row[3]): row[1:3] for row in project.query(kept)}
    assert replayed == {key: row for key, row in rows.items() if key != ("e-u", "2025-03-05")}


# What dbt says of its progress; a kill comes a moment after one of these lines.
MOMENTS = [
    f"{moment} {model}"
    for model in ("regions", "land_watch", "fact_watch", "daily_user", "quarantine_watch")
    for moment in ("START", "OK")
]


def kill_after(project: Project, moment: str, seconds: float) -> None:
    """Start a build and kill it that many seconds after it reports the moment."""
    process = project.start("build", *ROWS)
    output = project.folder / "output.txt"
    word, model = moment.split()
    pattern = re.compile(f" {word} .*{model}")
    while process.is_alive() and not pattern.search(output.read_text() if output.exists() else ""):
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()
    process.join()


def delivery(number: int) -> list[dict]:
    """Return one of a row of deliveries: new events, late ones, one bad, some of the last again."""
    rows = [event(f"k{number}x{i}", day=number + i % 3) for i in range(20)]
    again = [event(f"k{number - 1}x{i}", day=number - 1 + i % 3) for i in range(5)]
    return [*rows, *again, event(f"bad{number}", region="atlantis")]


def assert_ledgers_agree(project: Project) -> None:
    """Every file landed once and whole, no event twice: at any moment, before any repair."""
    assert not project.query(
        "select * from (select _file as file, count(*) as rows_found"
        " from lake.landing.land_watch_events group by _file)"
        " full join (select file, rows_landed, rows_delivered from lake.ledger.landed_files)"
        " using (file) where rows_found is distinct from rows_landed"
        " or rows_found is distinct from rows_delivered"
    )
    assert not project.query(
        "select event_id from fact_watch_events group by all having count(*) > 1"
    )


def run_killed(make_project, kills: int, rerun_each: bool) -> None:
    rng = random.Random(4)
    project, undisturbed = make_project("project"), make_project("undisturbed")
    moments = [MOMENTS[number % len(MOMENTS)] for number in range(kills)]
    rng.shuffle(moments)
    for number, moment in enumerate(moments):
        deliver(project, f"{number:02}.csv", delivery(number))
        kill_after(project, moment, rng.uniform(0, 0.3))
        if rerun_each:
            project.build(*ROWS)
            assert_ledgers_agree(project)
        deliver(undisturbed, f"{number:02}.csv", delivery(number))
    project.build(*ROWS)
    undisturbed.build(*ROWS)
    assert_ledgers_agree(project)
    assert contents(project) == contents(undisturbed)
    columns = ASIDE.format(columns="disposition, reasons, row_id, raw")
    assert project.query(columns) == undisturbed.query(columns)
    before = files_of(project)
    project.build(*ROWS)
    assert files_of(project) == before


def test_killed_refreshes_leave_nothing_double_and_nothing_lost(make_project):
    run_killed(make_project, kills=8, rerun_each=False)


@pytest.mark.slow
def test_each_of_many_killed_refreshes_is_made_good_by_the_next(make_project):
    run_killed(make_project, kills=25, rerun_each=True)


def test_a_reader_sees_the_old_state_or_the_new_or_an_error_that_says_why(project):
    deliver(project, "a.csv", [event(f"a{i}") for i in range(10)])
    project.build(*ROWS)
    deliver(project, "b.csv", [event(f"b{i}") for i in range(10)])
    sizes = (
        "select (select count(*) from fact_watch_events),"
        " (select sum(watch_events) from daily_title_metrics)"
    )
    seen, errors = set(), []
    process = project.start("build", *ROWS)
    while process.is_alive():
        try:
            seen.add(project.query(sizes)[0])
        except duckdb.IOException as error:
            errors.append(str(error))
        time.sleep(0.05)
    assert seen <= {(10, 10), (20, 20)}
    assert all("lock" in error for error in errors)
    if process.exitcode:  # a reader was first: the refresh stopped before it wrote, and says why
        assert "lock" in Path(project.folder / "output.txt").read_text()
        assert project.query(sizes) == [(10, 10)]
        project.build(*ROWS)
    else:
        assert errors
    assert project.query(sizes) == [(20, 20)]

    with project.connect() as reader:
        assert reader.execute(sizes).fetchall() == [(20, 20)]
        refused = project.build(*ROWS, expect_success=False)
        assert refused.returncode != 0 and "lock" in refused.stdout
    project.build(*ROWS)
