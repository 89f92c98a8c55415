"""Bitrate selection: the document's query, its rules as a table, and the what-if on real traces."""

import csv
import random
from collections import defaultdict
from pathlib import Path

import bitrate_simulator as simulator
import duckdb
import generated_networks
import pytest
from compiled import create_steps
from rows import dictionaries

from reelhouse.generate.playback import LADDER_COLUMNS, generate
from reelhouse.importers.throughput_traces import adapt_ladders, adapt_traces

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "reference"
RULES = "lake.reference.streaming_quality_rule_versions"
SAMPLE_COLUMNS = (
    "trace_id",
    "sample_number",
    "duration_ms",
    "bandwidth_kbps",
    "latency_ms",
    "network_type",
    "trace_started_at",
)
SAID = [(0, 480), (4.999, 480), (5, 720), (9.999, 720), (10, 1080), (24.999, 1080), (25, 2160)]


@pytest.fixture
def lake(compiled_sql):
    """A DuckDB with an empty database `lake` and the rules."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake")
        connection.execute("create schema lake.analytics; create schema lake.reference")
        for seed in (
            "streaming_quality_rule_versions",
            "regions",
            "cdn_endpoints",
            "bitrate_policies",
        ):
            connection.execute(
                f"create table lake.reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')"
            )
        for column in ("network_speed_mbps", "recommended_bitrate_kbps", "optimal_bitrate"):
            connection.execute(f"alter table {RULES} alter {column} type integer")
        connection.execute(f"alter table {RULES} alter region type varchar")
        connection.execute(
            "create view lake.analytics.streaming_quality_rules as "
            + compiled_sql("streaming_quality_rules")
        )
        yield connection


def add_sessions(lake):
    lake.execute(
        """
        create table lake.analytics.streaming_sessions as
        select
            'speed ' || coalesce(speed::varchar, 'unknown') as session_id, 'active' as status,
            'tv' as device_type, 'eu-west' as region, 'cdn-a' as cdn_endpoint,
            speed as network_speed, date '2025-01-13' as session_date, 1 as batch_id
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


def test_the_query_of_the_document_runs_as_written(lake):
    add_sessions(lake)
    lake.execute("use lake.analytics")
    rows = lake.sql(
        """
        -- Real-time quality adjustments
        SELECT
          session_id,
          CASE
            WHEN network_speed < 5 THEN 480
            WHEN network_speed < 10 THEN 720
            WHEN network_speed < 25 THEN 1080
            ELSE 2160
          END as optimal_bitrate
        FROM streaming_sessions
        WHERE status = 'active';
        """
    ).fetchall()
    assert ("speed 4.999", 480) in rows and ("speed unknown", 2160) in rows
    assert len(rows) == len(SAID) + 2


def test_the_rules_have_the_columns_of_the_document(lake):
    types = dict(
        lake.sql(
            "select column_name, column_type from (describe lake.analytics.streaming_quality_rules)"
        ).fetchall()
    )
    document = {
        "network_speed_mbps": "INTEGER",
        "recommended_bitrate_kbps": "INTEGER",
        "cdn_endpoint": "VARCHAR",
        "region": "VARCHAR",
    }
    assert document.items() <= types.items()
    rows = lake.sql(
        "select network_speed_mbps, recommended_bitrate_kbps, cdn_endpoint"
        " from lake.analytics.streaming_quality_rules where region = 'eu-west' order by all"
    ).fetchall()
    assert rows == [
        (0, 1_500, "cdn-eu-west"),
        (5, 3_000, "cdn-eu-west"),
        (10, 6_000, "cdn-eu-west"),
        (25, 16_000, "cdn-eu-west"),
    ]
    every_region = "(select count(*) from lake.reference.regions)"
    assert lake.sql(
        f"select count(*) = 4 * {every_region} from lake.analytics.streaming_quality_rules"
    ).fetchall() == [(True,)]


