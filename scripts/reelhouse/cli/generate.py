"""`reelhouse generate`: deliveries of any size, the same for the same seed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from reelhouse.cli.options import Out, Seed, Start
from reelhouse.generate.files import COPY_OPTIONS
from reelhouse.generate.platform import REGIONS

app = typer.Typer(
    help="Generate deliveries in a landing folder. The same seed gives the same files.",
    no_args_is_help=True,
)

NEW_YEAR = datetime(2025, 1, 1)
FileFormat = Annotated[
    str, Option("--format", help=f"File format: {', '.join(COPY_OPTIONS)}.", metavar="FORMAT")
]
FirstDay = Annotated[int, Option(help="First day to deliver, as an offset from --start (days).")]
Days = Annotated[int, Option(help="Number of days to deliver.")]
DuplicateShare = Annotated[float, Option(help="Share of rows delivered twice (0 to 1).")]
DirtyShare = Annotated[float, Option(help="Share of rows with one broken value (0 to 1).")]


@app.command("watch-events")
def watch_events(
    out: Out,
    seed: Seed = 1,
    start: Start = NEW_YEAR,
    first_day: FirstDay = 0,
    days: Days = 30,
    events_per_day: Annotated[int, Option(help="Events per working day.")] = 10_000,
    profiles: Annotated[int, Option(help="Number of profiles.")] = 5_000,
    titles: Annotated[int, Option(help="Number of titles.")] = 500,
    late_share: Annotated[float, Option(help="Share of late events (0 to 1).")] = 0.01,
    late_days: Annotated[int, Option(help="Maximum age of late events (days).")] = 30,
    regions: Annotated[
        str, Option(help="Comma-separated regions of the profiles. Default: all.")
    ] = "",
    duplicate_share: DuplicateShare = 0.005,
    dirty_share: DirtyShare = 0.0,
    file_format: FileFormat = "parquet",
    files_per_day: Annotated[int, Option(help="Files per day.")] = 1,
) -> None:
    """Generate watch events."""
    from reelhouse.generate.watch_events import generate

    try:
        summary = generate(
            out,
            seed=seed,
            start=start.date(),
            first_day=first_day,
            days=days,
            events_per_day=events_per_day,
            profiles=profiles,
            titles=titles,
            late_share=late_share,
            late_days=late_days,
            regions=tuple(regions.split(",")) if regions else REGIONS,
            duplicate_share=duplicate_share,
            dirty_share=dirty_share,
            file_format=file_format,
            files_per_day=files_per_day,
            quiet=False,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(
        f"{summary.files} files, {summary.rows:,} rows: {summary.late:,} late,"
        f" {summary.duplicates:,} repeated, {sum(summary.dirty.values()):,} dirty"
    )


@app.command("playback")
def playback(
    out: Out,
    seed: Seed = 1,
    start: Start = datetime(2025, 1, 13),
    days: Days = 2,
    sessions_per_day: Annotated[int, Option(help="Playback sessions per day.")] = 100,
    requests_per_day: Annotated[int, Option(help="CDN requests per day.")] = 2_000,
    traces: Annotated[int, Option(help="Throughput traces.")] = 6,
    ladder: Annotated[
        Path | None, Option(help="Also write the reference table ladder_segments to this file.")
    ] = None,
) -> None:
    """Generate playback events, CDN requests and throughput samples."""
    from reelhouse.generate.playback import generate, write_ladder

    if ladder:
        write_ladder(ladder, seed)
    summary = generate(
        out,
        seed=seed,
        start=start.date(),
        days=days,
        sessions_per_day=sessions_per_day,
        requests_per_day=requests_per_day,
        traces=traces,
    )
    rows = ", ".join(f"{count:,} {feed}" for feed, count in summary.rows.items())
    typer.echo(
        f"{rows}; of the events {summary.late} late, {summary.duplicates} repeated,"
        f" {summary.dirty} broken"
    )


@app.command("api-requests")
def api_requests(
    out: Out,
    seed: Seed = 1,
    start: Start = NEW_YEAR,
    days: Days = 1,
    requests_per_day: Annotated[int, Option(help="Requests per working day.")] = 10_000,
    clients: Annotated[int, Option(help="Number of clients.")] = 2_000,
    file_format: Annotated[
        str, Option("--format", help="File format: parquet, jsonl.gz, log.gz.", metavar="FORMAT")
    ] = "parquet",
    incident: Annotated[
        list[str] | None,
        Option(
            help="Incident: service,start,minutes,latency factor,error share. Example:"
            " catalog,2025-01-13T20:30,45,1,0.5. Repeat for several.",
            show_default=False,
        ),
    ] = None,
    rush: Annotated[
        list[str] | None,
        Option(
            help="Traffic peak: start,seconds,requests,clients. Repeat for several.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Generate API request logs."""
    from reelhouse.generate.delivery import generate_api_requests, parse_incident, parse_rush

    try:
        incidents = [parse_incident(text) for text in incident or []]
        rushes = [parse_rush(text) for text in rush or []]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    rows = generate_api_requests(
        out,
        seed=seed,
        start=start.date(),
        days=days,
        requests_per_day=requests_per_day,
        clients=clients,
        file_format=file_format,
        incidents=incidents,
        rushes=rushes,
    )
    typer.echo(f"{rows:,} rows")


