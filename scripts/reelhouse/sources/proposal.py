"""A mapping that is proposed for a sample: by the names of its columns and by their values."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from reelhouse.paths import project_folder
from reelhouse.sources.feeds import Feed
from reelhouse.sources.profile import Column, Sample, identifier

HERE = Path(__file__).parent
FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%S",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
)
# Seconds since 1970 of the years 2001 to 2286 have ten digits.
EPOCHS = {"epoch_s": 1e9, "epoch_ms": 1e12, "epoch_us": 1e15, "epoch_ns": 1e18}
UNIT_ENDINGS = {
    "ms": ("ms", "millis", "milliseconds", "msec"),
    "us": ("us", "micros", "microseconds"),
    "s": ("s", "sec", "secs", "seconds"),
    "min": ("min", "mins", "minutes"),
    "h": ("h", "hours"),
    "kbit/s": ("kbps", "kbit", "kbits"),
    "Mbit/s": ("mbps", "mbit", "mbits"),
    "bit/s": ("bps", "bitspersecond"),
    "byte": ("bytes", "b"),
    "kB": ("kb",),
    "MB": ("mb",),
    "ratio": ("ratio", "fraction", "share"),
    "percent": ("pct", "percent", "percentage"),
}
ENDINGS = {
    "_ms": {"ms", "us", "s", "min", "h"},
    "_seconds": {"ms", "us", "s", "min", "h"},
    "_kbps": {"bit/s", "kbit/s", "Mbit/s"},
    "_bytes": {"byte", "kB", "MB"},
    "_percent": {"ratio", "percent"},
}
OWN_UNIT = {
    "_ms": "ms",
    "_seconds": "s",
    "_kbps": "kbit/s",
    "_bytes": "byte",
    "_percent": "percent",
}
# A feed's field that is whole, as staging judges it.
WHOLE = ("watch_seconds", "size_bytes", "sequence_number", "sample_number", "status_code")


@dataclass
class Proposal:
    """Lines of a mapping for one feed; `score` is the share of required columns that it fills."""

    feed: Feed
    score: float
    lines: list[str] = field(default_factory=list)
    questions: int = 0


def propose(sample: Sample, feeds: dict[str, Feed], feed: str | None = None) -> Proposal:
    """Return the proposal for the feed, or for the one whose columns are found best."""
    candidates = [feeds[feed]] if feed else list(feeds.values())
    found = {candidate.name: _match(sample, candidate) for candidate in candidates}
    best = max(candidates, key=lambda candidate: _score(found[candidate.name], candidate))
    proposal = Proposal(best, _share(found[best.name], best))
    for target in best.columns:
        if target != "line":
            _add_lines(proposal, sample, target, found[best.name].get(target))
    return proposal


def normalised(name: str) -> str:
    """Return a name in snake case: cs-uri-stem, videoId and VIDEO ID all become words with _.

    Of a JSON pointer, the last two parts say what it is: /user/id is user_id.
    """
    if name.startswith("/"):
        name = "_".join(name.split("/")[-2:])
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _match(sample: Sample, feed: Feed) -> dict[str, tuple[Column, float]]:
    """Return for each column of the feed the column of the sample that is most like it."""
    pairs = []
    for target in feed.columns:
        for column in sample.columns:
            likeness = _likeness(target, column)
            if likeness > 0:
                pairs.append((likeness, target, column))
    chosen: dict[str, tuple[Column, float]] = {}
    taken: set[str] = set()
    for likeness, target, column in sorted(pairs, key=lambda pair: -pair[0]):
        if target not in chosen and column.name not in taken:
            chosen[target] = (column, likeness)
            taken.add(column.name)
    return chosen


def _likeness(target: str, column: Column) -> float:
    """Return 0 to 4: how alike the names are, and whether the values can be of that kind."""
    name = normalised(column.name)
    names = _names(target)
    stem = re.sub(r"_(ms|s|sec|secs|seconds|millis|bytes|kbps|pct|percent)$", "", name)
    if name == target:
        likeness = 4.0
    elif name in names:
        likeness = 3 - 0.02 * names.index(name)
    elif stem in names or stem == re.sub(r"_(ms|seconds|bytes|kbps|percent)$", "", target):
        likeness = 2.5
    else:
        near = max(difflib.SequenceMatcher(None, name, other).ratio() for other in (target, *names))
        likeness = 1.5 * near if near >= 0.8 else 0.0
    if not column.filled:
        return likeness / 4
    if target.endswith(("_ts", "_at")):
        fits = column.times > 0.9 * column.filled or _epoch(column) is not None
        fits = fits or column.numbers == 0
    elif any(target.endswith(ending) for ending in ENDINGS):
        fits = column.numbers > 0.5 * column.filled
    elif _members(target):
        fits = bool(column.listed)
        known = sum(_member(target, value) is not None for value in column.listed)
        if fits and known > len(column.listed) / 2:
            likeness += 0.5 if likeness else 1.2
    else:
        fits = True
    return likeness if fits else likeness / 4


def _share(found: dict, feed: Feed) -> float:
    good = [target for target in feed.required if target in found and found[target][1] >= 1]
    return len(good) / len(feed.required)


def _score(found: dict, feed: Feed) -> float:
    strength = sum(found[target][1] for target in feed.required if target in found)
    return strength / len(feed.required) + sum(likeness for _, likeness in found.values()) / 40


def _add_lines(
    proposal: Proposal, sample: Sample, target: str, match: tuple[Column, float] | None
) -> None:
    lines, is_required = proposal.lines, target in proposal.feed.required
    if match is None or match[1] < 1:
        if is_required:
            _ask_for_missing(proposal, sample, target)
        return
    column, likeness = match
    options, questions = _options(sample, target, column)
    if likeness < 2:
        questions.insert(0, f"the name {column.name} says little: is it the {target}?")
    for question in questions:
        lines.append(f"  # ? {target}: {question}")
    proposal.questions += len(questions)
    if not options:
        if column.name != target:
            lines.append(f"  {target}: {_text(column.name)}")
        return
    if "sql" not in options:
        options = {"column": _text(column.name), **options}
    lines.append(f"  {target}:")
    for key, value in options.items():
        if isinstance(value, dict):
            lines.append(f"    {key}:")
            lines += [f"      {_text(spelling)}: {_text(m)}" for spelling, m in value.items()]
        else:
            lines.append(f"    {key}: {value}")


def _ask_for_missing(proposal: Proposal, sample: Sample, target: str) -> None:
    """Propose something for a required column that no column of the file looks like."""
    lines = proposal.lines
    proposal.questions += 1
    if target in ("event_id", "request_id"):
        parts = ", ".join(identifier(column.name) for column in sample.columns)
        lines.append(f"  # ? {target}: the file has no id of a row; this one is made of its values")
        lines.append(f"  {target}: {{sql: {_text(f'md5(concat_ws(chr(31), {parts}))')}}}")
        return
    members = _members(target)
    example = f"{{constant: {members[0]}}}" if members else "{column: ...} or {constant: ...}"
    lines.append(f"  # ? {target}: no column looks like it. Fill in: {target}: {example}")


def _options(sample: Sample, target: str, column: Column) -> tuple[dict, list[str]]:
    if target.endswith(("_ts", "_at")):
        return _time_options(sample, target, column)
    if any(target.endswith(ending) for ending in ENDINGS):
        return _number_options(target, column)
    if _members(target):
        return _member_options(target, column)
    if target.endswith("_id") and column.filled and column.ids < column.filled:
        text = identifier(column.name)
        return {"sql": _text(f"md5({text})")}, [
            f"ids have letters, digits and _.:- only, up to 64; {column.example!r} does not fit,"
            " so a checksum stands for it"
        ]
    return {}, []


def _time_options(sample: Sample, target: str, column: Column) -> tuple[dict, list[str]]:
    epoch = _epoch(column)
    if epoch:
        return {"timestamp": epoch}, []
    if column.filled and column.times >= 0.9 * column.filled:
        if column.offsets:
            return {}, []
        return {}, [
            f"{column.example} has no offset and is taken for UTC; if it is local time, add"
            " time_zone: Europe/Berlin"
        ]
    fitting = [form for form in FORMATS if _parses(sample, column, form)]
    if not fitting:
        return {"timestamp": _text("%Y-%m-%d %H:%M:%S")}, [
            f"the format of {column.example!r} is not known: put in the strptime format"
        ]
    questions = []
    if len(fitting) > 1:
        questions.append(f"{column.example} may also be {' or '.join(fitting[1:])}")
    if "%z" not in fitting[0].lower():
        questions.append(
            "no offset, taken for UTC; if it is local time, add time_zone: Europe/Berlin"
        )
    return {"timestamp": _text(fitting[0])}, questions


def _number_options(target: str, column: Column) -> tuple[dict, list[str]]:
    ending = next(ending for ending in ENDINGS if target.endswith(ending))
    own = OWN_UNIT[ending]
    last = normalised(column.name).rsplit("_", 1)[-1]
    unit = next(
        (u for u, names in UNIT_ENDINGS.items() if last in names and u in ENDINGS[ending]), None
    )
    options: dict = {}
    questions = []
    highest = column.highest or 0
    if unit is None and column.name != target:
        unit = own
        if target == "watch_seconds" and highest > 14_400:
            unit = "ms"
        elif ending == "_kbps" and highest > 1e6:
            unit = "bit/s"
        elif ending == "_percent" and 0 < highest <= 1:
            unit = "ratio"
        elif ending == "_ms" and column.fractions and highest < 100:
            unit = "s"
        questions.append(
            f"the name does not say the unit; {column.lowest:g} to {highest:g} look like {unit}"
        )
    if unit and unit != own:
        options["unit"] = unit
    is_fraction = column.fractions or (unit in ("ms", "us") and own == "s")
    if target in WHOLE and is_fraction:
        options["round"] = "nearest"
    return options, questions


def _member_options(target: str, column: Column) -> tuple[dict, list[str]]:
    members = set(_members(target))
    values, unclear = {}, []
    for value in column.listed:
        if value in members:
            continue
        member = _member(target, value)
        if member is None:
            unclear.append(value)
        else:
            values[value] = member
    kept = [value for value in column.listed if value in members]
    questions = []
    if unclear:
        questions.append(
            f"which of {', '.join(_members(target))} are {', '.join(map(repr, unclear[:20]))}?"
            " They are quarantined as long as they are not in values"
        )
    if target == "region" and values:
        questions.append("the regions are a guess by country")
    if not values and not unclear:
        return {}, questions
    if not values:
        return {}, questions
    return {"values": {**{value: value for value in kept}, **values}}, questions


def _epoch(column: Column) -> str | None:
    if not column.filled or column.numbers < 0.9 * column.filled or not column.lowest:
        return None
    for name, size in EPOCHS.items():
        if size / 2 <= column.lowest and column.highest < 10 * size:
            return name
    return None


def _parses(sample: Sample, column: Column, form: str) -> bool:
    name = identifier(column.name)
    (parsed, filled) = sample.connection.execute(
        f"select count(try_strptime(trim({name}), $1)), count(*) from sample"
        f" where trim({name}) <> ''",
        [form],
    ).fetchone()
    return filled > 0 and parsed == filled


@cache
def _names(target: str) -> tuple[str, ...]:
    with (HERE / "column_names.csv").open() as file:
        return tuple(row["name"] for row in csv.DictReader(file) if row["column"] == target)


@cache
def _members(target: str) -> tuple[str, ...]:
    """Return the members of a column that a reference table lists, which is named for it."""
    for path in sorted((project_folder() / "seeds" / "reference").glob("*.csv")):
        with path.open() as file:
            rows = csv.DictReader(file)
            if (
                rows.fieldnames
                and rows.fieldnames[0] == target
                and path.stem.endswith(f"{target}s")
            ):
                return tuple(row[target] for row in rows)
            if rows.fieldnames and rows.fieldnames[0] == target and path.stem.endswith("statuses"):
                return tuple(row[target] for row in rows)
    return ()


@cache
def _spellings(target: str) -> dict[str, str]:
    with (HERE / "member_spellings.csv").open() as file:
        return {
            row["spelling"]: row["member"]
            for row in csv.DictReader(file)
            if row["column"] == target
        }


def _member(target: str, value: str) -> str | None:
    lowered = value.lower()
    for member in _members(target):
        if lowered in (member.lower(), member.lower().replace("_", "").replace("-", "")):
            return member
    member = _spellings(target).get(lowered)
    return member if member in _members(target) else None


def _text(value: str) -> str:
    """Return a text as YAML: plain where it is a plain word, else in double quotes."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
