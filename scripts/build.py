"""Run `dbt build` on a lake and end with what a person wants to know of it.

    python scripts/build.py [--landing PATH] [--lake PATH] [dbt arguments]

Exit status is dbt's own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import yaml

from lake_plugin import load_ducklake

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "seeds/sample"
MOST_LINES = 20


def parse_arguments(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split the command line into our own options and those that go to dbt unchanged."""
    parser = argparse.ArgumentParser(description="Refresh the lake and summarise what happened.")
    parser.add_argument(
        "--landing", default="", help="folder of delivered files, one folder a feed"
    )
    parser.add_argument("--lake", default="", help="folder that holds the lake (default: lake/...)")
    return parser.parse_known_args(arguments)


def choose_lake(landing: str, lake: str) -> str:
    """Return the lake's folder: the sample and somebody's own data never share one.

    An explicit choice (`--lake`, else REELHOUSE_LAKE) stands; else the sample goes to the default
    of `dbt build`, own data to a folder beside it.
    """
    chosen = lake or os.environ.get("REELHOUSE_LAKE", "")
    if chosen:
        return chosen
    return "lake" if landing in ("", SAMPLE) else "lake/own"


def run_dbt(landing: str, lake: str, dbt_arguments: list[str]) -> int:
    """Run `dbt build` from the repository root and return its exit status.

    Unit tests judge the code and not the delivery: `make test` and plain `dbt build` run them.
    dbt takes the last of several `--vars`, so the landing path joins the caller's own.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--vars", type=yaml.safe_load, default={})
    own, dbt_arguments = parser.parse_known_args(dbt_arguments)
    variables = {**own.vars, **({"landing_path": landing} if landing else {})}
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "--quiet", "build", "--exclude-resource-type", "unit_test"]
    if variables:
        command += ["--vars", json.dumps(variables)]
    # What a run that stops early leaves here would be another run's result.
    (ROOT / "target" / "run_results.json").unlink(missing_ok=True)
    environment = {**os.environ, "REELHOUSE_LAKE": lake}
    return subprocess.run(command + dbt_arguments, cwd=ROOT, env=environment).returncode


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


def print_summary(lake: str, invocation_id: str, outcomes: Counter) -> None:
    """Print rows per feed, partitions touched, tests passed and where to look next."""
    with duckdb.connect() as connection:
        load_ducklake(connection)
        connection.execute(f"attach 'ducklake:{lake}/catalog.ducklake' as lake (read_only)")
        feeds = connection.execute(
            """
            select
                feed,
                coalesce(sum(rows_landed) filter (batch_id = this.refresh_id), 0),
                sum(rows_landed),
                count(*) filter (status = 'rejected' and batch_id = this.refresh_id)
            from lake.ledger.landed_files
            cross join (
                select coalesce(max(refresh_id) filter (invocation_id = $1), 0) as refresh_id
                from lake.ledger.refresh_log
            ) as this
            group by feed
            order by feed
            """,
            [invocation_id],
        ).fetchall()
        written = connection.execute(
            """
            select model, mode, rows_written, rows_deleted, partitions_touched
            from lake.ledger.refresh_log
            where invocation_id = $1 and mode <> 'seed' and model not like 'land_%'
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
                    select refresh_id from lake.ledger.refresh_log where invocation_id = $1
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
                where status = 'landed' and len(names) > 0
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
    print("\nFeeds                         new rows     all rows   files rejected now")
    for feed, new_rows, all_rows, rejected in feeds:
        print(f"  {feed:<24} {new_rows:>12,} {all_rows:>12,} {rejected:>18,}")
    for _, feed, trouble in troubles[:MOST_LINES]:
        print(f"  {feed}: {trouble}")
    if len(troubles) > MOST_LINES:
        print(f"  and {len(troubles) - MOST_LINES:,} more: see lake.ledger.landed_files")
    print("\nTables written                    mode             rows   replaced  partitions")
    for model, mode, rows, deleted, partitions in written:
        print(f"  {model:<30} {mode:<14} {rows:>9,} {deleted:>10,} {partitions:>11,}")
    if not written:
        print("  none: nothing new was delivered")
    if outdated:
        print("\nTables with rows that other logic computed than the project has now")
        for model, first_refresh in outdated:
            print(f"  {model:<30} since refresh {first_refresh:,}")
        print(
            "  Rebuild these and what is made from them: ARGS=\"--vars 'rebuild_outdated: true'\""
        )
    touched = sum(row[4] for row in written)
    tests = ", ".join(f"{count} {status}" for status, count in sorted(outcomes.items()))
    print(f"\nPartitions touched: {touched:,}    Tests: {tests}    Lake: {lake}")
    print(
        "Next: `source .venv/bin/activate`, then `dbt docs generate && dbt docs serve`,"
        " or ask the lake:\n"
        f"  python scripts/query.py --lake {lake} 'from daily_user_metrics limit 5'"
    )


def main() -> int:
    """Build, then summarise, whatever the build's outcome."""
    options, dbt_arguments = parse_arguments(sys.argv[1:])
    own_data = options.landing not in ("", SAMPLE)
    landing = str(Path(options.landing).resolve()) if own_data else ""
    lake = choose_lake(options.landing, options.lake)
    status = run_dbt(landing, lake, dbt_arguments)
    target = ROOT / "target"
    if (ROOT / lake / "catalog.ducklake").exists() and (target / "run_results.json").exists():
        os.chdir(ROOT)
        print_summary(lake, last_invocation(target), read_outcomes(target))
    return status


if __name__ == "__main__":
    sys.exit(main())
