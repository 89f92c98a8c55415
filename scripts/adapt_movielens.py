"""Turn MovieLens ratings into the feed watch_events.

    python scripts/adapt_movielens.py --out landing [--data ../shared/data]

One event a rating. Real are: profile_id (the user), title_id (the film), event_ts (when it was
rated). Derived, because MovieLens has no such thing, by fixed rules that anyone can repeat:

- event_id: `<userId>-<movieId>` (a user rates a film once);
- session_id: the user's ratings with gaps of less than 30 minutes, numbered;
- region, device_type: the user's number modulo the number of regions, and of device types;
- watch_seconds: a film's length drawn from its number (80 to 140 minutes), times the rating's
  share of five stars: who liked it watched on.

Odd years are written as gzip CSV and even years as Parquet, so that both readers are used. The
ratings are not part of this repository; GroupLens permits their use for research, see the
licence that comes with them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from generate_watch_events import DEVICE_TYPES, REGIONS

ROOT = Path(__file__).resolve().parent.parent


def find_data(given: str | None = None) -> Path:
    """Return the folder of the real data: the argument, REELHOUSE_DATA, or ../shared/data.

    Raises:
        FileNotFoundError: the MovieLens ratings are not in it.
    """
    data = Path(given or os.environ.get("REELHOUSE_DATA") or ROOT.parent / "shared" / "data")
    if not (data / "viewing" / "movielens_ratings.csv.gz").exists():
        raise FileNotFoundError(f"there is no viewing/movielens_ratings.csv.gz in {data}")
    return data


def events_sql(ratings: Path) -> str:
    """Return SQL for the watch events of a file of ratings (userId, movieId, rating, timestamp)."""
    return f"""
        with ratings as (
            select
                *,
                make_timestamp(timestamp * 1000000) as rated_at
            from read_csv('{ratings}', header = true)
        ),

        with_sittings as (
            select
                *,
                sum(starts_sitting) over (
                    partition by userId
                    order by rated_at, movieId
                ) as sitting
            from (
                select
                    *,
                    coalesce(rated_at - lag(rated_at) over (
                        partition by userId
                        order by rated_at, movieId
                    ) >= interval 30 minute, true)::integer as starts_sitting
                from ratings
            )
        )

        select
            printf('%d-%d', userId, movieId) as event_id,
            printf('user-%d', userId) as profile_id,
            printf('user-%d-sitting-%d', userId, sitting) as session_id,
            printf('film-%d', movieId) as title_id,
            {list(REGIONS)}[1 + userId % {len(REGIONS)}] as region,
            {list(DEVICE_TYPES)}[1 + userId % {len(DEVICE_TYPES)}] as device_type,
            rated_at as event_ts,
            cast(floor((80 + movieId % 61) * 60 * rating / 5) as integer) as watch_seconds
        from with_sittings
        order by rated_at, event_id
    """


def adapt(data: Path, out: Path) -> int:
    """Write the feed to `<out>/watch_events/<year>.<format>`; return the number of events."""
    folder = out / "watch_events"
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        ratings = data / "viewing" / "movielens_ratings.csv.gz"
        connection.execute(f"create table events as {events_sql(ratings)}")
        years = connection.execute(
            "select distinct year(event_ts) from events order by 1"
        ).fetchall()
        for (year,) in years:
            form, options = ("csv.gz", "format csv, header true, compression gzip")
            if year % 2 == 0:
                form, options = ("parquet", "format parquet, compression zstd")
            connection.execute(
                f"copy (from events where year(event_ts) = {year})"
                f" to '{folder / f'{year}.{form}'}' ({options})"
            )
        return connection.execute("select count(*) from events").fetchone()[0]


def unknown_films(data: Path) -> int:
    """Count the ratings that name a film which the list of films does not have."""
    viewing = data / "viewing"
    with duckdb.connect() as connection:
        return connection.execute(
            f"""
            select count(*)
            from read_csv('{viewing / "movielens_ratings.csv.gz"}', header = true) as ratings
            anti join read_csv('{viewing / "movielens_movies.csv"}', header = true) as films
                on ratings.movieId = films.movieId
            """
        ).fetchone()[0]


def main() -> int:
    """Adapt from the command line."""
    parser = argparse.ArgumentParser(description="Turn MovieLens ratings into watch_events.")
    parser.add_argument("--out", type=Path, required=True, help="landing folder")
    parser.add_argument("--data", help="folder of the real data")
    options = parser.parse_args()
    try:
        data = find_data(options.data)
        count, unknown = adapt(data, options.out), unknown_films(data)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count:,} events in {options.out / 'watch_events'}; {unknown} of an unlisted film")
    return 0


if __name__ == "__main__":
    sys.exit(main())
