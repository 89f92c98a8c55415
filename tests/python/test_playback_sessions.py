"""Sessions against an event-by-event state machine, and against any split into deliveries."""

import json
import random
from datetime import date, datetime, timedelta

import duckdb
import pytest
from compiled import create_steps
from conftest import ROWS_ONLY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playback_oracle import BEGINS, ENDS, Event, read_session
from rows import dictionaries

from reelhouse.generate.playback import generate

START = datetime(2025, 1, 13, 23, 50)
CASES = 1_500
KINDS = (*BEGINS, *ENDS, "play_requested", "first_frame", "playing", "heartbeat", "error", "end")
GAPS = st.sampled_from((0, 0, 1, 40, 999, 5_000, 30_000, 90_000, 90_001, 600_000))
RATES = st.one_of(st.none(), st.sampled_from((600, 1_500, 3_000, 6_000)))
SPEEDS = st.one_of(st.none(), st.integers(0, 60_000))


@st.composite
def any_events(draw):
    """Events of any kind in any order: most of it no player would do."""
    return draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=25))


@st.composite
def plausible_events(draw):
    """What a player does, of which events get lost, come twice, or change places."""
    kinds = ["play_requested"]
    if draw(st.booleans()):
        kinds += ["ad_start", "ad_end"]
    kinds += ["first_frame"]
    for incident in draw(st.lists(st.sampled_from(("stall", "seek", "pause", "ad", "play")))):
        kinds += {
            "stall": ["stall_start", "stall_end"],
            "seek": ["seek_start", "stall_start", "stall_end", "seek_end"],
            "pause": ["pause", "resume"],
            "ad": ["ad_start", "ad_end"],
            "play": ["playing"],
        }[incident]
    kinds.append(draw(st.sampled_from(("end", "error", "heartbeat"))))
    for _ in range(draw(st.integers(0, 3))):
        position = draw(st.integers(0, len(kinds) - 1))
        mishap = draw(st.sampled_from(("lost", "twice", "swapped")))
        if mishap == "lost" and len(kinds) > 1:
            kinds.pop(position)
        elif mishap == "twice":
            kinds.insert(position, kinds[position])
        else:
            kinds.append(kinds.pop(position))
    return kinds


@st.composite
def sessions(draw):
    """A session's events, in an order of delivery that is any."""
    kinds = draw(st.one_of(any_events(), plausible_events()))
    numbered = draw(st.booleans())
    ms, events = 0, []
    for number, kind in enumerate(kinds):
        ms += draw(GAPS)
        events.append(
            Event(
                # Identifiers in another order than the events.
                event_id=f"{draw(st.integers(0, 9))}-{number:02d}",
                event_type=kind,
                ms=ms,
                sequence_number=number if numbered and draw(st.integers(0, 9)) else None,
                bitrate_kbps=draw(RATES),
                measured_throughput_kbps=draw(SPEEDS),
                is_fatal=kind == "error" and draw(st.booleans()),
                cdn_endpoint=draw(st.sampled_from((None, "cdn-a", "cdn-b"))),
                region=draw(st.sampled_from(("us-east", "eu-west"))),
            )
        )
    return draw(st.permutations(events))


def draw_cases() -> list[list[Event]]:
    cases = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(sessions())
    def collect(events):
        cases.append(events)

    collect()
    return cases


@pytest.fixture(scope="module")
def cases():
    return draw_cases()


def moment(ms):
    return START + timedelta(milliseconds=ms)