@app.command("resource-metrics")
def resource_metrics(
    out: Out,
    seed: Seed = 1,
    start: Start = NEW_YEAR,
    days: Days = 1,
    hours: Annotated[int, Option(help="Hours of each day, from midnight.")] = 24,
    every_minutes: Annotated[int, Option(help="Minutes between two samples.")] = 1,
) -> None:
    """Generate CPU, memory, disk and network samples of each instance."""
    from reelhouse.generate.delivery import generate_resource_metrics

    rows = generate_resource_metrics(
        out,
        seed=seed,
        start=start.date(),
        days=days,
        hours=hours,
        every_minutes=every_minutes,
    )
    typer.echo(f"{rows:,} rows")


@app.command("cache-requests")
def cache_requests(
    out: Out,
    seed: Seed = 1,
    start: Start = NEW_YEAR,
    first_day: FirstDay = 0,
    days: Days = 7,
    requests_per_day: Annotated[int, Option(help="Viewer requests per day.")] = 5_000,
    profiles: Annotated[int, Option(help="Number of profiles.")] = 2_000,
    titles: Annotated[int, Option(help="Number of titles.")] = 500,
    duplicate_share: DuplicateShare = 0.002,
    dirty_share: DirtyShare = 0.0,
    file_format: FileFormat = "parquet",
) -> None:
    """Generate requests to caches on four levels."""
    from reelhouse.generate.cache_requests import generate

    try:
        rows = generate(
            out,
            seed=seed,
            start=start.date(),
            first_day=first_day,
            days=days,
            requests_per_day=requests_per_day,
            profiles=profiles,
            titles=titles,
            duplicate_share=duplicate_share,
            dirty_share=dirty_share,
            file_format=file_format,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(f"{rows:,} rows in {out / 'cache_requests'}")


@app.command("capacity")
def capacity(
    out: Out,
    seed: Seed = 1,
    start: Start = datetime(2025, 1, 6),
    days: Days = 35,
    every_minutes: Annotated[int, Option(help="Minutes between two samples.")] = 1,
    from_hour: Annotated[int, Option(help="First hour of each day.")] = 0,
    to_hour: Annotated[int, Option(help="Last hour of each day (exclusive).")] = 24,
    utilization: Annotated[int, Option(help="Average CPU use of all instances (percent).")] = 65,
) -> None:
    """Generate weeks of resource metrics with content releases, for forecasts and autoscaling."""
    from reelhouse.generate.capacity import generate_capacity

    rows = generate_capacity(
        out,
        seed=seed,
        start=start.date(),
        days=days,
        every_minutes=every_minutes,
        hours=(from_hour, to_hour),
        utilization=utilization,
    )
    typer.echo(f"{rows:,} rows")


@app.command("load-test")
def load_test(
    out: Out,
    seed: Seed = 1,
    start: Start = NEW_YEAR,
    requests: Annotated[int, Option(help="Requests of the hour.")] = 60_000,
) -> None:
    """Generate an hour of API requests to one endpoint at a constant rate."""
    from reelhouse.generate.delivery import generate_load_test

    typer.echo(
        f"{generate_load_test(out, seed=seed, start=start.date(), requests=requests):,} rows"
    )