def test_the_rules_choose_the_bitrate_and_a_region_can_have_its_own(compiled_sql, lake):
    add_sessions(lake)
    lake.execute(
        """
        insert into lake.reference.streaming_quality_rule_versions
        values (1, true, 'eu-west', 0, 700, 480), (1, true, 'eu-west', 20, 9000, 1080)
        """
    )
    sql = f"""
        select distinct recommended_bitrate_kbps, optimal_bitrate, nearest_cdn_endpoint
        from ({compiled_sql("session_bitrates")})
        where network_speed {{}}
        order by all
    """
    slow = lake.sql(sql.format("< 20")).fetchall()
    fast = lake.sql(sql.format(">= 20")).fetchall()
    assert slow == [(700, 480, "cdn-eu-west")] and fast == [(9_000, 1_080, "cdn-eu-west")]
    lake.execute("update lake.analytics.streaming_sessions set region = 'us-east'")
    assert lake.sql(sql.format("= 4.999")).fetchall() == [(1_500, 480, "cdn-us-east")]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("network_speed_mbps = 1 where network_speed_mbps = 0", "does not begin at 0"),
        (
            "network_speed_mbps = 10 where network_speed_mbps = 5",
            "begins where another range does",
        ),
        (
            "recommended_bitrate_kbps = 2000 where network_speed_mbps = 10",
            "recommended_bitrate_kbps does not rise",
        ),
        ("optimal_bitrate = 480 where network_speed_mbps = 5", "optimal_bitrate does not rise"),
        ("region = 'eu-west' where network_speed_mbps > 5", "does not begin at 0"),
    ],
)
def test_broken_rules_are_caught(compiled_sql, lake, damage, complaint):
    test = compiled_sql("streaming_quality_rules_cover_every_speed_once")
    assert lake.sql(test).fetchall() == []
    lake.execute(f"update lake.reference.streaming_quality_rule_versions set {damage}")
    assert complaint in {row[-1] for row in lake.sql(test).fetchall()}


@pytest.mark.parametrize("damage", ["true", "false", "optimal_bitrate > 480"])
def test_one_whole_version_is_in_force(compiled_sql, lake, damage):
    test = compiled_sql("one_version_of_streaming_quality_rules_is_in_force")
    lake.execute(
        """
        insert into lake.reference.streaming_quality_rule_versions
        select 2, false, columns(* exclude (rule_version, is_in_force))
        from lake.reference.streaming_quality_rule_versions
        """
    )
    assert lake.sql(test).fetchall() == []
    lake.execute(
        f"update lake.reference.streaming_quality_rule_versions set is_in_force = {damage}"
    )
    assert lake.sql(test).fetchall() != []


def add_traces(lake, samples: str, ladders: Path):
    lake.execute(
        f"""
        create table lake.analytics.throughput_samples as
        select
            trace_id, sample_number::integer as sample_number, duration_ms::integer as duration_ms,
            bandwidth_kbps::integer as bandwidth_kbps, latency_ms::integer as latency_ms,
            network_type, trace_started_at::date as trace_date, 1::bigint as batch_id
        from {samples}
        """
    )
    lake.execute(f"create table lake.reference.ladder_segments as from read_csv('{ladders}')")


def played(lake, compiled_sql) -> dict[tuple, dict]:
    """Rows of bitrate_what_if by (trace, ladder, policy)."""
    rows = dictionaries(lake.execute(create_steps(lake, compiled_sql, "bitrate_what_if")))
    return {(row["trace_id"], row["ladder"], row["policy_name"]): row for row in rows}


def policies(lake) -> dict:
    tables = defaultdict(list)
    for version, *rule in lake.sql(
        "select rule_version, network_speed_mbps, recommended_bitrate_kbps"
        " from lake.reference.streaming_quality_rule_versions"
    ).fetchall():
        tables[version].append(tuple(rule))
    return {
        "document_rules": simulator.rules(tables[1]),
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
                row["ladder"], simulator.Ladder([], int(row["duration_ms"]), [])
            )
            if row["segment_number"] == "1":
                ladder.bitrates_kbps.append(int(row["bitrate_kbps"]))
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
    add_traces(lake, f"read_csv('{real}/throughput_samples/traces.csv')", real / "ladders.csv")
    rows = assert_equal_to_python(lake, compiled_sql, real / "ladders.csv")
    assert len(rows) == 40 * 2 * len(policies(lake))


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


LADDERS = {
    "phone": (230, 477, 991, 2_056, 2_962, 6_000),
    "tall": (1_000, 2_500, 5_000, 8_000, 16_000, 35_000),
}


