"""The command line: `reelhouse --help` lists the commands.

A command's function holds its options and help. It imports what it runs, because pandas, dbt and
Great Expectations take seconds to import and most commands need none of them.
"""

from __future__ import annotations

import typer

from reelhouse.cli import bench, check, generate, importers, lake, sources, workspace

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
workspace.register(app)
lake.register(app)
sources.register(app)
app.add_typer(generate.app, name="generate")
app.add_typer(importers.app, name="import")
app.add_typer(check.app, name="check")
app.add_typer(bench.app, name="bench")
