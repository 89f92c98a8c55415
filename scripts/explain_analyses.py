"""Say of every analysis what its plan prunes by, for a test to compare with what it was.

    python scripts/explain_analyses.py --lake lake > tests/python/analysis_plans.json

Run it after `make build`: the stored answer is that of the sample. Of each table that an analysis
scans it tells the columns that the scan filters by, and how many of its files that leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from lake_plugin import LIVE_CATALOG
from query import connect

ROOT = Path(__file__).resolve().parent.parent
FILTERED_COLUMN = re.compile(r"\b([a-z_]\w*)\s*(?:>=|<=|>|<|=|IN\b)")


def variables(lake: str) -> dict[str, str]:
    """Return the variables of the analyses that must name something which a lake holds."""
    with connect(lake, LIVE_CATALOG) as connection:
        (profile,) = connection.execute("select min(profile_id) from fact_watch_events").fetchone()
    return {"profile_id": profile}


def compile_analyses(lake: Path) -> dict[str, str]:
    """Compile all analyses with dbt and return their SQL by name."""
    with tempfile.TemporaryDirectory() as target:
        command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile"]
        command += [
            "--select",
            "resource_type:analysis",
            "--vars",
            json.dumps(variables(str(lake))),
        ]
        command += ["--target-path", target, "--log-path", target]
        environment = {**os.environ, "REELHOUSE_LAKE": str(lake)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        return compiled_analyses(Path(target))


def compiled_analyses(target: Path) -> dict[str, str]:
    """Return the SQL of every analysis that dbt compiled into a target folder, by name."""
    folder = target / "compiled" / "reelhouse" / "analyses"
    return {file.stem: file.read_text() for file in sorted(folder.glob("**/*.sql"))}


def scans(plan: dict) -> list[dict]:
    """Return what a JSON query plan tells of each table scan of the lake."""
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


def main() -> int:
    """Print the pruning of all analyses as JSON."""
    parser = argparse.ArgumentParser(description="What do the analyses prune by?")
    parser.add_argument("--lake", default=os.environ.get("REELHOUSE_LAKE", "lake"))
    options = parser.parse_args()
    found = explain(options.lake, compile_analyses(Path(options.lake)))
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
