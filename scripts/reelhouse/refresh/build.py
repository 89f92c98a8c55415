"""Run `dbt build` on a lake, then print what happened: rows, tables, tests, what readers see."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import yaml

from reelhouse.cli.make_variables import SAMPLE, choose_lake
from reelhouse.lake.connection import LIVE_CATALOG, attach_lake, check_lake_path
from reelhouse.lake.files import standing_rejections, unread_input
from reelhouse.paths import (
    in_workspace,
    project_folder,
    project_variables,
    target_folder,
    used_feeds,
    workspace_command,
)
from reelhouse.refresh.child_process import run_to_end
from reelhouse.refresh.deliveries import print_deliveries, print_first, print_schema_changes
from reelhouse.refresh.pending import (
    makers,
    note_complete_build,
    pending_feeds,
)
from reelhouse.refresh.phases import phase_line, seconds_by_phase

VARS_HINT = ". Give it as in: --vars '{as_of: \"2025-01-01\"}'"


def split_variables(dbt_arguments: list[str]) -> tuple[dict[str, object], list[str]]:
    """Take `--vars` out of dbt's arguments: dbt heeds the last of several, as this does.

    A date that is not quoted is one to YAML; dbt gets the text of it.

    Raises:
        ValueError: the value is no YAML mapping of names.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--vars", default="{}")
    own, others = parser.parse_known_args(dbt_arguments)
    try:
        variables = yaml.safe_load(own.vars)
    except yaml.YAMLError as error:
        raise ValueError(
            f"--vars is not YAML ({' '.join(str(error).split())}){VARS_HINT}"
        ) from None
    if not isinstance(variables, dict):
        raise ValueError(f"--vars is not a YAML mapping, but {own.vars!r}{VARS_HINT}")
    for name in variables:
        if not isinstance(name, str):
            raise ValueError(f"--vars has the key {name}, which is not a name{VARS_HINT}")
    return json.loads(json.dumps(variables, default=str)), others


def check_landing(folder: str) -> None:
    """Refuse a landing folder that cannot be listed, before dbt has started.

    Raises:
        ValueError: says what is wrong with the folder, and what to give instead.
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        reasons = {
            FileNotFoundError: "does not exist",
            NotADirectoryError: "is a file, not a folder",
            PermissionError: "may not be read by this user",
        }
        reason = reasons.get(type(error), f"cannot be read: {error.strerror}")
        raise ValueError(
            f"the landing folder '{folder}' {reason}. Give the folder that holds one folder per"
            " feed: --landing FOLDER, or make build LANDING=FOLDER."
        ) from None


def run_dbt(lake: str, variables: dict[str, object], dbt_arguments: list[str], options: str) -> int:
    """Run `dbt build` from the project's folder and return its exit status.

    Unit tests judge the code and not the delivery: `make test` and plain `dbt build` run them.
    `options` are those of `reelhouse build`, as messages of the build name them.
    """
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "--quiet", "build", "--exclude-resource-type", "unit_test"]
    if variables:
        command += ["--vars", json.dumps(variables)]
    # What a run that stops early leaves here would be another run's result.
    (target_folder() / "run_results.json").unlink(missing_ok=True)
    environment = {**os.environ, "REELHOUSE_LAKE": lake, "REELHOUSE_OPTIONS": options}
    return run_to_end(command + dbt_arguments, project_folder(), environment)


def lake_folder(landing: str, lake: str) -> str:
    """Return the lake's folder: below the current one in a workspace, else below the clone."""
    chosen = choose_lake(landing, lake)
    return os.path.abspath(chosen) if in_workspace() else chosen


def read_outcomes(target: Path) -> Counter:
    """Count the outcomes of dbt's data and unit tests in its last run (pass, fail, warn, ...)."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    tests = (r for r in results if r["unique_id"].startswith(("test.", "unit_test.")))
    return Counter(result["status"] for result in tests)


def last_invocation(target: Path) -> str:
    """Return dbt's id of its last run."""
    return json.loads((target / "run_results.json").read_text())["metadata"]["invocation_id"]


