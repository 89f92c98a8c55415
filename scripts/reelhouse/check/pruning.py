"""The pruning gate: does each documented access pattern read little more than it needs?

    reelhouse check pruning --lake lake

Every pattern runs for some members from the lake's newest days, and DuckDB's log of reads is
compared with the catalog and the Parquet footers. A line fails if the query

- opened more files than the catalog's statistics require (plus 5%),
- opened a file that holds another day than those asked for,
- read more row groups than the footers' statistics require (plus 5%),
- read more of the asked days' rows than the pattern may (where days are large enough to prune),
- read a column that it does not name.

Exit status 1 if any line fails.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from reelhouse.check.file_reads import Reads, file_reads
from reelhouse.lake.connection import PUBLISHED_CATALOG, connect

TOLERANCE = 1.05
# Days with fewer row groups than this cannot show that a few percent of them were read.
JUDGED_ROW_GROUPS = 45
# A region begins in the middle of a row group in each of the fact's ranges of profiles: `ranges` in
# macros/storage/insert_in_order.sql.
RANGES = 32


@dataclass(frozen=True)
class Pattern:
    """A documented way to ask the fact: what is selected, by what, and how much it may read."""

    name: str
    select: str
    members: tuple[str, ...]
    columns: frozenset[str]
    # Of the rows in the requested days, without row groups that a region shares with others.
    # A profile is in one range; a region is one of seven.
    greatest_share: float
    shared_row_groups_a_day: int = 0


PATTERNS = (
    Pattern(
        "watch history: profile, time",
        "event_ts, title_id, watch_seconds",
        ("profile_id",),
        frozenset({"profile_id", "dt", "event_ts", "title_id", "watch_seconds"}),
        0.05,
    ),
    Pattern(
        "title, region, time",
        "event_ts, watch_seconds",
        ("title_id", "region"),
        frozenset({"title_id", "region", "dt", "event_ts", "watch_seconds"}),
        0.2,
        RANGES,
    ),
    Pattern(
        "region, device, time (covering)",
        "sum(watch_seconds)",
        ("region", "device_type"),
        frozenset({"region", "device_type", "dt", "watch_seconds"}),
        0.2,
        RANGES,
    ),
)


@dataclass
class Verdict:
    """What one pattern read over all its members, and what is wrong with that."""

    pattern: Pattern
    files_read: int = 0
    files_admitted: int = 0
    row_groups_read: int = 0
    row_groups_admitted: int = 0
    rows_read: int = 0
    rows_of_days: int = 0
    large_days: int = 0
    row_groups_of_days: int = 0
    bytes_read: int = 0
    faults: set[str] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Rows of the row groups that were read, of all rows in the large days asked for."""
        return self.rows_read / max(self.rows_of_days, 1)

    @property
    def greatest_share(self) -> float:
        """Share of these rows that may be read: it falls as days grow."""
        shared = self.pattern.shared_row_groups_a_day * self.large_days
        return self.pattern.greatest_share + shared / max(self.row_groups_of_days, 1)

    def judge(self) -> None:
        """Collect the faults that follow from the sums."""
        if self.files_read > math.ceil(self.files_admitted * TOLERANCE):
            self.faults.add("opens files that the catalog excludes")
        if self.row_groups_read > math.ceil(self.row_groups_admitted * TOLERANCE):
            self.faults.add("reads row groups that their statistics exclude")
        if self.share > self.greatest_share:
            self.faults.add(f"reads over {self.greatest_share:.0%} of the days' rows")


def admitting(ranges: dict[str, tuple[str, str]], column: str, low: str, high: str) -> str:
    """Return the condition under which column statistics do not exclude a row with these values."""
    return " and ".join(
        f"coalesce(max({high} >= '{first}' and {low} <= '{last}')"
        f" filter ({column} = '{name}'), true)"
        for name, (first, last) in ranges.items()
    )


def catalog_files(connection: duckdb.DuckDBPyConnection, ranges: dict) -> list[tuple]:
    """Return (file, is admitted, holds only the asked days) of every live file of the fact."""
    return connection.execute(
        f"""
        select
            files.file_path,
            {admitting(ranges, "columns.column_name", "stats.min_value", "stats.max_value")},
            bool_and(stats.min_value >= $first and stats.max_value <= $last)
                filter (columns.column_name = 'dt')
        from lake.lakehouse.lakehouse_files as files
        inner join __ducklake_metadata_lake.ducklake_file_column_stats as stats
            on files.data_file_id = stats.data_file_id
        inner join __ducklake_metadata_lake.ducklake_column as columns
            on stats.table_id = columns.table_id and stats.column_id = columns.column_id
        where files.table_name = 'fact_watch_events' and columns.end_snapshot is null
        group by files.file_path
        """,
        {"first": ranges["dt"][0], "last": ranges["dt"][1]},
    ).fetchall()


