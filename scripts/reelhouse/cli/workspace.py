"""`reelhouse init`, `reelhouse dbt`, and the option that names a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.callback()(main)
    app.command("init")(init)
    app.command(
        "dbt",
        context_settings={
            "allow_extra_args": True,
            "ignore_unknown_options": True,
            "help_option_names": [],
        },
    )(dbt)


def main(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        Option(help="Folder of the workspace. Default: the one that holds the current folder."),
    ] = None,
) -> None:
    """Performance analytics for video-streaming platforms on DuckDB and DuckLake."""
    from reelhouse.workspace.enter import enter

    enter(context, workspace)


def init(
    folder: Annotated[Path, Argument(help="New folder, outside of the clone.")],
    feeds: Annotated[
        str, Option(help="Comma-separated feeds that it uses. Default: all.", show_default=False)
    ] = "",
) -> None:
    """Create a workspace: a folder for your own data, settings and reference rows."""
    from reelhouse.workspace.create import create

    names = [name.strip() for name in feeds.split(",") if name.strip()]
    raise typer.Exit(create(folder, names))


def dbt(context: typer.Context) -> None:
    """Run a command of dbt on the workspace, as in `reelhouse dbt docs generate`."""
    from reelhouse.paths import project_folder
    from reelhouse.refresh.child_process import run_to_end

    command = str(Path(sys.executable).with_name("dbt"))
    raise typer.Exit(run_to_end([command, *context.args], project_folder(), dict(os.environ)))
