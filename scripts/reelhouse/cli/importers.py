"""`reelhouse import`: public data sets as deliveries, and configuration as reference tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from reelhouse.cli.options import Data, Out, Seed
from reelhouse.paths import data_folder

app = typer.Typer(
    help="Convert public data sets to deliveries of a feed, and configuration to reference tables.",
    no_args_is_help=True,
)


@app.command("movielens")
def movielens(out: Out, data: Data = None, seed: Seed = 1) -> None:
    """Convert MovieLens ratings to watch events. Missing fields are generated from the seed."""
    from reelhouse.importers.movielens import adapt, find_data, unknown_films

    try:
        folder = find_data(data)
    except FileNotFoundError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error
    count = adapt(folder, out, seed)
    typer.echo(
        f"{count:,} events in {out / 'watch_events'}; {unknown_films(folder)} of an unlisted film"
    )


@app.command("cache-trace")
def cache_trace(out: Out, data: Data = None) -> None:
    """Convert a block I/O trace to cache requests."""
    from reelhouse.importers.cache_trace import adapt, find_trace

    try:
        trace = find_trace(data)
    except FileNotFoundError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{adapt(trace, out):,} operations in {out / 'cache_requests'}")


@app.command("throughput-traces")
def throughput_traces(
    out: Out,
    data: Data = None,
    ladders: Annotated[
        Path | None, Option(help="Also write the reference table ladder_segments to this file.")
    ] = None,
) -> None:
    """Convert throughput traces of 3G and 4G networks to throughput samples."""
    from reelhouse.importers.throughput_traces import adapt_ladders, adapt_traces

    folder = data_folder(data)
    typer.echo(f"{adapt_traces(folder, out):,} samples")
    if ladders:
        typer.echo(f"{adapt_ladders(folder, ladders):,} ladder rows")


@app.command("configuration")
def configuration(
    files: Annotated[
        list[Path], typer.Argument(help="Manifests of Kubernetes, configuration of nginx.")
    ],
    out: Annotated[
        Path | None, Option(help="Folder for the tables. Default: print them as CSV.")
    ] = None,
) -> None:
    """Convert autoscalers and rate limits to rows of the reference tables of the what-ifs."""
    from reelhouse.importers.configuration import read, write

    try:
        write(read(files), out)
    except (OSError, ValueError) as error:
        typer.echo(f"reelhouse import: {error}", err=True)
        raise typer.Exit(1) from error