def row_groups(connection: duckdb.DuckDBPyConnection, files: list[str], ranges: dict) -> dict:
    """Return for each (file, row group) its rows and whether statistics do not exclude it."""
    found = connection.execute(
        f"""
        select
            file_name,
            row_group_id,
            any_value(row_group_num_rows),
            {admitting(ranges, "path_in_schema", "stats_min_value", "stats_max_value")}
        from parquet_metadata($files)
        group by file_name, row_group_id
        """,
        {"files": files},
    ).fetchall()
    return {(Path(file).name, group): (rows, admitted) for file, group, rows, admitted in found}


def judge_reads(
    connection: duckdb.DuckDBPyConnection, verdict: Verdict, reads: Reads, ranges: dict
) -> None:
    """Add what one member's query read to a pattern's verdict."""
    read_files = {Path(file).name for file in reads.files}
    files = catalog_files(connection, ranges)
    groups = row_groups(connection, sorted(reads.files), ranges) if read_files else {}
    groups_of_file = Counter(file for file, _ in groups)
    large = {file for file, count in groups_of_file.items() if count >= JUDGED_ROW_GROUPS}
    verdict.files_read += len(read_files)
    verdict.files_admitted += sum(admitted for _, admitted, _ in files)
    verdict.row_groups_read += len(reads.row_groups)
    verdict.row_groups_admitted += sum(admitted for _, admitted in groups.values())
    verdict.rows_read += sum(
        rows for (file, _), rows in reads.row_groups.items() if Path(file).name in large
    )
    verdict.rows_of_days += sum(rows for (file, _), (rows, _) in groups.items() if file in large)
    verdict.large_days += len(large)
    verdict.row_groups_of_days += sum(file in large for file, _ in groups)
    verdict.bytes_read += reads.bytes
    if any(not only_days for file, _, only_days in files if Path(file).name in read_files):
        verdict.faults.add("opens files that hold other days")
    if reads.columns - verdict.pattern.columns:
        verdict.faults.add(f"reads {', '.join(sorted(reads.columns - verdict.pattern.columns))}")


def check(
    lake: str, *, days: int = 30, members: int = 5, catalog: str = PUBLISHED_CATALOG
) -> list[Verdict]:
    """Run every pattern for some members over the newest days of a lake, and judge what it read.

    Args:
        lake: folder of the lake.
        days: newest days that are asked for.
        members: members asked for, a pattern.
        catalog: the state that is looked at, as in `query.connect`.
    """
    verdicts = []
    with connect(lake, catalog) as connection:
        last, first = connection.execute(
            "select max(dt)::varchar, (max(dt) - ($1 - 1)::integer)::varchar"
            " from fact_watch_events",
            [days],
        ).fetchone()
        for pattern in PATTERNS:
            verdict = Verdict(pattern)
            chosen = connection.execute(
                f"select {', '.join(pattern.members)} from fact_watch_events"
                " where dt between $1 and $2 order by hash(event_id) limit $3",
                [first, last, members],
            ).fetchall()
            for member in chosen:
                ranges = {name: (v, v) for name, v in zip(pattern.members, member, strict=True)}
                ranges["dt"] = (first, last)
                predicate = " and ".join(
                    f"{name} between '{low}' and '{high}'" if low != high else f"{name} = '{low}'"
                    for name, (low, high) in ranges.items()
                )
                with connect(lake, catalog) as fresh:
                    reads = file_reads(
                        fresh,
                        f"select {pattern.select} from fact_watch_events where {predicate}",
                    )
                judge_reads(connection, verdict, reads, ranges)
            verdict.judge()
            verdicts.append(verdict)
    return verdicts


def report(lake: str, days: int, members: int) -> bool:
    """Print a Markdown table of the verdicts; return whether every pattern prunes as it should.

    Args:
        lake: folder of the lake.
        days: newest days that are asked for.
        members: profiles, titles and regions asked for, per pattern.
    """
    verdicts = check(lake, days=days, members=members)
    print(
        "| pattern | files read / admitted | row groups read / admitted"
        " | rows read of the days' | bytes a query | verdict |"
    )
    print("|---|---:|---:|---:|---:|---|")
    for verdict in verdicts:
        share = f"{verdict.share:.1%}" if verdict.rows_of_days else "days too small"
        print(
            f"| {verdict.pattern.name} | {verdict.files_read} / {verdict.files_admitted}"
            f" | {verdict.row_groups_read} / {verdict.row_groups_admitted} | {share}"
            f" | {verdict.bytes_read // members:,}"
            f" | {'; '.join(sorted(verdict.faults)) or 'passed'} |"
        )
    return not any(verdict.faults for verdict in verdicts)
