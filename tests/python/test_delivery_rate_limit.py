"""The leaky bucket in SQL: against the code of nginx step by step, and against nginx itself."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from compiled import rows_of_cte
from nginx_process import Nginx, free_port

DISAGREEMENT = 0.005


def limit_req(times_ms: list[int], rate: float, burst: int, delay: int | None):
    """What ngx_http_limit_req_module does: (is passed, delay in ms) for each request in turn."""
    excess, last = None, 0
    for now in times_ms:
        found = 0 if excess is None else max(0, excess - rate * (now - last) + 1000)
        is_passed = found <= burst * 1000
        if is_passed:
            excess, last = found, now
        waits = is_passed and delay is not None
        yield is_passed, int(max(0, found - delay * 1000) / rate) if waits else 0


def decisions(connection: duckdb.DuckDBPyConnection, sql: str) -> dict:
    """Ask the model; a request that it does not name passed at once."""
    found = connection.execute(
        f"select request_id, is_passed, delay_ms from ({rows_of_cte(sql, 'decisions')})"
    ).fetchall()
    return {request_id: (is_passed, int(delay)) for request_id, is_passed, delay in found}


@pytest.mark.parametrize("seed", range(6))
def test_decisions_equal_those_of_the_algorithm(compiled_sql, seed):
    """Keys of one query have different rates, bursts and delays, and up to a thousand requests."""
    draw = random.Random(seed)
    start = datetime(2025, 1, 14, 10)
    rows, zones, expected = [], [], {}
    for key in range(40):
        rate = draw.choice([0.5, 1, 2, 10, 50])
        burst = draw.choice([0, 1, 5, 20])
        delay = draw.choice([None, 0, min(2, burst)])
        now, times = 0, []
        for _ in range(draw.choice([1, 3, 50, 1000])):
            now += int(draw.expovariate(1) * draw.choice([1, 300 / rate, 1000 / rate, 3000 / rate]))
            times.append(now)
        for number, (now, decision) in enumerate(
            zip(times, limit_req(times, rate, burst, delay), strict=True)
        ):
            request_id = f"{key}-{number:04d}"
            when = start + timedelta(milliseconds=now)
            rows.append((request_id, f"service-{key}", f"k{key}", when))
            expected[request_id] = decision
        zones.append(("z", f"service-{key}", "*", rate, burst, delay))
    frame = pd.DataFrame(rows, columns=["request_id", "service_name", "client_key", "timestamp"])
    limits = pd.DataFrame(
        zones, columns=["zone", "service_name", "endpoint", "rate_per_second", "burst", "delay"]
    ).astype({"delay": "Int64"})
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.register("limits", limits)
        connection.execute(
            """
            attach ':memory:' as lake;
            create schema lake.analytics;
            create schema lake.reference;
            create table lake.reference.rate_limit_zones as from limits;
            create table lake.analytics.api_request_logs as
            select
                * replace (cast(timestamp as timestamp) as timestamp),
                '/' as endpoint, cast(timestamp as date) as dt, cast(1 as bigint) as batch_id
            from frame
            """
        )
        found = decisions(connection, compiled_sql("rate_limit_what_if"))
    assert any(not is_passed for is_passed, _ in expected.values())
    assert {key: found.get(key, (True, 0)) for key in expected} == expected


def schedules(draw: random.Random) -> list[tuple[float, str, str]]:
    """Return (second, address, path) of every request; each of four schedules has its own keys."""
    planned = []
    # A client that is steadily two and a half times too fast.
    planned += [(i * 0.04 + draw.random() * 0.02, "127.0.1.1", "/answer") for i in range(150)]
    # Bursts of 40, with pauses in which the bucket drains in part.
    for burst in range(20):
        begin, key = burst // 4 * 1.3 + draw.random() * 0.1, burst % 4 + 1
        planned += [(begin + i * 0.002, f"127.0.2.{key}", "/answer") for i in range(40)]
    # Many keys around the limit, at random.
    for key in range(40):
        at = draw.random()
        while at < 5:
            planned.append((at, f"127.0.3.{key + 1}", "/answer"))
            at += draw.expovariate(draw.choice([8, 25, 60]))
    # The other form of the directive: who is ahead has to wait.
    planned += [(i * 0.1 + draw.random() * 0.05, "127.0.4.1", "/delayed/answer") for i in range(55)]
    return sorted(planned)


async def ask(second: float, address: str, path: str, port: int, start: float) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, start + second - loop.time()))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()


async def replay(planned: list[tuple[float, str, str]], port: int) -> None:
    start = asyncio.get_running_loop().time() + 0.5
    await asyncio.gather(*(ask(*request, port, start) for request in planned))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The log of a real nginx that was asked by the four schedules."""
    port = free_port()
    http = f"""
        limit_req_zone $binary_remote_addr zone=document:10m rate=10r/s;
        limit_req_zone $binary_remote_addr zone=search:10m rate=5r/s;
        limit_req_status 429;
        server {{
            listen 127.0.0.1:{port} backlog=4096;
            root html;
            location / {{ limit_req zone=document burst=20 nodelay; }}
            location /delayed/ {{ alias html/; limit_req zone=search burst=5 delay=2; }}
        }}
    """
    planned = schedules(random.Random(4))
    with Nginx(tmp_path_factory.mktemp("limited") / "nginx", http, port) as nginx:
        asyncio.run(replay(planned, port))
    return nginx.log, len(planned)


