"""The what-ifs against a real Redis: the same requests, the same hits."""

import random
import shutil
import socket
import subprocess
import time
from bisect import bisect_left
from collections import OrderedDict
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import redis
from conftest import ROWS_ONLY, Project

START = datetime(2025, 1, 1)
# A second of the trace passes in a millisecond of Redis' clock, so 1800 s take 1.8 s.
TTL_REPLAYS = (("fixed", 60), ("fixed", 300), ("fixed", 1800), ("sliding", 300))
TTL_REQUESTS, TTL_KEYS, TTL_MILLISECONDS = 10_000, 2_000, 6_000
# Redis tells the age of an entry in whole seconds, so an entry must live for several of them.
LRU_REQUESTS, LRU_KEYS, LRU_SECONDS, LRU_BATCH = 120_000, 60_000, 12, 100
LRU_MEGABYTES = (3, 5, 8)

# Cache-aside in one step, and the time by which Redis judged it: its clock stands during a script.
CACHE_ASIDE = {
    "fixed": """
        local now = redis.call('TIME')
        local hit = redis.call('GET', KEYS[1])
        if not hit then redis.call('SET', KEYS[1], 'value', 'PX', ARGV[1]) end
        return {hit and 1 or 0, now[1], now[2]}
    """,
    "sliding": """
        local now = redis.call('TIME')
        local hit = redis.call('GETEX', KEYS[1], 'PX', ARGV[1])
        if not hit then redis.call('SET', KEYS[1], 'value', 'PX', ARGV[1]) end
        return {hit and 1 or 0, now[1], now[2]}
    """,
    "no expiry": """
        local hit = redis.call('GET', KEYS[1])
        if not hit then redis.call('SET', KEYS[1], ARGV[1]) end
        return hit and 1 or 0
    """,
}


