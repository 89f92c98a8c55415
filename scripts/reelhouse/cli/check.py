"""`reelhouse check`: what must hold for a lake beyond its data tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from reelhouse.cli.options import Lake
from reelhouse.paths import ROOT

app = typer.Typer(help="Check a lake: data quality, pruning, query plans.", no_args_is_help=True)


@app.command("expectations")
def expectations(
    lake: Lake = "lake",
    suites: Annotated[Path, Option(help="Folder of the suites.")] = ROOT / "expectations",
    target: Annotated[Path, Option(help="Folder for the Data Docs.")] = ROOT / "target",
    most_rows: Annotated[
        int, Option(help="Check at most this many rows per table, an even sample.")
    ] = 500_000,
) -> None:
    """Check what the last refresh wrote, with Great Expectations.

    Exits with status 1 when an expectation of the severity `critical` fails.
    """
    from reelhouse.check.expectations import run

    raise typer.Exit(run(lake, suites, target, most_rows))


@app.command("pruning")
def pruning(
    lake: Lake = "lake",
    days: Annotated[int, Option(help="Number of newest days to query.")] = 30,
    members: Annotated[int, Option(help="Number of profiles, titles and regions to query.")] = 5,
) -> None:
    """Check that the documented queries read no more than the statistics require.

    Exits with status 1 if a query reads too much.
    """
    from reelhouse.check.pruning import report

    raise typer.Exit(0 if report(lake, days, members) else 1)


@app.command("analyses")
def analyses(lake: Lake = "lake") -> None:
    """Print the pruning columns and the number of files read of every analysis, as JSON."""
    from reelhouse.check.analyses import report

    typer.echo(report(lake))
