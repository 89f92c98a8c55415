"""Mappings: how the files of a source become rows of a feed.

A mapping is a YAML file (docs/your-own-data.md). This module reads mappings and judges them; the
macros in `macros/mapping` apply them in SQL. Every value of the YAML is text: `NO` is Norway.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

from reelhouse.paths import MAPPING_SUFFIXES, ROOT, own_mappings_folder, read_yaml
from reelhouse.sources.expressions import InvalidExpression, compile_expression, parser, source_name
from reelhouse.sources.feeds import Feed, read_feeds
from reelhouse.sources.pointers import pointer
from reelhouse.sql import quoted

BUILT_IN = ROOT / "seeds" / "mappings"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1, "epoch_ns": 0.001}
# What a unit measures, and its size in the base unit.
UNITS = {
    **{u: ("time", f) for u, f in {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}.items()},
    **{u: ("time", f) for u, f in {"min": 60, "h": 3600}.items()},
    **{u: ("rate", f) for u, f in {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6}.items()},
    **{u: ("rate", f) for u, f in {"byte/s": 8, "kB/s": 8e3, "MB/s": 8e6}.items()},
    **{u: ("size", f) for u, f in {"byte": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}.items()},
    **{u: ("size", f) for u, f in {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}.items()},
    "bit": ("size", 0.125),
    "ratio": ("share", 1),
    "percent": ("share", 0.01),
}
# Where the value of a column comes from.
ORIGINS = ("column", "sql", "constant", "first")
NEEDED_BY = {"unknown": ": the values that are known"}
# How the file is read: keys that hold when it lands.
READING = ("format", "rows", "skip")
# The unit that the name of a feed's column ends with.
NAMED_UNITS = {
    "_ms": "ms",
    "_seconds": "s",
    "_kbps": "kbit/s",
    "_bytes": "byte",
    "_percent": "percent",
}


@dataclass(frozen=True)
class Problem:
    """A mistake in a mapping: where it is, and what to do."""

    path: Path
    line: int
    key: str
    message: str
    feed: str | None = None

    def __str__(self) -> str:
        """Return file, line, key and message in the form that editors make a link of."""
        key = f"{self.key}: " if self.key else ""
        return f"{self.path}:{self.line}: {key}{self.message}"


def mapping_files(folder: Path) -> list[Path]:
    """Return the mappings of a folder; none if there is no such folder."""
    return sorted(path for path in folder.glob("*") if path.suffix in MAPPING_SUFFIXES)


def read_mappings(
    folder: Path, feeds: dict[str, Feed], built_in: Path = BUILT_IN
) -> tuple[list[dict], list[Problem]]:
    """Read a user's mappings and the built-in ones, in the order in which a file is matched.

    A mapping of the user replaces the built-in one of the same name. A mapping with a mistake is
    left out and its mistakes are returned.
    """
    own = mapping_files(folder)
    names = {path.stem for path in own}
    others = [path for path in mapping_files(built_in) if path.stem not in names]
    mappings, problems = [], []
    for path in own + others:
        mapping, found = read_mapping(path, feeds)
        if path not in own and any(problem.key == "feed" for problem in found):
            continue  # a project without this feed
        problems += found
        if not found:
            mappings.append({**mapping, "is_own": path in own})
    return mappings, problems


def read_mapping(path: Path, feeds: dict[str, Feed]) -> tuple[dict, list[Problem]]:
    """Read one mapping; the list holds everything that is wrong with it."""
    try:
        document = _Document(path)
        document.data = _extended(document, {path.resolve()})
    except _Unreadable as error:
        return {}, [Problem(path, error.line, error.key, error.message)]
    feed_name = document.data.get("feed") if isinstance(document.data, dict) else None
    feed = feeds.get(feed_name) if isinstance(feed_name, str) else None
    judge = _Judge(document, feed)
    judge.check_schema()
    if feed is None and isinstance(feed_name, str) and feed_name:
        judge.add(("feed",), f"'{feed_name}' is no feed{_hint(feed_name, feeds)}")
    if not NAME.fullmatch(path.stem):
        judge.add((), f"the name '{path.stem}' has other characters than letters, digits, _ and -")
    mapping = {} if judge.problems else judge.compiled()
    return mapping, judge.problems


def source_mappings(landing_path: str, mappings_path: str, feed: str, names: str) -> str:
    """Return a feed's mappings to dbt, whose current folder is the project's.

    Args:
        landing_path: the landing folder.
        mappings_path: folder of the user's mappings; empty for `mappings` in the landing folder.
        feed: name of the feed.
        names: JSON list of the mappings that are asked for. Empty: all, by name and patterns alone,
            because to compile those that match no file takes time on every run.

    Returns:
        A JSON object: mappings (see `_Judge.compiled`), and problems: what is wrong with a mapping
        of the user for this feed, or for one that is not known.
    """
    folder = own_mappings_folder(Path(landing_path), mappings_path or None)
    own = {path.stem: path for path in mapping_files(folder)}
    problems = []
    headers = []
    for path in own.values():
        mapping, found = _read_once(path, path.stat().st_mtime_ns)
        problems += [str(problem) for problem in found if problem.feed in (feed, None)]
        if mapping and mapping["feed"] == feed:
            headers.append({**_header(mapping["feed"], mapping["files"], path), "is_own": True})
    for path in mapping_files(BUILT_IN):
        if path.stem not in own and (header := _built_in_header(path))["feed"] == feed:
            headers.append({**header, "is_own": False})
    if not names:
        return json.dumps({"mappings": headers, "problems": problems})
    mappings = []
    for header in headers:
        if header["name"] in json.loads(names):
            path = Path(header["path"])
            mapping, found = _read_once(path, path.stat().st_mtime_ns)
            problems += [str(problem) for problem in found if str(problem) not in problems]
            columns = _feeds()[feed].columns
            mappings.append({**mapping, "is_own": header["is_own"], "feed_columns": columns})
    return json.dumps({"mappings": mappings, "problems": problems})


def _header(feed: str, files: list[str], path: Path) -> dict:
    return {"name": path.stem, "feed": feed, "files": files, "path": str(path)}


@cache
def _built_in_header(path: Path) -> dict:
    """Return feed and patterns of a built-in mapping, which tests have judged."""
    data = read_yaml(path)
    base = {}
    if "extends" in data:
        base = _built_in_header(BUILT_IN / f"{data['extends']}.yml")
    feed = data.get("feed") or base["feed"]
    patterns = data.get("files") or []
    patterns = [patterns] if isinstance(patterns, str) else patterns
    files = [f"{feed}/{pattern}" for pattern in patterns] or base["files"]
    return _header(feed, files, path)


@cache
def _feeds() -> dict[str, Feed]:
    return read_feeds(Path())


@cache
def _read_once(path: Path, stamp: int) -> tuple[dict, list[Problem]]:
    """Read a mapping once per run of dbt; the stamp is the time of the file."""
    return read_mapping(path, _feeds())


class _Unreadable(ValueError):
    """The file is no YAML mapping at all."""

    def __init__(self, line: int, message: str, key: str = "") -> None:
        self.line, self.message, self.key = line, message, key


def _extended(document: _Document, above: set[Path]) -> dict:
    """Return the values of a mapping with those of the one that it extends.

    Raises:
        _Unreadable: there is no such mapping, or it extends this one.
    """
    data = document.data
    name = data.get("extends")
    if not isinstance(name, str) or not name:
        return data
    line = document.lines[("extends",)]
    places = [
        folder / f"{name}{s}"
        for folder in (document.path.parent, BUILT_IN)
        for s in MAPPING_SUFFIXES
    ]
    path = next((p for p in places if p.is_file() and p.resolve() not in above), None)
    if path is None:
        known = {
            p.stem for folder in (document.path.parent, BUILT_IN) for p in mapping_files(folder)
        }
        raise _Unreadable(
            line,
            f"'{name}' is no other mapping{_hint(name, known - {document.path.stem})}",
            "extends",
        )
    base = _extended(_Document(path), {*above, path.resolve()})
    merged = {**base, **data}
    columns, own = base.get("columns"), data.get("columns", {})
    if isinstance(columns, dict) and isinstance(own, dict):
        merged["columns"] = {**columns, **{t: _merged(columns.get(t), c) for t, c in own.items()}}
    return merged


def _merged(base: object, own: object) -> object:
    """Return a column with the keys of the extended one, unless it has a source of its own."""
    if isinstance(base, str):
        base = {"column": base}
    is_part = isinstance(own, dict) and not own.keys() & set(ORIGINS)
    if not is_part or not isinstance(base, dict):
        return own
    merged = {**base, **own}
    values = base.get("values")
    values = _listed(BUILT_IN, values) if isinstance(values, str) else values
    if isinstance(values, dict) and isinstance(own.get("values"), dict):
        merged["values"] = {**values, **own["values"]}
    return merged


def _listed(folder: Path, name: str) -> dict[str, str] | None:
    """Return the members that a CSV file lists by value; None if there is no such file."""
    path = next((p for f in (folder, BUILT_IN) if (p := f / f"{name}.csv").is_file()), None)
    if path is None:
        return None
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.DictReader(file)
        if not {"value", "member"} <= set(rows.fieldnames or ()):
            return None
        return {row["value"]: row["member"] or "" for row in rows}


class _Document:
    """The values of a YAML file, all as text, and the line of each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[tuple, int] = {(): 1}
        self.repeated: list[tuple] = []
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise _Unreadable(1, "the file is not UTF-8") from None
        except OSError as error:
            raise _Unreadable(1, f"the file can't be read: {error.strerror}") from None
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise _Unreadable(line, f"this is not YAML: {error.problem}") from None
        except yaml.YAMLError as error:
            raise _Unreadable(1, f"this is not YAML: {str(error).splitlines()[0]}") from None
        if not isinstance(root, yaml.MappingNode):
            raise _Unreadable(1, "a mapping has the keys feed, files and columns")
        self.data = self._value(root, (), ())

    def _value(self, node: yaml.Node, path: tuple, above: tuple) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in above:
            raise _Unreadable(node.start_mark.line + 1, "an alias that holds itself")
        above = (*above, id(node))
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, i), above) for i, child in enumerate(node.value)]
        found: dict[str, object] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _Unreadable(line, "a key is a text, not a list or a mapping")
            place = (*path, key.value)
            if key.value in found:
                self.repeated.append(place)
            self.lines[place] = line
            found[key.value] = self._value(child, place, above)
        return found