def run_model(compiled_sql, cases: list[list[Event]]) -> dict[int, dict]:
    """Run the model once over all cases; a case is the session of its number."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake; create schema lake.analytics")
        connection.execute(
            """
            create table lake.analytics.playback_events (
                event_id varchar, profile_id varchar, session_id varchar, title_id varchar,
                region varchar, device_type varchar, cdn_endpoint varchar, event_type varchar,
                is_fatal boolean, error_code varchar, sequence_number integer,
                bitrate_kbps integer, measured_throughput_kbps integer, buffer_length_ms integer,
                event_ts timestamp, session_started_at timestamp, session_date date, batch_id bigint
            )
            """
        )
        rows = [
            {
                "event_id": event.event_id,
                "session_id": str(case),
                "region": event.region,
                "cdn_endpoint": event.cdn_endpoint,
                "event_type": event.event_type,
                "is_fatal": event.is_fatal,
                "sequence_number": event.sequence_number,
                "bitrate_kbps": event.bitrate_kbps,
                "measured_throughput_kbps": event.measured_throughput_kbps,
                "event_ts": str(moment(event.ms)),
            }
            for case, events in enumerate(cases)
            for event in events
        ]
        connection.execute(
            """
            insert into lake.analytics.playback_events by name
            select
                unnest(from_json(?, ?), recursive := true),
                'p1' as profile_id, 't1' as title_id, 'tv' as device_type,
                ?::timestamp as session_started_at, ?::date as session_date, 1 as batch_id
            """,
            [
                json.dumps(rows),
                json.dumps(
                    [
                        {
                            **dict.fromkeys(rows[0], "VARCHAR"),
                            "is_fatal": "BOOLEAN",
                            "event_ts": "TIMESTAMP",
                            "sequence_number": "INTEGER",
                            "bitrate_kbps": "INTEGER",
                            "measured_throughput_kbps": "INTEGER",
                        }
                    ]
                ),
                START,
                START.date(),
            ],
        )
        sql = create_steps(connection, compiled_sql, "streaming_sessions")
        return {int(row["session_id"]): row for row in dictionaries(connection.execute(sql))}


def assert_equal(actual: dict, expected: dict, case: object) -> None:
    for name, value in expected.items():
        if name in ("video_started_at", "last_event_ts", "ended_at") and value is not None:
            value = moment(value)
        if isinstance(value, float):
            # The model rounds a network speed to whole kbit/s.
            exact = not name.startswith("network_speed")
            value = pytest.approx(value, rel=1e-9, abs=1e-9 if exact else 0.000501)
        assert actual[name] == value, f"{name} is {actual[name]}, not {value}, in {case}"


def test_sessions_equal_the_state_machine(compiled_sql, cases):
    actual = run_model(compiled_sql, cases)
    assert len(actual) == len(cases) >= 1_000
    for number, events in enumerate(cases):
        assert_equal(actual[number], read_session(events), events)


def test_the_cases_hold_every_odd_order(cases):
    """A property that no case exercises would be no property."""
    rows = [read_session(events) for events in cases]
    for name in (
        "is_exit_before_video_start",
        "is_video_start_failure",
        "is_playback_failure",
        "video_start_time_ms",
        "rebuffering_count",
        "rebuffering_seek_ms",
        "paused_ms",
        "ad_ms",
        "seeking_ms",
        "unobserved_ms",
        "rendition_switches",
        "events_after_end",
        "network_speed",
    ):
        assert sum(bool(row[name]) for row in rows) >= 20, name
    assert sum(row["network_speed"] == 0 for row in rows) >= 20
    ads = [row["ad_ms"] for row in rows]
    assert sum(ad_ms > 90_000 for ad_ms in ads) >= 20
    assert sum(
        ad_ms == 90_000 and row["unobserved_ms"] > 0 for ad_ms, row in zip(ads, rows, strict=True)
    )
    assert sum(not row["is_attempt"] for row in rows) >= 20
    kinds = [
        [event.event_type for event in sorted(case, key=lambda event: event.order)]
        for case in cases
    ]
    assert sum(case.count("stall_start") > case.count("stall_end") for case in kinds) >= 100
    assert sum(case.count("first_frame") > 1 for case in kinds) >= 50
    assert sum(
        "first_frame" in case and "play_requested" not in case[: case.index("first_frame")]
        for case in kinds
    )
    assert sum(len({event.ms for event in case}) < len(case) for case in cases) >= 100


REQUEST = Event("1", "play_requested", 0)
# What docs/playback.md decides about the start, one case each: events, and what must come out.
STARTS = {
    "a silent pre-roll whose end is reported": (
        [REQUEST, Event("2", "ad_start", 1_000), Event("3", "ad_end", 301_000)],
        {"video_start_time_ms": 3_000, "ad_ms": 300_000, "unobserved_ms": 0},
    ),
    "a silent pre-roll that a later event finds running": (
        [
            REQUEST,
            Event("2", "ad_start", 1_000),
            Event("3", "heartbeat", 200_000),
            Event("4", "ad_end", 301_000),
        ],
        {"video_start_time_ms": 3_000, "ad_ms": 300_000, "unobserved_ms": 0},
    ),
    "a silent pre-roll whose end is lost": (
        [REQUEST, Event("2", "ad_start", 1_000)],
        {"video_start_time_ms": None, "ad_ms": 90_000, "unobserved_ms": 212_000},
    ),
    "a short pre-roll whose end is lost": (
        [REQUEST, Event("2", "ad_start", 290_000)],
        {"video_start_time_ms": 290_000, "ad_ms": 13_000},
    ),
    "a bitrate before the first frame": (
        [REQUEST, Event("2", "bitrate_switch", 1_000, bitrate_kbps=600)],
        {"average_bitrate_kbps": 600, "rendition_switches": 0, "played_bits": 600 * 30_000},
    ),
    "two bitrates before the first frame": (
        [
            REQUEST,
            Event("2", "bitrate_switch", 1_000, bitrate_kbps=6_000),
            Event("3", "bitrate_switch", 2_000, bitrate_kbps=600),
        ],
        {"average_bitrate_kbps": 600, "rendition_switches": 0, "played_bits": 600 * 30_000},
    ),
    "the bitrate of a pre-roll": (
        [
            REQUEST,
            Event("2", "ad_start", 1_000, bitrate_kbps=6_000),
            Event("3", "ad_end", 20_000, bitrate_kbps=600),
        ],
        {"average_bitrate_kbps": 600, "rendition_switches": 0, "played_bits": 600 * 30_000},
    ),
    "only the bitrate of a pre-roll": (
        [
            REQUEST,
            Event("2", "ad_start", 1_000, bitrate_kbps=6_000),
            Event("3", "ad_end", 20_000),
        ],
        {"average_bitrate_kbps": None, "bitrate_known_ms": 0, "video_start_time_ms": 284_000},
    ),
    "a play request after the first frame": (
        [Event("2", "play_requested", 310_000)],
        {"video_start_time_ms": None, "is_attempt": True, "playing_ms": 30_000},
    ),
    "a second play request, before the first frame": (
        [REQUEST, Event("2", "play_requested", 302_000)],
        {"video_start_time_ms": 303_000},
    ),
    "a second play request, after the first frame": (
        [REQUEST, Event("2", "play_requested", 310_000)],
        {"video_start_time_ms": 303_000, "playing_ms": 30_000},
    ),
}


def test_odd_starts_are_read_as_documented(compiled_sql):
    """Each has its first frame at 303 s and its end 30 s later."""
    rest = [Event("8", "first_frame", 303_000), Event("9", "end", 333_000)]
    actual = run_model(compiled_sql, [events + rest for events, _ in STARTS.values()])
    for number, (name, (events, expected)) in enumerate(STARTS.items()):
        assert_equal(actual[number], expected, name)
        assert_equal(actual[number], read_session(events + rest), name)


SESSION_COLUMNS = "* exclude (batch_id)"


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """A generated delivery of two days, as rows."""
    folder = tmp_path_factory.mktemp("delivered")
    generate(folder, days=2, sessions_per_day=40, requests_per_day=1, traces=1, seed=8)
    files = f"{folder}/playback_events"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            select columns(*)::varchar from (
                from read_json('{files}/*.jsonl.gz', format = 'nd')
                union all by name from read_parquet('{files}/*.parquet')
                union all by name from read_csv('{files}/*.csv.gz')
            )
            """
        )
        return dictionaries(rows)


