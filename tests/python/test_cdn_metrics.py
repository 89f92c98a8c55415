"""The content delivery network against plain Python over the delivered rows."""

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROWS_ONLY
from rows import dictionaries

from reelhouse.generate.playback import generate

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"
SERVED = {"hit", "stale", "revalidated"}
WAITED = {"miss", "expired", "revalidated", "bypass"}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cdn")
    generate(folder, days=2, sessions_per_day=1, requests_per_day=3_000, traces=1, seed=11)
    return folder / "cdn_requests"


@pytest.fixture(scope="module")
def requests(delivered):
    """Delivered rows in the order of time."""
    with duckdb.connect() as connection:
        return dictionaries(
            connection.execute(
                f"from read_parquet('{delivered}/*.parquet') order by request_ts, request_id"
            )
        )


@pytest.fixture(scope="module")
def purges():
    with (SEEDS / "cdn_invalidations.csv").open(newline="") as stream:
        return [
            {**row, "at": datetime.fromisoformat(row["invalidated_at"])}
            for row in csv.DictReader(stream)
        ]


@pytest.fixture(scope="module")
def lake(delivered, compiled_sql):
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake")
        connection.execute("create schema lake.analytics; create schema lake.reference")
        for seed in ("cdn_invalidations", "cdn_cache_statuses"):
            connection.execute(
                f"create table lake.reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')"
            )
        connection.execute(
            f"""
            create table lake.analytics.cdn_requests as
            select
                * replace (
                    coalesce(title_id, 'none') as title_id,
                    time_to_first_byte_ms::decimal(12, 3) as time_to_first_byte_ms
                ),
                request_ts::date as dt, 1 as batch_id
            from read_parquet('{delivered}/*.parquet')
            """
        )
        connection.execute(
            f"create table lake.analytics.daily_cdn_metrics as {compiled_sql('daily_cdn_metrics')}"
        )
        yield connection


def rows(lake, sql):
    return dictionaries(lake.execute(sql))


def test_daily_metrics_equal_plain_python(lake, requests):
    expected = defaultdict(lambda: defaultdict(int))
    for row in requests:
        title = row["title_id"] or "none"
        key = row["edge"], row["region"], title, row["content_class"], row["request_ts"].date()
        status, cell = row["cache_status"], expected[key]
        cell["requests"] += 1
        cell[status] += 1
        cell["edge_requests"] += status in SERVED
        cell["origin_requests"] += status != "hit"
        cell["response_bytes"] += row["response_bytes"]
        cell["edge_bytes"] += row["response_bytes"] * (status in SERVED)
        cell["immediate_requests"] += status not in WAITED
        cell["time_to_first_byte_sum_ms"] += row["time_to_first_byte_ms"]
        cell["edge_time_to_first_byte_sum_ms"] += row["time_to_first_byte_ms"] * (
            status not in WAITED
        )
    actual = {
        tuple(
            row[name] for name in ("edge", "region", "title_id", "content_class", "activity_date")
        ): row
        for row in rows(lake, "from lake.analytics.daily_cdn_metrics")
    }
    assert set(actual) == set(expected)
    names = {
        "hits": "hit",
        "stale_hits": "stale",
        "revalidations": "revalidated",
        "expirations": "expired",
        "misses": "miss",
        "bypasses": "bypass",
    }
    for key, cell in expected.items():
        row = actual[key]
        for name in ("requests", "edge_requests", "origin_requests", "immediate_requests"):
            assert row[name] == cell[name], (key, name)
        for name in ("response_bytes", "edge_bytes"):
            assert row[name] == cell[name], (key, name)
        for name, status in names.items():
            assert row[name] == cell[status], (key, name)
        for name in ("time_to_first_byte_sum_ms", "edge_time_to_first_byte_sum_ms"):
            assert float(row[name]) == pytest.approx(cell[name]), (key, name)


def test_hit_ratios_are_ratios_of_sums(lake, compiled_sql, requests):
    ratios = rows(lake, compiled_sql("cdn_hit_ratios"))
    by_edge = {row["member"]: row for row in ratios if row["breakdown"] == "edge"}
    for edge in {row["edge"] for row in requests}:
        mine = [row for row in requests if row["edge"] == edge]
        served = [row for row in mine if row["cache_status"] in SERVED]
        assert by_edge[edge]["request_hit_ratio"] == pytest.approx(len(served) / len(mine))
        assert by_edge[edge]["byte_hit_ratio"] == pytest.approx(
            sum(row["response_bytes"] for row in served)
            / sum(row["response_bytes"] for row in mine)
        )


def test_dynamic_content_is_told_from_static(lake, compiled_sql, requests):
    classes = {row["content_class"]: row for row in rows(lake, compiled_sql("cdn_content_classes"))}
    dynamic = [row for row in requests if row["content_class"] == "dynamic"]
    origin = [row for row in requests if row["cache_status"] != "hit"]
    assert classes["dynamic"]["request_hit_ratio"] == 0
    assert classes["dynamic"]["share_of_origin_requests"] == pytest.approx(
        len(dynamic) / len(origin)
    )


def test_origin_load_counts_minutes(lake, compiled_sql, requests):
    by_minute = defaultdict(int)
    for row in requests:
        minute = row["request_ts"].replace(second=0, microsecond=0)
        by_minute[minute] += row["cache_status"] != "hit"
    busiest = rows(lake, compiled_sql("cdn_origin_load"))
    assert [row["origin_requests"] for row in busiest] == sorted(by_minute.values())[:-21:-1]
    assert all(row["origin_requests"] == by_minute[row["minute_ts"]] for row in busiest)


