"""Bitrate selection: the document's query, its rules as a table, and the what-if on real traces."""

import csv
from collections import defaultdict
from pathlib import Path

import bitrate_simulator as simulator
import duckdb
import pytest
from rows import dictionaries

from reelhouse.generate.playback import generate
from reelhouse.importers.throughput_traces import adapt_ladders, adapt_traces

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "reference"
SAID = [(0, 480), (4.999, 480), (5, 720), (9.999, 720), (10, 1080), (24.999, 1080), (25, 2160)]


@pytest.fixture
def lake():
    """A DuckDB with an empty database `lake` and the rules."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake")
        connection.execute("create schema lake.analytics; create schema lake.reference")
        for seed in ("streaming_quality_rules", "cdn_endpoints", "bitrate_policies"):
            connection.execute(
                f"create table lake.reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')"
            )
        yield connection


def add_sessions(lake):
    lake.execute(
        """
        create table lake.analytics.streaming_sessions as
        select
            'speed ' || coalesce(speed::varchar, 'unknown') as session_id, 'active' as status,
            'tv' as device_type, 'eu-west' as region, 'cdn-a' as cdn_endpoint,
            speed as network_speed, date '2025-01-13' as session_date, 1 as batch
        from (select unnest(?) as speed)
        """,
        [[speed for speed, _ in SAID] + [None, 1000]],
    )


@pytest.mark.parametrize("node", ["bitrate_selection", "session_bitrates"])
def test_the_document_says_what_it_says(compiled_sql, lake, node):
    add_sessions(lake)
    chosen = dict(
        lake.sql(f"select network_speed, optimal_bitrate from ({compiled_sql(node)})").fetchall()
    )
    # As written: what is not known is not below any limit.
    assert chosen == {**dict(SAID), 1000: 2160, None: 2160}


def test_the_query_of_the_document_takes_active_sessions_only(compiled_sql, lake):
    add_sessions(lake)
    lake.execute("update lake.analytics.streaming_sessions set status = 'ended'")
    assert lake.sql(compiled_sql("bitrate_selection")).fetchall() == []


def test_each_region_gets_its_nearest_endpoint(compiled_sql, lake):
    add_sessions(lake)
    sql = f"select distinct region, nearest_cdn_endpoint from ({compiled_sql('session_bitrates')})"
    assert lake.sql(sql).fetchall() == [("eu-west", "cdn-eu-west")]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (
            "set min_network_speed = 6 where min_network_speed = 5",
            "begins above a gap",
        ),
        ("set max_network_speed = 6 where max_network_speed = 5", "overlaps the range below"),
        ("set optimal_bitrate = 1440 - optimal_bitrate where optimal_bitrate < 1000", None),
        ("set min_network_speed = 1 where min_network_speed = 0", "does not begin at 0"),
        ("set max_network_speed = 99 where max_network_speed is null", "leaves a gap above"),
        ("set max_network_speed = null where max_network_speed = 25", None),
        ("set max_network_speed = 3 where max_network_speed = 10", "is empty"),
    ],
)
def test_broken_rules_are_caught(compiled_sql, lake, damage, complaint):
    lake.execute("delete from lake.reference.streaming_quality_rules where rule_version <> 1")
    test = compiled_sql("streaming_quality_rules_cover_every_speed_once")
    assert lake.sql(test).fetchall() == []
    lake.execute(f"update lake.reference.streaming_quality_rules {damage}")
    complaints = {row[-1] for row in lake.sql(test).fetchall()}
    assert complaints
    assert complaint is None or complaint in complaints


@pytest.mark.parametrize("damage", ["true", "false", "rule_version = 1 and optimal_bitrate > 480"])
def test_one_whole_version_is_in_force(compiled_sql, lake, damage):
    test = compiled_sql("one_version_of_streaming_quality_rules_is_in_force")
    assert lake.sql(test).fetchall() == []
    lake.execute(f"update lake.reference.streaming_quality_rules set is_in_force = {damage}")
    assert lake.sql(test).fetchall() != []


def add_traces(lake, samples: str, ladders: Path):
    lake.execute(
        f"""
        create table lake.analytics.throughput_samples as
        select
            trace_id, sample_number::integer as sample_number, duration_ms::integer as duration_ms,
            bandwidth_kbps::integer as bandwidth_kbps, latency_ms::integer as latency_ms,
            network_type, trace_started_at::date as trace_date, 1::bigint as batch
        from {samples}
        """
    )
    lake.execute(f"create table lake.reference.ladder_segments as from read_csv('{ladders}')")


def played(lake, compiled_sql) -> dict[tuple, dict]:
    """Rows of bitrate_what_if by (trace, ladder, policy)."""
    rows = dictionaries(lake.execute(compiled_sql("bitrate_what_if")))
    return {(row["trace_id"], row["ladder"], row["policy_name"]): row for row in rows}


def policies(lake) -> dict:
    tables = defaultdict(list)
    for version, *rule in lake.sql(
        "select rule_version, min_network_speed, max_network_speed, optimal_bitrate"
        " from lake.reference.streaming_quality_rules order by all"
    ).fetchall():
        tables[version].append(tuple(rule))
    return {
        "document_rules": simulator.rules(tables[1]),
        "recommended_rules": simulator.rules(tables[2]),
        "throughput_90": simulator.throughput(0.9),
        "throughput_70": simulator.throughput(0.7),
        "buffer_based": simulator.buffer_based(5_000, 15_000),
        "bola": simulator.bola(5),
    }


def read_ladders(path: Path) -> dict[str, simulator.Ladder]:
    ladders: dict[str, simulator.Ladder] = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            ladder = ladders.setdefault(
                row["ladder"], simulator.Ladder([], [], int(row["duration_ms"]), [])
            )
            if row["segment_number"] == "1":
                ladder.bitrates_kbps.append(int(row["bitrate_kbps"]))
                ladder.heights.append(int(row["height"]))
            if row["level"] == "1":
                ladder.sizes_bits.append([])
            ladder.sizes_bits[-1].append(int(row["size_bits"]))
    return ladders


def assert_equal_to_python(lake, compiled_sql, ladders_file: Path) -> dict[tuple, dict]:
    actual = played(lake, compiled_sql)
    traces = defaultdict(list)
    for trace, *sample in lake.sql(
        "select trace_id, duration_ms, bandwidth_kbps, latency_ms"
        " from lake.analytics.throughput_samples order by trace_id, sample_number"
    ).fetchall():
        traces[trace].append(tuple(sample))
    expected = {
        (trace, name, policy): simulator.play(samples, ladder, choose)
        for trace, samples in traces.items()
        for name, ladder in read_ladders(ladders_file).items()
        for policy, choose in policies(lake).items()
    }
    assert set(actual) == set(expected)
    for key, row in expected.items():
        for name, value in row.items():
            assert actual[key][name] == pytest.approx(value, rel=0.001, abs=0.001), (key, name)
    return actual


@pytest.fixture(scope="module")
def real(tmp_path_factory, shared_data):
    folder = tmp_path_factory.mktemp("real")
    assert adapt_traces(shared_data, folder) > 25_000
    assert adapt_ladders(shared_data, folder / "ladders.csv") == 199 * 16
    return folder


def test_real_traces_play_as_in_python(real, compiled_sql, lake):
    """Also: the recommended rules beat the document's on traces that they were not fitted to."""
    add_traces(lake, f"read_csv('{real}/throughput_samples/traces.csv')", real / "ladders.csv")
    rows = assert_equal_to_python(lake, compiled_sql, real / "ladders.csv")
    assert len(rows) == 40 * 2 * 6

    scores, stalls = defaultdict(list), defaultdict(lambda: [0.0, 0.0])
    for (_, ladder, policy), row in rows.items():
        if not row["is_training_trace"]:
            top_mbps = {"bbb": 6, "bbb4k": 35}[ladder]
            scores[policy].append(row["qoe_score"] / top_mbps)
            stalls[policy][0] += row["rebuffering_ms"]
            stalls[policy][1] += row["rebuffering_ms"] + row["content_ms"]
    means = {policy: sum(values) / len(values) for policy, values in scores.items()}
    ratios = {policy: stalled / time for policy, (stalled, time) in stalls.items()}
    assert means["recommended_rules"] > means["document_rules"] + 0.1
    assert ratios["recommended_rules"] < 0.7 * ratios["document_rules"]


