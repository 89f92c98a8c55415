"""Turn MovieLens ratings into the feed watch_events.

    reelhouse import movielens --out landing [--data ../shared/data] [--seed 1]

One event a rating. Real are: profile_id (the user), title_id (the film), event_ts (when it was
rated), and event_id, `<userId>-<movieId>` (a user rates a film once). Derived, because MovieLens
has no such thing, by rules that give the same values for the same seed:

- session_id: the user's ratings with gaps of less than 30 minutes, numbered;
- region, device_type: drawn evenly by a hash of seed and user, so a user keeps both;
- watch_seconds: drawn by a hash of seed, user and film, spread like the lengths of films: 60 to
  240 minutes, half of them under 105. It says nothing of how long anyone watched.

What the ratings hold is passed on as it is, also a user or film that no list knows.

Odd years are written as gzip CSV and even years as Parquet, so that both readers are used. The
ratings are not part of this repository; GroupLens permits their use for research, see the
licence that comes with them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from reelhouse.generate.platform import DEVICE_TYPES, REGIONS
from reelhouse.paths import data_folder
from reelhouse.sql import pick, quoted, uniform


def find_data(given: str | None = None) -> Path:
    """Return the folder of the real data that holds the MovieLens ratings.

    Raises:
        FileNotFoundError: the MovieLens ratings are not in it.
    """
    data = data_folder(given)
    if not (data / "viewing" / "movielens_ratings.csv.gz").exists():
        raise FileNotFoundError(
            f"{data} has no file viewing/movielens_ratings.csv.gz. Pass the folder that has it:"
            " --data FOLDER, or the environment variable REELHOUSE_DATA."
        )
    return data


def events_sql(ratings: Path, seed: int = 1) -> str:
    """Return SQL for the watch events of a file of ratings (userId, movieId, rating, timestamp).

    Args:
        ratings: CSV file; the timestamp is in seconds since 1970, UTC.
        seed: any integer; it determines the derived columns.
    """
    region = pick(REGIONS, uniform(seed, "region", of="userId"))
    device_type = pick(DEVICE_TYPES, uniform(seed, "device", of="userId"))
    # A film's number has fewer than 32 bits, so every pair of user and film is another number.
    drawn = uniform(seed, "watched", of=f"(userId * {1 << 32} + movieId)")
    return f"""
        with ratings as (
            select
                *,
                make_timestamp(timestamp * 1000000) as rated_at
            from read_csv({quoted(ratings)}, header = true)
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
            {region} as region,
            {device_type} as device_type,
            rated_at as event_ts,
            cast(floor(3600 + 10800 * pow({drawn}, 2)) as integer) as watch_seconds
        from with_sittings
        order by rated_at, event_id
    """


def adapt(data: Path, out: Path, seed: int = 1) -> int:
    """Write the feed to `<out>/watch_events/<year>.<format>`; return the number of events.

    Args:
        data: folder that holds `viewing/`.
        out: landing folder. A file appears under its name when it is complete.
        seed: any integer; it determines the derived columns.
    """
    folder = out / "watch_events"
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        ratings = data / "viewing" / "movielens_ratings.csv.gz"
        connection.execute(f"create table events as {events_sql(ratings, seed)}")
        years = connection.execute(
            "select distinct year(event_ts) from events order by 1"
        ).fetchall()
        for (year,) in years:
            form, options = ("csv.gz", "format csv, header true, compression gzip")
            if year % 2 == 0:
                form, options = ("parquet", "format parquet, compression zstd")
            unfinished = folder / f".{year}.{form}.unfinished"
            connection.execute(
                f"copy (from events where year(event_ts) = {year} order by event_ts, event_id)"
                f" to {quoted(unfinished)} ({options})"
            )
            unfinished.rename(folder / f"{year}.{form}")
        return connection.execute("select count(*) from events").fetchone()[0]


def unknown_films(data: Path) -> int:
    """Count the ratings that name a film which the list of films does not have."""
    viewing = data / "viewing"
    with duckdb.connect() as connection:
        return connection.execute(
            f"""
            select count(*)
            from read_csv({quoted(viewing / "movielens_ratings.csv.gz")}, header = true) as ratings
            anti join read_csv({quoted(viewing / "movielens_movies.csv")}, header = true) as films
                on ratings.movieId = films.movieId
            """
        ).fetchone()[0]
