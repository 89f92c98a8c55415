"""Refresh under 1, 10, 100 times a day's volume: time, memory, spill, and where it breaks.

    reelhouse bench stress --work /var/tmp/stress --times 1 10 100 --memory-limit 2GB
    reelhouse bench stress --work /var/tmp/stress --check docs/figures/stress.json

Every size starts from the same week of history and receives one day of watch_events at N times the
usual volume, in a process of its own. Ratios to the first size are what counts: `--write` stores
them as those of a release, `--check` fails if a ratio has grown by more than `--tolerance` since.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from reelhouse.dbt import ROWS_ONLY, dbt_command
from reelhouse.generate.watch_events import generate
from reelhouse.paths import ROOT

PROJECT = ("dbt_project.yml", "selectors.yml", "macros", "models", "scripts", "seeds", "tests")
HISTORY_DAYS = 7
SELECTION = ("+daily_user_metrics", "+daily_title_metrics", "+quarantine_watch_events")
COMPARED = ("seconds", "peak_memory_mb")


@dataclass
class Measured:
    """What one refresh cost."""

    times: int
    rows: int
    succeeded: bool
    seconds: float
    peak_memory_mb: float
    spill_mb: float
    error: str = ""


def make_project(folder: Path, memory_limit: str, threads: int) -> None:
    """Make a dbt project of links, with its own DuckDB memory limit and spill folder.

    Args:
        folder: where; it is emptied.
        memory_limit: as DuckDB spells it, such as 2GB.
        threads: threads of DuckDB.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PROJECT:
        (folder / name).symlink_to(ROOT / name)
    profile = (ROOT / "profiles" / "profiles.yml").read_text()
    # Not `settings`: dbt repeats those on every connection, and DuckDB refuses once it has spilled.
    options = (
        f"      config_options:\n        memory_limit: {memory_limit}\n        threads: {threads}\n"
        f"        temp_directory: {folder / 'spill'}\n        max_temp_directory_size: 20GB\n"
    )
    profile = profile.replace("      settings:\n", options + "      settings:\n", 1)
    (folder / "profiles.yml").write_text(profile)


def folder_size(folder: Path) -> int:
    """Return the bytes that a folder's files hold now; files may go while it looks."""
    size = 0
    for path in folder.glob("*"):
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            continue
    return size


def measure(folder: Path, *arguments: str, timeout: float) -> tuple[int, float, float, float, str]:
    """Run dbt build; return (exit status, seconds, peak resident MB, most spilled MB, output)."""
    command = dbt_command(
        "build",
        "--no-use-colors",
        "--select",
        *SELECTION,
        *ROWS_ONLY,
        *arguments,
        variables={"landing_path": "landing"},
    )
    output = folder / "output.txt"
    with output.open("w") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "REELHOUSE_LAKE": "lake"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        spilled = 0
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            spilled = max(spilled, folder_size(folder / "spill"))
            time.sleep(0.05)
        timer.cancel()
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return (
        process.returncode,
        seconds,
        usage.ru_maxrss / 1024,
        spilled / 2**20,
        output.read_text(),
    )


def deliver(landing: Path, *, first_day: int, days: int, events_per_day: int) -> int:
    """Generate days of watch_events into a landing folder; return the rows written."""
    summary = generate(
        landing,
        seed=1,
        first_day=first_day,
        days=days,
        events_per_day=events_per_day,
        profiles=max(1000, events_per_day // 10),
        files_per_day=max(1, events_per_day // 1_000_000),
    )
    return summary.rows


def stress(work: Path, events: int, times: int, memory_limit: str, threads: int, timeout: float):
    """Build the history, deliver one day at `times` the volume, and measure its refresh."""
    make_project(work, memory_limit, threads)
    deliver(work / "landing", first_day=0, days=HISTORY_DAYS, events_per_day=events)
    status, *_, output = measure(work, timeout=timeout)
    if status:
        raise RuntimeError(f"the history could not be built:\n{output}")
    rows = deliver(work / "landing", first_day=HISTORY_DAYS, days=1, events_per_day=events * times)
    status, seconds, memory, spilled, output = measure(work, timeout=timeout)
    error = ""
    if status:
        lines = [line.strip() for line in output.splitlines() if "Error" in line]
        error = f"stopped after {timeout:.0f} s" if status < 0 else (lines or ["failed"])[-1]
    return Measured(times, rows, status == 0, seconds, memory, spilled, error)


def table(measured: list[Measured]) -> str:
    """Return the figures as Markdown, with their ratios to the first size."""
    first = measured[0]
    lines = [
        "| volume | rows | seconds | ratio | us a row | peak memory MB | ratio | spilled MB | |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in measured:
        lines.append(
            f"| {one.times}x | {one.rows:,} | {one.seconds:.1f} | {one.seconds / first.seconds:.1f}"
            f" | {1e6 * one.seconds / one.rows:.1f} | {one.peak_memory_mb:,.0f}"
            f" | {one.peak_memory_mb / first.peak_memory_mb:.1f} | {one.spill_mb:,.0f}"
            f" | {'' if one.succeeded else one.error} |"
        )
    return "\n".join(lines)


def ratios(measured: list[Measured]) -> dict[str, dict[str, float]]:
    """Return each size's figures over those of the first size: what runs on two machines share."""
    first = asdict(measured[0])
    return {
        str(one.times): {name: asdict(one)[name] / first[name] for name in COMPARED}
        for one in measured[1:]
        if one.succeeded
    }


def regressions(
    now: dict[str, dict[str, float]], release: dict[str, dict[str, float]], tolerance: float
) -> list[str]:
    """Say what got worse since a release: ratios that grew by more than `tolerance`, or are gone.

    Args:
        now: ratios of this run.
        release: ratios that the last release stored.
        tolerance: how much a ratio may grow, such as 0.3 for 30 percent.
    """
    complaints = []
    for times, figures in release.items():
        for name, before in figures.items():
            after = now.get(times, {}).get(name)
            if after is None:
                complaints.append(f"{times}x: no {name} any more (release: {before:.2f})")
            elif after > before * (1 + tolerance):
                complaints.append(f"{times}x: {name} ratio {after:.2f}, release {before:.2f}")
    return complaints


def run(
    work: Path,
    events_per_day: int,
    multiples: list[int],
    memory_limit: str,
    threads: int,
    timeout: float,
) -> list[Measured]:
    """Measure refreshes under multiples of a day's volume, print the table, return the figures.

    Args:
        work: scratch folder; it is emptied.
        events_per_day: the usual volume.
        multiples: how many times the usual volume arrives, in this order, up to the first failure.
        memory_limit: DuckDB's memory limit, such as 4GB.
        threads: DuckDB's threads.
        timeout: seconds for one refresh.
    """
    measured = []
    for times in multiples:
        measured.append(
            stress(
                work.resolve() / "project",
                events_per_day,
                times,
                memory_limit,
                threads,
                timeout,
            )
        )
        print(json.dumps(asdict(measured[-1])), file=sys.stderr, flush=True)
        if not measured[-1].succeeded:
            break
    shutil.rmtree(work / "project", ignore_errors=True)
    print(table(measured))
    return measured
