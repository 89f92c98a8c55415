"""`reelhouse inspect`: describe files, propose a mapping, or try one out without writing a lake."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from reelhouse.dbt import ROWS_ONLY, run_dbt
from reelhouse.lake.connection import attach_lake
from reelhouse.lake.files import file_format
from reelhouse.paths import (
    in_workspace,
    own_mappings_folder,
    project_folder,
    project_variables,
    used_feeds,
    workspace_command,
)
from reelhouse.sources.feeds import Feed, read_feeds
from reelhouse.sources.mappings import read_mapping, read_mappings
from reelhouse.sources.profile import Sample, profile
from reelhouse.sources.proposal import Proposal, propose
from reelhouse.sql import quoted

MOST_REASONS = 15
# Below this share of its required columns, no feed is said to be likely.
LEAST_SHARE = 0.3


def inspect(files: list[Path], landing: Path, feed: str | None, mapping: Path | None) -> int:
    """Print what the files hold and write a proposed mapping; return the exit status."""
    feeds = read_feeds(project_folder())
    if problem := _unusable(files, feeds, feed):
        print(f"reelhouse inspect: {problem}", file=sys.stderr)
        return 2
    try:
        sample = profile(files)
    except ValueError as error:
        print(f"reelhouse inspect: {error}", file=sys.stderr)
        return 1
    _print_sample(files, sample)
    proposal = propose(sample, feeds, feed)
    if feed is None and proposal.score < LEAST_SHARE:
        print(
            "\nNo feed is likely. Name one with --feed: " + ", ".join(sorted(feeds)) + ".",
        )
        return 1
    print(
        f"\nMost likely feed: {proposal.feed.name}"
        f" ({proposal.score:.0%} of its required columns are there)"
    )
    target = mapping or _mappings_folder(landing) / f"{_name(files[0])}.yml"
    place = landing / proposal.feed.name
    if proposal.feed.name not in used_feeds():
        print(f"It is switched off: add {proposal.feed.name} to `feeds` in reelhouse.yml.")
    if target.exists():
        print(f"{target} is there already and stays as it is. To try it: --check")
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    text = _mapping_text(files, sample, proposal)
    target.write_text(text)
    print(f"\n{text}")
    print(f"Written to {target}, with {proposal.questions} open questions (lines with ?).")
    print("Next:")
    shown = " ".join(shlex.quote(str(file)) for file in files)
    folder, place = shlex.quote(str(landing)), shlex.quote(str(place))
    option = "" if in_workspace() else f" --landing {folder}"
    print(f"  {workspace_command()} inspect {shown}{option} --check")
    print(f"  mkdir -p {place} && cp {shown} {place}/")
    print(f"  {workspace_command()} build{option}")
    return 0


def check(files: list[Path], landing: Path, feed: str | None, mapping: Path | None) -> int:
    """Land and stage the files in a lake that is thrown away, and print what would be kept."""
    feeds = read_feeds(project_folder())
    if problem := _unusable(files, feeds, feed):
        print(f"reelhouse inspect: {problem}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="reelhouse-check-") as folder:
        work = Path(folder)
        try:
            found, own = _mapping_of(files[0], landing, feeds, feed, mapping)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        feed = found["feed"] if found else feed
        if feed is None:
            print(
                f"reelhouse inspect: no mapping matches {files[0].name}. Propose one with"
                " `reelhouse inspect` without --check, or name a --feed or a --mapping.",
                file=sys.stderr,
            )
            return 2
        shutil.copytree(own, work / "mappings") if own else (work / "mappings").mkdir()
        _deliver(files, found, feed, work / "landing" / feed)
        run_dbt(
            "build",
            "--select",
            f"+stg_{feed}",
            *ROWS_ONLY,
            lake=work / "lake",
            target=work / "target",
            variables={
                "landing_path": str(work / "landing"),
                "mappings_path": str(work / "mappings"),
                "follow_links_out_of_landing": True,
            },
            silent=True,
        )
        with duckdb.connect() as connection:
            attach_lake(connection, str(work / "lake"))
            return _print_check(connection, feed, found)


def _mappings_folder(landing: Path) -> Path:
    """Return the folder of the user's mappings: that of the workspace, else in landing."""
    named = project_variables({})["mappings_path"]
    return own_mappings_folder(landing, os.path.relpath(named) if named else None)


def _unusable(files: list[Path], feeds: dict[str, Feed], feed: str | None) -> str | None:
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        return f"there is no file {', '.join(missing)}"
    if feed and feed not in feeds:
        return f"'{feed}' is no feed; feeds are {', '.join(sorted(feeds))}"
    return None


def _name(file: Path) -> str:
    """Return a name for the source of a file: its own without dates, numbers and endings."""
    stem = re.sub(r"(\.(csv|jsonl|ndjson|parquet|log|json|txt|tsv|gz))+$", "", file.name.lower())
    return re.sub(r"[^a-z]+", "_", stem).strip("_") or "source"


def _pattern(files: list[Path]) -> str:
    """Return a pattern for files whose names differ in numbers."""
    pattern = re.sub(r"\d+([-_.T]?\d+)*", "*", files[0].name)
    if "*" not in pattern:
        stem, dot, ending = pattern.partition(".")
        pattern = f"{stem}*{dot}{ending}"
    return re.sub(r"([\[?])", r"[\1]", pattern)


def _mapping_text(files: list[Path], sample: Sample, proposal: Proposal) -> str:
    lines = [
        f"# Proposed by `reelhouse inspect` from {', '.join(file.name for file in files)}.",
        "# Lines with a question mark are open questions. docs/your-own-data.md explains the keys.",
        f"feed: {proposal.feed.name}",
        f'files: "{_pattern(files)}"',
    ]
    if file_format(files[0].name) is None or sample.format == "w3c":
        lines.append(f"format: {sample.format}")
    return "\n".join([*lines, "columns:", *(proposal.lines or ["  {}"])]) + "\n"


