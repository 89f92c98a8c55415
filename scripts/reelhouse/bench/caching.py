"""Measure the cache domain: the SHARDS sample against the exact curve, and what a refresh costs.

    reelhouse bench caching --work /var/tmp/reelhouse [--requests 1000000]

The model itself computes the curve of a trace, once with every key and once with a
sample, in turns. Prints Markdown: seconds are of this machine, the ratios are what counts.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import duckdb

from reelhouse.dbt import ROWS_ONLY, results, run_dbt
from reelhouse.generate.cache_requests import generate
from reelhouse.importers.cache_trace import adapt, find_trace
from reelhouse.lake.connection import attach_lake
from reelhouse.sql import quoted, uniform

SELECTION = ["--select", "+tag:caching", "+quarantine_cache_requests"]


class Lake:
    """A lake of its own with a landing folder, built by dbt."""

    def __init__(self, folder: Path) -> None:
        """Start from nothing in a folder."""
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.landing = folder / "landing"
        (self.landing / "cache_requests").mkdir(parents=True)

    def build(self, *arguments: str, **variables: object) -> dict[str, float]:
        """Run dbt; return the seconds of each model, and of all models."""
        target = self.folder / "target"
        run_dbt(
            "build",
            *ROWS_ONLY,
            *arguments,
            lake=self.folder / "lake",
            variables={"landing_path": str(self.landing), **variables},
            target=target,
        )
        seconds = {
            result["unique_id"].split(".")[2]: result["execution_time"]
            for result in results(target)
            if result["unique_id"].startswith("model")
        }
        return {**seconds, "all models": sum(seconds.values())}

    def query(self, sql: str) -> list[tuple]:
        """Answer a query on the lake."""
        with duckdb.connect() as connection:
            attach_lake(connection, self.folder / "lake")
            connection.execute("use lake.analytics")
            return connection.execute(sql).fetchall()


def write_trace(folder: Path, requests: int, keys: int, flatness: float) -> None:
    """Write one day of gets on keys of which few are popular (rank = keys x number ^ flatness)."""
    rank = f"cast({keys} * pow({uniform(1, 'key')}, {flatness}) as bigint)"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    printf('e%09d', i) as event_id,
                    timestamp '2025-01-01' + to_microseconds(i * 86400000000 // {requests})
                        as request_ts,
                    'application' as cache_level,
                    'redis' as cache_name,
                    printf('title:t%07d', {rank}) as cache_key,
                    'get' as operation,
                    cast(null as boolean) as hit,
                    cast(null as double) as ttl_seconds,
                    1000 as size_bytes,
                    cast(null as double) as latency_ms,
                    'us-east' as region
                from range({requests}) as positions (i)
            ) to {quoted(folder / "cache_requests" / "trace.parquet")} (format parquet)
            """
        )


def curve_seconds(lake: Lake, rate: float, exact_requests: int) -> float:
    """Rebuild the curve with a sample of the keys; return the model's seconds."""
    return lake.build(
        "--select",
        "int_cache_size__hits",
        "--full-refresh",
        cache_exact_requests=exact_requests,
        cache_sampling_rate=rate,
    )["int_cache_size__hits"]


def curve(lake: Lake) -> dict[int, float]:
    """Return the hit ratio at every capacity (entries) that the curve lists."""
    return dict(
        lake.query(
            "select capacity, hit_ratio from cache_size_what_if"
            " where capacity_unit = 'entries' and key_pattern = '(all)' order by capacity"
        )
    )


def errors(exact: dict[int, float], sampled: dict[int, float], rate: float) -> tuple[float, ...]:
    """Compare two curves over the exact one's capacities.

    Returns the largest difference, the largest from 10 / rate entries on (a sample can't tell
    caches apart that hold fewer than a few of its keys), and the mean.
    """
    differences, at = {}, min(sampled.values())
    for capacity in sorted({*exact, *sampled}):
        at = sampled.get(capacity, at)
        if capacity in exact:
            differences[capacity] = abs(exact[capacity] - at)
    resolved = [error for capacity, error in differences.items() if capacity >= 10 / rate]
    return max(differences.values()), max(resolved), sum(differences.values()) / len(differences)


