"""The real viewing data through the project, against an independent computation over its files."""

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from statistics import median

import pyarrow.parquet as parquet
import pytest

from reelhouse.generate.platform import DEVICE_TYPES, REGIONS
from reelhouse.importers.movielens import adapt, find_data

pytestmark = pytest.mark.one_domain(bare=True)


@pytest.fixture(scope="module")
def data():
    try:
        return find_data()
    except FileNotFoundError as reason:
        pytest.skip(f"{reason}; set REELHOUSE_DATA to the folder that holds viewing/")


def delivered_rows(landing):
    """Every delivered row as (profile, session, title, day as text, seconds): plain Python."""
    for path in sorted((landing / "watch_events").iterdir()):
        if path.suffix == ".parquet":
            for row in parquet.read_table(path).to_pylist():
                yield row, str(row["event_ts"].date())
        else:
            with gzip.open(path, "rt", newline="") as stream:
                for row in csv.DictReader(stream):
                    yield row, row["event_ts"][:10]


@pytest.fixture(scope="module")
def adapted(data, tmp_path_factory):
    landing = tmp_path_factory.mktemp("adapted")
    return landing, adapt(data, landing)


def test_every_rating_is_one_event_with_its_real_values(data, adapted):
    landing, events = adapted
    with gzip.open(data / "viewing" / "movielens_ratings.csv.gz", "rt", newline="") as stream:
        ratings = {
            (
                f"user-{row['userId']}",
                f"film-{row['movieId']}",
                str(datetime.fromtimestamp(int(row["timestamp"]), UTC).replace(tzinfo=None)),
            )
            for row in csv.DictReader(stream)
        }
    delivered = [row for row, _ in delivered_rows(landing)]
    assert len(delivered) == events == len({row["event_id"] for row in delivered})
    assert ratings == {
        (row["profile_id"], row["title_id"], str(row["event_ts"])) for row in delivered
    }


def test_derived_values_are_in_their_lists_and_a_session_has_one_user(adapted):
    users, traits = defaultdict(set), defaultdict(set)
    seconds = []
    for row, _ in delivered_rows(adapted[0]):
        assert row["region"] in REGIONS and row["device_type"] in DEVICE_TYPES
        users[row["session_id"]].add(row["profile_id"])
        traits[row["profile_id"]].add((row["region"], row["device_type"]))
        seconds.append(int(row["watch_seconds"]))
    assert all(len(members) == 1 for members in (*users.values(), *traits.values()))
    pairs = {next(iter(pair)) for pair in traits.values()}
    assert pairs == {(region, device) for region in REGIONS for device in DEVICE_TYPES}
    assert 3600 <= min(seconds) < 3700 and 14300 < max(seconds) <= 14400
    assert median(seconds) == pytest.approx(105 * 60, rel=0.02)


def test_both_formats_are_whole_and_the_seed_decides(data, adapted, tmp_path):
    landing, _ = adapted
    names = sorted(path.name for path in (landing / "watch_events").iterdir())
    assert names == [f"{year}.{'csv.gz' if year % 2 else 'parquet'}" for year in range(1996, 2019)]
    adapt(data, tmp_path / "again")
    adapt(data, tmp_path / "other", seed=2)
    year = "watch_events/2017.csv.gz"
    assert (tmp_path / "again" / year).read_bytes() == (landing / year).read_bytes()
    assert (tmp_path / "other" / year).read_bytes() != (landing / year).read_bytes()


def test_daily_user_metrics_equal_plain_python_on_every_row(data, project):
    events = adapt(data, project.landing)
    project.build("--select", "+daily_user_metrics")

    sessions, titles = defaultdict(set), defaultdict(set)
    seconds, rows = defaultdict(int), 0
    for row, day in delivered_rows(project.landing):
        key = (row["profile_id"], day)
        sessions[key].add(row["session_id"])
        titles[key].add(row["title_id"])
        seconds[key] += int(row["watch_seconds"])
        rows += 1
    expected = {key: (len(sessions[key]), seconds[key], len(titles[key])) for key in seconds}

    actual = {
        (profile, str(day)): tuple(metrics)
        for profile, day, *metrics in project.query(
            "select profile_id, activity_date, sessions, total_watch_time, unique_titles"
            " from daily_user_metrics"
        )
    }
    assert rows == events > 100_000
    assert project.query("select count(*) from fact_watch_events") == [(events,)]
    assert actual == expected
