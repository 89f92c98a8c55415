"""`reelhouse bench`: measure, and print Markdown tables of ratios."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from reelhouse.cli.options import Lake, Work
from reelhouse.paths import ROOT

app = typer.Typer(
    help="Run benchmarks. Compare ratios, not seconds: they depend on the machine.",
    no_args_is_help=True,
)
SCRATCH = Path("/var/tmp/reelhouse")
DEFAULT_ROW_GROUP_ROWS = 2048


class CachingPart(StrEnum):
    """Parts of the caching benchmark."""

    sample = "sample"
    refresh = "refresh"


@app.command("refresh")
def refresh(
    work: Work = SCRATCH,
    events_per_day: Annotated[int, Option(help="Events per working day.")] = 100_000,
    history: Annotated[
        list[int] | None, Option(help="Days of history; repeat for several. Default: 30, 90, 360.")
    ] = None,
    rebuild_at: Annotated[int, Option(help="Days of history at which a rebuild is measured.")] = 90,
) -> None:
    """Measure the refresh of one more day after histories of different lengths."""
    from reelhouse.bench.refresh import run

    run(work, events_per_day, history or [30, 90, 360], rebuild_at)


@app.command("first-load")
def first_load(
    work: Work = SCRATCH,
    events: Annotated[int, Option(help="About how many events.")] = 5_000_000,
    memory_limit: Annotated[str, Option(help="Memory of DuckDB, such as 4GB.")] = "4GB",
    runs: Annotated[int, Option(help="How often each one loads; the median counts.")] = 3,
) -> None:
    """Compare the first load of watch events with SQL written by hand for the same tables."""
    from reelhouse.bench.first_load import run

    raise typer.Exit(0 if run(work, events, memory_limit, runs) else 1)


@app.command("queries")
def queries(
    lake: Lake = "lake",
    days: Annotated[int, Option(help="Number of newest days to query.")] = 7,
) -> None:
    """Compare the files, rows and bytes that the example queries read with what they need."""
    from reelhouse.bench.queries import run

    try:
        run(Path(lake), days)
    except FileNotFoundError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error


@app.command("compaction")
def compaction(
    work: Work = Path("/var/tmp/compaction"),
    days: Annotated[int, Option(help="Days in the lake.")] = 10,
    events_per_day: Annotated[int, Option(help="Events per working day.")] = 50_000,
    appends: Annotated[int, Option(help="Transactions that append to every day.")] = 200,
    rows_share: Annotated[
        int, Option(help="Each transaction appends one of this many rows.")
    ] = 1000,
    repeats: Annotated[int, Option(help="Runs of each query; the median counts.")] = 5,
) -> None:
    """Measure files, bytes and query times before and after compaction."""
    from reelhouse.bench.compaction import run

    same = run(work, days, events_per_day, appends, rows_share, repeats)
    raise typer.Exit(0 if same else 1)


@app.command("layout")
def layout(
    events: Annotated[int, Option(help="Events of the day.")] = 400_000,
    profiles: Annotated[int, Option(help="Number of profiles.")] = 60_000,
    titles: Annotated[int, Option(help="Number of titles.")] = 2_000,
    members: Annotated[int, Option(help="Number of profiles, titles and regions to query.")] = 10,
    row_group_rows: Annotated[
        list[int] | None, Option(help="Rows per row group; repeat for several. Default: 2048.")
    ] = None,
) -> None:
    """Compare sort orders of a day's events by what the documented queries read."""
    from reelhouse.bench.layout import run

    run(events, profiles, titles, members, row_group_rows or [DEFAULT_ROW_GROUP_ROWS])


@app.command("sketches")
def sketches(
    folder: Annotated[Path, Option(help="Scratch folder (2 GB for 20 million requests).")],
    requests: Annotated[int, Option(help="Requests over 30 days.")] = 20_000_000,
    memory: Annotated[str, Option(help="DuckDB's memory limit.")] = "4GB",
) -> None:
    """Compare quantiles from sketches with exact quantiles."""
    from reelhouse.bench.sketches import run

    run(folder, requests, memory)


@app.command("caching")
def caching(
    work: Work = SCRATCH,
    requests: Annotated[int, Option(help="Rows of the trace.")] = 1_000_000,
    days: Annotated[int, Option(help="Days of history before the refresh.")] = 10,
    requests_per_day: Annotated[int, Option(help="Viewer requests per day.")] = 10_000,
    part: Annotated[CachingPart | None, Option(help="Run one part only.")] = None,
) -> None:
    """Measure the error of sampled miss-ratio curves, and the cost of a refresh."""
    from reelhouse.bench.caching import run

    run(work, requests, days, requests_per_day, part)


@app.command("hostile-files")
def hostile_files(
    work: Work = SCRATCH,
    files: Annotated[int, Option(help="Files of a delivery of many.")] = 3000,
    project: Annotated[Path, Option(help="Root of the dbt project that lands them.")] = ROOT,
    timeout: Annotated[float, Option(help="Seconds for one delivery.")] = 900,
) -> None:
    """What deliveries cost that are small on disk and large, or many, when they are read."""
    from reelhouse.bench.hostile_files import run

    run(work, files, project, timeout)


@app.command("stress")
def stress(
    work: Annotated[Path, Option(help="Scratch folder; it is emptied.")],
    events_per_day: Annotated[int, Option(help="Events of a day at the usual volume.")] = 20_000,
    times: Annotated[
        list[int] | None, Option(help="Multiple of it; repeat for several. Default: 1, 10, 100.")
    ] = None,
    memory_limit: Annotated[str, Option(help="DuckDB's memory limit.")] = "4GB",
    threads: Annotated[int, Option(help="DuckDB's threads.")] = 2,
    timeout: Annotated[float, Option(help="Longest permitted refresh (seconds).")] = 600,
    write: Annotated[Path | None, Option(help="File to store the ratios of a release in.")] = None,
    check: Annotated[
        Path | None, Option(help="File with stored ratios; exit with status 1 if one has grown.")
    ] = None,
    tolerance: Annotated[float, Option(help="Permitted growth of a ratio (0.5: by half).")] = 0.5,
) -> None:
    """Refresh with multiples of a day's volume; measure time, memory and spill."""
    from reelhouse.bench.stress import ratios, regressions, run

    measured = run(work, events_per_day, times or [1, 10, 100], memory_limit, threads, timeout)
    if write:
        write.write_text(json.dumps(ratios(measured), indent=2) + "\n")
    if check:
        complaints = regressions(ratios(measured), json.loads(check.read_text()), tolerance)
        typer.echo("\n".join(complaints) or "no ratio grew since the last release")
        raise typer.Exit(1 if complaints else 0)
