"""Run a SQL query on a lake and print the result."""

from __future__ import annotations

import sys

import duckdb

from reelhouse.lake.connection import LIVE_CATALOG, PUBLISHED_CATALOG, connect


def publication_note(lake: str) -> str | None:
    """Return a line that says that readers do not see the newest refresh; None if they do.

    None also while a refresh runs: it locks the catalog, and its state is not complete yet.
    """
    try:
        with connect(lake, LIVE_CATALOG) as live:
            newest, published, at = live.execute(
                """
                select
                    (select max(batch_id) from lake.ledger.refresh_log),
                    max(batch_id),
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


def show(sql: str, lake: str, *, unpublished: bool = False, rows: int = 40) -> int:
    """Print the answer of a query.

    Args:
        sql: the query; the marts need no schema.
        lake: folder of the lake.
        unpublished: read the newest committed state, tested or not.
        rows: rows shown at most.

    Returns:
        Exit status: 1 if the lake or the query cannot be read.
    """
    if note := publication_note(lake):
        print(note, file=sys.stderr)
    try:
        with connect(lake, LIVE_CATALOG if unpublished else PUBLISHED_CATALOG) as connection:
            answer = connection.sql(sql)
            if answer is not None:
                answer.show(max_rows=rows)
    except (FileNotFoundError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