def test_decisions_equal_those_of_nginx(recorded, project, compiled_sql):
    log, planned = recorded
    folder = project.landing / "api_requests" / "edge"
    folder.mkdir(parents=True)
    (folder / "access.log").write_bytes(log.read_bytes())
    zones = project.own("seeds") / "reference" / "rate_limit_zones.csv"
    zones.write_text(
        "zone,service_name,endpoint,rate_per_second,burst,delay\n"
        "document,edge,/answer,10,20,\nsearch,edge,/delayed/answer,5,5,2\n"
    )
    project.build("--select", "+rate_limit_what_if", "--exclude-resource-type", "test", "unit_test")

    with project.connect() as lake:
        requests = lake.execute(
            """
            select request_id, client_key, timestamp, rate_limit_status
            from api_request_logs
            order by timestamp, request_id
            """
        ).fetchall()
        found = decisions(lake, compiled_sql("rate_limit_what_if"))
        totals = lake.execute(
            "select sum(accepted_requests), sum(delayed_requests), sum(rejected_requests)"
            " from rate_limit_what_if"
        ).fetchone()
    assert len(requests) == planned

    def word(decision: tuple[bool, int]) -> str:
        is_passed, delay_ms = decision
        return "rejected" if not is_passed else "delayed" if delay_ms else "passed"

    # The log does not tell the order of a key's requests within a millisecond: they are compared
    # together, by how many of them passed, waited and were refused.
    decided, recorded_ones = Counter(), Counter()
    for request_id, client_key, request_ts, status in requests:
        decided[client_key, request_ts, word(found.get(request_id, (True, 0)))] += 1
        recorded_ones[client_key, request_ts, status] += 1
    asked, wrong, seen = Counter(), Counter(), defaultdict(set)
    for (client_key, request_ts, status), count in recorded_ones.items():
        schedule = client_key.split(".")[2]
        asked[schedule] += count
        wrong[schedule] += max(0, count - decided[client_key, request_ts, status])
        seen[schedule].add(status)
    print({name: f"{wrong[name]} of {asked[name]}" for name in sorted(asked)})
    assert seen["1"] == seen["2"] == seen["3"] == {"passed", "rejected"}
    assert seen["4"] == {"passed", "delayed", "rejected"}
    assert sum(wrong.values()) <= DISAGREEMENT * planned
    assert totals[1] > 0 and totals[2] > 0
