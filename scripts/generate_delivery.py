"""Write generated deliveries of the feeds resource_metrics and api_requests into a landing folder.

    python scripts/generate_delivery.py resource_metrics --out landing --days 7

One file a day. DuckDB makes the rows: every value is a hash of (seed, day, name of the draw,
position), so the same arguments give the same rows.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb

from generate_watch_events import quoted, uniform

# Service: (instances, CPU percent at the quietest hour, percent that the busiest hour adds).
SERVICES = {"catalog": (2, 22, 40), "playback": (3, 30, 45), "recommendations": (2, 25, 50)}


def resource_metrics_of_day(day: date, seed: int) -> str:
    """Return SQL for one sample a minute of every instance on a day.

    CPU follows the evening peak, memory follows it slowly, disk fills by a percent a day, and
    network bytes go with CPU.
    """

    def noise(name: str) -> str:
        return f"({uniform(seed, day, name, of='position')} - 0.5)"

    services = ", ".join(str((name, *shape)) for name, shape in SERVICES.items())
    return f"""
        with drawn as (
            select
                service_name,
                service_name || '-' || number as instance,
                timestamp '{day}' + to_minutes(minute) as minute_ts,
                low + swing * pow((1 - cos(2 * pi() * (minute - 480) / 1440)) / 2, 2) as load,
                row_number() over (order by service_name, number, minute) as position
            from (values {services}) as services (service_name, instances, low, swing)
            cross join range(1, 10) as numbers (number)
            cross join range(1440) as minutes (minute)
            where number <= instances
        ),

        used as (
            select *, round(load * (1 + 0.2 * {noise("cpu")})) as cpu_percent
            from drawn
        )

        select
            service_name,
            instance,
            minute_ts,
            cpu_percent,
            round(45 + load / 4) as memory_percent,
            {40.0 + day.toordinal() % 50} as disk_percent,
            cast(cpu_percent * 4000000 as bigint) as network_bytes,
            true as is_ready
        from used
        order by service_name, instance, minute_ts
    """


def generate_resource_metrics(
    out: Path, *, seed: int = 1, start: date = date(2025, 1, 1), days: int = 1
) -> int:
    """Write `<out>/resource_metrics/<date>.parquet` for every day and return the number of rows.

    Args:
        out: landing folder.
        seed: any integer; the same seed gives the same rows.
        start: the first day.
        days: number of days.
    """
    folder = out / "resource_metrics"
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    with duckdb.connect() as connection:
        for day in (start + timedelta(days=number) for number in range(days)):
            path = folder / f"{day}.parquet"
            unfinished = path.with_name(f".{path.name}.unfinished")
            rows += connection.execute(
                f"copy ({resource_metrics_of_day(day, seed)}) to {quoted(unfinished)}"
                " (format parquet, compression zstd, parquet_version v2)"
            ).fetchone()[0]
            unfinished.rename(path)
    return rows


def main() -> int:
    """Generate from the command line and print the number of rows."""
    parser = argparse.ArgumentParser(description="Write generated deliveries of a feed.")
    parser.add_argument("feed", choices=["resource_metrics"])
    parser.add_argument("--out", type=Path, required=True, help="landing folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2025, 1, 1))
    parser.add_argument("--days", type=int, default=1)
    options = vars(parser.parse_args())
    options.pop("feed")
    print(f"{generate_resource_metrics(**options):,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
