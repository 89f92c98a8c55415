"""The columns of each feed, read from the one place that names them: its landing model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2 import meta

from reelhouse.paths import landing_models


@dataclass(frozen=True)
class Feed:
    """A feed and its columns, in the order of the landing model."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the feed."""
        return self.required + self.optional


class _Returned(Exception):
    """What dbt's `return` hands to the caller of a macro."""


def read_feeds(project: Path) -> dict[str, Feed]:
    """Return the feeds of a dbt project by name.

    Each landing model is rendered without dbt, and what it gives to `delivered_rows` is kept.
    """
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    feeds = {}
    for name, model in landing_models(project).items():
        source = model.read_text()
        arguments: dict[str, list[str]] = {}
        names = meta.find_undeclared_variables(environment.parse(source))
        context = {macro: _macro(environment, project, macro) for macro in names}
        context["delivered_rows"] = arguments.update
        environment.from_string(source).render(context)
        feeds[name] = Feed(
            name,
            tuple(arguments["required_columns"]),
            tuple(arguments.get("optional_columns", ())),
        )
    return feeds


def _macro(environment: jinja2.Environment, project: Path, name: str):
    """Return a macro of the project as a function; one that the project lacks returns nothing."""
    files = list((project / "macros").rglob(f"{name}.sql"))

    def call(*arguments: object, **keywords: object) -> object:
        if not files:
            return ""
        module = environment.from_string(files[0].read_text()).make_module({"return": _give})
        try:
            return getattr(module, name)(*arguments, **keywords)
        except _Returned as returned:
            return returned.args[0]

    return call


def _give(value: object) -> None:
    raise _Returned(value)