class _Judge:
    """Collects what is wrong with a mapping, and compiles one that is right."""

    def __init__(self, document: _Document, feed: Feed | None) -> None:
        self.document, self.feed = document, feed
        self.problems: list[Problem] = []
        self.sources: list[str] = []

    def add(self, place: tuple, message: str) -> None:
        known = place
        while known not in self.document.lines:
            known = known[:-1]
        problem = Problem(
            self.document.path,
            self.document.lines[known],
            ".".join(map(str, place)),
            message,
            self.feed and self.feed.name,
        )
        if problem not in self.problems:
            self.problems.append(problem)

    def check_schema(self) -> None:
        for place in self.document.repeated:
            self.add(place, "the key is there twice")
        errors = _validator().iter_errors(self.document.data)
        for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
            self._explain(error)

    def _explain(self, error) -> None:
        """Say in words what the schema refuses."""
        place, value, kind = tuple(error.absolute_path), error.instance, error.validator
        if kind == "anyOf":
            wanted = {str: "string", dict: "object", list: "array"}[type(value)]
            nested = [e for e in error.context if e.validator != "type" or e.instance is not value]
            shown = [e for e in nested if self._has_type(error, e, wanted)]
            if shown:
                for inner in shown:
                    self._explain(inner)
            else:
                self.add(place, f"{_kind(value)} is not expected here; {_expected(error)}")
        elif kind == "additionalProperties":
            known = error.schema.get("properties", {})
            for name in value:
                if name not in known:
                    self.add((*place, name), f"unknown key{_hint(name, known)}")
        elif kind == "required":
            for name in error.validator_value:
                if name not in value:
                    self.add(place, f"the key '{name}' is missing")
        elif kind == "oneOf":
            given = [name for name in ORIGINS if name in value]
            self.add(
                place,
                f"give one of column, sql, constant and first, not {' and '.join(given) or 'none'}",
            )
        elif kind == "dependentRequired":
            for name, (other,) in error.validator_value.items():
                if name in value and other not in value:
                    self.add(place, f"'{name}' needs '{other}'{NEEDED_BY.get(name, '')}")
        elif kind == "enum":
            choices = ", ".join(map(str, error.validator_value))
            self.add(place, f"'{value}' is none of {choices}")
        elif kind in ("minLength", "minItems", "minProperties"):
            self.add(place, "the value is empty")
        else:
            self.add(place, f"{_kind(value)} is not expected here; {_expected(error)}")

    @staticmethod
    def _has_type(error, inner, wanted: str) -> bool:
        branch = error.validator_value[inner.schema_path[0]]
        if "$ref" in branch:
            return wanted == "object"
        return branch.get("type") == wanted or ("enum" in branch and wanted == "string")

    def compiled(self) -> dict:
        """Return the mapping in the form that the macros read."""
        data, feed = self.document.data, self.feed
        patterns = [data["files"]] if isinstance(data["files"], str) else data["files"]
        for number, pattern in enumerate(patterns):
            place = ("files", number) if isinstance(data["files"], list) else ("files",)
            if pattern.startswith("/") or ".." in pattern.split("/"):
                self.add(place, f"'{pattern}' leaves the folder of the feed")
            elif pattern.startswith(f"{feed.name}/"):
                self.add(
                    place, f"'{pattern}': leave '{feed.name}/' out, the folder is that of the feed"
                )
        columns: dict[str, dict] = {}
        firsts: dict[str, dict] = {}
        needed: set[str] = set()
        self._check_rows()
        for target, given in data["columns"].items():
            if target not in feed.columns or target == "line":
                known = [name for name in feed.columns if name != "line"]
                self.add(
                    ("columns", target),
                    f"the feed {feed.name} has no such column{_hint(target, known)}",
                )
                continue
            given = {"column": given} if isinstance(given, str) else given
            if "first" in given:
                firsts[target] = {"of": given["first"], "per": given["per"]}
            columns[target], used = self._column(target, given)
            if target in feed.required and "missing" not in given:
                needed.update(map(_head, used))
        if "cmcd" in data:  # what its keys are, only the rows can say
            needed = {_head(data["cmcd"])}
        if self.problems:
            return {}
        names = self.sources
        if "line" in names and "line" in feed.columns:
            columns["line"] = {"sql": "cast(null as varchar)"}  # it is taken apart by the mapping
        mapping = {
            "name": self.document.path.stem,
            "path": str(self.document.path),
            "feed": feed.name,
            "files": [f"{feed.name}/{pattern}" for pattern in patterns],
            "reading": {key: data[key] for key in READING if key in data},
            "cmcd": data.get("cmcd") and _pointer(data["cmcd"]),
            "firsts": firsts,
            "one_row_per": data.get("one_row_per"),
            "no_value": data.get("no_value", "-" if data.get("format") == "w3c" else None),
            "sources": names,
            "pointers": [_pointer(name) for name in names],
            "needed": sorted(needed),
            # A patch that takes the columns which are used out of a JSON object.
            "known_now": json.dumps(
                dict.fromkeys(n for n in [*names, data.get("cmcd", "/")] if n[0] != "/")
            ),
            "columns": columns,
        }
        logic = [columns, names, mapping["no_value"]]
        # Keys that few mappings have, so that the others keep their fingerprint.
        logic += [mapping[key] for key in ("cmcd", "firsts", "one_row_per") if mapping[key]]
        logic = json.dumps(logic, sort_keys=True)
        return {**mapping, "fingerprint": hashlib.md5(logic.encode()).hexdigest()}

    def _check_rows(self) -> None:
        """Judge the keys that say how a file becomes rows."""
        data = self.document.data
        form = data.get("format")
        if "rows" in data and form != "json":
            self.add(("rows",), "'rows' is for the format json")
        if "skip" in data:
            if form not in ("lines", "jsonl"):
                self.add(("skip",), "'skip' is for the formats lines and jsonl")
            try:
                re.compile(data["skip"].encode())
            except re.error as error:
                self.add(("skip",), f"this is no regular expression: {error}")
        rows = [data["rows"]] if isinstance(data.get("rows"), str) else data.get("rows", [])
        for step in rows:
            for path in [step] if isinstance(step, str) else step:
                if not path.startswith("/"):
                    self.add(("rows",), f"'{path}' is no JSON pointer: it begins with a slash")
        named = {("one_row_per",): data.get("one_row_per", [])}
        for target, given in data["columns"].items():
            if isinstance(given, dict) and "first" in given:
                place = ("columns", target)
                named |= {(*place, "first"): [given["first"]], (*place, "per"): [given["per"]]}
        for place, columns in named.items():
            for name in columns:
                if name not in self.feed.columns:
                    self.add(
                        place,
                        f"the feed {self.feed.name} has no column '{name}'"
                        f"{_hint(name, self.feed.columns)}",
                    )

    def _column(self, target: str, given: dict) -> tuple[dict, list[str]]:
        """Return the compiled column, and the columns of the file that it reads."""
        place = ("columns", target)
        used: list[str] = []
        column = {"round": given.get("round"), "missing": given.get("missing")}
        if "first" in given:
            column["sql"] = "cast(null as varchar)"
        elif "constant" in given:
            column["sql"] = quoted(given["constant"])
        elif "column" in given:
            used = [given["column"]]
            if given["column"] not in self.sources:
                self.sources.append(given["column"])
            column["sql"] = source_name(self.sources.index(given["column"]))
        else:
            try:
                expression = compile_expression(given["sql"], self.sources)
                column["sql"] = f"cast(try({expression.sql}) as varchar)"
                self.sources, used = expression.columns, expression.used
            except InvalidExpression as error:
                self.add((*place, "sql"), str(error))
        is_time = target.endswith(("_ts", "_at"))
        for key in ("timestamp", "time_zone"):
            if key in given and not is_time:
                self.add((*place, key), f"{target} is no time")
        for key in ("unit", "round"):
            if key in given and is_time:
                self.add((*place, key), f"{target} is a time; see 'timestamp'")
        if is_time:
            column |= self._time(place, given)
        if "unit" in given and not is_time:
            column["factor"] = self._factor(place, target, given["unit"])
        if "values" in given:
            column |= self._values(place, given)
        return {key: value for key, value in column.items() if value is not None}, used

    def _time(self, place: tuple, given: dict) -> dict:
        form, zone = given.get("timestamp", "iso"), given.get("time_zone")
        if zone and zone not in _time_zones():
            self.add((*place, "time_zone"), f"'{zone}' is no time zone{_hint(zone, _time_zones())}")
        if form in EPOCH_UNITS:
            if zone:
                self.add((*place, "time_zone"), "an epoch is UTC and has no time zone")
            return {"microseconds": EPOCH_UNITS[form]}
        if form == "iso":
            return {"time_zone": zone}
        if "%" not in form:
            known = [*EPOCH_UNITS, "iso"]
            self.add(
                (*place, "timestamp"),
                f"'{form}' is none of {', '.join(known)}, and no format with % signs",
            )
        elif reason := _format_problem(form):
            self.add((*place, "timestamp"), reason)
        if zone and "%z" in form:
            self.add((*place, "time_zone"), "the format has an offset of its own (%z)")
        return {"format": form, "time_zone": zone}

    def _factor(self, place: tuple, target: str, unit: str) -> str | None:
        wanted = next((u for ending, u in NAMED_UNITS.items() if target.endswith(ending)), None)
        if wanted is None:
            self.add((*place, "unit"), f"{target} has no unit")
            return None
        (measures, size), (wants, wanted_size) = UNITS[unit], UNITS[wanted]
        if measures != wants:
            self.add(
                (*place, "unit"),
                f"{target} is a {wants} in {wanted}, and '{unit}' is a unit of {measures}",
            )
            return None
        return repr(size / wanted_size)

    def _values(self, place: tuple, given: dict) -> dict:
        values = given["values"]
        if isinstance(values, str):
            values = _listed(self.document.path.parent, values)
            if values is None:
                known = {
                    p.stem for f in (self.document.path.parent, BUILT_IN) for p in f.glob("*.csv")
                }
                self.add(
                    (*place, "values"),
                    f"there is no {given['values']}.csv with the columns value and member"
                    f"{_hint(given['values'], known - {given['values']})}",
                )
                return {}
        pairs = values.items() if isinstance(values, dict) else [(v, v) for v in values]
        found: dict[str, str] = {}
        for spelling, member in pairs:
            key = spelling.strip().lower()
            if found.get(key, member) != member:
                self.add(
                    (*place, "values", spelling),
                    f"upper and lower case are equal here, and '{spelling}' is already"
                    f" '{found[key]}'",
                )
            if not key:
                self.add((*place, "values"), "an empty value is named by 'missing'")
            found[key] = member
        for member in set(found.values()):
            found.setdefault(member.lower(), member)
        unknown = given.get("unknown", "quarantine")
        if isinstance(unknown, dict):
            return {"members": found, "unknown": "as", "unknown_as": unknown["as"]}
        return {"members": found, "unknown": unknown}


