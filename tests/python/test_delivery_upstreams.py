"""Balance and ejection of servers against a real nginx; the circuit breaker against a machine."""

from __future__ import annotations

import random
import re
import time
import urllib.request
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from compiled import rows_of_cte
from nginx_process import Nginx, free_port

FAIL_TIMEOUT_SECONDS = 1
START = datetime(2025, 1, 14, 10)


def passive_checks(attempts: list[tuple[int, bool]], max_fails: int, fail_timeout_ms: int):
    """What nginx's round robin does with one server: the times (ms) at which it is taken out."""
    fails = checked = accessed = 0
    for now, is_failed in attempts:
        if fails >= max_fails and now - checked <= fail_timeout_ms:
            continue
        if now - checked > fail_timeout_ms:
            checked = now
        if is_failed:
            fails, accessed, checked = fails + 1, now, now
            if fails >= max_fails:
                yield now
        elif accessed < checked:
            fails = 0


def record_requests(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of requests from `frame`, on the day of the test."""
    connection.execute(
        """
        attach ':memory:' as lake;
        create schema lake.analytics;
        create table lake.analytics.api_request_logs as
        select
            * replace (cast(timestamp as timestamp) as timestamp),
            cast(timestamp as date) as dt, cast(1 as bigint) as batch_id
        from frame
        """
    )


@pytest.mark.parametrize("seed", range(5))
def test_ejections_equal_those_of_the_algorithm(compiled_sql, seed):
    draw = random.Random(seed)
    rows, expected = [], []
    for server in range(12):
        now, attempts, failing = 0, [], 0.0
        for _ in range(draw.choice([1, 30, 600])):
            if draw.random() < 0.05:
                failing = draw.choice([0.0, 0.05, 0.5, 1.0])
            now += 1 + int(draw.expovariate(1) * draw.choice([100, 1000, 6000]))
            attempts.append((now, draw.random() < failing))
        name = f"server-{server:02d}"
        for at, is_failed in attempts:
            when = START + timedelta(milliseconds=at)
            rows.append((f"{server}-{at}", "s", when, [name], ["502" if is_failed else "200"]))
        expected += [
            (name, START + timedelta(milliseconds=at)) for at in passive_checks(attempts, 3, 30_000)
        ]
    columns = ["request_id", "service_name", "timestamp", "upstream_servers", "upstream_statuses"]
    with duckdb.connect() as connection:
        connection.register("frame", pd.DataFrame(rows, columns=columns))
        record_requests(connection)
        ejections = rows_of_cte(compiled_sql("upstream_balance"), "ejections")
        found = connection.execute(
            f"select upstream_server, ejected_ts from ({ejections}) order by all"
        ).fetchall()
    assert found == expected
    assert len(expected) > 10


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Logs of an nginx in front of three servers, of which one does not answer for a while."""
    front, alive, also_alive, dead = free_port(), free_port(), free_port(), free_port()
    http = f"""
        upstream servers {{
            least_conn;
            server 127.0.0.1:{alive} max_fails=3 fail_timeout={FAIL_TIMEOUT_SECONDS}s;
            server 127.0.0.1:{also_alive} max_fails=3 fail_timeout={FAIL_TIMEOUT_SECONDS}s;
            server 127.0.0.1:{dead} max_fails=3 fail_timeout={FAIL_TIMEOUT_SECONDS}s;
        }}
        server {{ listen 127.0.0.1:{alive}; root html; access_log off; }}
        server {{ listen 127.0.0.1:{also_alive}; root html; access_log off; }}
        server {{
            listen 127.0.0.1:{front};
            location / {{ proxy_pass http://servers; }}
        }}
    """
    with Nginx(tmp_path_factory.mktemp("upstreams") / "nginx", http, front) as nginx:
        for _ in range(900):
            with urllib.request.urlopen(f"http://127.0.0.1:{front}/answer") as answer:
                assert answer.status == 200
            # Spread them over several fail_timeouts.
            time.sleep(0.004)
    return nginx, dead


def test_balance_and_ejections_equal_those_of_nginx(recorded, project):
    nginx, dead = recorded
    folder = project.landing / "api_requests" / "front"
    folder.mkdir(parents=True)
    (folder / "access.log").write_bytes(nginx.log.read_bytes())
    project.build(
        "--select",
        "+upstream_balance",
        "--exclude-resource-type",
        "test",
        "unit_test",
        vars={"upstream_fail_timeout_seconds": FAIL_TIMEOUT_SECONDS},
    )
    disabled = re.findall(
        "upstream server temporarily disabled", (nginx.folder / "error.log").read_text()
    )
    refused = re.findall("connect\\(\\) failed", (nginx.folder / "error.log").read_text())
    servers = project.query(
        """
        select upstream_server, sum(attempts), sum(failed_attempts), sum(ejections),
            sum(ejected_seconds), max(service_attempts)
        from upstream_balance
        group by upstream_server
        order by upstream_server = '127.0.0.1:DEAD', upstream_server
        """.replace("DEAD", str(dead))
    )
    assert len(servers) == 3
    *healthy, sick = servers
    assert sick[2] == sick[1] == len(refused) >= 3
    assert sick[3] == len(disabled) >= 2
    assert sick[4] == sick[3] * FAIL_TIMEOUT_SECONDS
    assert all(failed == ejected == 0 for _, _, failed, ejected, *_ in healthy)
    assert sum(attempts for _, attempts, *_ in healthy) == 900
    # least_conn deals equal servers in turn.
    assert abs(healthy[0][1] - healthy[1][1]) <= 0.1 * 900
    ((variation, most),) = project.query(
        "select max(coefficient_of_variation), max(max_over_mean) from upstream_balance"
    )
    assert variation > 0.5 and most > 1.4


def breaker(
    calls: list[tuple[int, bool]], window: int, least: int, rate: float, wait: int, few: int
):
    """A circuit breaker that is stepped through second by second: (state, since) of each change."""
    state, since, seen = "closed", 0, []
    seconds = sorted({second for second, _ in calls})
    changes = [("closed", 0)]
    for second in seconds:
        now = [failed for at, failed in calls if at == second]
        if state == "open":
            if second < since + wait:
                continue
            state, since, seen = "half_open", second, []
            changes.append((state, since))
        seen += [(second, failed) for failed in now]
        if state == "half_open" and len(seen) >= few:
            opens = sum(failed for _, failed in seen) >= rate * len(seen)
            state, since, seen = "open" if opens else "closed", second + 1, []
            changes.append((state, since))
        elif state == "closed":
            seen = [(at, failed) for at, failed in seen if at > second - window]
            if len(seen) >= least and sum(f for _, f in seen) >= rate * len(seen):
                state, since, seen = "open", second + 1, []
                changes.append((state, since))
    return changes


@pytest.mark.parametrize("seed", range(5))
def test_circuit_breaker_equals_a_machine_stepped_second_by_second(seed, compiled_sql):
    draw = random.Random(seed)
    rows, expected = [], {}
    midnight = datetime(2025, 1, 14)
    for endpoint in range(8):
        calls, failing, at = [], 0.0, 0
        for _ in range(1500):
            if draw.random() < 0.01:
                failing = draw.choice([0.0, 0.1, 0.5, 0.9])
            at += int(draw.expovariate(1) * draw.choice([1, 2, 3]))
            calls.append((at, draw.random() < failing))
        name = f"/e{endpoint}"
        rows += [
            ("s", name, midnight + timedelta(seconds=second), 503 if failed else 200)
            for second, failed in calls
        ]
        changes = breaker(calls, window=60, least=10, rate=0.5, wait=30, few=5)
        if len(changes) > 1:
            expected[name] = [(state, midnight + timedelta(seconds=s)) for state, s in changes]
    found = state_changes(compiled_sql("circuit_breaker_what_if"), rows)
    assert found == expected and sum(map(len, found.values())) > 20
    assert {state for changes in found.values() for state, _ in changes} == {
        "closed",
        "open",
        "half_open",
    }


def state_changes(sql: str, rows: list[tuple]) -> dict[str, list]:
    """Ask the model about some requests: (state, since) of each endpoint, in order."""
    frame = pd.DataFrame(rows, columns=["service_name", "endpoint", "timestamp", "status_code"])
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        record_requests(connection)
        found = connection.execute(
            f"select endpoint, state, started_at from ({sql})"
            " order by endpoint, started_at, state = 'open'"
        ).fetchall()
    states: dict[str, list] = {}
    for endpoint, state, since in found:
        states.setdefault(endpoint, []).append((state, since))
    return states
