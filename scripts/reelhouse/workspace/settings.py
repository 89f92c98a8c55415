"""The settings of a workspace, read from its `reelhouse.yml` and checked before anything runs."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from reelhouse.lake.connection import check_lake_path
from reelhouse.paths import REFERENCE, ROOT, project_settings, read_yaml

SETTINGS = "reelhouse.yml"
FOLDERS = {"landing": "landing", "lake": "lake", "mappings": "mappings", "reference": "reference"}
KEYS = (*FOLDERS, "feeds", "memory_limit", "target", "variables", "whole_tables")
# Variables of the project that a workspace sets by a key of its own.
SET_BY_KEY = {"landing_path": "landing", "mappings_path": "mappings", "feeds": "feeds"}
MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B)", re.IGNORECASE)
KINDS = {bool: "true or false", list: "a list", dict: "a mapping of names to values", str: "a text"}


@dataclass(frozen=True)
class Mistake:
    """A mistake in a file of the workspace: where it is, and what to do."""

    path: Path
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        """Return file, line, place and message in the form that editors make a link of."""
        place = f"{self.place}: " if self.place else ""
        return f"{self.path}:{self.line}: {place}{self.message}"


class MistakesFound(Exception):
    """Files of the workspace hold mistakes, which are its argument."""

    def __str__(self) -> str:
        """Return the mistakes, one per line."""
        return "\n".join(map(str, self.args[0]))


@dataclass(frozen=True)
class Workspace:
    """A workspace and its settings; all paths are absolute."""

    folder: Path
    landing: Path
    lake: Path
    mappings: Path
    reference: Path
    feeds: tuple[str, ...]
    memory_limit: str
    target: str
    # The project's variables, with those of the settings.
    variables: dict[str, object]
    # Reference tables whose file in `reference` holds all of their rows.
    whole_tables: tuple[str, ...]

    @property
    def project(self) -> Path:
        """Folder of the workspace's dbt project, which is made from the clone."""
        return self.folder / "target" / "project"


def find_workspace(start: Path) -> Path | None:
    """Return the nearest folder with settings, from a folder upwards.

    The search ends at the clone: `make build` there builds the sample, whatever holds the clone.
    """
    for folder in (start, *start.parents):
        # A folder that this user may not search is no workspace of theirs: no error here.
        if os.path.isfile(folder / SETTINGS):
            return folder
        if folder == ROOT:
            return None
    return None