def _print_sample(files: list[Path], sample: Sample) -> None:
    print(f"{', '.join(map(str, files))}: {sample.format}, {sample.rows:,} rows sampled")
    if sample.format not in ("w3c",) and file_format(files[0].name) is None:
        print("  Landing knows files by their names; the mapping says the format of this one.")
    table = Table(box=None)
    for name in ("column", "type", "empty", "values", "lowest", "highest", "example"):
        table.add_column(name, overflow="fold")
    for column in sample.columns:
        is_number = column.kind in ("number", "whole number")
        table.add_row(
            column.name,
            column.kind,
            f"{1 - column.filled / max(column.rows, 1):.0%}",
            f"{column.members:,}",
            f"{column.lowest:.15g}" if is_number else "",
            f"{column.highest:.15g}" if is_number else "",
            ", ".join(column.listed[:6])[:60] or (column.example or "")[:40],
        )
    Console(width=max(100, Console().width), markup=False, highlight=False).print(table)


def _mapping_of(
    file: Path,
    landing: Path,
    feeds: dict[str, Feed],
    feed: str | None,
    mapping: Path | None,
) -> tuple[dict | None, Path | None]:
    """Return the mapping of a file and the folder of the user's mappings.

    Raises:
        ValueError: a mapping is wrong; the message has a line per mistake.
    """
    if mapping:
        found, problems = read_mapping(mapping, feeds)
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        return found, mapping.parent
    folder = _mappings_folder(landing)
    mappings, problems = read_mappings(folder, feeds)
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    own = folder if folder.is_dir() else None
    with duckdb.connect() as connection:
        for candidate in mappings:
            if feed and candidate["feed"] != feed:
                continue
            for name in _names_in_feed(file, landing, candidate["feed"]):
                patterns = " or ".join(f"$1 glob {quoted(p)}" for p in candidate["files"])
                if connection.execute(f"select {patterns}", [name]).fetchone()[0]:
                    return candidate, own
    return None, own


def _names_in_feed(file: Path, landing: Path, feed: str) -> list[str]:
    """Return the names that a file has, or would have, below the landing folder."""
    inside = file.resolve()
    if landing.resolve() in inside.parents:
        return [inside.relative_to(landing.resolve()).as_posix()]
    return [f"{feed}/{file.name}"]


def _deliver(files: list[Path], mapping: dict | None, feed: str, folder: Path) -> None:
    """Link files into a landing folder, under names that the mapping matches."""
    below = ""
    if mapping:
        # The folders in front of the pattern's first wildcard.
        fixed = re.split(r"[*?\[]", mapping["files"][0].removeprefix(f"{feed}/"))[0]
        below = fixed.rpartition("/")[0]
    (folder / below).mkdir(parents=True)
    for file in files:
        (folder / below / file.name).symlink_to(file.resolve())


def _print_check(connection: duckdb.DuckDBPyConnection, feed: str, mapping: dict | None) -> int:
    name = f"mapping {mapping['path']}" if mapping else "no mapping"
    print(f"Feed {feed}, {name}. Nothing was written to a lake.")
    files = connection.execute(
        "select file, status, reason, rows_delivered from lake.ledger.landed_files order by file"
    ).fetchall()
    for file, status, reason, _ in files:
        if status == "rejected":
            print(f"  rejected file {file}: {reason}")
    staged = f"lake.staging.stg_{feed}"
    total, kept = connection.execute(
        f"select count(*), count(*) filter (not _is_rejected) from {staged}"
    ).fetchone()
    print(f"  {total:,} rows: {kept:,} would be kept, {total - kept:,} quarantined")
    reasons = connection.execute(
        f"""
        select reason, count(*) as rows, any_value(_file), min(_row), min_by(_raw, _row)
        from (select *, unnest(_rejection_reasons) as reason from {staged})
        group by reason
        order by rows desc, reason
        limit {MOST_REASONS}
        """
    ).fetchall()
    for reason, rows, file, row, raw in reasons:
        print(f"  {reason}: {rows:,} rows, such as line {row} of {Path(file).name}: {raw[:160]}")
    for column, values in _unmapped(connection, feed, mapping):
        print(f"  no entry in values of {column}: {', '.join(values)}")
    return 0 if total and kept == total and not any(f[1] == "rejected" for f in files) else 1


def _unmapped(
    connection: duckdb.DuckDBPyConnection, feed: str, mapping: dict | None
) -> list[tuple[str, list[str]]]:
    """Return the delivered values for which a mapping has no entry, by column of the feed."""
    found = []
    for target, column in (mapping or {}).get("columns", {}).items():
        number = re.fullmatch(r"_source_(\d+)_", column.get("sql", ""))
        if column.get("unknown") != "quarantine" or not number:
            continue
        pointer = mapping["pointers"][int(number[1])]
        values = connection.execute(
            f"""
            select json_extract_string(_raw, $1) as value
            from lake.staging.stg_{feed}
            where list_contains(_rejection_reasons, $2)
            group by value
            order by count(*) desc, value
            limit 20
            """,
            [pointer, f"{target}_not_mapped"],
        ).fetchall()
        if values:
            found.append((target, [repr(value) for (value,) in values]))
    return found


def run(
    files: list[Path], landing: Path, feed: str | None, mapping: Path | None, try_it: bool
) -> None:
    """Run the command and end with its exit status."""
    raise typer.Exit((check if try_it else inspect)(files, landing, feed, mapping))
