"""SQL of models and macros without dbt: rendered by Jinja over tables that a test makes.

What asks the lake (`run_query`, `graph`) is not there; a test gives such a macro another body.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import jinja2
import yaml
from conftest import ROOT


class _Returned(Exception):
    pass


class Renderer:
    """Renders models of the project; `macros` replace those of the project by name."""

    def __init__(self, project: Path = ROOT, **macros: object) -> None:
        self.environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        self.variables = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
        self.project = project
        names = self.environment.globals
        names.update(
            {
                "return": self._return,
                "var": lambda name: self.variables[name],
                "config": lambda **_: "",
                "ref": lambda name: SimpleRelation(name),
                "dbt": SimpleNamespace(
                    string_literal=lambda text: f"'{text}'",
                    escape_single_quotes=lambda text: str(text).replace("'", "''"),
                ),
                "model": SimpleNamespace(resource_type="model"),
                "target": SimpleNamespace(name="dev"),
            }
        )
        for path in (project / "macros").rglob("*.sql"):
            self._add(path.read_text())
        names.update(macros)

    @staticmethod
    def _return(value: object) -> None:
        raise _Returned(value)

    def _add(self, text: str) -> None:
        if "{% materialization" in text or "{% test" in text:
            return
        # As in dbt: a macro finds those of its own file like all others.
        names = re.findall(r"{%-? macro (\w+)", text)
        template = self.environment.from_string(
            re.sub(r"({%-? macro )(\w+)", r"\1dbt_macro__\2", text)
        )
        for name in names:
            self.environment.globals[name] = self._called(template, name)

    @staticmethod
    def _called(template: jinja2.Template, name: str):
        def call(*arguments: object, **keywords: object) -> object:
            try:
                # A module sees the names that there were when it was made.
                return getattr(template.make_module(), f"dbt_macro__{name}")(*arguments, **keywords)
            except _Returned as returned:
                return returned.args[0]

        return call

    def model(self, name: str) -> str:
        """Return the SQL of a model."""
        (path,) = (self.project / "models").rglob(f"{name}.sql")
        return self.environment.from_string(path.read_text()).render()


class SimpleRelation:
    """What `ref` gives: it renders as its name."""

    def __init__(self, name: str) -> None:
        self.identifier = name

    def __str__(self) -> str:
        return self.identifier