@pytest.fixture(scope="module")
def start_redis(tmp_path_factory):
    """A function that starts a Redis with some options and returns a client of it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server here: `make services` installs it")
    processes = []

    def start(*options: str) -> redis.Redis:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = tmp_path_factory.mktemp("redis")
        command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no", "--logfile", "redis.log", *options]
        processes.append(subprocess.Popen(command))
        client = redis.Redis(port=port)
        for _ in range(200):
            try:
                client.ping()
                return client
            except redis.ConnectionError:
                time.sleep(0.05)
        pytest.fail(f"Redis does not answer: {(folder / 'redis.log').read_text()}")

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)


def popular(generator: random.Random, count: int) -> int:
    """Draw 1 to `count`, few of them often (density 1 / rank)."""
    return min(count, int((count + 1) ** generator.random()))


@pytest.fixture(scope="module")
def ttl_replays(start_redis):
    """What Redis did at each TTL: a list of (ms since the first request, key, hit) each."""
    client = start_redis()
    generator = random.Random(1)
    keys = [f"title:t{popular(generator, TTL_KEYS)}" for _ in range(TTL_REQUESTS)]
    scripts = {policy: client.register_script(CACHE_ASIDE[policy]) for policy, _ in TTL_REPLAYS}
    replays = {replay: [] for replay in TTL_REPLAYS}
    began = time.monotonic()
    for number, key in enumerate(keys):
        for policy, ttl in TTL_REPLAYS:
            hit, seconds, micros = scripts[policy](keys=[f"{policy}:{ttl}:{key}"], args=[ttl])
            at_ms = int(seconds) * 1000 + int(micros) // 1000
            replays[policy, ttl].append((at_ms, key, bool(hit)))
        pause = began + number * TTL_MILLISECONDS / TTL_REQUESTS / 1000 - time.monotonic()
        time.sleep(max(0, pause))
    first = replays[TTL_REPLAYS[0]][0][0]
    return {
        replay: [(at_ms - first, key, hit) for at_ms, key, hit in requests]
        for replay, requests in replays.items()
    }


@pytest.fixture(scope="module")
def lru_keys():
    generator = random.Random(2)
    return [f"recs:p{int(LRU_KEYS * generator.random() ** 3)}:home" for _ in range(LRU_REQUESTS)]


@pytest.fixture(scope="module")
def lru_replays(start_redis, lru_keys):
    """What Redis did in each memory: (hits, entries that it held, bytes of an entry)."""
    clients = [
        start_redis(
            *("--maxmemory", f"{size}mb", "--maxmemory-policy", "allkeys-lru"),
            *("--maxmemory-samples", "10"),
        )
        for size in LRU_MEGABYTES
    ]
    empty = [client.info("memory")["used_memory"] for client in clients]
    hits, held = [0] * len(clients), [[] for _ in clients]
    scripts = [client.script_load(CACHE_ASIDE["no expiry"]) for client in clients]
    began = time.monotonic()
    for first in range(0, LRU_REQUESTS, LRU_BATCH):
        for number, client in enumerate(clients):
            with client.pipeline(transaction=False) as pipeline:
                for key in lru_keys[first : first + LRU_BATCH]:
                    pipeline.evalsha(scripts[number], 1, key, "v" * 64)
                pipeline.dbsize()
                *outcomes, size = pipeline.execute()
            hits[number] += sum(outcomes)
            if first > LRU_REQUESTS / 2:
                held[number].append(size)
        time.sleep(max(0, began + first / LRU_REQUESTS * LRU_SECONDS - time.monotonic()))
    entries = [sum(sizes) / len(sizes) for sizes in held]
    used = [client.info("memory")["used_memory"] for client in clients]
    entry_bytes = [(u - e) / n for u, e, n in zip(used, empty, entries, strict=True)]
    return list(zip(hits, entries, entry_bytes, strict=True))


@pytest.fixture(scope="module")
def lake(ttl_replays, lru_keys, parsed_manifest, tmp_path_factory):
    """The requests as a feed: each TTL replay is a cache of its own, the LRU replay is one."""
    project = Project(tmp_path_factory.mktemp("redis") / "project", parsed_manifest)
    rows = [
        (f"{policy}-{ttl}", key, hit, START + timedelta(seconds=second))
        for (policy, ttl), requests in ttl_replays.items()
        for second, key, hit in requests
    ]
    rows += [
        ("lru", key, None, START + timedelta(milliseconds=number))
        for number, key in enumerate(lru_keys)
    ]
    names, keys, hits, moments = zip(*rows, strict=True)
    count = len(rows)
    columns = {
        "event_id": [f"e{number:06d}" for number in range(count)],
        "request_ts": pa.array(moments, pa.timestamp("us")),
        "cache_level": ["application"] * count,
        "cache_name": names,
        "cache_key": keys,
        "operation": ["get"] * count,
        "hit": pa.array(hits, pa.bool_()),
        "ttl_seconds": pa.nulls(count, pa.int32()),
        "size_bytes": [64] * count,
        "latency_ms": pa.nulls(count, pa.float64()),
        "region": ["us-east"] * count,
    }
    (project.landing / "cache_requests").mkdir()
    parquet.write_table(pa.table(columns), project.landing / "cache_requests" / "redis.parquet")
    project.build("--select", "+cache_ttl_what_if", "+cache_size_what_if", *ROWS_ONLY)
    return project


@pytest.mark.parametrize(("policy", "ttl"), TTL_REPLAYS)
def test_the_ttl_what_if_hits_as_often_as_redis(ttl_replays, lake, policy, ttl):
    redis_hits = sum(hit for _, _, hit in ttl_replays[policy, ttl])
    [(lookups, hits)] = lake.query(
        "select lookups, hits from cache_ttl_what_if"
        f" where cache_name = '{policy}-{ttl}'"
        f" and expiry_policy = '{policy}' and ttl_seconds = {ttl}"
    )
    print(f"{policy} {ttl} s: Redis {redis_hits / lookups:.4%}, what-if {hits / lookups:.4%}")
    assert lookups == TTL_REQUESTS
    assert 0.1 < redis_hits / lookups < 0.99
    assert abs(hits - redis_hits) / lookups <= 0.001


def curve(lake):
    """Points of the curve: (entries, hits)."""
    return lake.query(
        "select capacity, hits from cache_size_what_if where cache_name = 'lru'"
        " and capacity_unit = 'entries' and key_pattern = '(all)' order by capacity"
    )


def test_the_lru_curve_equals_an_exact_lru(lru_keys, lake):
    for capacity, expected in curve(lake)[::6]:
        held, hits = OrderedDict(), 0
        for key in lru_keys:
            if key in held:
                hits += 1
                held.move_to_end(key)
            else:
                held[key] = None
                if len(held) > capacity:
                    held.popitem(last=False)
        assert hits == expected, f"of {capacity} entries"


def test_redis_with_a_memory_limit_is_on_the_lru_curve(lru_keys, lru_replays, lake):
    points = curve(lake)
    capacities = [capacity for capacity, _ in points]
    for size, (redis_hits, entries, entry_bytes) in zip(LRU_MEGABYTES, lru_replays, strict=True):
        # Between two sizes of the curve, in proportion.
        after = bisect_left(capacities, entries)
        (small, low), (large, high) = points[after - 1], points[after]
        expected = low + (high - low) * (entries - small) / (large - small)
        difference = (redis_hits - expected) / LRU_REQUESTS
        print(
            f"{size} MB held {entries:,.0f} entries of {entry_bytes:.0f} bytes:"
            f" Redis {redis_hits / LRU_REQUESTS:.2%}, curve {expected / LRU_REQUESTS:.2%}"
        )
        assert entries < 0.9 * len(set(lru_keys)), "the memory limit does not bind"
        assert abs(difference) <= 0.02
