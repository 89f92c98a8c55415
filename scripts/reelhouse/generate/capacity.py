"""Write generated deliveries of the feed resource_metrics with weeks, growth and release nights.

    reelhouse generate capacity --out landing --start 2025-01-06 --days 35

One file a day. Demand is a hash of (seed, service, minute) over a weekly shape, growth, and what
the calendars of seeds/reference announce; what really came differs from what was announced for the
events in SURPRISES. The instances of a minute are as many as hold `--utilization` percent.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from reelhouse.paths import ROOT
from reelhouse.sql import quoted, uniform

# Service: (pods at the quietest hour, pods that the busiest hour adds, growth per year).
SERVICES = {"playback": (7, 18, 0.3), "catalog": (5, 9, 0.15)}
# What the audience made of it: factor of demand that really came, over the calendar's word.
SURPRISES = {"quiet-debut": 1.0, "winter-series-2": 1.9, "sleeper-hit": 2.0}
# Unannounced events: (service, begin, end, factor).
UNANNOUNCED = [("playback", "2025-02-04 19:30", "2025-02-04 20:15", 1.7)]


def day_sql(day: date, seed: int, every_minutes: int, hours: tuple[int, int], percent: int) -> str:
    """Return SQL for the samples of one day.

    Args:
        day: the UTC day.
        seed: any integer.
        every_minutes: distance between two samples of an instance.
        hours: first hour and the hour before which it ends, UTC.
        percent: CPU percent that the fleet is kept at.
    """
    services = ", ".join(str((name, *shape)) for name, shape in SERVICES.items())
    surprises = ", ".join(str(pair) for pair in SURPRISES.items())
    unannounced = ", ".join(str(row) for row in UNANNOUNCED)
    since_2024 = (day - date(2024, 1, 1)).days
    noise = uniform(seed, day, "demand", of="position")
    spread = uniform(seed, day, "instance", of="position * 1000 + number")
    return f"""
        with events as (
            select release_name as event_name, service_name, starts_at, ends_at, expected_uplift
            from read_csv({quoted(ROOT / "seeds/reference/content_releases.csv")})
            union all
            select event_name, service_name, starts_at, ends_at, expected_uplift
            from read_csv({quoted(ROOT / "seeds/reference/known_events.csv")})
        ),

        uplifts as (
            select
                events.service_name, starts_at, ends_at,
                coalesce(factor, expected_uplift) as uplift
            from events
            left join (values {surprises}) as surprises (event_name, factor) using (event_name)
            union all
            select service_name, begins::timestamp, ends::timestamp, factor
            from (values {unannounced}) as unannounced (service_name, begins, ends, factor)
        ),

        minutes as (
            select
                service_name,
                growth,
                timestamp '{day}' + to_minutes(minute) as minute_ts,
                minute,
                low + swing * (0.85 + 0.15 * (isodow(date '{day}') >= 5)::int)
                * pow((1 - cos(2 * pi() * (minute - 480) / 1440)) / 2, 2) as pods,
                row_number() over (order by service_name, minute) as position
            from (values {services}) as services (service_name, low, swing, growth)
            cross join range({hours[0] * 60}, {hours[1] * 60}, {every_minutes}) as minutes (minute)
        ),

        -- The first three minutes of an event are its rise.
        demand as (
            select
                minutes.service_name,
                minute_ts,
                position,
                any_value(pods)
                * pow(1 + any_value(growth), {since_2024} / 365.0)
                * coalesce(product(1 + (uplift - 1) * least(
                    1, (1 + date_diff('minute', starts_at, minute_ts)) / 3
                )), 1)
                * (1 + 0.08 * (any_value({noise}) - 0.5)) as pods
            from minutes
            left join uplifts on
                uplifts.service_name in (minutes.service_name, 'all')
                and minute_ts >= starts_at and minute_ts < ends_at
            group by all
        ),

        fleet as (
            select *, greatest(10, ceil(pods * 100 / {percent}))::int as instances from demand
        )

        select
            service_name,
            service_name || '-' || number as instance,
            minute_ts,
            round(100 * pods / instances * (1 + 0.1 * ({spread} - 0.5)), 1) as cpu_percent,
            round(50 + 20 * pods / instances) as memory_percent,
            least(100, round(30 + 40 * {since_2024} / 730.0, 1)) as disk_percent,
            cast(100 * pods / instances * 4000000 as bigint) as network_bytes,
            true as is_ready
        from fleet
        cross join range(1, 1001) as numbers (number)
        where number <= instances
        order by service_name, instance, minute_ts
    """


def generate_capacity(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 6),
    days: int = 35,
    every_minutes: int = 1,
    hours: tuple[int, int] = (0, 24),
    utilization: int = 65,
) -> int:
    """Write `<out>/resource_metrics/<date>.parquet` for every day and return the number of rows.

    Args:
        out: landing folder.
        seed: any integer; the same seed gives the same rows.
        start: the first day.
        days: number of days.
        every_minutes: distance between two samples of an instance.
        hours: first hour and the hour before which it ends, UTC.
        utilization: CPU percent that the recorded fleet is kept at.
    """
    folder = out / "resource_metrics"
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    with duckdb.connect() as connection:
        for day in (start + timedelta(days=number) for number in range(days)):
            path = folder / f"{day}.parquet"
            unfinished = path.with_name(f".{path.name}.unfinished")
            rows += connection.execute(
                f"copy ({day_sql(day, seed, every_minutes, hours, utilization)})"
                f" to {quoted(unfinished)} (format parquet, compression zstd, parquet_version v2)"
            ).fetchone()[0]
            unfinished.rename(path)
    return rows