def read_outdated(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Return the tables with rows of other logic, and the first refresh that wrote such rows."""
    view = "select 1 from duckdb_views() where view_name = 'outdated_tables'"
    if not connection.execute(view).fetchall():
        return []  # a build of a part may not have made it
    return connection.execute(
        "select model, first_refresh_id from lake.lakehouse.outdated_tables order by model"
    ).fetchall()


def input_not_read(
    connection: duckdb.DuckDBPyConnection, variables: dict[str, object]
) -> list[str]:
    """Return a line for each thing in the landing folder that is in no table, with what to do.

    The current folder is the project's; the connection has the lake attached as `lake`.
    """
    landing = str(variables["landing_path"])
    if not Path(landing).is_dir():
        return []
    rejected = connection.execute(
        """
        select file, size_bytes, modified_at, reason
        from lake.ledger.landed_files
        where
            status = 'rejected'
            and file in (select file from lake.ledger.landed_files where status = 'landed')
        """
    ).fetchall()
    return [
        *unread_input(landing, used_feeds(), bool(variables["follow_links_out_of_landing"])),
        *standing_rejections(landing, rejected),
    ]


def print_input_not_read(unread: list[str]) -> None:
    """Print the first lines of what `input_not_read` returns."""
    if unread:
        print("\nIn the landing folder and in no table")
        print_first(unread)


def print_nothing_new(lake: str, variables: dict[str, object]) -> None:
    """Say that no file was delivered since the state that readers see."""
    with duckdb.connect() as connection:
        attach_lake(connection, lake)
        batch, published_at = connection.execute(
            """
            select max(batch_id), strftime(max(published_at), '%Y-%m-%d %H:%M')
            from lake.ledger.publications
            """
        ).fetchone()
        print(
            "Nothing new: no file was delivered since the last build, and the project and its"
            f" variables are the same.\nReaders see refresh {batch}, since {published_at} UTC."
            f"    Lake: {lake}\nTo run every model and test nevertheless:"
            f" {workspace_command()} build --all"
        )
        print_input_not_read(input_not_read(connection, project_variables(variables)))


def print_summary(lake: str, target: Path, outcomes: Counter, time_line: str = "") -> None:
    """Print rows per feed, partitions affected, tests passed, time, and where to look next.

    Args:
        lake: folder of the lake.
        target: folder with the artifacts of the build.
        outcomes: how many tests had which status.
        time_line: where the time went.
    """
    invocation_id = last_invocation(target)
    given = json.loads((target / "run_results.json").read_text())["args"].get("vars", {})
    variables = project_variables(given)
    with duckdb.connect() as connection:
        attach_lake(connection, lake)
        print_deliveries(connection, invocation_id)
        print_schema_changes(connection, invocation_id, variables["schema_drift"])
        written = connection.execute(
            """
            select model, mode, rows_written, rows_deleted, partitions_affected
            from lake.ledger.refresh_log
            where invocation_id = $1 and mode not in ('seed', 'view') and model not like 'land_%'
            order by started_at
            """,
            [invocation_id],
        ).fetchall()
        outdated = read_outdated(connection)
        troubles = connection.execute(
            """
            with of_this_build as (
                select * from lake.ledger.landed_files
                where batch_id in (
                    select batch_id from lake.ledger.refresh_log where invocation_id = $1
                )
            ),

            unknown as (
                select
                    feed,
                    list_filter(columns, lambda name: not list_contains(known, name)) as names,
                    count(*) as files
                from of_this_build
                inner join (
                    select table_name[6:] as feed, list(column_name) as known
                    from duckdb_columns()
                    where database_name = 'lake' and starts_with(table_name, 'land_')
                    group by all
                ) using (feed)
                where
                    status = 'landed'
                    and len(names) > 0
                    -- A mapping names the columns that it reads; the others are left on purpose.
                    and not exists (
                        select 1
                        from (
                            select feed, unnest(files) as pattern
                            from lake.ledger.mapping_changes
                        ) as patterns
                        where
                            patterns.feed = of_this_build.feed
                            and of_this_build.file glob patterns.pattern
                    )
                group by all
            )

            select 1, feed, 'rejected ' || file || ': ' || reason
            from of_this_build
            where status = 'rejected'
            union all
            select
                2,
                feed,
                'unknown columns kept in _unknown_columns: '
                || array_to_string(names, ', ') || ' (' || files || ' files)'
            from unknown
            order by all
            """,
            [invocation_id],
        ).fetchall()
        unread = input_not_read(connection, variables)
        publication = connection.execute(
            """
            with published as (
                select
                    max(batch_id) as batch_id,
                    max(published_at) as published_at
                from lake.ledger.publications
            ),

            refreshes as (
                select max(batch_id) as batch_id
                from lake.ledger.refresh_log
            )

            select
                case
                    when refreshes.batch_id = published.batch_id
                        then
                            'Published: readers see refresh ' || refreshes.batch_id || ', since '
                            || strftime(published.published_at, '%Y-%m-%d %H:%M') || ' UTC.'
                    else coalesce(
                        (
                            select max_by(message, ended_at)
                            from lake.ledger.unpublished_builds
                            where batch_id = refreshes.batch_id
                        ),
                        'Not published: refresh ' || refreshes.batch_id || '. Build again.'
                    )
                end
            from published
            cross join refreshes
            """
        ).fetchone()
    print_first(
        [f"{feed}: {trouble}" for _, feed, trouble in troubles],
        where_all_are=": see lake.ledger.landed_files",
    )
    print_input_not_read(unread)
    heading = f"{'mode':<12} {'rows':>9} {'replaced':>10} {'partitions':>11}"
    print(f"\n{'Tables written':<34} {heading}")
    with_rows = [table for table in written if table[2] or table[3]]
    for model, mode, rows, deleted, partitions in with_rows:
        print(f"  {model:<32} {mode:<12} {rows:>9,} {deleted:>10,} {partitions:>11,}")
    if not written:
        print("  none: nothing new was delivered")
    elif len(with_rows) < len(written):
        print(f"  and {len(written) - len(with_rows):,} tables without a row")
    if outdated:
        print("\nTables with rows that other logic computed than the project has now")
        for model, first_refresh in outdated:
            print(f"  {model:<30} since refresh {first_refresh:,}")
        print(f"  Rebuild these and what is made from them: {rebuild_command()}")
    affected = sum(row[4] for row in written)
    tests = ", ".join(f"{count} {status}" for status, count in sorted(outcomes.items()))
    print(f"\nPartitions affected: {affected:,}    Tests: {tests}    Lake: {lake}")
    if time_line:
        print(time_line)
    print(next_steps(lake))
    if publication and publication[0]:
        print(f"\n{publication[0]}")


def rebuild_command() -> str:
    """Return the command that rebuilds outdated tables."""
    if in_workspace():
        return f"{workspace_command()} build --vars 'rebuild_outdated: true'"
    return "ARGS=\"--vars 'rebuild_outdated: true'\""


def next_steps(lake: str) -> str:
    """Return what can follow on a build."""
    if in_workspace():
        return (
            f"Next: `{workspace_command()} dbt docs generate`, or ask the lake:\n"
            f"  {workspace_command()} query 'show all tables'"
        )
    return (
        "Next: `source .venv/bin/activate`, then `dbt docs generate && dbt docs serve`,"
        " or ask the lake:\n"
        f"  reelhouse query --lake {lake} 'from daily_user_metrics limit 5'"
    )


def selection(feeds: list[str]) -> list[str]:
    """Return dbt's arguments for a refresh of some feeds: their tables, and the tests of these."""
    return [
        "--select",
        *(f"land_{feed}+" for feed in feeds),
        "--exclude",
        "tag:full_check",
        "tag:alert",
        # Also the tests that compare one of these tables with one that has nothing to do.
        "--indirect-selection",
        "eager",
    ]


def build(landing: str, lake: str, dbt_arguments: list[str], *, everything: bool = False) -> int:
    """Build what has something to do, then print a summary, whatever the outcome of the build.

    Args:
        landing: folder of delivered files; empty for the sample.
        lake: folder of the lake; empty for the default of `lake_folder`.
        dbt_arguments: further arguments of `dbt build`; with any, dbt decides what there is to do.
        everything: let dbt look at every model and run every test.

    Returns:
        dbt's exit status, 0 where dbt had nothing to do; 2 for arguments that cannot be used; 128
        plus the number of the signal that stopped the build.
    """
    options = shlex.join(
        part
        for name, value in (("--landing", landing), ("--lake", lake))
        if value
        for part in (name, value)
    )
    project = project_folder()
    # The sample has one name, so that another spelling of its path does not make it data of yours.
    if landing and Path(landing).resolve() == (project / SAMPLE).resolve():
        landing = SAMPLE
    lake = lake_folder(landing, lake)
    try:
        variables, dbt_arguments = split_variables(dbt_arguments)
        if landing not in ("", SAMPLE):
            variables["landing_path"] = str(Path(landing).resolve())
        check_landing(str(project / str(project_variables(variables)["landing_path"])))
        check_lake_path(str(project / lake))
    except ValueError as error:
        print(f"reelhouse build: {error}", file=sys.stderr)
        return 2
    os.chdir(project)
    made_by = makers(variables)
    if not everything and not dbt_arguments:
        feeds = pending_feeds(Path(lake), made_by)
        if feeds == []:
            print_nothing_new(lake, variables)
            return 0
        dbt_arguments = selection(feeds) if feeds else []
    started_at = datetime.now(UTC)
    status = run_dbt(lake, variables, dbt_arguments, options)
    ended_at = datetime.now(UTC)
    if status > 128:
        print(
            f"The build was stopped by {signal.Signals(status - 128).name}. What it committed"
            " stays, readers keep the state of before; run the same command again to go on.",
            file=sys.stderr,
        )
        return status
    target = target_folder()
    if Path(lake, LIVE_CATALOG).exists() and (target / "run_results.json").exists():
        if status == 0:
            note_complete_build(Path(lake), made_by)
        time_line = phase_line(seconds_by_phase(target, started_at, ended_at))
        print_summary(lake, target, read_outcomes(target), time_line)
    return status
