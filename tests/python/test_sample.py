"""The sample shows the whole product: each table of the project has rows after its build."""

from __future__ import annotations

import json

from conftest import ROOT, ROWS_ONLY, Project


def test_every_model_has_rows_after_a_build_of_the_sample(project: Project):
    project.landing.rmdir()
    project.landing.symlink_to(ROOT / "seeds" / "sample")
    project.build(*ROWS_ONLY, "--write-json")
    nodes = json.loads((project.target / "manifest.json").read_text())["nodes"].values()
    models = {f"{n['schema']}.{n['name']}" for n in nodes if n["resource_type"] == "model"}
    with project.connect() as lake:
        empty = {
            name
            for name in models
            if lake.execute(f"select 1 from lake.{name} limit 1").fetchone() is None
        }
    assert len(models) > 60
    # Every table was built by the models as they are, so none is outdated.
    assert empty == {"lakehouse.outdated_tables"}
