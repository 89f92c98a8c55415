"""The dbt project of a workspace: the clone's files by links, with the settings of the workspace.

Only two things differ from the clone. `dbt_project.yml` has the variables of the settings and
switches off what the workspace does not use; `seeds/reference` has the rows of its overrides. A
file is written only if its content changes, so that dbt parses and loads again only then.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from reelhouse.paths import REFERENCE, ROOT, project_settings, read_yaml
from reelhouse.workspace.reference import overridden_files
from reelhouse.workspace.settings import MistakesFound, Workspace

LINKED = ("selectors.yml", "macros", "models", "scripts", "seeds/mappings", "seeds/sample", "tests")
READ = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")


def make_project(workspace: Workspace) -> Workspace:
    """Write the dbt project of a workspace, or bring it up to date; return the workspace.

    Raises:
        MistakesFound: the overrides of reference tables hold mistakes.
    """
    overrides, mistakes = overridden_files(workspace)
    if mistakes:
        raise MistakesFound(mistakes)
    graph = _Graph()
    feeds = graph.feeds_needed(workspace.feeds)
    kept = graph.kept(feeds)
    folder = workspace.project
    for name in LINKED:
        _link(folder / name, ROOT / name)
    for kind in ("analyses", "seeds/reference"):
        sources = [path for path in (ROOT / kind).iterdir() if path.is_file()]
        for path in sources:
            if path.suffix == ".csv" and path.stem in overrides:
                _write(folder / kind / path.name, overrides[path.stem])
            elif kind == "analyses" and not graph.reads(path.read_text()) <= kept:
                (folder / kind / path.name).unlink(missing_ok=True)
            else:
                _link(folder / kind / path.name, path)
        for path in (folder / kind).iterdir():
            if path.name not in {source.name for source in sources}:
                path.unlink()
    _write(folder / "dbt_project.yml", _project_text(workspace, graph, feeds, kept))
    _write(folder / "profiles.yml", _profile_text(workspace))
    _link(folder / "profiles", ROOT / "profiles")
    return workspace


def _project_text(workspace: Workspace, graph: _Graph, feeds: list[str], kept: set[str]) -> str:
    settings = project_settings(ROOT)
    settings["vars"] = workspace.variables | {
        "feeds": feeds,
        "landing_path": str(workspace.landing),
        "mappings_path": str(workspace.mappings),
    }
    for name in sorted(graph.models.keys() - kept):
        _switch_off(settings["models"]["reelhouse"], graph.models[name], ROOT / "models")
    for name in sorted(graph.seeds - kept):
        settings["seeds"]["reelhouse"][name] = {"+enabled": False}
    for path in (ROOT / "models").rglob("*__exposures.yml"):
        for exposure in read_yaml(path)["exposures"]:
            if not graph.reads(" ".join(exposure["depends_on"])) <= kept:
                exposures = settings.setdefault("exposures", {}).setdefault("reelhouse", {})
                _switch_off(exposures, path.with_name(f"{exposure['name']}.sql"), ROOT / "models")
    return yaml.safe_dump(settings, sort_keys=False, width=1000)


def _switch_off(settings: dict, path: Path, top: Path) -> None:
    for part in path.relative_to(top).with_suffix("").parts:
        if settings.get(part) is None:
            settings[part] = {}
        settings = settings[part]
    settings["+enabled"] = False


def _profile_text(workspace: Workspace) -> str:
    profiles = read_yaml(ROOT / "profiles" / "profiles.yml")
    profiles["reelhouse"]["target"] = workspace.target
    return yaml.safe_dump(profiles, sort_keys=False, width=1000)


class _Graph:
    """Which models and seeds each model reads, from the text of the clone's models and macros."""

    def __init__(self) -> None:
        self.models = {path.stem: path for path in (ROOT / "models").rglob("*.sql")}
        self.seeds = {path.stem for path in REFERENCE.glob("*.csv")}
        self.of_macros: dict[str, set[str]] = {}
        for path in (ROOT / "macros").rglob("*.sql"):
            text = path.read_text()
            if found := set(READ.findall(text)):
                self.of_macros |= {name: found for name in MACRO.findall(text)}
        self.parents = {name: self.reads(path.read_text()) for name, path in self.models.items()}

    def reads(self, text: str) -> set[str]:
        """Return the models and seeds that a SQL text reads, itself and through macros."""
        found = set(READ.findall(text))
        words = set(re.findall(r"\w+", text))
        return found.union(*(names for macro, names in self.of_macros.items() if macro in words))

    def above(self, name: str) -> set[str]:
        """Return a node and all that it reads."""
        return {name}.union(*(self.above(parent) for parent in self.parents.get(name, ())))

    def _feeds_of(self, name: str) -> set[str]:
        return {n.removeprefix("land_") for n in self.above(name) if n.startswith("land_")}

    def feeds_needed(self, used: tuple[str, ...]) -> list[str]:
        """Return the used feeds and those that a table of a used feed also reads."""
        feeds = set(used)
        of_models = [self._feeds_of(name) for name in self.models]
        while True:
            more = feeds.union(*(below for below in of_models if below & feeds))
            if more == feeds:
                return sorted(feeds)
            feeds = more

    def kept(self, feeds: list[str]) -> set[str]:
        """Return the nodes of these feeds and those of no feed, with the seeds that they read."""
        models = {n for n in self.models if self._feeds_of(n) <= set(feeds)}
        used = set().union(*(self.above(name) for name in models))
        of_others = set().union(*(self.above(name) for name in self.models.keys() - models))
        return used | (self.seeds - of_others)


def _write(path: Path, text: str) -> None:
    if path.is_symlink() or not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(text)
        unfinished.replace(path)


def _link(path: Path, source: Path) -> None:
    if not (path.is_symlink() and path.readlink() == source):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.symlink_to(source)
        unfinished.replace(path)