def test_odd_traces_play_as_in_python(compiled_sql, lake, tmp_path):
    """A trace shorter than a download, one that stands still at times, one of a single sample."""
    generate(tmp_path, days=1, sessions_per_day=1, requests_per_day=1, traces=3)
    odd = [("short", n, 400, k, 30) for n, k in enumerate((900, 0, 4_000, 0), 1)]
    odd += [("still", n, 1_000, k, 0) for n, k in enumerate((0, 0, 8_000, 0, 50_000, 0), 1)]
    odd += [("one", 1, 777, 3_000, 250)]
    add_traces(
        lake,
        f"read_parquet('{tmp_path}/throughput_samples/*.parquet')",
        SEEDS / "ladder_segments.csv",
    )
    lake.executemany(
        "insert into lake.analytics.throughput_samples"
        " values (?, ?, ?, ?, ?, null, date '2025-01-13', 1)",
        odd,
    )
    rows = assert_equal_to_python(lake, compiled_sql, SEEDS / "ladder_segments.csv")
    assert len({trace for trace, *_ in rows}) == 6


@pytest.mark.slow
def test_the_recommended_rules_are_what_the_fit_gives(real, compiled_sql, lake):
    add_traces(lake, f"read_csv('{real}/throughput_samples/traces.csv')", real / "ladders.csv")
    best, in_force = lake.sql(compiled_sql("recommended_quality_rules")).fetchall()
    assert in_force[0] == "rules in force" and best[3] > in_force[3]
    fitted = lake.sql(
        "select min_network_speed, max_network_speed, optimal_bitrate"
        " from lake.reference.streaming_quality_rules where rule_version = 2 order by all"
    ).fetchall()
    assert [tuple(rule.values()) for rule in best[-1]] == fitted