def measure_sample(name: str, lake: Lake, rates: list[float]) -> None:
    """Print a row for each sampling rate: error of the curve and speed-up."""
    lake.build("--select", "+cache_requests", "int_cache_requests__sequenced")
    lake.build("--select", "int_cache_requests__replayed")
    requests, keys = lake.query("select count(*), count(distinct cache_key) from cache_requests")[0]
    exact_seconds = curve_seconds(lake, 1, 10**12)
    exact = curve(lake)
    for rate in rates:
        seconds = curve_seconds(lake, rate, 0)
        worst, resolved, mean = errors(exact, curve(lake), rate)
        print(
            f"| {name} | {requests:,} | {keys:,} | {rate:.0%} | {worst:.4f} | {resolved:.4f} |"
            f" {mean:.4f} | {exact_seconds:.2f} | {seconds:.2f} | {exact_seconds / seconds:.1f} |",
            flush=True,
        )


def measure_samples(work: Path, requests: int) -> None:
    """Print the table of samples: of the real trace, if it is there, and of a generated one."""
    print(
        "| trace | requests | keys | keys followed | largest error | from 10 / rate entries on"
        " | mean error | exact (s) | sampled (s) | times faster |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    try:
        lake = Lake(work / "block-io")
        adapt(find_trace(), lake.landing)
        measure_sample("block I/O", lake, [0.1, 0.01])
    except FileNotFoundError as reason:
        print(f"{reason}: left out", file=sys.stderr)
    lake = Lake(work / "generated-trace")
    write_trace(lake.landing, requests, requests // 4, 2)
    measure_sample("generated", lake, [0.1, 0.01])


def measure_refresh(lake: Lake, days: int, requests_per_day: int) -> None:
    """Print what a rebuild, one more day, and nothing new cost."""
    shape = {"requests_per_day": requests_per_day, "profiles": 3_000, "titles": 500}
    generate(lake.landing, days=days, **shape)
    lake.build(*SELECTION)
    generate(lake.landing, first_day=days, **shape)
    rows = [("one more day", lake.build(*SELECTION))]
    rows.append(("nothing new", lake.build(*SELECTION)))
    logged = lake.query("select count(*) from lake.ledger.refresh_log")
    rows.append(("nothing new, again", lake.build(*SELECTION)))
    assert logged == lake.query("select count(*) from lake.ledger.refresh_log")
    rebuild = lake.build(*SELECTION, "--full-refresh")
    rows.insert(0, (f"rebuild of {days + 1} days", rebuild))
    for name, seconds in rows:
        print(
            f"| {name} | {seconds['all models']:.2f} |"
            f" {seconds['all models'] / rebuild['all models']:.2f} |",
            flush=True,
        )


def measure_reading(lake: Lake) -> None:
    """Print the time of the recommendations from prepared days and from a rebuild."""
    began = time.perf_counter()
    lake.query("from cache_recommendations")
    read = time.perf_counter() - began
    rebuilt = sum(
        seconds
        for name, seconds in lake.build(
            "--select",
            "int_cache_ttl__fixed",
            "int_cache_ttl__sliding",
            "int_cache_size__hits",
            "daily_cache_metrics",
            "--full-refresh",
        ).items()
        if name != "all models"
    )
    print(f"\nRecommendations read: {read:.2f} s; made from the requests: {rebuilt:.2f} s.")


def run(work: Path, requests: int, days: int, requests_per_day: int, part: str | None) -> None:
    """Print tables of the sampled curve's error and of what a refresh costs.

    Args:
        work: scratch folder.
        requests: rows of the trace whose curve is sampled.
        days: days in the lake of the refresh.
        requests_per_day: requests of viewers per day in it.
        part: "sample" or "refresh" for one part, None for both.
    """
    if part != "refresh":
        measure_samples(work, requests)
    if part != "sample":
        print("\n| refresh | models (s) | to the rebuild |\n|---|---:|---:|")
        lake = Lake(work / "refresh")
        measure_refresh(lake, days, requests_per_day)
        measure_reading(lake)
