"""The serving copy in a real PostgreSQL: what is sent, which index answers, and who has to wait."""

import threading

import psycopg
import pytest
from conftest import ROWS_ONLY, Project
from duckdb_extensions import import_extension
from lakehouse_lake import run_operation
from postgres_process import postgres_server
from test_outdated_tables import edit

from reelhouse.generate.watch_events import generate

pytestmark = pytest.mark.one_domain(bare=True)

SERVED = ("fact_watch_events", "daily_user_metrics")
# The three documented ways to ask the fact, and the index that is there for each.
QUERIES = {
    "idx_watch_history_user_date": (
        "select event_ts, title_id, watch_seconds from analytics.fact_watch_events"
        " where profile_id = 'p0000100' and event_ts >= '2025-01-01' and event_ts < '2025-01-31'"
        " order by event_ts desc"
    ),
    "idx_watch_content_region": (
        "select event_ts, watch_seconds from analytics.fact_watch_events"
        " where title_id = 't00100' and region = 'eu-west'"
        " and event_ts >= '2025-01-01' and event_ts < '2025-01-31'"
    ),
    "idx_metrics_composite": (
        "select sum(watch_seconds) from analytics.fact_watch_events"
        " where region = 'eu-west' and device_type = 'tablet'"
        " and event_ts >= '2025-01-02' and event_ts < '2025-01-04'"
    ),
}


# The transactions that wrote each day.
WRITERS = "select dt, array_agg(distinct xmin::text) from analytics.fact_watch_events group by dt"


@pytest.fixture(scope="module")
def server():
    import_extension("postgres_scanner")
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="module")
def served(server, tmp_path_factory, parsed_manifest) -> Project:
    """A lake of a few days, published once."""
    project = Project(tmp_path_factory.mktemp("served") / "project", parsed_manifest)
    deliver(project, first_day=0, days=4, events_per_day=6_000)
    project.build("--select", "+daily_user_metrics", *ROWS_ONLY)
    publish(project, server)
    return project


def deliver(project: Project, **arguments) -> None:
    generate(project.landing, profiles=2_000, titles=400, late_share=0.0, **arguments)


def publish(project: Project, server: str) -> str:
    project.environment["REELHOUSE_SERVING"] = server
    return run_operation(project, "serve_postgres").stdout


def rows(connection, table: str) -> list[tuple]:
    return connection.execute(f"select * from {table} order by 1, 2").fetchall()


def assert_copies_equal(project: Project, server: str) -> None:
    with project.connect() as lake, psycopg.connect(server) as postgres:
        for table in SERVED:
            assert rows(postgres, f"analytics.{table}") == rows(lake, table) != []


def plan_nodes(plan: dict) -> list[dict]:
    nodes = [plan]
    for child in plan.get("Plans", []):
        nodes += plan_nodes(child)
    return nodes


@pytest.mark.parametrize("index", QUERIES)
def test_each_documented_query_uses_its_index(served, server, index):
    with psycopg.connect(server) as postgres:
        (plan,) = postgres.execute(f"explain (analyze, format json) {QUERIES[index]}").fetchone()
    scans = [node for node in plan_nodes(plan[0]["Plan"]) if "Index Name" in node]
    assert [node["Index Name"] for node in scans] == [index], plan
    if index == "idx_metrics_composite":
        assert scans[0]["Node Type"] == "Index Only Scan" and scans[0]["Heap Fetches"] == 0
    assert scans[0]["Actual Rows"] > 0


INDEXES = (
    "select indexname from pg_indexes where schemaname = 'analytics'"
    " and tablename = 'fact_watch_events' order by indexname"
)


def test_a_copy_with_other_indexes_gets_those_that_are_declared(served, server):
    """What an older version made goes, what is wrong is made again, what somebody made stays."""
    with psycopg.connect(server, autocommit=True) as postgres:
        postgres.execute(
            """
            set search_path = analytics;
            drop index idx_watch_history_user_date, idx_watch_content_region;
            create index idx_watch_content_region on fact_watch_events (title_id);
            create index watch_by_profile on fact_watch_events (profile_id, event_ts desc);
            create index no_longer_declared on fact_watch_events (device_type);
            comment on index no_longer_declared is 'reelhouse: (device_type)';
            create index of_somebody_else on fact_watch_events (session_id);
            """
        )
    assert "created index idx_watch_content_region" in publish(served, server)
    with psycopg.connect(server, autocommit=True) as postgres:
        names = [name for (name,) in postgres.execute(INDEXES)]
        assert names == sorted([*QUERIES, "of_somebody_else"])
        (definition,) = postgres.execute(
            "select pg_get_indexdef('analytics.idx_watch_content_region'::regclass)"
        ).fetchone()
        assert definition.endswith("(title_id, region, event_ts)")
        postgres.execute("drop index analytics.of_somebody_else")
    assert "created index" not in publish(served, server)


