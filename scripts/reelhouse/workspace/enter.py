"""Run a command inside a workspace: its project, lake, memory limit and folders for artifacts."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click
import typer

from reelhouse.paths import PROJECT_VARIABLE, TARGET_VARIABLE, WORKSPACE_VARIABLE
from reelhouse.workspace.project import make_project
from reelhouse.workspace.settings import (
    SETTINGS,
    MistakesFound,
    Workspace,
    find_workspace,
    read_settings,
)

# Commands that need the dbt project of the workspace; the others need its folders only.
OF_PROJECT = ("build", "replay", "inspect", "dbt", "check")
# Commands that work on the clone, whatever the folder.
OF_CLONE = ("init", "bench")


def enter(context: typer.Context, given: Path | None) -> None:
    """Find the workspace of a command, if there is one, and set up the process for it.

    Args:
        context: of the command line; the options of its commands get the workspace's folders.
        given: folder of the workspace; None to look for it from the current folder upwards.

    Raises:
        typer.Exit: the folder is no workspace, or the settings or overrides hold mistakes.
    """
    if context.invoked_subcommand in OF_CLONE:
        return
    folder = find_workspace(Path.cwd()) if given is None else given
    if folder is None:
        return
    try:
        if not (folder / SETTINGS).is_file():
            raise FileNotFoundError(
                f"reelhouse: {folder} is no workspace: it has no {SETTINGS}. Create one:"
                f" reelhouse init {shlex.quote(str(folder))}"
            )
        workspace = read_settings(folder)
        if context.invoked_subcommand in OF_PROJECT:
            make_project(workspace)
    except (FileNotFoundError, MistakesFound) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    os.environ.update(environment(workspace))
    if given is not None:
        os.environ["REELHOUSE_COMMAND"] = f"reelhouse --workspace {shlex.quote(str(given))}"
    context.default_map = option_defaults(workspace, context.command)


def environment(workspace: Workspace) -> dict[str, str]:
    """Return the environment variables of the commands in a workspace."""
    variables = {
        WORKSPACE_VARIABLE: str(workspace.folder),
        PROJECT_VARIABLE: str(workspace.project),
        "REELHOUSE_LAKE": str(workspace.lake),
        TARGET_VARIABLE: str(workspace.folder / "target"),
        "DBT_LOG_PATH": str(workspace.folder / "logs"),
    }
    if workspace.memory_limit:
        variables["REELHOUSE_MEMORY_LIMIT"] = workspace.memory_limit
    return variables


def option_defaults(workspace: Workspace, commands: click.Group) -> dict[str, dict]:
    """Return defaults of options by command, as the command line takes them."""
    landing = os.path.relpath(workspace.landing)
    defaults = {
        group: {
            name: {"out": landing}
            for name, command in getattr(commands.commands[group], "commands", {}).items()
            if any(option.name == "out" and option.required for option in command.params)
        }
        for group in ("generate", "import")
    }
    return defaults | {
        "inspect": {"landing": landing},
        "forecast": {"landing": landing},
        "check": {"expectations": {"target": str(workspace.folder / "target")}},
    }