def test_an_invalidation_is_charged_with_the_misses_that_it_made(
    lake, compiled_sql, requests, purges
):
    """Edges replayed request by request: who would have hit, had the copy not been dropped?"""
    static = [row for row in requests if row["content_class"] == "static"]
    hits = defaultdict(list)
    for row in static:
        if row["cache_status"] == "hit":
            hits[row["edge"]].append(row["time_to_first_byte_ms"])
    expected = {}
    for purge in purges:
        fresh_until, lost, misses, size, extra_ms = {}, {}, 0, 0, 0.0
        for row in static:
            key = row["edge"], row["object"]
            now, status = row["request_ts"], row["cache_status"]
            if now < purge["at"]:
                left = row["ttl_seconds"] - (row["age_seconds"] if status == "hit" else 0)
                fresh_until[key] = now + timedelta(seconds=left)
                continue
            if not lost and fresh_until:
                lost = {
                    key: until
                    for key, until in fresh_until.items()
                    if until > purge["at"]
                    and purge["edge"] in ("", key[0])
                    and key[1].startswith(purge["object_prefix"])
                }
                dropped, fresh_until = len(lost), {}
            if key in lost:
                if status != "miss" or now >= lost[key]:
                    del lost[key]
                else:
                    misses += 1
                    size += row["response_bytes"]
                    mean = sum(hits[key[0]]) / len(hits[key[0]])
                    extra_ms += row["time_to_first_byte_ms"] - mean
        expected[purge["invalidation_id"]] = dropped, misses, size, pytest.approx(extra_ms)
    actual = {
        row["invalidation_id"]: (
            row["fresh_copies_dropped"],
            row["extra_misses"],
            row["extra_origin_bytes"],
            row["extra_time_to_first_byte_ms"],
        )
        for row in rows(lake, compiled_sql("cdn_invalidation_costs"))
    }
    assert actual == expected
    assert all(misses > 0 for _, misses, *_ in actual.values())


def test_a_longer_ttl_gives_what_a_replayed_cache_gives(lake, compiled_sql, requests):
    def kind(path):
        return "list" if path.endswith("list.mpd") else "segment"

    expected = defaultdict(lambda: [0, 0, 0])
    for factor in (1, 2, 4, 8, 24):
        copies, versions = {}, defaultdict(int)
        for row in requests:
            if row["content_class"] != "static":
                continue
            key = row["edge"], row["object"]
            versions[key] += row["cache_status"] == "expired"
            filled_at, version = copies.get(key, (None, None))
            cell = expected[kind(row["object"]), factor]
            cell[0] += 1
            if (
                filled_at is not None
                and row["cache_status"] != "miss"
                and row["request_ts"] - filled_at <= timedelta(seconds=row["ttl_seconds"] * factor)
            ):
                cell[1] += 1
                cell[2] += versions[key] > version
            else:
                copies[key] = row["request_ts"], versions[key]
    actual = {
        (kind(row["object_kind"]), row["factor"]): [
            row["requests"],
            row["hits"],
            row["outdated_answers"],
        ]
        for row in rows(lake, compiled_sql("cdn_ttl_candidates"))
    }
    assert actual == expected
    # With today's TTL the replay is what the edges did.
    hits = sum(row["cache_status"] == "hit" for row in requests)
    assert sum(cell[1] for (_, factor), cell in actual.items() if factor == 1) == hits


def test_serving_stale_saves_the_waits_within_the_window(lake, compiled_sql, requests):
    for row in rows(lake, compiled_sql("cdn_stale_while_revalidate")):
        past = [
            request
            for request in requests
            if request["cache_status"] in ("expired", "revalidated")
            and request["age_seconds"] - request["ttl_seconds"] <= row["window_seconds"]
        ]
        assert row["answered_at_once"] == len(past)
        assert row["of_these_outdated"] == sum(one["cache_status"] == "expired" for one in past)
        assert (row["saved_time_to_first_byte_ms"] > 0) == bool(past)


def test_a_late_request_rewrites_its_key_and_no_other(project, delivered):
    late = """
        select
            'late' as request_id, 'cdn-us-east' as edge, 'us-east' as region,
            't00001' as title_id, '/t00001/list.mpd' as object, 'static' as content_class,
            'miss' as cache_status, 1000 as response_bytes, 100.5 as time_to_first_byte_ms,
            300 as ttl_seconds, 0 as age_seconds, timestamp '2025-01-13 12:00:00' as request_ts
    """
    (project.landing / "cdn_requests").mkdir()
    for file in sorted(delivered.glob("*.parquet")):
        (project.landing / "cdn_requests" / file.name).symlink_to(file)
    select = ("--select", "+daily_cdn_metrics", "+quarantine_cdn_requests", *ROWS_ONLY)
    linked = {"follow_links_out_of_landing": True}
    project.build(*select, vars=linked)
    key = "title_id = 't00001' and edge = 'cdn-us-east' and activity_date = '2025-01-13'"
    before = project.query("select * exclude (batch_id) from daily_cdn_metrics order by all")
    duckdb.execute(f"copy ({late}) to '{project.landing}/cdn_requests/late.parquet'")
    project.build(*select, vars=linked)

    assert project.query(
        "select rows_written, rows_deleted, partitions_affected from lake.ledger.refresh_log"
        " where model = 'daily_cdn_metrics' order by batch_id desc limit 1"
    ) == [(1, 1, 1)]
    after = project.query("select * exclude (batch_id) from daily_cdn_metrics order by all")
    changed = [row for row in after if row not in before]
    assert [row[:5] for row in changed] == [
        ("cdn-us-east", "us-east", "t00001", "static", date(2025, 1, 13))
    ]
    assert project.query(f"select batch_id from daily_cdn_metrics where {key}") == [(2,)]
