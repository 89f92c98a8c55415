"""Ask the lake a question in SQL and print the answer.

    python scripts/query.py [--lake PATH] "select ... from daily_user_metrics"
    python scripts/query.py [--lake PATH] --file target/compiled/reelhouse/analyses/popularity.sql

Reads the published state, also while a refresh runs; table names of the marts need no schema.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from lake_plugin import LIVE_CATALOG, PUBLISHED_CATALOG, attach_lake


def connect(lake: str, catalog: str = PUBLISHED_CATALOG) -> duckdb.DuckDBPyConnection:
    """Open a lake's folder read-only, with its marts in the search path.

    Args:
        lake: folder of the lake.
        catalog: the published state, or `LIVE_CATALOG` for what refreshes have committed so far,
            tested or not; that one is locked while a refresh runs.

    Raises:
        FileNotFoundError: the folder has no such state; the message says how to make one.
    """
    path = Path(lake) / catalog
    if not path.exists():
        raise FileNotFoundError(
            f"nothing is published in the lake '{lake}': run `make build` first"
        )
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    attach_lake(connection, lake, catalog)
    connection.execute("use lake.analytics")
    return connection


def main() -> int:
    """Run one query from the command line."""
    parser = argparse.ArgumentParser(description="Ask the lake a question in SQL.")
    parser.add_argument("sql", nargs="?", help="the query")
    parser.add_argument("--file", type=Path, help="a file that holds the query")
    parser.add_argument("--lake", default=os.environ.get("REELHOUSE_LAKE", "lake"))
    parser.add_argument(
        "--unpublished",
        dest="catalog",
        action="store_const",
        const=LIVE_CATALOG,
        default=PUBLISHED_CATALOG,
        help="read what is committed, tested or not",
    )
    parser.add_argument("--rows", type=int, default=40, help="rows shown at most")
    options = parser.parse_args()
    if (options.sql is None) == (options.file is None):
        parser.error("give a query, or --file with one")
    try:
        with connect(options.lake, options.catalog) as connection:
            answer = connection.sql(options.sql or options.file.read_text())
            if answer is not None:
                answer.show(max_rows=options.rows)
    except (FileNotFoundError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
