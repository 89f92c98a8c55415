"""Say of every analysis what its plan prunes by, for a test to compare with what it was.

    reelhouse check analyses --lake lake > tests/python/analysis_plans.json

Run it after `make build`: the stored answer is that of the sample. Of each table that an analysis
scans it reports the filter columns, and how many files remain.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb

from reelhouse.dbt import run_dbt
from reelhouse.lake.connection import LIVE_CATALOG, connect

FILTERED_COLUMN = re.compile(r"\b([a-z_]\w*)\s*(?:>=|<=|>|<|=|IN\b)")


def variables(lake: str) -> dict[str, str]:
    """Return the variables of the analyses that must name something which a lake holds."""
    with connect(lake, LIVE_CATALOG) as connection:
        (profile,) = connection.execute("select min(profile_id) from fact_watch_events").fetchone()
    return {"profile_id": profile}


def compile_analyses(
    lake: Path, variables: dict[str, str], *, select: Iterable[str] = ("resource_type:analysis",)
) -> dict[str, str]:
    """Compile analyses with dbt and return their SQL by name.

    Args:
        lake: folder of the lake.
        variables: what the analyses ask for, such as a profile.
        select: dbt's node selection; by default all analyses.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        run_dbt(
            "compile",
            "--select",
            *select,
            lake=lake,
            variables=variables,
            target=target,
            silent=True,
        )
        return compiled_analyses(target)


def compiled_analyses(target: Path) -> dict[str, str]:
    """Return the SQL of every analysis that dbt compiled into a target folder, by name."""
    folder = target / "compiled" / "reelhouse" / "analyses"
    return {file.stem: file.read_text() for file in sorted(folder.glob("**/*.sql"))}


def scans(plan: dict) -> list[dict]:
    """Return what a JSON query plan reports about each table scan of the lake."""
    found = [scan for child in plan.get("children", []) for scan in scans(child)]
    if "Total Files Read" in plan.get("extra_info", {}):
        found.append(plan["extra_info"])
    return found


def pruning(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    """Run an analysis and return of each scan its table, its filters' columns, and its files."""
    plan = json.loads(connection.execute(f"explain (analyze, format json) {sql}").fetchone()[1])
    entries = []
    for scan in scans(plan):
        filters = scan.get("Filters", [])
        filters = [filters] if isinstance(filters, str) else filters
        (files,) = connection.execute(
            "select count(*) from lake.lakehouse.lakehouse_files where table_name = $1",
            [scan["Table"]],
        ).fetchone()
        entries.append(
            {
                "table": scan["Table"],
                "filters_by": sorted({c for f in filters for c in FILTERED_COLUMN.findall(f)}),
                "files_read": int(scan["Total Files Read"]),
                "files": files,
            }
        )
    return sorted(entries, key=lambda entry: (entry["table"], entry["files_read"]))


def explain(lake: str, analyses: dict[str, str]) -> dict[str, list[dict]]:
    """Return the pruning of every analysis on a lake."""
    with connect(lake, LIVE_CATALOG) as connection:
        return {name: pruning(connection, sql) for name, sql in analyses.items()}


def report(lake: str) -> str:
    """Return the pruning of all analyses on a lake as JSON."""
    return json.dumps(explain(lake, compile_analyses(Path(lake), variables(lake))), indent=2)
