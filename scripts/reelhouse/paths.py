"""Folders and names of the dbt project, of mappings, and of real data. Imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path

# The dbt project: the folder that holds dbt_project.yml.
ROOT = Path(__file__).resolve().parents[2]
# The folder of the user's mappings in the landing folder, and how the files in it end.
MAPPINGS_FOLDER = "mappings"
MAPPING_SUFFIXES = (".yml", ".yaml")


def landing_models(root: Path = ROOT) -> dict[str, Path]:
    """Return the landing model of each feed, by the name of the feed, sorted."""
    return {
        path.stem.removeprefix("land_"): path
        for path in sorted((root / "models" / "landing").glob("land_*.sql"))
    }


def own_mappings_folder(landing: Path, mappings_path: str | None) -> Path:
    """Return the folder of a user's own mappings: the variable, else `mappings` in landing."""
    return Path(mappings_path) if mappings_path else landing / MAPPINGS_FOLDER


def data_folder(given: str | None = None) -> Path:
    """Return the folder of the real data: the argument, REELHOUSE_DATA, or ../shared/data."""
    return Path(given or os.environ.get("REELHOUSE_DATA") or ROOT.parent / "shared" / "data")
