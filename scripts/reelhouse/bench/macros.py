"""SQL of the project's own macros, for tests and benchmarks that need a formula and no lake."""

from __future__ import annotations

import jinja2
import yaml

from reelhouse.paths import ROOT


def render(text: str, *folders: str, **variables: object) -> str:
    """Render a template as dbt would, with the macros of these folders of `macros/`.

    `variables` override those of dbt_project.yml.
    """
    known = {**yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"], **variables}
    macros = [
        path.read_text()
        for folder in folders
        for path in sorted((ROOT / "macros" / folder).rglob("*.sql"))
    ]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    # Macros of one template call each other by name, in any order.
    return environment.from_string("\n".join([*macros, text])).render(var=known.__getitem__).strip()
