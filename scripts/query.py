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
        hint = (
            "run `make build` first"
            if catalog == LIVE_CATALOG or not (Path(lake) / LIVE_CATALOG).exists()
            else "run the whole `make build`, or read what is committed with --unpublished"
        )
        raise FileNotFoundError(f"nothing is published in the lake '{lake}': {hint}")
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    attach_lake(connection, lake, catalog)
    connection.execute("use lake.analytics")
    return connection


def publication_note(lake: str) -> str | None:
    """Say in one line that readers do not see the newest refresh; None if they do.

    None as well while a refresh runs: it locks the catalog, and its state is nobody's yet.
    """
    try:
        with connect(lake, LIVE_CATALOG) as live:
            newest, published, at = live.execute(
                """
                select
                    (select max(refresh_id) from lake.ledger.refresh_log),
                    max(refresh_id),
                    strftime(max(published_at), '%Y-%m-%d %H:%M')
                from lake.ledger.publications
                """
            ).fetchone()
    except (FileNotFoundError, duckdb.Error):
        return None
    if newest == published:
        return None
    seen = f"refresh {published}, published at {at} UTC" if published else "nothing yet"
    return (
        f"Refresh {newest} is not published: readers see {seen}."
        " lake.ledger.unpublished_builds says why; --unpublished reads it."
    )


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
    if note := publication_note(options.lake):
        print(note, file=sys.stderr)
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