def deliver(project, name, rows):
    path = project.landing / "playback_events" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def build(project):
    return project.build(
        "--select", "+daily_playback_metrics", "+quarantine_playback_events", *ROWS_ONLY
    )


def tables(project):
    return [
        project.query(f"select {SESSION_COLUMNS} from {name} order by all")
        for name in ("streaming_sessions", "daily_playback_metrics")
    ]


def test_any_split_over_batches_gives_the_same(make_project, delivered):
    whole = make_project("whole")
    deliver(whole, "all", delivered)
    build(whole)

    split = make_project("split")
    chance = random.Random(5)
    shuffled = random.Random(6).sample(delivered, len(delivered))
    batches = [[], [], []]
    for row in shuffled:
        batches[chance.randrange(3)].append(row)
    for number, rows in enumerate(batches):
        deliver(split, f"batch-{number}", rows)
        build(split)

    assert tables(whole)[0], "no sessions"
    assert tables(split) == tables(whole)
    midnight = "cast(last_event_ts as date) > session_date"
    assert whole.query(f"select count(*) from streaming_sessions where {midnight}")[0][0] > 0


def test_events_lie_as_the_document_says(project, delivered):
    """Partitioned by the day of the event; each column encoded as its kind of value needs."""
    deliver(project, "all", delivered)
    build(project)
    folders = project.query(
        "select distinct regexp_extract(file_name, 'dt=([0-9-]+)/', 1)"
        " from parquet_file_metadata('lake/data/analytics/playback_events/**/*.parquet')".replace(
            "lake/", f"{project.lake}/"
        )
    )
    days = project.query("select distinct cast(event_ts as date)::varchar from playback_events")
    assert set(folders) == set(days) and len(days) == 2
    assert project.query("select count(*) from playback_events where dt <> event_ts::date") == [
        (0,)
    ]
    chunks = dict(
        project.query(
            f"""
            select path_in_schema, list(distinct compression || ' ' || encodings)
            from parquet_metadata('{project.lake}/data/analytics/playback_events/**/*.parquet')
            where row_group_num_rows > 500
            group by all
            """
        )
    )
    assert all(kind.startswith("ZSTD") for kind in chunks["event_data"])
    assert all("DELTA_BINARY_PACKED" in kind for kind in chunks["event_ts"])
    assert all("RLE_DICTIONARY" in kind for kind in chunks["event_type"] + chunks["region"])
    regions = project.query(
        "select region from playback_events where dt = '2025-01-14' and batch_id = 1"
    )
    # Sorted, so a run-length encoding has one run per region.
    runs = sum(a != b for a, b in zip(regions, regions[1:], strict=False)) + 1
    assert runs == len(set(regions))


def test_a_refresh_writes_only_sessions_with_new_events(project, delivered):
    late = "v0113-7"
    days = {date(2025, 1, 13): 1, date(2025, 1, 14): 0}
    held_back = [row for row in delivered if row["session_id"] == late][-2:]
    new = [
        {**held_back[-1], "event_id": "new-1", "session_id": "new"},
    ]
    deliver(project, "first", [row for row in delivered if row not in held_back])
    build(project)
    before = dict(project.query("select session_id, batch_id from streaming_sessions"))

    deliver(project, "second", held_back + new)
    build(project)
    after = dict(project.query("select session_id, batch_id from streaming_sessions"))
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {late, "new"}
    written = project.query(
        "select model, rows_written, rows_deleted, partitions_affected from lake.ledger.refresh_log"
        " where model = 'int_streaming_sessions__measured' order by batch_id desc limit 1"
    )
    assert written == [("int_streaming_sessions__measured", 2, 1, 1)]
    days_written = project.query(
        "select session_date, max(batch_id) = 2 from daily_playback_metrics"
        " group by all order by all"
    )
    assert days_written == [(day, bool(flag)) for day, flag in days.items()]
