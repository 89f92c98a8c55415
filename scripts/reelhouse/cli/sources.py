"""`reelhouse inspect`: from an unknown file to a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option


def register(app: typer.Typer) -> None:
    """Add the command of this module to the command line."""
    app.command("inspect")(inspect)


def inspect(
    files: Annotated[list[Path], Argument(help="Files of one source: CSV, JSON lines, Parquet.")],
    landing: Annotated[
        Path, Option(help="Your landing folder; mappings are in its folder `mappings`.")
    ] = Path("landing"),
    feed: Annotated[
        str | None, Option(help="The feed. Default: the one that the columns fit best.")
    ] = None,
    mapping: Annotated[
        Path | None, Option(help="The mapping to write or, with --check, to try.")
    ] = None,
    check: Annotated[
        bool,
        Option("--check", help="Try the mapping: what would be kept and quarantined, and why."),
    ] = False,
) -> None:
    """Describe files of an unknown source and propose a mapping onto a feed."""
    from reelhouse.sources.inspect import run

    run(files, landing, feed, mapping, check)