def near(name: object, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, or all."""
    known = sorted(known)
    found = difflib.get_close_matches(str(name), known, n=1)
    return f": did you mean {found[0]}?" if found else f"; known are {', '.join(known)}"


def read_settings(folder: Path) -> Workspace:
    """Read and check the settings of a workspace.

    Raises:
        MistakesFound: the settings hold mistakes.
    """
    return _Reader(folder.resolve()).workspace()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / SETTINGS
        self.mistakes: list[Mistake] = []
        self.lines: dict[tuple, int] = {(): 1}
        self.data = self._load()

    def add(self, place: tuple, message: str) -> None:
        line = next(
            self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines
        )
        self.mistakes.append(Mistake(self.path, line, ".".join(map(str, place)), message))

    def _load(self) -> dict:
        try:
            text = self.path.read_text(encoding="utf-8")
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            if root is not None:
                self._note_lines(root, ())
            data = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise MistakesFound(
                [Mistake(self.path, line, "", f"this is not YAML: {error.problem}")]
            ) from None
        except (ValueError, yaml.YAMLError) as error:
            message = f"this is not YAML: {str(error).splitlines()[0]}"
            raise MistakesFound([Mistake(self.path, 1, "", message)]) from None
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            raise MistakesFound([Mistake(self.path, 1, "", message)]) from None
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.add((), "settings have the form `key: value`; `reelhouse init` writes an example")
            raise MistakesFound(self.mistakes)
        return data

    def _note_lines(self, node: yaml.Node, place: tuple) -> None:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                below = (*place, key.value)
                if below in self.lines:
                    self.add(
                        below, f"the key is there twice, also on line {key.start_mark.line + 1}"
                    )
                self.lines.setdefault(below, key.start_mark.line + 1)
                self._note_lines(value, below)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._note_lines(value, (*place, number))

    def workspace(self) -> Workspace:
        project = project_settings(ROOT)
        for key in self.data:
            if key in project["vars"] and key not in SET_BY_KEY:
                self.add((key,), "this is a variable: set it below `variables:`")
            elif key not in KEYS:
                self.add((key,), f"there is no such setting{near(key, KEYS)}")
        folders = {key: self._folder(key) for key in FOLDERS}
        read = Workspace(
            folder=self.folder,
            **folders,
            feeds=self._names("feeds", project["vars"]["feeds"], "feed", needed=True),
            memory_limit=self._memory_limit(),
            target=self._target(),
            variables=self._variables(project["vars"]),
            whole_tables=self._names(
                "whole_tables",
                [path.stem for path in REFERENCE.glob("*.csv")],
                "reference table",
            ),
        )
        for place, table in enumerate(read.whole_tables):
            file = read.reference / f"{table}.csv"
            if not file.is_file():
                self.add(
                    ("whole_tables", place), f"there is no file {file} with the rows of {table}"
                )
        if self.mistakes:
            raise MistakesFound(self.mistakes)
        return read

    def _folder(self, key: str) -> Path:
        given = self.data.get(key) or FOLDERS[key]
        if not isinstance(given, str):
            self.add((key,), f"{given!r} is no folder; give a path, from this file or from /")
            given = FOLDERS[key]
        path = Path(self.folder, Path(given).expanduser())
        if key == "lake":
            try:
                check_lake_path(str(path))
            except ValueError as error:
                self.add((key,), str(error))
        elif path.exists() and not path.is_dir():
            self.add((key,), f"{path} is a file, not a folder")
        elif key in self.data and not path.exists():
            self.add((key,), f"there is no folder {path}: create it, or correct the path")
        return path

    def _names(
        self, key: str, known: list[str], kind: str, *, needed: bool = False
    ) -> tuple[str, ...]:
        given = self.data.get(key)
        if given is None:
            return tuple(known) if needed else ()
        if not isinstance(given, list):
            self.add((key,), f"this is a list, as in [{', '.join(known[-2:])}]")
            return ()
        if needed and not given:
            self.add((key,), f"name at least one {kind}: {', '.join(known)}")
        for number, name in enumerate(given):
            if name not in known:
                self.add((key, number), f"{name!r} is no {kind}{near(name, known)}")
        return tuple(name for name in dict.fromkeys(map(str, given)) if name in known)

    def _memory_limit(self) -> str:
        given = self.data.get("memory_limit")
        if given is not None and not (isinstance(given, str) and MEMORY.fullmatch(given)):
            self.add(
                ("memory_limit",), f"{given!r} is no size; give a number and a unit, such as 4GB"
            )
        return str(given or "")

    def _target(self) -> str:
        profile = read_yaml(ROOT / "profiles" / "profiles.yml")["reelhouse"]
        lakes = [name for name, output in profile["outputs"].items() if "plugins" in output]
        given = self.data.get("target") or profile["target"]
        if given not in lakes:
            self.add(
                ("target",), f"{given!r} is no target of profiles/profiles.yml{near(given, lakes)}"
            )
        return given

    def _variables(self, known: dict[str, object]) -> dict[str, object]:
        given = self.data.get("variables") or {}
        if not isinstance(given, dict):
            self.add(("variables",), "this is a mapping, as in `variables: {as_of: 2025-01-31}`")
            return known
        variables = dict(known)
        for name, value in given.items():
            place = ("variables", name)
            if name in SET_BY_KEY:
                self.add(place, f"set `{SET_BY_KEY[name]}:` of these settings instead")
            elif name not in known:
                self.add(place, f"there is no such variable{near(name, known)}")
            elif problem := _unlike(value, known[name], name):
                self.add(place, problem)
            elif isinstance(value, dict) and isinstance(known[name], dict):
                variables[name] = known[name] | value
            else:
                # A date that is not quoted is a date to YAML; dbt gets its text.
                variables[name] = (
                    value
                    if value is None or isinstance(value, (bool, int, float, str, list, dict))
                    else str(value)
                )
        return variables


def _unlike(value: object, default: object, name: str) -> str | None:
    """Say how a value differs in kind from a variable's default; None if it does not."""
    if default is None or value is None and not isinstance(default, (int, float)):
        return None
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        kind = type(default)
        if isinstance(value, kind) or (name == "quarantined_share" and isinstance(value, float)):
            return None
        if kind is str and value is not None and not isinstance(value, (dict, list, bool)):
            return None
        return f"{value!r} is not {KINDS[kind]}, such as the default: {default!r}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None
    return f"{value!r} is not a number, such as the default: {default}"