def write_ladders(path: Path, segments: int = 40, segment_ms: int = 3_000) -> None:
    draw = random.Random(1)
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(LADDER_COLUMNS)
        for number in range(1, segments + 1):
            busy = draw.lognormvariate(0, 0.25)
            for ladder, rates in LADDERS.items():
                for level, rate in enumerate(rates, 1):
                    size = int(rate * segment_ms * busy)
                    rows.writerow([ladder, number, level, 1, rate, segment_ms, size])


def play_generated_networks(lake, compiled_sql, folder: Path, traces: int) -> None:
    """Fill `bitrate_what_if` with so many traces of each family of generated networks."""
    write_ladders(folder / "ladders.csv")
    with (folder / "samples.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(SAMPLE_COLUMNS)
        for family in generated_networks.FAMILIES:
            for number in range(traces):
                name = f"{family} {number}"
                for position, sample in enumerate(generated_networks.samples(family, number), 1):
                    rows.writerow([name, position, *sample, family, "2025-01-13"])
    add_traces(lake, f"read_csv('{folder}/samples.csv')", folder / "ladders.csv")
    lake.execute(
        "create table lake.analytics.every_run as"
        f" {create_steps(lake, compiled_sql, 'bitrate_what_if')};"
        " create table lake.analytics.bitrate_what_if as from lake.analytics.every_run"
    )


def judge(lake, recommendations: str) -> list[dict]:
    """What recommendations lose on the traces that they were not made from, by class.

    `loss` is the mean, over traces, of the score of the policy that is best on just these traces,
    less that of the recommended one; `noise` is its standard error.
    """
    return dictionaries(
        lake.execute(
            f"""
            with judged as (
                select ladder, network_class, trace_id, policy_name, qoe_score
                from lake.analytics.every_run
                where trace_id not in (select trace_id from lake.analytics.bitrate_what_if)
            ),
            best as (
                select ladder, network_class, arg_max(policy_name, score) as policy_name
                from (
                    select ladder, network_class, policy_name, avg(qoe_score) as score
                    from judged
                    group by all
                )
                group by all
            )
            select
                recommended.ladder, recommended.network_class, recommended.recommended_policy,
                best.policy_name as best_policy, count(*) as traces,
                avg(of_best.qoe_score) as best_score,
                avg(of_recommended.qoe_score) as recommended_score,
                avg(of_best.qoe_score - of_recommended.qoe_score) as loss,
                stddev_samp(of_best.qoe_score - of_recommended.qoe_score) / sqrt(count(*)) as noise
            from ({recommendations}) as recommended
            inner join best using (ladder, network_class)
            inner join judged as of_best using (ladder, network_class, policy_name)
            inner join judged as of_recommended
                on of_recommended.ladder = of_best.ladder
                and of_recommended.trace_id = of_best.trace_id
                and of_recommended.policy_name = recommended.recommended_policy
            group by all
            having count(*) >= 5
            order by all
            """
        )
    )


def worse_than_noise(classes: list[dict]) -> list[dict]:
    return [row for row in classes if row["loss"] > 2 * row["noise"]]


def test_recommendations_hold_on_networks_unlike_the_public_ones(lake, compiled_sql, tmp_path):
    """120 traces: two thirds are the evidence, the others judge it."""
    play_generated_networks(lake, compiled_sql, tmp_path, traces=30)
    lake.execute(
        "delete from lake.analytics.bitrate_what_if"
        " where split_part(trace_id, ' ', 2)::integer % 3 = 0"
    )
    recommendations = compiled_sql("bitrate_recommendations")
    classes = judge(lake, recommendations)
    assert len(classes) >= 5
    assert len({row["recommended_policy"] for row in classes}) > 1
    assert worse_than_noise(classes) == []
    # The same question finds every policy that is recommended for all networks alike.
    for policy in policies(lake):
        alike = (
            f"select ladder, network_class, '{policy}' as recommended_policy"
            f" from ({recommendations})"
        )
        assert worse_than_noise(judge(lake, alike)), policy

    evidence = lake.sql(
        f"select evidence, recommended_policy is null, traces from ({recommendations})"
    ).fetchall()
    assert {name for name, *_ in evidence} == {"held back", "folds disagree", "too few traces"}
    for name, missing, traces in evidence:
        assert (name == "too few traces") == (traces < 10)
        assert missing == (name != "held back")
