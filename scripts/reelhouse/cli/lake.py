"""`reelhouse build`, `replay`, `query`, `forecast` and `alerts`: daily work with a lake."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from reelhouse.cli.options import Lake


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    dbt_arguments = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command("build", context_settings=dbt_arguments)(build)
    app.command("replay", context_settings=dbt_arguments)(replay)
    app.command("query")(query)
    app.command("forecast")(forecast)
    app.command("alerts")(alerts)
    app.command("notify")(notify)


Landing = Annotated[
    str, Option(help="Landing folder, with one folder per feed. Default: the sample.")
]
LakeOfLanding = Annotated[
    str, Option(help="Folder of the lake. Default: `lake`, or `lake/own` for your own data.")
]


def build(
    context: typer.Context,
    landing: Landing = "",
    lake: LakeOfLanding = "",
    everything: Annotated[
        bool, Option("--all", help="Run every model and test, even where nothing is new.")
    ] = False,
) -> None:
    """Land new files, refresh all affected tables, test, publish, and print a summary.

    A feed without a new file costs nothing, as long as the project and its variables are the same.
    Further arguments go to `dbt build`, for example `--select daily_user_metrics+`.
    """
    from reelhouse.refresh.build import build as run

    raise typer.Exit(run(landing, lake, context.args, everything=everything))


def replay(
    context: typer.Context,
    feed: Annotated[str, Argument(help="Name of the feed, such as watch_events.")],
    landing: Landing = "",
    lake: LakeOfLanding = "",
) -> None:
    """Judge a feed's quarantined rows again, after a list, a rule or a variable was corrected.

    Rows that pass now enter the fact and what is made from it. Give the same folders as to `build`.
    """
    from reelhouse.refresh.replay import replay as run

    raise typer.Exit(run(feed, landing, lake, context.args))


def query(
    sql: Annotated[
        str | None, Argument(help="The query. Tables of the marts need no schema.")
    ] = None,
    file: Annotated[Path | None, Option(help="File that contains the query.")] = None,
    lake: Lake = "lake",
    unpublished: Annotated[
        bool,
        Option("--unpublished", help="Read the newest committed state, even if it is not tested."),
    ] = False,
    rows: Annotated[int, Option(help="Maximum number of rows to print.")] = 40,
) -> None:
    """Run a SQL query on the published state of a lake. Works during a refresh."""
    from reelhouse.lake.query import show

    if (sql is None) == (file is None):
        raise typer.BadParameter("pass either a query or --file")
    raise typer.Exit(show(sql or file.read_text(), lake, unpublished=unpublished, rows=rows))


def forecast(
    landing: Annotated[Path, Option(help="Landing folder to write the forecasts to.")],
    lake: Lake = "lake/own",
    minutes: Annotated[
        float, Option(min=0, help="Time after which no further series is started.")
    ] = 10,
) -> None:
    """Forecast the demand of each service and write it to the feed demand_forecasts."""
    try:
        from reelhouse.capacity.forecast import run
    except ModuleNotFoundError as error:
        typer.echo(
            f"{error.name} is not installed. Install it: pip install statsforecast", err=True
        )
        raise typer.Exit(1) from error

    raise typer.Exit(run(lake, landing, minutes))


def alerts(lake: Lake = "lake") -> None:
    """Print the open alerts, and post them if ALERT_WEBHOOK holds the address of a webhook."""
    from reelhouse.alerts.notify import run

    raise typer.Exit(run(lake))


def notify(text: Annotated[str, Argument(help="Text of the message.")]) -> None:
    """Post a text to the webhook whose address is in the environment variable WEBHOOK."""
    from reelhouse.alerts.webhook import post_text

    raise typer.Exit(post_text(text))
