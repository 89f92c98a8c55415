"""Options that several commands share."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

Lake = Annotated[
    str,
    typer.Option(envvar="REELHOUSE_LAKE", help="Folder of the lake.", rich_help_panel="Lake"),
]
Out = Annotated[
    Path, typer.Option(help="Landing folder to write to; a folder per feed is created in it.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same rows.")]
Data = Annotated[
    str | None,
    typer.Option(envvar="REELHOUSE_DATA", help="Folder of the data sets.", show_default=False),
]
Work = Annotated[Path, typer.Option(help="Scratch folder.")]


def day(text: str) -> date:
    """Parse a day such as 2025-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day such as 2025-01-31") from error


Start = Annotated[
    datetime, typer.Option(formats=["%Y-%m-%d"], help="Day 0 of the generated deliveries.")
]
