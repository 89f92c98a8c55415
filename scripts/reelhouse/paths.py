"""Folders and names of the dbt project, of mappings, and of real data. Imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

# The clone: the folder that holds dbt_project.yml.
ROOT = Path(__file__).resolve().parents[2]
# The built-in reference tables.
REFERENCE = ROOT / "seeds" / "reference"
# The folder of the user's mappings in the landing folder, and how the files in it end.
MAPPINGS_FOLDER = "mappings"
MAPPING_SUFFIXES = (".yml", ".yaml")
# Environment variables that a workspace sets for the commands in it, and dbt's own for artifacts.
WORKSPACE_VARIABLE = "REELHOUSE_WORKSPACE"
PROJECT_VARIABLE = "REELHOUSE_PROJECT"
TARGET_VARIABLE = "DBT_TARGET_PATH"


def project_folder() -> Path:
    """Return the dbt project that commands run: the one of the workspace, else the clone."""
    return Path(os.environ.get(PROJECT_VARIABLE) or ROOT)


def in_workspace() -> bool:
    """Return whether the command runs in a workspace."""
    return bool(os.environ.get(WORKSPACE_VARIABLE))


def workspace_command() -> str:
    """Return the command line's name, with the workspace where it was given."""
    return os.environ.get("REELHOUSE_COMMAND", "reelhouse")


def target_folder() -> Path:
    """Return the folder of dbt's artifacts."""
    return project_folder() / (os.environ.get(TARGET_VARIABLE) or "target")


def read_yaml(path: Path) -> object:
    """Return what a YAML file holds, read by the parser in C where there is one: it is faster."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def project_settings(root: Path) -> dict:
    """Return what a dbt project's dbt_project.yml holds."""
    return read_yaml(root / "dbt_project.yml")


def landing_models(root: Path | None = None) -> dict[str, Path]:
    """Return the landing model of each feed, by the name of the feed, sorted."""
    return {
        path.stem.removeprefix("land_"): path
        for path in sorted(((root or project_folder()) / "models" / "landing").glob("land_*.sql"))
    }


def used_feeds(root: Path | None = None) -> list[str]:
    """Return the feeds of a project without those that a workspace switches off."""
    root = root or project_folder()
    configured = project_settings(root)["models"]["reelhouse"]["landing"]
    return [
        feed
        for feed, model in landing_models(root).items()
        if (configured.get(model.stem) or {}).get("+enabled", True)
    ]


def project_variables(given: dict[str, object], root: Path | None = None) -> dict[str, object]:
    """Return the project's variables, overridden by those of the command line."""
    return project_settings(root or project_folder())["vars"] | given


def own_mappings_folder(landing: Path, mappings_path: str | None) -> Path:
    """Return the folder of a user's own mappings: the variable, else `mappings` in landing."""
    return Path(mappings_path) if mappings_path else landing / MAPPINGS_FOLDER


def data_folder(given: str | None = None) -> Path:
    """Return the folder of the real data: the argument, REELHOUSE_DATA, or ../shared/data."""
    return Path(given or os.environ.get("REELHOUSE_DATA") or ROOT.parent / "shared" / "data")
