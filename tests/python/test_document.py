"""Every code block of the user's document, taken out of it as written and run on the real thing.

Where an engine spells something differently, document_blocks.py holds the passage and the reason.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import statistics
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import document_blocks as document
import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml
from command_line import commands
from conftest import ROOT, ROWS_ONLY, Project
from document_blocks import as_run, statements
from duckdb_extensions import import_extension
from nginx_process import Nginx, free_port, nginx_binary
from postgres_process import postgres_server
from test_caching_redis import start_redis  # noqa: F401  a fixture
from test_serving_postgres import publish

from reelhouse.check.file_reads import file_reads
from reelhouse.generate.watch_events import generate
from reelhouse.lake.connection import load_ducklake

MODELS = (
    "+daily_user_metrics",
    "+rate_limit_what_if",
    "+upstream_balance",
    "+streaming_sessions",
    "+streaming_quality_rules",
    "+hpa_what_if",
)
# Days before today with watch events: on both sides of the 90 days of the materialized view.
DAYS_AGO = (95, 91, 90, 89, 30, 0)
# Addresses of loopback that ask nginx: many that ask once, and one that asks far too fast.
CALM_REQUESTS, RUSH_CLIENT, RUSH_REQUESTS = 30, "127.0.9.9", 100
# Minutes of resource metrics: more than the 300 s for which the autoscaler keeps replicas.
HPA_MINUTES = 15


def test_the_copy_is_the_document():
    if not document.ORIGINAL.exists():
        pytest.skip(f"no document in {document.ORIGINAL}: set REELHOUSE_DOCUMENT to it")
    assert document.COPY.read_bytes() == document.ORIGINAL.read_bytes()


def test_every_block_has_a_test():
    named = {
        value for name, value in vars(document).items() if name.isupper() and type(value) is str
    }
    assert set(document.blocks()) == named
    for (block, _), differences in document.DIFFERENCES.items():
        assert all(difference.reason for difference in differences)
        assert block in document.blocks()


# ---------------------------------------------------------------- what the lake is built from


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The document's block in a real nginx that many clients ask; the third server is down."""
    ports = {"front": free_port()} | {f"server_{number}": free_port() for number in (1, 2, 3)}
    block = as_run(document.LOAD_BALANCING, "nginx", **ports)
    servers = "".join(
        f"server {{ listen 127.0.0.1:{ports[name]}; access_log off;"
        f" location / {{ return 200 {name}; }} }}\n"
        for name in ("server_1", "server_2")
    )
    nginx = Nginx(tmp_path_factory.mktemp("front") / "nginx", block + servers, ports["front"])
    configuration = nginx.folder / "nginx.conf"
    checked = subprocess.run(
        [nginx_binary(), "-t", "-p", nginx.folder, "-c", configuration],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr

    def ask(client: str) -> int:
        connection = http.client.HTTPConnection(
            "127.0.0.1", ports["front"], timeout=10, source_address=(client, 0)
        )
        connection.request("GET", "/api/playback/manifest")
        status = connection.getresponse().status
        connection.close()
        return status

    def rush_in(client: str) -> list[int]:
        """Send all requests at once: a busy machine must not space them out."""
        request = "GET /api/playback/manifest HTTP/1.1\r\nHost: test\r\n{}\r\n"
        requests = request.format("") * (RUSH_REQUESTS - 1) + request.format(
            "Connection: close\r\n"
        )
        address = ("127.0.0.1", ports["front"])
        with socket.create_connection(address, timeout=30, source_address=(client, 0)) as stream:
            stream.sendall(requests.encode())
            answers = b"".join(iter(lambda: stream.recv(1 << 16), b""))
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", answers)]

    with nginx:
        calm = [ask(f"127.0.8.{number + 1}") for number in range(CALM_REQUESTS)]
        rush = rush_in(RUSH_CLIENT)
    return nginx, ports, Counter(calm), Counter(rush)


def live_requests(now: datetime) -> pa.Table:
    """Requests to one endpoint: 40 in the window, 20 before it.

    They lie a little ahead of the clock, as a server's clock may: the query has no upper end, and
    a build on a busy machine takes longer than its five minutes.
    """
    statuses = [200] * 34 + [404] * 3 + [500, 502, 503]
    recent = [(now + timedelta(minutes=20, seconds=n), n + 1.0, s) for n, s in enumerate(statuses)]
    old = [(now - timedelta(minutes=10), 9_000.0, 500)] * 20
    moments, times, codes = zip(*recent, *old, strict=True)
    return pa.table(
        {
            "request_id": [f"live-{number}" for number in range(len(moments))],
            "request_ts": pa.array([m.replace(tzinfo=None) for m in moments], pa.timestamp("us")),
            "service_name": ["live"] * len(moments),
            "endpoint": ["/live"] * len(moments),
            "status_code": codes,
            "response_time_ms": times,
            "response_bytes": [1] * len(moments),
        }
    )


# Service: (pods, percent of CPU, percent of memory); the load stays, the replicas follow.
LOADS = {
    "cpu-led": (20, 91, 40),
    "memory-led": (20, 35, 120),
    "beyond-the-maximum": (60, 400, 40),
    "idle": (20, 5, 5),
}


def resource_samples(start: datetime) -> pa.Table:
    rows = [
        (service, f"{service}-{pod}", start + timedelta(minutes=minute), cpu, memory)
        for service, (pods, cpu, memory) in LOADS.items()
        for minute in range(HPA_MINUTES)
        for pod in range(pods)
    ]
    services, instances, moments, cpu, memory = zip(*rows, strict=True)
    return pa.table(
        {
            "service_name": services,
            "instance": instances,
            "minute_ts": pa.array(moments, pa.timestamp("us")),
            "cpu_percent": [float(value) for value in cpu],
            "memory_percent": [float(value) for value in memory],
            "is_ready": [True] * len(rows),
        }
    )


@pytest.fixture(scope="module")
def lake(front, tmp_path_factory, parsed_manifest) -> Project:
    """The sample's deliveries, and beside them what happens today."""
    nginx, *_ = front
    project = Project(tmp_path_factory.mktemp("document") / "project", parsed_manifest)
    for feed in ("watch_events", "playback_events", "api_requests"):
        shutil.copytree(ROOT / "seeds" / "sample" / feed, project.landing / feed)
    now = datetime.now(UTC)
    for days_ago in DAYS_AGO:
        generate(
            project.landing,
            seed=days_ago + 1,
            start=now.date() - timedelta(days=days_ago),
            events_per_day=60,
            profiles=20,
            titles=10,
            late_share=0.0,
        )
    (project.landing / "api_requests" / "playback").mkdir()
    shutil.copy(nginx.log, project.landing / "api_requests" / "playback" / "access.log")
    parquet.write_table(live_requests(now), project.landing / "api_requests" / "live.parquet")
    (project.landing / "resource_metrics").mkdir()
    parquet.write_table(
        resource_samples(datetime(2025, 1, 14, 10)),
        project.landing / "resource_metrics" / "pods.parquet",
    )
    project.build("--select", *MODELS, *ROWS_ONLY)
    return project


@pytest.fixture(scope="module")
def postgres(lake):
    """A PostgreSQL with the served copy, and a schema `document` that holds the same fact."""
    import_extension("postgres_scanner")
    with postgres_server() as address:
        publish(lake, address)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute("create schema document")
            connection.execute("set search_path = document")
            connection.execute(
                "create table fact_watch_events as select * from analytics.fact_watch_events"
                " where dt < current_date"
            )
            yield connection


# ---------------------------------------------------------------- watch events


def test_the_served_copy_has_the_indexes_of_the_document(postgres):
    for statement in statements(as_run(document.INDEXES, "postgres")):
        postgres.execute(statement)
    definitions = {
        schema: dict(
            postgres.execute(
                "select indexname, replace(indexdef, schemaname || '.', '') from pg_indexes"
                " where tablename = 'fact_watch_events' and schemaname = %s",
                [schema],
            ).fetchall()
        )
        for schema in ("document", "analytics")
    }
    assert len(definitions["document"]) == 3
    assert definitions["analytics"] == definitions["document"]


def test_the_lake_has_no_indexes_and_says_so(tmp_path):
    """Order, row groups and partitions take their place (docs/lakehouse.md)."""
    with scratch_lake(tmp_path) as connection:
        connection.execute(
            "create table fact_watch_events (profile_id text, title_id text, region text,"
            " device_type text, event_ts timestamp, watch_seconds int)"
        )
        for statement in statements(as_run(document.INDEXES, "lake")):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_the_partition_pruning_query_reads_january_and_answers(lake, postgres):
    (query,) = statements(as_run(document.PRUNING, "lake"))
    with lake.connect() as connection:
        reads = file_reads(connection, query)
        answer = sorted(connection.execute(query).fetchall())
        days = connection.execute("select distinct dt from fact_watch_events").fetchall()
        (by_day,) = connection.execute(
            "select count(*) from fact_watch_events"
            " where region = 'US' and dt between '2025-01-01' and '2025-01-31'"
        ).fetchone()
    assert len(answer) > 10
    assert sum(watched for _, watched in answer) == by_day > 100
    opened = {re.search(r"dt=(\d{4}-\d{2})", name).group(1) for name in reads.files}
    assert opened == {"2025-01"}
    assert {f"{day:%Y-%m}" for (day,) in days} > opened
    assert sorted(postgres.execute(query).fetchall()) == answer


OURS = (
    "select profile_id, activity_date, sessions, total_watch_time, unique_titles"
    " from {} where activity_date >= current_date - 90 order by 1, 2"
)


def test_the_materialized_view_equals_ours(lake, postgres):
    create, refresh = statements(as_run(document.MATERIALIZED_VIEW, "postgres"))
    postgres.execute("drop materialized view if exists daily_user_metrics")
    postgres.execute(create)
    theirs = "select * from daily_user_metrics order by 1, 2"
    ours = postgres.execute(OURS.format("analytics.daily_user_metrics")).fetchall()
    (today,) = postgres.execute("select current_date").fetchone()
    before = postgres.execute(theirs).fetchall()
    assert {today - row[1] for row in before} == {timedelta(days=n) for n in (90, 89, 30)}

    postgres.execute(
        "insert into fact_watch_events select * from analytics.fact_watch_events"
        " where dt >= current_date"
    )
    assert postgres.execute(theirs).fetchall() == before
    postgres.execute(refresh)
    assert postgres.execute(theirs).fetchall() == ours
    assert len(ours) > len(before) > 0

    # The same query on the lake, where the model takes the view's place.
    (query,) = statements(as_run(document.MATERIALIZED_VIEW, "lake"))
    with lake.connect() as connection:
        assert sorted(connection.execute(query).fetchall()) == ours
        assert connection.execute(OURS.format("daily_user_metrics")).fetchall() == ours


# ---------------------------------------------------------------- requests


def test_the_real_time_query_runs_as_written(lake):
    (query,) = statements(as_run(document.REAL_TIME, "lake"))
    with lake.connect() as connection:
        rows = connection.execute(query).fetchall()
    times = [number + 1.0 for number in range(40)]
    (live,) = [row for row in rows if row[:2] == ("live", "/live")]
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    assert live == ("live", "/live", 40, statistics.mean(times), pytest.approx(p95), 3)
    assert [row[4] for row in rows] == sorted((row[4] for row in rows), reverse=True)


def test_the_analysis_is_the_real_time_query_and_the_sample_answers_it(lake):
    """The sample's last five minutes: several endpoints, slow ones, and some failures."""
    as_of = "timestamp '2025-01-14 23:59:30'"
    sample = (
        "with api_request_logs as (from lake.analytics.api_request_logs where dt < '2025-02-01')"
    )
    (query,) = statements(as_run(document.REAL_TIME, "lake"))
    assert query.count("NOW()") == 1
    analysis = (ROOT / "analyses" / "p95_monitoring.sql").read_text()
    analysis = re.sub(r"\{\{ as_of\(.*?\) \}\}", as_of, analysis)
    analysis = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", analysis)
    with lake.connect() as connection:
        rows = connection.execute(f"{sample} {query.replace('NOW()', as_of)}").fetchall()
        ours = connection.execute(f"{sample} {analysis}").fetchall()
    assert [row[:6] for row in ours] == rows
    assert len(rows) >= 5 and sum(row[2] for row in rows) > 100
    assert sum(row[5] for row in rows) > 0 and sum(row[6] for row in ours) > 0


def test_nginx_limits_as_the_document_says_and_the_what_if_agrees(front, lake):
    """10 requests a second and a burst of 20: of a rush at once 21 pass, and some more in time."""
    _, _, calm, rush = front
    assert calm == {200: CALM_REQUESTS}
    assert set(rush) == {200, 503} and sum(rush.values()) == RUSH_REQUESTS and rush[200] >= 21
    [(zone, rate, burst, delay)] = lake.query(
        "select zone, rate_per_second, burst, delay from lake.reference.rate_limit_zones"
        " where service_name = 'playback'"
    )
    block = document.blocks()[document.LOAD_BALANCING]
    assert re.search(r"zone=(\w+):10m rate=(\d+)r/s", block).groups() == (zone, f"{rate:.0f}")
    assert f"limit_req zone={zone} burst={burst} nodelay;" in block and delay is None
    [(accepted, rejected)] = lake.query(
        "select sum(accepted_requests), sum(rejected_requests) from rate_limit_what_if"
        f" where client_key = '{RUSH_CLIENT}'"
    )
    assert accepted + rejected == RUSH_REQUESTS
    assert abs(accepted - rush[200]) <= 2


def test_nginx_ejects_as_the_document_says_and_the_what_if_agrees(front, lake):
    nginx, ports, *_ = front
    log = (nginx.folder / "error.log").read_text()
    disabled = log.count("upstream server temporarily disabled")
    assert log.count("connect() failed") == 3 and disabled == 1
    servers = lake.query(
        "select upstream_server, sum(failed_attempts), sum(ejections), sum(ejected_seconds)"
        " from upstream_balance where upstream_server like '127.0.0.1:%' group by all"
    )
    found = {server: tuple(figures) for server, *figures in servers}
    assert found == {
        f"127.0.0.1:{ports['server_1']}": (0, 0, 0),
        f"127.0.0.1:{ports['server_2']}": (0, 0, 0),
        # fail_timeout=30s
        f"127.0.0.1:{ports['server_3']}": (3, disabled, 30 * disabled),
    }


# ---------------------------------------------------------------- autoscaling


def test_the_autoscaler_runs_with_the_manifest_of_the_document(lake):
    manifest = yaml.safe_load(document.blocks()[document.AUTOSCALING])
    spec = manifest["spec"]
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in spec["metrics"]
    }
    policy = lake.query(
        "select cpu_target_percent, memory_target_percent, min_replicas, max_replicas"
        " from lake.reference.autoscaling_policies where service_name = 'default'"
    )
    limits = (spec["minReplicas"], spec["maxReplicas"])
    assert policy == [(targets["cpu"], targets["memory"], *limits)]

    replicas = dict(
        lake.query(
            "select service_name, max_by(desired_replicas, sync_ts) from hpa_what_if"
            " where sync_ts < '2025-02-01' group by all"
        )
    )
    # desired = ceil(replicas * use / target), of the metric that asks for more, within the limits.
    expected = {
        service: min(
            limits[1],
            max(
                limits[0], -(-pods * cpu // targets["cpu"]), -(-pods * memory // targets["memory"])
            ),
        )
        for service, (pods, cpu, memory) in LOADS.items()
    }
    assert expected == {"cpu-led": 26, "memory-led": 30, "beyond-the-maximum": 100, "idle": 10}
    assert replicas == expected


# ---------------------------------------------------------------- caching

# A client of Redis with the methods that the block calls, and the block inside of a function.
SCRIPT = """
const net = require('net');
const socket = net.connect(Number(process.argv[2]), '127.0.0.1');
const waiting = [];
let received = Buffer.alloc(0);
socket.on('data', data => {
  received = Buffer.concat([received, data]);
  for (let end; (end = received.indexOf('\\r\\n')) >= 0 && waiting.length;) {
    const head = received.toString('utf8', 1, end);
    let reply = head;
    let next = end + 2;
    if (received[0] === 0x24) {
      const length = Number(head);
      if (length >= 0 && received.length < next + length + 2) return;
      reply = length < 0 ? null : received.toString('utf8', next, next + length);
      next += length < 0 ? 0 : length + 2;
    }
    const { resolve, reject } = waiting.shift();
    (received[0] === 0x2d ? reject : resolve)(reply);
    received = received.subarray(next);
  }
});
const redis = new Proxy({}, { get: (_, name) => (...words) => new Promise((resolve, reject) => {
  const all = [name.toUpperCase(), ...words].map(String);
  waiting.push({ resolve, reject });
  const sent = all.map(word => `$${Buffer.byteLength(word)}\\r\\n${word}\\r\\n`);
  socket.write(`*${all.length}\\r\\n${sent.join('')}`);
}) });

async function recommend(profileId, context, fetchRecommendations) {
BLOCK
}

(async () => {
  let fetched = 0;
  const fetch = async (profileId, context) => { fetched += 1; return [profileId, context, 't1']; };
  const answers = [];
  for (const context of ['home', 'home', 'search']) {
    try {
      answers.push(await recommend('p7', context, fetch));
    } catch (error) {
      answers.push(String(error));
    }
  }
  console.log(JSON.stringify({ answers, fetched }));
  socket.end();
})();
"""


def run_in_node(block: str, port: int, folder: Path) -> dict:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here: `make services` installs it")
    script = folder / "recommend.js"
    script.write_text(SCRIPT.replace("BLOCK", block))
    done = subprocess.run([node, script, str(port)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_redis_block_caches_for_half_an_hour(start_redis, tmp_path):  # noqa: F811
    client = start_redis()
    port = client.connection_pool.connection_kwargs["port"]
    # As written it can't be run to its end: it assigns to a constant, after the fetch.
    as_written = run_in_node(document.blocks()[document.CACHING], port, tmp_path)
    assert as_written["fetched"] == 3
    assert all("Assignment to constant variable" in answer for answer in as_written["answers"])
    assert client.dbsize() == 0

    outcome = run_in_node(as_run(document.CACHING, "redis"), port, tmp_path)
    # A miss, a hit, and a miss of another context. A hit gives the text that was stored.
    fresh = ["p7", "home", "t1"]
    stored = json.dumps(fresh, separators=(",", ":"))
    assert outcome == {"fetched": 2, "answers": [fresh, stored, ["p7", "search", "t1"]]}
    keys = sorted(client.scan_iter())
    assert keys == [b"recs:p7:home", b"recs:p7:search"]
    assert all(1790 < client.ttl(key) <= 1800 for key in keys)

    # The feed knows the key's pattern, and the what-if has this TTL on its ladder.
    reference = ROOT / "seeds" / "reference"
    with duckdb.connect() as connection:
        patterns = connection.execute(
            f"select key_pattern from '{reference}/cache_key_patterns.csv'"
            " where regexp_full_match('recs:p7:home', cast(key_regex as text))"
        ).fetchall()
        ladder = connection.execute(
            f"select ttl_name from '{reference}/cache_ttl_ladder.csv' where ttl_seconds = 1800"
        ).fetchall()
    assert patterns == [("recs:{profile}:{context}",)] and ladder == [("30 minutes",)]


# ---------------------------------------------------------------- playback


def scratch_lake(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckLake of its own for DDL."""
    connection = duckdb.connect()
    load_ducklake(connection)
    connection.execute(f"attach 'ducklake:{folder}/scratch.ducklake' as scratch")
    connection.execute("use scratch")
    return connection


def columns_of(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> dict[str, str]:
    return dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns()"
            " where database_name = $database and table_name = $table",
            {"database": database, "table": table},
        ).fetchall()
    )


def test_playback_events_are_stored_as_the_document_declares(lake, tmp_path):
    body = document.blocks()[document.ENCODINGS]
    with scratch_lake(tmp_path) as connection:
        for statement in statements(as_run(document.ENCODINGS, "lake")):
            connection.execute(statement)
        declared = columns_of(connection, "scratch", "playback_events")
    with lake.connect() as connection:
        ours = columns_of(connection, "lake", "playback_events")
        chunks = connection.execute(
            # In a row group of a few rows plain values can be the smallest: it is not judged.
            "select file_name, path_in_schema, encodings, compression from parquet_metadata("
            f"'{lake.lake}/data/analytics/playback_events/**/*.parquet')"
            " where row_group_num_rows >= 1000"
        ).fetchall()
    assert list(declared) == ["event_data", "event_ts", "event_type", "region", "dt"]
    assert {name: ours.get(name) for name in declared} == declared

    # The document's word for an encoding, and Parquet's. RLE_DICTIONARY stores a dictionary and
    # its keys run by run, so it is both words for text.
    parquets = {
        "DELTA": "DELTA_BINARY_PACKED",
        "DICTIONARY": "RLE_DICTIONARY",
        "RUNLENGTH": "RLE_DICTIONARY",
    }
    words = dict(re.findall(r"(\w+) (?:STRING|TIMESTAMP) ENCODE (\w+)", body))
    assert words == {
        "event_data": "ZSTD",
        "event_ts": "DELTA",
        "event_type": "DICTIONARY",
        "region": "RUNLENGTH",
    }
    assert {compression for *_, compression in chunks} == {words.pop("event_data")}
    for column, word in words.items():
        found = {encodings for _, name, encodings, _ in chunks if name == column}
        assert found and all(parquets[word] in encodings for encodings in found), column
    assert all(re.search(r"/dt=\d{4}-\d{2}-\d{2}/", name) for name, *_ in chunks)


def test_the_bitrate_block_runs_as_written(lake, postgres, tmp_path):
    create, query = statements(as_run(document.BITRATE, "lake"))
    with scratch_lake(tmp_path) as connection:
        connection.execute(create)
        declared = columns_of(connection, "scratch", "streaming_quality_rules")
    postgres.execute(statements(as_run(document.BITRATE, "postgres"))[0])
    with lake.connect() as connection:
        answer = dict(connection.execute(query).fetchall())
        active = dict(
            connection.execute(
                "select session_id, network_speed from streaming_sessions where status = 'active'"
            ).fetchall()
        )
        ours = columns_of(connection, "lake", "streaming_quality_rules")
    assert {name: ours.get(name) for name in declared} == declared
    assert answer.keys() == active.keys() and len(active) > 10
    assert {answer[session] for session, speed in active.items() if speed is None} == {2160}
    assert len(set(answer.values())) >= 3


# ---------------------------------------------------------------- docs/document.md

PAGE = ROOT / "docs" / "document.md"
NOT_OURS = "does not apply"


def page_rows() -> dict[str, tuple[str, str]]:
    """Rows of the page's tables: what the document says -> (where it is, what shows it)."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and set(cells[0]) != {"-"}:
            rows[cells[0].strip("`")] = (cells[1], cells[2])
    return rows


def test_no_block_and_no_bullet_is_missing_from_the_page():
    rows = page_rows()
    asked = [*document.blocks(), *document.bullets()]
    assert len(asked) > 50
    assert [entry for entry in asked if entry not in rows] == []
    assert [entry for entry in rows if entry not in [*asked, "in the document"]] == []
    unshown = [
        entry for entry in asked if "`" not in rows[entry][1] and NOT_OURS not in rows[entry][0]
    ]
    assert unshown == []


def test_what_the_page_names_is_there():
    """A path, a test, a model, a seed, a macro, a variable, a target of make, or a command."""
    folders = ("models", "seeds/reference", "macros", "analyses", "tests", "scripts")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    known = {path.stem for path in files}
    for path in files:
        if path.suffix == ".yml":
            known |= set(re.findall(r"\bname: (\w+)", path.read_text()))
    known |= set(yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"])
    makefile = (ROOT / "Makefile").read_text()
    known |= {f"make {target}" for target in re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)}
    known |= commands()
    for path in (ROOT / "tests" / "python").glob("*.py"):
        known |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    unknown = []
    for entry, cells in page_rows().items():
        for name in re.findall(r"`([^`]+)`", " ".join(cells)):
            is_path = "/" in name or re.fullmatch(r"[\w.-]+\.(sql|py|md|yml|csv)", name)
            if not ((ROOT / name).exists() if is_path else name in known):
                unknown.append((entry, name))
    assert unknown == []
