"""Folders of the dbt project and of the real data that some commands read."""

from __future__ import annotations

import os
from pathlib import Path

# The dbt project: the folder that holds dbt_project.yml.
ROOT = Path(__file__).resolve().parents[2]


def data_folder(given: str | None = None) -> Path:
    """Return the folder of the real data: the argument, REELHOUSE_DATA, or ../shared/data."""
    return Path(given or os.environ.get("REELHOUSE_DATA") or ROOT.parent / "shared" / "data")
