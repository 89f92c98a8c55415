"""`reelhouse check`: what must hold for a lake beyond its data tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from reelhouse.cli.options import Lake
from reelhouse.paths import ROOT

app = typer.Typer(help="Check a lake.", no_args_is_help=True)


@app.command("expectations")
def expectations(
    lake: Lake = "lake",
    suites: Annotated[Path, Option(help="Folder of the suites.")] = ROOT / "expectations",
    target: Annotated[Path, Option(help="Folder for the Data Docs.")] = ROOT / "target",
    most_rows: Annotated[int, Option(help="Rows checked per table; more are sampled.")] = 500_000,
) -> None:
    """Check what the last refresh wrote, with Great Expectations.

    Exits with status 1 when an expectation of the severity `critical` fails.
    """
    from reelhouse.check.expectations import run

    raise typer.Exit(run(lake, suites, target, most_rows))


@app.command("pruning")
def pruning(
    lake: Lake = "lake",
    days: Annotated[int, Option(help="Newest days that are asked for.")] = 30,
    members: Annotated[int, Option(help="Profiles, titles and regions asked for.")] = 5,
) -> None:
    """Compare what the documented queries read with what the catalog's statistics admit."""
    from reelhouse.check.pruning import report

    raise typer.Exit(0 if report(lake, days, members) else 1)


@app.command("analyses")
def analyses(lake: Lake = "lake") -> None:
    """Print, per analysis, the columns that its plan prunes by and the files it reads (JSON)."""
    from reelhouse.check.analyses import report

    typer.echo(report(lake))
