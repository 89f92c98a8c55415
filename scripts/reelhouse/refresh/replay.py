"""Judge quarantined rows again, after a list, a rule or a variable was corrected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from reelhouse.lake.connection import attach_lake
from reelhouse.paths import project_folder, used_feeds
from reelhouse.refresh.build import build, lake_folder


def replay(feed: str, landing: str, lake: str, dbt_arguments: list[str]) -> int:
    """Judge the rejected rows of a feed again, by the next build, which this runs.

    Args:
        feed: name of the feed.
        landing: folder of delivered files; empty for the sample.
        lake: folder of the lake; empty for the default of `lake_folder`.
        dbt_arguments: further arguments of `dbt build`.

    Returns:
        The exit status of the build, or of the step that failed before it; 2 for an unknown feed.
    """
    if feed not in (feeds := used_feeds()):
        print(
            f"reelhouse replay: there is no feed {feed!r}. The feeds are {', '.join(feeds)}.",
            file=sys.stderr,
        )
        return 2
    dbt = Path(sys.executable).with_name("dbt")
    status = subprocess.run(
        [str(dbt), "run-operation", "replay", "--args", json.dumps({"feed": feed})],
        cwd=project_folder(),
        env={**os.environ, "REELHOUSE_LAKE": lake_folder(landing, lake)},
        check=False,
    ).returncode
    if status:
        return status
    status = build(landing, lake, dbt_arguments)
    with duckdb.connect() as connection:
        attach_lake(connection, str(project_folder() / lake_folder(landing, lake)))
        print(outcome(connection, feed))
    return status


def outcome(connection: duckdb.DuckDBPyConnection, feed: str) -> str:
    """Return what became of the rows of a feed's last replay, in a sentence.

    The connection has the lake attached as `lake`.
    """
    batch_id, rows = connection.execute(
        """
        select batch_id, sum(row_count)
        from lake.ledger.replays
        where
            feed = $1
            and batch_id <= (select max(batch_id) from lake.ledger.refresh_log where model = $2)
        group by batch_id
        order by batch_id desc
        limit 1
        """,
        [feed, f"quarantine_{feed}"],
    ).fetchone() or (None, 0)
    if batch_id is None:
        return f"No row of {feed} was judged again yet."
    left, reasons = connection.execute(
        f"""
        select
            count(*),
            list_sort(list_distinct(flatten(list(reasons))))
        from lake.quarantine.quarantine_{feed}
        where batch_id = $1
        """,
        [batch_id],
    ).fetchone()
    passed = f"Replay of {feed}: {rows - left:,} of {rows:,} rows left the quarantine"
    return f"{passed}; {left:,} stay: {', '.join(reasons)}." if left else f"{passed}."
