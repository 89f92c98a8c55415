"""The real cache trace through the project, against exact LRU and TTL caches in plain Python."""

import csv
import gzip
from collections import OrderedDict

import pytest
from conftest import ROWS_ONLY, Project

from reelhouse.importers.cache_trace import adapt, find_trace

LADDER = (10, 60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400)
OVERHEAD_BYTES = 100


@pytest.fixture(scope="module")
def trace():
    try:
        return find_trace()
    except FileNotFoundError as reason:
        pytest.skip(f"{reason}; set REELHOUSE_DATA to the folder that holds cache_trace/")


@pytest.fixture(scope="module")
def operations(trace):
    """(second, is a read, key, bytes) of each line, in order: plain Python."""
    with gzip.open(trace, "rt", newline="") as stream:
        return [
            (int(row["time"]), row["op"] == "28", row["lbn"], int(row["size"]))
            for row in csv.DictReader(stream)
        ]


@pytest.fixture(scope="module")
def lake(trace, parsed_manifest, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("trace") / "project", parsed_manifest)
    assert adapt(trace, project.landing) == 113_872
    project.build("--select", "+tag:caching", "+quarantine_cache_requests", *ROWS_ONLY)
    return project


def lru_hits(operations, capacity, weights=None):
    """Hits of an LRU cache of `capacity` entries, or bytes where keys have weights."""
    held, used, hits = OrderedDict(), 0, 0
    for _, is_read, key, _ in operations:
        weight = weights[key] if weights else 1
        if key in held:
            hits += is_read
            held.move_to_end(key)
        else:
            held[key] = weight
            used += weight
            while used > capacity:
                used -= held.popitem(last=False)[1]
    return hits


def test_every_line_is_one_request_and_nothing_else_changes(operations, lake):
    rows = lake.query(
        "select cast(epoch(request_ts) as bigint), operation = 'get', cache_key, size_bytes"
        " from cache_requests order by request_ts"
    )
    first = operations[0][0] - rows[0][0]
    assert [(second + first, *rest) for second, *rest in rows] == operations
    assert lake.query("select count(*) from lake.quarantine.quarantine_cache_requests") == [(0,)]
    assert lake.query("select distinct key_pattern from cache_requests") == [("{block}",)]


def test_the_curve_equals_an_exact_lru(operations, lake):
    curve = lake.query(
        "select capacity, hits, sampling_rate from cache_size_what_if"
        " where capacity_unit = 'entries' and key_pattern = '(all)' order by capacity"
    )
    assert len(curve) > 40 and {rate for _, _, rate in curve} == {1}
    # Every third point of the curve, and its ends.
    for capacity, hits, _ in [*curve[::3], curve[-1]]:
        assert hits == lru_hits(operations, capacity), f"of {capacity} entries"


def test_the_curve_in_bytes_equals_an_exact_lru(operations, lake):
    weights = {}
    for _, _, key, size in operations:
        weights[key] = max(weights.get(key, 0), size + len(key) + OVERHEAD_BYTES)
    curve = lake.query(
        "select capacity, hits from cache_size_what_if"
        " where capacity_unit = 'bytes' and key_pattern = '(all)' order by capacity"
    )
    assert len(curve) > 40
    for capacity, hits in [*curve[::8], curve[-1]]:
        assert hits == lru_hits(operations, capacity, weights), f"of {capacity} bytes"


@pytest.mark.parametrize("policy", ["fixed", "sliding"])
def test_the_ttl_ladder_equals_a_cache_in_plain_python(operations, lake, policy):
    actual = lake.query(
        "select ttl_seconds, lookups, hits, served_age_ms, peak_entries from cache_ttl_what_if"
        f" where expiry_policy = '{policy}' order by ttl_seconds"
    )
    assert [row[0] for row in actual] == list(LADDER)
    milliseconds = [
        int(row[0])
        for row in lake.query("select epoch_ms(request_ts) from cache_requests order by request_ts")
    ]
    for ttl, lookups, hits, age, peak in actual:
        loaded, ends, expected, ages = {}, {}, 0, 0
        for now, (_, is_read, key, _) in zip(milliseconds, operations, strict=True):
            is_hit = is_read and now <= ends.get(key, -1)
            if is_hit:
                expected, ages = expected + 1, ages + now - loaded[key]
            else:
                loaded[key] = now
            if policy == "sliding" or not is_hit:
                ends[key] = now + ttl * 1000
        assert (lookups, hits, age) == (46_974, expected, ages), f"at {ttl} seconds"
        assert peak == most_held(milliseconds, operations, ttl * 1000), f"at {ttl} seconds"


def most_held(milliseconds, operations, ttl_ms):
    """The most keys that were asked for within a TTL of any moment, counted at each request."""
    last, most = OrderedDict(), 0
    for position, now in enumerate(milliseconds):
        key = operations[position][2]
        last.pop(key, None)
        last[key] = now
        while next(iter(last.values())) + ttl_ms < now:
            last.popitem(last=False)
        # Requests of one millisecond are held together before any is counted.
        if position + 1 == len(milliseconds) or milliseconds[position + 1] != now:
            most = max(most, len(last))
    return most


def test_a_sample_of_the_keys_is_near_the_exact_curve(lake):
    """Last, because it writes the curve anew. It has few keys to follow here: 4,900 of 49,000."""
    sql = (
        "select capacity, hit_ratio, sampling_rate, followed_lookups from cache_size_what_if"
        " where capacity_unit = 'entries' and key_pattern = '(all)' order by capacity"
    )
    exact = {capacity: ratio for capacity, ratio, *_ in lake.query(sql)}
    sample = {"cache_exact_requests": 1000, "cache_sampling_rate": 0.1}
    arguments = ("--select", "int_cache_size__hits", "--full-refresh", *ROWS_ONLY)
    lake.build(*arguments, vars=sample)
    curve = lake.query(sql)
    assert {(rate, followed < 10_000) for _, _, rate, followed in curve} == {(0.1, True)}
    sampled = {capacity: ratio for capacity, ratio, *_ in curve}
    # A tenth of the keys can't tell caches of less than a hundred entries apart; and where a scan
    # makes the curve a cliff, a small error of the size is a large one of the hit ratio.
    errors = [abs(sampled[at] - exact[at]) for at in exact if at >= 100 and at in sampled]
    print(f"largest error {max(errors):.4f}, mean {sum(errors) / len(errors):.4f}")
    assert len(errors) > 20 and max(errors) < 0.1 and sum(errors) / len(errors) < 0.03
