"""Refreshes of the cache domain: same as a rebuild, nothing lost, nothing done twice."""

from collections import defaultdict
from datetime import date

import pyarrow.parquet as parquet
import pytest
from conftest import ROWS_ONLY, Project

from reelhouse.generate.cache_requests import generate

TABLES = ("daily_cache_metrics", "cache_ttl_what_if", "cache_size_what_if", "cache_recommendations")
SELECTION = ("--select", "+tag:caching", "+quarantine_cache_requests", *ROWS_ONLY)
SHAPE = {"requests_per_day": 1_500, "profiles": 80, "titles": 40, "dirty_share": 0.01}


@pytest.fixture(scope="module")
def new_project(parsed_manifest, tmp_path_factory):
    """A function that makes a project with an empty landing folder."""
    return lambda name: Project(tmp_path_factory.mktemp(name) / "project", parsed_manifest)


@pytest.fixture(scope="module")
def refreshed(new_project):
    """Days 1, 2 and 5, then day 4 with part of day 1 late; what the last refresh wrote."""
    project = new_project("refreshed")
    late = None
    for day in (0, 1, 4):
        generate(project.landing, first_day=day, duplicate_share=0.05, **SHAPE)
        if day == 0:
            late = hold_back(project.landing / "cache_requests" / "2025-01-01.parquet")
    project.build(*SELECTION)
    generate(project.landing, first_day=3, duplicate_share=0.05, **SHAPE)
    parquet.write_table(late, project.landing / "cache_requests" / "late.parquet")
    project.build(*SELECTION)
    written = {
        model: (mode, partitions)
        for model, mode, partitions in project.query(
            "select model, mode, partitions_affected from lake.ledger.refresh_log"
            " where batch_id = (select max(batch_id) from lake.ledger.refresh_log)"
        )
    }
    return project, written


def hold_back(path):
    """Take the second half out of a delivered file and return it."""
    whole = parquet.read_table(path)
    half = len(whole) // 2
    parquet.write_table(whole.slice(0, half), path)
    return whole.slice(half)


def contents(project):
    with project.connect() as connection:
        return {
            table: connection.execute(
                f"select columns(column_name -> column_name <> 'batch_id') from {table}"
                " order by all"
            ).fetchall()
            for table in TABLES
        }


def test_a_refresh_replaces_the_touched_days_and_those_that_they_warm(refreshed):
    _, written = refreshed
    assert written["cache_requests"] == ("append", 2)
    assert written["daily_cache_metrics"] == ("delete+insert", 2)
    # 1 and 4 January changed; the replays of 2 and 5 January begin with them.
    for what_if in ("int_cache_ttl__fixed", "int_cache_ttl__sliding", "int_cache_size__hits"):
        assert written[what_if] == ("delete+insert", 4)


def test_a_refreshed_lake_equals_a_rebuilt_one(refreshed):
    project, _ = refreshed
    before = contents(project)
    project.build(*SELECTION, "--full-refresh")
    after = contents(project)
    for table in TABLES:
        assert before[table] == after[table], table
        assert len(after[table]) > 10


def test_nothing_new_writes_nothing(refreshed):
    project, _ = refreshed
    log = "select count(*), max(batch_id) from lake.ledger.refresh_log"
    before = project.query(log)
    project.build(*SELECTION)
    assert project.query(log) == before


def test_every_delivered_row_is_kept_or_set_aside(refreshed):
    project, _ = refreshed
    delivered = sum(
        parquet.read_metadata(path).num_rows
        for path in (project.landing / "cache_requests").glob("*.parquet")
    )
    [(kept,)] = project.query("select count(*) from cache_requests")
    quarantined = dict(
        project.query(
            "select disposition, count(*) from lake.quarantine.quarantine_cache_requests group by 1"
        )
    )
    assert delivered == kept + sum(quarantined.values())
    assert quarantined["rejected"] > 50 and quarantined["duplicate"] > 200
    reasons = {
        reason
        for (reasons,) in project.query(
            "select reasons from lake.quarantine.quarantine_cache_requests"
        )
        for reason in reasons
    }
    assert reasons >= {
        "cache_level_unknown",
        "cache_key_missing",
        "operation_unknown",
        "size_bytes_negative",
        "ttl_seconds_not_positive",
        "latency_ms_negative",
        "latency_ms_not_a_number",
        "region_unknown",
        "request_ts_implausible",
    }


def test_daily_metrics_equal_plain_python(refreshed):
    project, _ = refreshed
    requests = project.query(
        "select cache_level, cache_name, key_pattern, region, instance_id, cache_key, operation,"
        " hit, latency_ms, epoch_ms(request_ts) from cache_requests"
        " where dt = '2025-01-01' order by request_ts, event_id"
    )
    expected = defaultdict(lambda: defaultdict(float))
    histories = defaultdict(list)
    for level, name, pattern, region, instance, key, *request in requests:
        histories[level, name, pattern, region, instance, key].append(request)
    for (level, name, pattern, *_), history in histories.items():
        metrics = expected[level, name, pattern]
        loading_until, known, stampede, first_load, last_lookup = None, False, False, None, None
        lookups = 0
        for operation, hit, latency, at_ms in history:
            is_miss = operation == "get" and hit is False
            if operation == "get":
                metrics["lookups"] += 1
                lookups += 1
                last_lookup = at_ms
            metrics["hits"] += bool(hit)
            is_loading = loading_until is not None and at_ms < loading_until
            is_fill = operation == "set" and (
                loading_until is not None and at_ms <= loading_until + 1000
            )
            if is_miss:
                metrics["stampedes"] += is_loading and not stampede
                metrics["stampede_misses"] += is_loading
                metrics["reloads"] += known and not is_loading
                stampede = is_loading
                loading_until = max(loading_until or 0, at_ms + float(latency or 0))
            if first_load is None and (is_miss or (operation == "set" and not is_fill)):
                first_load = at_ms
            known = known or operation != "delete"
        metrics["keys_read_once"] += lookups == 1
        metrics["keys_never_read_again"] += first_load is not None and not (
            last_lookup is not None and last_lookup > first_load
        )
    names = ("lookups", "hits", "stampedes", "stampede_misses", "reloads")
    names += ("keys_read_once", "keys_never_read_again")
    actual = {
        tuple(row[:3]): tuple(row[3:])
        for row in project.query(
            f"select cache_level, cache_name, key_pattern, {', '.join(names)}"
            f" from daily_cache_metrics where dt = '{date(2025, 1, 1)}'"
        )
    }
    assert actual == {
        key: tuple(metrics[name] for name in names) for key, metrics in expected.items()
    }
    assert sum(row[3] for row in actual.values()) > 0, "no stampede in the generated requests"
