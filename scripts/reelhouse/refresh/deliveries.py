"""What a build says of the deliveries that it judged, feed by feed."""

from __future__ import annotations

import json

import duckdb

LONGEST_EXAMPLE = 90
MOST_LINES = 20


def print_deliveries(connection: duckdb.DuckDBPyConnection, invocation_id: str) -> None:
    """Print a line for each feed that an invocation read files of, with its reasons.

    The connection has the lake attached as `lake`.
    """
    feeds = connection.execute(
        """
        with this as (
            select max(batch_id) as batch_id
            from lake.ledger.refresh_log
            where invocation_id = $1
        )

        select
            landed.feed,
            coalesce(deliveries.rows_delivered, landed.rows_delivered),
            rows_kept,
            rows_late,
            rows_duplicate,
            rows_quarantined,
            quarantined_share,
            landed.rejected_files,
            coalesce(top_reasons, '[]')
        from (
            select
                feed,
                batch_id,
                coalesce(sum(rows_landed), 0) as rows_delivered,
                count(*) filter (status = 'rejected') as rejected_files
            from lake.ledger.landed_files
            where batch_id = (select batch_id from this)
            group by feed, batch_id
        ) as landed
        left join lake.ledger.deliveries
            on landed.feed = deliveries.feed and landed.batch_id = deliveries.batch_id
        order by landed.feed
        """,
        [invocation_id],
    ).fetchall()
    if not feeds:
        return
    names = ("delivered", "kept", "late", "duplicate", "quarantined", "share", "rejected files")
    print(f"\n{'Feeds':<22}" + "".join(f"{name:>{max(len(name) + 2, 11)}}" for name in names))
    for feed, *counts, share, rejected, reasons in feeds:
        cells = ["-" if count is None else f"{count:,}" for count in counts]
        cells += ["-" if share is None else f"{share:.1%}", f"{rejected:,}"]
        print(
            f"  {feed:<20}"
            + "".join(
                f"{cell:>{max(len(name) + 2, 11)}}" for cell, name in zip(cells, names, strict=True)
            )
        )
        for reason in json.loads(reasons):
            if reason["row"] is not None:  # rejected files are listed one by one
                print(f"    {reason_line(reason)}")


def reason_line(reason: dict) -> str:
    """Return a reason of `top_reasons` as a line: rows, name, and the first row that has it.

    Of the row it shows the field that the reason is about, or else its beginning.
    """
    raw = reason["raw"] or ""
    try:
        fields = json.loads(raw)
    except ValueError:
        fields = None
    names = [] if not isinstance(fields, dict) else fields
    about = max((n for n in names if reason["reason"].startswith(f"{n}_")), key=len, default=None)
    if about is None:
        shown = " ".join(raw.split())
    else:
        shown = f"{about} {fields[about]!r}" if fields[about] is not None else f"{about} is empty"
    shown = shown if len(shown) <= LONGEST_EXAMPLE else shown[:LONGEST_EXAMPLE] + "..."
    return (
        f"{reason['rows']:,} {reason['reason']}, such as {reason['file']}"
        f" row {reason['row']:,}: {shown}"
    )


def print_schema_changes(
    connection: duckdb.DuckDBPyConnection, invocation_id: str, policies: str | dict[str, str]
) -> None:
    """Print how columns differ from the deliveries before, in what an invocation landed.

    `policies` is the variable `schema_drift`; the connection has the lake attached as `lake`.
    """
    policies = {"default": policies} if isinstance(policies, str) else policies
    found = connection.execute(
        """
        select feed, message
        from lake.ledger.schema_changes
        where batch_id in (select batch_id from lake.ledger.refresh_log where invocation_id = $1)
        order by feed, batch_id, message
        """,
        [invocation_id],
    ).fetchall()
    default = policies.get("default", "warn")
    lines = [f"{feed}/{text}" for feed, text in found if policies.get(feed, default) != "ignore"]
    if lines:
        print("\nColumns that differ from the deliveries before (lakehouse.feed_schema_history)")
        print_first(lines)


def print_first(lines: list[str], where_all_are: str = "") -> None:
    """Print the first lines of a list, and how many more there are (and where)."""
    for line in lines[:MOST_LINES]:
        print(f"  {line}")
    if len(lines) > MOST_LINES:
        print(f"  and {len(lines) - MOST_LINES:,} more{where_all_are}")
