"""Write generated deliveries of the feed watch_events into a landing folder.

    reelhouse generate watch-events --out landing --days 30 --events-per-day 100000

One folder a delivery day, one or more files in it. DuckDB makes the rows: every value is a hash of
(seed, day, position), so the same arguments give the same rows, and a day comes out alike whether
it is generated alone (--first-day) or among others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from reelhouse.generate.files import BROKEN_LETTER, COPY_OPTIONS, finish_text
from reelhouse.generate.platform import (
    DEVICE_TYPES,
    PERCENT_BY_HOUR,
    REGIONS,
    WEEKEND_FACTOR,
)
from reelhouse.sql import pick, quoted, uniform, zipf_rank

try:
    from tqdm import tqdm
except ImportError:  # the runtime environment goes without a progress bar
    tqdm = None

# What a dirty row has instead, by kind: (column, SQL expression of the broken value).
DIRTY = {
    "null_id": ("event_id", "null"),
    "malformed_id": ("profile_id", "'no such profile!'"),
    "unparseable_timestamp": ("event_ts", "'the day before'"),
    "ancient_timestamp": ("event_ts", "'1970-01-01 00:00:00'"),
    "future_timestamp": ("event_ts", "'2999-12-31 23:59:59'"),
    "negative_watch_seconds": ("watch_seconds", "'-5'"),
    "impossible_watch_seconds": ("watch_seconds", "'86401'"),
    "nan_watch_seconds": ("watch_seconds", "'NaN'"),
    "infinite_watch_seconds": ("watch_seconds", "'inf'"),
    "unknown_region": ("region", "'atlantis'"),
    "unknown_device_type": ("device_type", "'fridge'"),
    "not_utf8": ("title_id", f"'caf{BROKEN_LETTER}'"),
}
# Parquet has types: what is no timestamp and no text cannot be delivered in it.
TEXT_ONLY = {"unparseable_timestamp", "not_utf8"}
COLUMNS = (
    "event_id",
    "profile_id",
    "session_id",
    "title_id",
    "region",
    "device_type",
    "event_ts",
    "watch_seconds",
)


@dataclass
class Summary:
    """What was written: files, rows in all, and how many of them are late, repeated or dirty."""

    files: int = 0
    rows: int = 0
    late: int = 0
    duplicates: int = 0
    dirty: dict[str, int] = field(default_factory=dict)


def events_of_day(
    day: int,
    *,
    seed: int,
    start: date,
    events_per_day: int,
    profiles: int,
    titles: int,
    late_share: float,
    late_days: int,
    regions: tuple[str, ...] = REGIONS,
) -> str:
    """Return SQL for the true events that are delivered on a day (numbered from 0 at `start`)."""
    delivered_on = start + timedelta(days=day)
    weekend = delivered_on.weekday() >= 5
    count = round(events_per_day * (WEEKEND_FACTOR if weekend else 1.0))
    hours = tuple(hour for hour, share in enumerate(PERCENT_BY_HOUR) for _ in range(share))

    def number(name: str) -> str:
        return uniform(seed, day, name)

    return f"""
        with drawn as (
            select
                i,
                {number("late")} < {late_share} as is_late,
                {zipf_rank(profiles, profiles / 20, number("profile"))} as profile,
                {zipf_rank(titles, 3, number("title"))} as title,
                {pick(hours, number("hour"))} as hour,
                cast(floor({number("second")} * 3600000) as bigint) as millisecond,
                cast(1 + floor({number("late days")} * {late_days}) as integer) as days_late,
                {number("watched")} as watched
            from range({count}) as positions (i)
        ),

        happened as (
            select
                *,
                date '{delivered_on}' - case when is_late then days_late else 0 end as happened_on
            from drawn
        )

        select
            i,
            is_late,
            printf('%016x%04x%06x', hash(i + {seed * 1000003 + day * (1 << 32)}), {day}, i)
                as event_id,
            printf('p%07d', profile) as profile_id,
            printf('s-%s-%d-%d', strftime(happened_on, '%Y%m%d'), profile, hour // 6) as session_id,
            printf('t%05d', title) as title_id,
            {pick(regions, uniform(seed, "region", of="profile"))} as region,
            {pick(DEVICE_TYPES, number("device"))} as device_type,
            happened_on + interval (hour) hour + interval (millisecond) millisecond as event_ts,
            -- Many short tries, few long sittings, never more than a four hour programme.
            cast(floor(14400 * pow(watched, 4)) as integer) as watch_seconds
        from happened
    """


def delivery(day: int, duplicate_share: float, dirty_share: float, text: bool, **shape) -> str:
    """Return SQL for all rows delivered on a day: events, repeated events, and dirty rows."""
    seed = shape["seed"]
    kinds = [kind for kind in DIRTY if text or kind not in TEXT_ONLY]
    # A column of Parquet keeps its type; watch_seconds needs one that knows NaN and infinity.
    types = {} if text else {"event_ts": "timestamp", "watch_seconds": "double"}
    broken = {}
    for kind in kinds:
        column, value = DIRTY[kind]
        as_type = types.get(column, "varchar")
        broken.setdefault(column, []).append(
            f"when dirty = '{kind}' then cast({value} as {as_type})"
        )
    fields = [
        f"case {' '.join(broken[column])} else cast({column} as {types.get(column, 'varchar')}) end"
        f" as {column}"
        if dirty_share > 0 and column in broken
        else column
        for column in COLUMNS
    ]

    def is_dirty(of_day: int) -> str:
        return f"{uniform(seed, of_day, 'dirty')} < {dirty_share}"

    # Only what was delivered clean is repeated, so that a repeated event is an exact copy.
    repeated_now = (
        f"{uniform(seed, day, 'again today')} < {duplicate_share / 2} and not {is_dirty(day)}"
    )
    repeated_next = (
        f"{uniform(seed, day - 1, 'again tomorrow')} < {duplicate_share / 2}"
        f" and not {is_dirty(day - 1)}"
    )
    yesterday = ""
    if day > 0:
        earlier = events_of_day(day - 1, **shape)
        yesterday = f"union all select *, 2 as delivery from ({earlier}) where {repeated_next}"
    return f"""
        with delivered as (
            select *, 0 as delivery from ({events_of_day(day, **shape)})
            union all
            select *, 1 as delivery from ({events_of_day(day, **shape)}) where {repeated_now}
            {yesterday}
        ),

        marked as (
            select
                *,
                case
                    when delivery = 0 and {is_dirty(day)}
                        then {pick(tuple(kinds), uniform(seed, day, "kind"))}
                end as dirty
            from delivered
        )

        select {", ".join(fields)}, i, delivery, is_late, dirty
        from marked
        order by delivery, i
    """


def generate(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 1),
    first_day: int = 0,
    days: int = 1,
    events_per_day: int = 10_000,
    profiles: int = 5_000,
    titles: int = 500,
    late_share: float = 0.01,
    late_days: int = 30,
    regions: tuple[str, ...] = REGIONS,
    duplicate_share: float = 0.005,
    dirty_share: float = 0.0,
    file_format: str = "parquet",
    files_per_day: int = 1,
    quiet: bool = True,
) -> Summary:
    """Write the deliveries of `days` days, from day number `first_day` after `start` on.

    Args:
        out: landing folder; files go to `<out>/watch_events/<date>/part-<n>.<file_format>`.
        seed: any integer; the same seed gives the same rows.
        start: date of day 0 (an event must not be later than the clock: see docs/refresh.md).
        first_day: number of the first day to deliver.
        days: number of days to deliver.
        events_per_day: events of a working day; weekends bring 1.4 times as many.
        profiles: number of profiles, Zipf-like in their activity.
        titles: number of titles, Zipf-like in their popularity.
        late_share: share (0 to 1) of a day's events that happened on an older day.
        late_days: late events are 1 to this many days old, evenly distributed.
        regions: where the profiles are; each keeps its region.
        duplicate_share: share of clean events delivered twice, half in the same file, half a day
            later.
        dirty_share: share of rows with one broken value, evenly over the kinds of `DIRTY`.
        file_format: one of `COPY_OPTIONS`. The kinds of `TEXT_ONLY` do not come in Parquet.
        files_per_day: files a day's rows are dealt to in turn.
        quiet: no progress bar.

    Raises:
        ValueError: an unknown file format, a share outside 0 to 1, or a number that is too small.
    """
    if file_format not in COPY_OPTIONS:
        raise ValueError(f"unknown format {file_format!r}; known are {', '.join(COPY_OPTIONS)}")
    for name, share in (
        ("late", late_share),
        ("duplicate", duplicate_share),
        ("dirty", dirty_share),
    ):
        if not 0 <= share <= 1:
            raise ValueError(f"the {name} share is {share}; it must be between 0 and 1")
    for name, number, least in (
        ("first day", first_day, 0),
        ("number of days", days, 0),
        ("number of events a day", events_per_day, 0),
        ("number of profiles", profiles, 1),
        ("number of titles", titles, 1),
        ("number of late days", late_days, 1),
        ("number of files a day", files_per_day, 1),
    ):
        if number < least:
            raise ValueError(f"the {name} is {number}; it must be {least} or more")
    shape = {
        "seed": seed,
        "start": start,
        "events_per_day": events_per_day,
        "profiles": profiles,
        "titles": titles,
        "late_share": late_share,
        "late_days": late_days,
        "regions": regions,
    }
    summary = Summary()
    numbers = range(first_day, first_day + days)
    if tqdm is not None and not quiet:
        numbers = tqdm(numbers, unit="day", disable=not sys.stderr.isatty())
    with duckdb.connect() as connection:
        for day in numbers:
            rows = delivery(day, duplicate_share, dirty_share, file_format != "parquet", **shape)
            connection.execute(f"create or replace table delivered as {rows}")
            folder = out / "watch_events" / str(start + timedelta(days=day))
            for part in range(files_per_day):
                write_file(connection, folder / f"part-{part}.{file_format}", part, files_per_day)
            add_counts(connection, summary)
            summary.files += files_per_day
    return summary


def write_file(connection: duckdb.DuckDBPyConnection, path: Path, part: int, parts: int) -> None:
    """Write one part of the table `delivered` under a hidden name, then give it its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    form = path.name.split(".", 1)[1]
    connection.execute(
        f"""
        copy (
            select {", ".join(COLUMNS)}
            from delivered
            where i % {parts} = {part}
            order by delivery, i
        ) to {quoted(unfinished)} ({COPY_OPTIONS[form]})
        """
    )
    if form != "parquet":
        finish_text(unfinished, compressed=form.endswith(".gz"))
    unfinished.rename(path)


def add_counts(connection: duckdb.DuckDBPyConnection, summary: Summary) -> None:
    """Add the table `delivered` to the summary."""
    rows, late, duplicates = connection.execute(
        """
        select
            count(*),
            count(*) filter (is_late and delivery = 0),
            count(*) filter (delivery > 0)
        from delivered
        """
    ).fetchone()
    summary.rows += rows
    summary.late += late
    summary.duplicates += duplicates
    for kind, count in connection.execute(
        "select dirty, count(*) from delivered where dirty is not null group by all order by all"
    ).fetchall():
        summary.dirty[kind] = summary.dirty.get(kind, 0) + count
