"""`reelhouse init`: a new workspace."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from reelhouse.paths import ROOT, project_settings
from reelhouse.workspace.settings import FOLDERS, SETTINGS, find_workspace, near

SETTINGS_TEXT = """\
# Settings of this workspace (docs/workspace.md of the clone). Paths begin at this file.
landing: landing          # delivered files: one folder per feed
lake: lake                # the tables
mappings: mappings        # how exports with other columns become a feed
reference: reference      # rows of reference tables that differ from the built-in ones

# The feeds that you use. The tables and tests of all others are switched off.
feeds: [{feeds}]

# What DuckDB may keep in memory, such as 4GB. Default: half of the machine's memory.
# memory_limit: 4GB

# Reference tables whose file in `reference` holds all rows, not only those that differ.
# whole_tables: [cdn_invalidations]

# Variables that differ from dbt_project.yml of the clone, which explains each.
variables:
  # as_of: 2025-01-31
  # quarantined_share: {{default: 0.05, watch_events: 0.1}}
"""
README_TEXT = """\
# A workspace of reelhouse

`reelhouse.yml` has the settings. Put delivered files into `landing/<feed>/` and run
`reelhouse build`; `reelhouse query "from daily_user_metrics"` asks the tables. Mappings of exports
with other columns are in `mappings/`, changed rows of reference tables in `reference/<table>.csv`.

Nothing here changes when the clone is upgraded, and nothing here changes the clone:

    {root}

`docs/workspace.md` there explains more. `target/` and `logs/` can be deleted at any time.
"""


def create(folder: Path, feeds: list[str]) -> int:
    """Make a workspace in a folder and say what to do next; return the exit status.

    Args:
        folder: new or empty folder, outside of the clone.
        feeds: feeds that the workspace uses; empty for all.
    """
    known = project_settings(ROOT)["vars"]["feeds"]
    if problem := _unusable(folder, feeds, known):
        print(f"reelhouse init: {problem}", file=sys.stderr)
        return 2
    feeds = feeds or known
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS.values():
        if name != "lake":
            (folder / name).mkdir(exist_ok=True)
    for feed in feeds:
        (folder / "landing" / feed).mkdir(exist_ok=True)
    (folder / SETTINGS).write_text(SETTINGS_TEXT.format(feeds=", ".join(feeds)))
    (folder / "README.md").write_text(README_TEXT.format(root=ROOT))
    (folder / ".gitignore").write_text("/landing/\n/lake/\n/logs/\n/target/\n")
    print(f"{folder} is a workspace now, with the feeds {', '.join(feeds)}.")
    print("Next:")
    print(f"  cd {shlex.quote(str(folder))}")
    print("  reelhouse inspect <file>    # an export with columns of its own: proposes a mapping")
    print(
        "  reelhouse build             # files that have the columns of their feed: landing/<feed>/"
    )
    return 0


def _unusable(folder: Path, feeds: list[str], known: list[str]) -> str | None:
    for feed in feeds:
        if feed not in known:
            return f"{feed!r} is no feed{near(feed, known)}"
    if (folder / SETTINGS).exists():
        return f"{folder} is a workspace already: its settings are in {folder / SETTINGS}"
    if folder.exists() and not folder.is_dir():
        return f"{folder} is a file: choose a new folder"
    if folder.exists() and any(folder.iterdir()):
        return f"{folder} is not empty: choose a new folder, so that nothing in it is mixed up"
    if ROOT in (place := folder.resolve()).parents or place == ROOT:
        return f"{folder} is in the clone ({ROOT}): choose a folder outside, apart from upgrades"
    if above := find_workspace(place.parent):
        return f"{folder} is in the workspace {above}: choose a folder outside"
    parent = next(path for path in place.parents if path.exists())
    if not os.access(parent, os.W_OK):
        return f"{parent} cannot be written by this user: choose another folder"
    return None