@cache
def _validator():
    from jsonschema import Draft202012Validator  # it takes longer to import than a run to check

    return Draft202012Validator(json.loads((BUILT_IN / "mapping.schema.json").read_text()))


@cache
def _time_zones() -> frozenset[str]:
    zones = parser().execute("select name from pg_timezone_names()").fetchall()
    return frozenset(name for (name,) in zones)


def _format_problem(form: str) -> str | None:
    """Say why a strptime format can't be used; None if it can."""
    try:
        parser().execute("select try_strptime('', $1)", [form])
    except duckdb.Error as error:
        return str(error).splitlines()[0].partition(": ")[2]
    directives = set(re.findall(r"%-?([A-Za-z])", form))
    # Y y: year; s: none in DuckDB. A time of the day alone has no day.
    if not directives & set("YyGc") or not directives & set("djcV"):
        return f"'{form}' names no day of a year"
    return None


def _pointer(name: str) -> str:
    """Return the JSON pointer to a column of the file."""
    return name if name.startswith("/") else f"/{pointer(name)}"


def _head(name: str) -> str:
    """Return the column that a name reads: of a JSON pointer its first key."""
    if not name.startswith("/"):
        return name
    return name.split("/")[1].replace("~1", "/").replace("~0", "~")


def _kind(value: object) -> str:
    return {str: "a text", dict: "a mapping", list: "a list"}[type(value)]


def _expected(error) -> str:
    kinds = {"string": "a text", "object": "a mapping of keys", "array": "a list"}
    if error.validator == "anyOf":
        types = [
            "object" if "$ref" in branch else branch.get("type", "string")
            for branch in error.validator_value
        ]
    else:
        types = error.validator_value
        types = [types] if isinstance(types, str) else types
    return "expected " + " or ".join(
        dict.fromkeys(kinds.get(name, name) for name in types if name in kinds)
    )


def _hint(name: str, known) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f": did you mean '{near[0]}'?"
    return f"; known are {', '.join(sorted(known))}" if len(known) < 30 else ""