def test_a_copy_gets_a_column_that_it_lacks_and_refuses_one_that_the_lake_lacks(served, server):
    with psycopg.connect(server, autocommit=True) as postgres:
        postgres.execute("alter table analytics.daily_user_metrics drop column batch_id")
        assert "daily_user_metrics: copied everything" in publish(served, server)
        assert_copies_equal(served, server)
        postgres.execute("alter table analytics.daily_user_metrics add column gone int")
        served.environment["REELHOUSE_SERVING"] = server
        refused = run_operation(served, "serve_postgres", expect_success=False)
        assert "has columns that" in refused.stdout and "does not have: gone" in refused.stdout
        postgres.execute("alter table analytics.daily_user_metrics drop column gone")


def test_a_publish_sends_only_the_partitions_that_were_touched(served, server):
    assert_copies_equal(served, server)
    assert "copied" not in publish(served, server)

    with psycopg.connect(server) as postgres:
        before = dict(postgres.execute(WRITERS).fetchall())
    deliver(served, first_day=4, days=1, events_per_day=300)
    generate(
        served.landing / "late",
        seed=9,
        days=1,
        events_per_day=50,
        profiles=2_000,
        titles=400,
        late_share=0.0,
    )
    (served.landing / "late" / "watch_events" / "2025-01-01").rename(
        served.landing / "watch_events" / "late-2025-01-01"
    )
    served.build("--select", "+daily_user_metrics", *ROWS_ONLY)
    publish(served, server)
    assert_copies_equal(served, server)
    with psycopg.connect(server) as postgres:
        after = dict(postgres.execute(WRITERS).fetchall())
    sent = {str(day) for day in after if after[day] != before.get(day)}
    assert sent == {"2025-01-01", "2025-01-05"}


def test_readers_neither_wait_nor_see_half_of_a_publish(served, server):
    total = "select sum(total_watch_time), count(*) from analytics.daily_user_metrics"
    seen, failures, stop = set(), [], threading.Event()

    def read() -> None:
        try:
            with psycopg.connect(server, autocommit=True) as reader:
                reader.execute("set lock_timeout = '200ms'")
                while not stop.wait(0.002):
                    seen.add(reader.execute(total).fetchone())
        except psycopg.Error as error:
            failures.append(error)

    with psycopg.connect(server) as old_reader:
        old_reader.execute("set transaction isolation level repeatable read")
        before = old_reader.execute(total).fetchone()
        # Everything is sent anew while the old reader's transaction stays open.
        served.build("--select", "daily_user_metrics", "--full-refresh", *ROWS_ONLY)
        deliver(served, first_day=5, days=1, events_per_day=300)
        served.build("--select", "+daily_user_metrics", *ROWS_ONLY)
        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        publish(served, server)
        stop.set()
        for reader in readers:
            reader.join()
        assert old_reader.execute(total).fetchone() == before
    with psycopg.connect(server) as postgres:
        after = postgres.execute(total).fetchone()
    assert failures == [] and seen == {before, after} and before != after
    assert_copies_equal(served, server)


@pytest.mark.slow
def test_a_column_of_a_metric_needs_three_files_and_reaches_history_and_the_copy(
    server, make_project
):
    """As docs/adding-a-feed.md says: model, properties, unit test; one build, one copy."""
    project = make_project("column")
    deliver(project, first_day=0, days=2, events_per_day=200)
    project.build()
    publish(project, server)
    folder = "models/marts/engagement/"
    model, properties, tests = (
        folder + name
        for name in (
            "daily_user_metrics.sql",
            "_engagement__models.yml",
            "_engagement__unit_tests.yml",
        )
    )
    titles = "        count(distinct title_id) as unique_titles,\n"
    edit(project, model, titles, titles + "        count(distinct profile_id) as profiles,\n")
    text = (project.folder / properties).read_text()
    anchor = "      - name: unique_titles\n"
    column = "      - name: profiles\n        description: Always one.\n"
    column += "        data_type: bigint\n        constraints: [{type: not_null}]\n"
    (project.folder / properties).write_text(text.replace(anchor, column + anchor, 1))
    text = (project.folder / tests).read_text()
    (project.folder / tests).write_text(
        text.replace("unique_titles: ", "profiles: 1, unique_titles: ")
    )

    outcome = project.dbt("build", vars={"rebuild_outdated": True})

    assert "Not published" not in outcome.stdout
    rebuilt = project.query(
        "select model from ledger.refresh_log where mode = 'rebuild' and batch_id > 1"
        " and model in ('fact_watch_events', 'daily_user_metrics', 'daily_title_metrics')"
    )
    assert rebuilt == [("daily_user_metrics",)]
    assert project.query("select min(profiles), max(profiles) from daily_user_metrics") == [(1, 1)]
    publish(project, server)
    with psycopg.connect(server) as postgres:
        ours = "select profile_id, activity_date, profiles from {} order by all"
        copied = postgres.execute(
            ours.format("analytics.daily_user_metrics").replace("all", "1, 2")
        ).fetchall()
    assert copied == project.query(ours.format("daily_user_metrics"))
