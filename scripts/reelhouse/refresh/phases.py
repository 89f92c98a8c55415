"""Where the time of a build went, by phase."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path

# In the order of a build. What comes before the first step is dbt's start: imports and parsing.
PHASES = (
    "start",
    "reference tables",
    "landing",
    "staging",
    "facts",
    "aggregates",
    "quarantine",
    "tests",
    "publication",
    "between steps",
)
# Folders of models that are a phase of their own.
FOLDERS = ("landing", "staging", "quarantine")


def seconds_by_phase(target: Path, started_at: datetime, ended_at: datetime) -> dict[str, float]:
    """Return the seconds of each phase of dbt's last run; they add up to the time it took.

    Landing includes finding, checking and copying the files. A fact is what a quarantine model
    compares with; `between steps` is dbt's own work.

    Args:
        target: folder with dbt's artifacts of the run.
        started_at: when the process of dbt was started (with a time zone).
        ended_at: when it had ended.
    """
    results = json.loads((target / "run_results.json").read_text())["results"]
    manifest = json.loads((target / "manifest.json").read_text())
    parents, nodes = manifest["parent_map"], manifest["nodes"]
    facts = {
        parent
        for name, of in parents.items()
        if name.startswith("model.") and nodes[name]["fqn"][1] == "quarantine"
        for parent in of
    }
    seconds: dict[str, float] = defaultdict(float)
    begins = [
        datetime.fromisoformat(timing["started_at"].replace("Z", "+00:00"))
        for result in results
        for timing in result["timing"]
    ]
    seconds["start"] = (min(begins, default=ended_at) - started_at).total_seconds()
    for result in results:
        name = result["unique_id"]
        seconds[_phase(name, nodes, facts)] += result["execution_time"]
    whole = (ended_at - started_at).total_seconds()
    seconds["between steps"] = max(0.0, whole - sum(seconds.values()))
    return {phase: seconds[phase] for phase in PHASES if phase in seconds}


def _phase(name: str, nodes: dict, facts: set[str]) -> str:
    kind = name.split(".")[0]
    if kind == "operation":
        return "publication" if "on-run-end" in name else "start"
    if kind != "model":
        return "reference tables" if kind == "seed" else "tests"
    folder = nodes[name]["fqn"][1]
    if folder in FOLDERS:
        return folder
    return "facts" if name in facts else "aggregates"


def phase_line(seconds: dict[str, float]) -> str:
    """Return the phases as a line of the summary, without those that took no time."""
    parts = [f"{phase} {value:.1f}" for phase, value in seconds.items() if value >= 0.05]
    return f"Seconds: {sum(seconds.values()):.1f} ({', '.join(parts)})"
