"""The real viewing data through the project, against an independent computation over its files."""

import csv
import gzip
from collections import defaultdict

import pyarrow.parquet as parquet
import pytest

from adapt_movielens import adapt, find_data


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


def test_daily_user_metrics_equal_plain_python_on_every_row(data, project):
    events = adapt(data, project.landing)
    project.build("--select", "+daily_user_metrics", vars={"activity_horizon_days": 20000})

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
