"""Settings and overrides of a workspace: what they change, and the message of each mistake."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from command_line import reelhouse
from conftest import ROOT

from reelhouse.paths import project_settings
from reelhouse.workspace.create import create
from reelhouse.workspace.project import _Graph, make_project
from reelhouse.workspace.reference import overridden_files, reference_tables
from reelhouse.workspace.settings import MistakesFound, find_workspace, read_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = tmp_path / "own"
    assert create(workspace, ["watch_events"]) == 0
    return workspace


def reference(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / "reference" / f"{name}.csv").write_text(text)
    return folder


SETTINGS_MISTAKES = {
    "landing: [": "1: this is not YAML: expected the node content, but found '<stream end>'",
    "- landing": "1: settings have the form `key: value`; `reelhouse init` writes an example",
    "feed: [watch_events]": "1: feed: there is no such setting: did you mean feeds?",
    "as_of: 2025-01-01": "1: as_of: this is a variable: set it below `variables:`",
    "lake: a\nlake: b": "1: lake: the key is there twice, also on line 2",
    "feeds: watch_events": "1: feeds: this is a list, as in [throughput_samples, watch_events]",
    "feeds: []": "1: feeds: name at least one feed: api_requests, ",
    "feeds:\n  - watch_events\n  - watch_event": (
        "3: feeds.1: 'watch_event' is no feed: did you mean watch_events?"
    ),
    "landing: nowhere": "1: landing: there is no folder {folder}/nowhere: create it, or correct",
    "landing: README.md": "1: landing: {folder}/README.md is a file, not a folder",
    "landing: 7": "1: landing: 7 is no folder; give a path, from this file or from /",
    "lake: what?": "1: lake: a lake cannot be kept in '{folder}/what?': DuckDB reads '?' as",
    "memory_limit: 4": "1: memory_limit: 4 is no size; give a number and a unit, such as 4GB",
    "target: prod": "1: target: 'prod' is no target of profiles/profiles.yml; known are dev",
    "whole_tables: [region]": (
        "1: whole_tables.0: 'region' is no reference table: did you mean regions?"
    ),
    "whole_tables: [regions]": (
        "1: whole_tables.0: there is no file {folder}/reference/regions.csv with the rows of"
    ),
    "variables: 3": "1: variables: this is a mapping, as in `variables: {{as_of: 2025-01-31}}`",
    "variables:\n  lost_row_share: 0.1": (
        "2: variables.lost_row_share: there is no such variable: did you mean lost_rows_share?"
    ),
    "variables:\n  lost_rows_share: much": (
        "2: variables.lost_rows_share: 'much' is not a number, such as the default: 0.2"
    ),
    "variables:\n  rebuild_outdated: 1": (
        "2: variables.rebuild_outdated: 1 is not true or false, such as the default: False"
    ),
    "variables:\n  layout: zstd": "2: variables.layout: 'zstd' is not a mapping of names to values",
    "variables:\n  landing_path: x": (
        "2: variables.landing_path: set `landing:` of these settings instead"
    ),
}


@pytest.mark.parametrize("text", SETTINGS_MISTAKES)
def test_a_mistake_in_the_settings_names_line_and_key_and_what_to_do(folder, text):
    (folder / "reelhouse.yml").write_text(text)
    with pytest.raises(MistakesFound) as found:
        read_settings(folder)
    expected = SETTINGS_MISTAKES[text].format(folder=folder)
    assert str(found.value).startswith(f"{folder}/reelhouse.yml:{expected}")


# The table, the file, the message after the name of the file.
OVERRIDE_MISTAKES = [
    ("region", "region\nx", "1: there is no reference table region: did you mean regions?"),
    ("regions", "", "1: the file is empty: begin with the header region,region_name,continent"),
    (
        "regions",
        "region,name\nx,X",
        "1: name: regions has no such column; known are continent, region,",
    ),
    ("regions", "region_name\nX", "1: region: the column is missing: it is part of the key"),
    ("regions", "region,region\nx,x", "1: region: the column is there twice"),
    (
        "regions",
        "region,region_name,continent\nx,X,Asia\ny,Y, Old,Asia",
        "3: 4 fields, and the header has 3 columns: a value with a comma needs double quotes",
    ),
    (
        "regions",
        "region,region_name,continent\nmars,Mars,Space",
        "2: continent: 'Space' is none of Africa, Asia, Europe,",
    ),
    (
        "regions",
        "region,region_name,continent\nus-east,East,Asia\n\nus-east,West,Asia",
        "4: region: 'us-east' is already on line 2: keep one row per key",
    ),
    (
        "regions",
        "region,region_name,continent\nx,United States East,Asia",
        "2: region_name: 'United States East' is there in another row too, and must be unique",
    ),
    (
        "regions",
        "region,continent\nx,Asia",
        "2: region_name: a value is missing, and the file has no such column",
    ),
    ("regions", "region,region_name,continent\nx,,Asia", "2: region_name: a value is missing"),
    ("cache_levels", "cache_level,depth\nedge,two", "2: depth: 'two' is no integer"),
    (
        "cdn_endpoints",
        "region,priority,cdn_endpoint\natlantis,1,cdn-x",
        "2: region: 'atlantis' is no region of regions: correct it, or add it to reference/regions",
    ),
    (
        "service_level_objectives",
        "objective,target\ncatalog-availability,99",
        "2: target: 99.0 is out of range: at least 0.0001 and at most 0.999999",
    ),
    (
        "autoscaling_policies",
        "service_name,min_replicas\ndefault,500",
        "2: The minimum does not exceed the maximum. (min_replicas <= max_replicas is false)",
    ),
    (
        "autoscaling_rates",
        "service_name,value\ndefault,1",
        "1: the rows of autoscaling_rates have no key: give the whole table (copy ",
    ),
    ("regions", 'region,region_name,continent\nx,"X,Asia', "2: this is not CSV: unexpected end"),
]


@pytest.mark.parametrize(("table", "text", "expected"), OVERRIDE_MISTAKES)
def test_a_mistake_in_an_override_names_line_and_column_and_what_to_do(
    folder, table, text, expected
):
    _, mistakes = overridden_files(read_settings(reference(folder, **{table: text})))
    assert str(mistakes[0]).startswith(f"{folder}/reference/{table}.csv:{expected}")
    assert len(mistakes) == 1 or "must be unique" not in expected


def test_other_mistakes_in_files(folder):
    (folder / "reference" / "regions.csv").write_bytes(b"region,region_name,continent\nx,\xff,Asia")
    (folder / "reference" / "regions.xlsx").write_text("")
    _, mistakes = overridden_files(read_settings(folder))
    assert [str(mistake).removeprefix(f"{folder}/reference/") for mistake in mistakes] == [
        "regions.csv:2: the file is not UTF-8: save it as UTF-8",
        "regions.xlsx:1: reference tables are CSV files: <table>.csv",
    ]


def test_a_whole_table_has_all_columns(folder):
    reference(folder, regions="region,region_name\nx,X")
    (folder / "reelhouse.yml").write_text("whole_tables: [regions]")
    _, mistakes = overridden_files(read_settings(folder))
    assert str(mistakes[0]).endswith(
        "1: continent: the column is missing: a whole table has all columns"
    )


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_rows_and_columns_that_differ_are_laid_over_the_built_in_table(folder):
    reference(
        folder,
        regions="region,continent\nus-east,Asia\n",
        cdn_endpoints="cdn_endpoint,region,priority\ncdn-own,us-east,1\ncdn-third,us-east,3\n",
    )
    texts, mistakes = overridden_files(read_settings(folder))
    assert not mistakes
    built_in = rows((ROOT / "seeds/reference/regions.csv").read_text())
    assert rows(texts["regions"]) == [
        [*row[:2], "Asia"] if row[0] == "us-east" else row for row in built_in
    ]
    endpoints = rows(texts["cdn_endpoints"])
    assert endpoints[1] == ["us-east", "1", "cdn-own"] and endpoints[-1] == [
        "us-east",
        "3",
        "cdn-third",
    ]
    assert len(endpoints) == len(rows((ROOT / "seeds/reference/cdn_endpoints.csv").read_text())) + 1

    # An override may refer to a row of another one; a whole table has no other rows than its own.
    reference(
        folder,
        regions="region,region_name,continent\nmars,Mars,Asia\n",
        cdn_endpoints="region,priority,cdn_endpoint\nmars,1,cdn-mars\n",
    )
    (folder / "reelhouse.yml").write_text("whole_tables: [cdn_endpoints]")
    texts, mistakes = overridden_files(read_settings(folder))
    assert not mistakes
    assert rows(texts["cdn_endpoints"]) == [
        ["region", "priority", "cdn_endpoint"],
        ["mars", "1", "cdn-mars"],
    ]


def test_every_reference_table_can_be_overridden_by_a_copy_of_itself(folder):
    keyless = []
    for name, table in reference_tables().items():
        (folder / "reference" / f"{name}.csv").write_bytes(
            (ROOT / f"seeds/reference/{name}.csv").read_bytes()
        )
        keyless += [] if table.key else [name]
    (folder / "reelhouse.yml").write_text(f"whole_tables: [{', '.join(keyless)}]")
    texts, mistakes = overridden_files(read_settings(folder))
    assert not mistakes
    for name, text in texts.items():
        assert rows(text) == rows((ROOT / f"seeds/reference/{name}.csv").read_text()), name


def test_the_project_has_what_the_settings_say_and_is_written_only_where_it_changes(folder):
    (folder / "reelhouse.yml").write_text(
        "feeds: [watch_events]\nmemory_limit: 1GB\n"
        "variables: {as_of: 2025-02-01, quarantined_share: 0.2, layout: {retention_days: 90}}"
    )
    reference(folder, regions="region,region_name,continent\nmars,Mars,Asia\n")
    project = make_project(read_settings(folder)).project
    settings = project_settings(project)
    assert settings["vars"]["as_of"] == "2025-02-01" and settings["vars"]["feeds"] == [
        "watch_events"
    ]
    assert settings["vars"]["quarantined_share"] == 0.2
    assert settings["vars"]["layout"]["retention_days"] == 90
    assert settings["vars"]["layout"]["parquet_compression"] == "zstd"
    assert settings["vars"]["landing_path"] == str(folder / "landing")
    assert settings["models"]["reelhouse"]["landing"]["land_cdn_requests"] == {"+enabled": False}
    assert "mars" in (project / "seeds/reference/regions.csv").read_text()
    assert (project / "seeds/reference/device_types.csv").is_symlink()
    assert not (project / "analyses/p95_monitoring.sql").exists()
    assert (project / "analyses/watch_history.sql").exists()

    written = (project / "seeds/reference/regions.csv").stat().st_mtime_ns
    make_project(read_settings(folder))
    assert (project / "seeds/reference/regions.csv").stat().st_mtime_ns == written
    # An override that is taken away, and a feed that is used again.
    (folder / "reference" / "regions.csv").unlink()
    (folder / "reelhouse.yml").write_text("feeds: [watch_events, api_requests]")
    make_project(read_settings(folder))
    assert (project / "seeds/reference/regions.csv").is_symlink()
    assert (project / "analyses/p95_monitoring.sql").exists()


def test_what_models_read_is_what_dbt_says(parsed_manifest):
    manifest = json.loads((parsed_manifest.parent / "manifest.json").read_text())
    names = {key: node["name"] for key, node in manifest["nodes"].items()}
    graph = _Graph()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            parents = {names[key] for key in node["depends_on"]["nodes"] if key in names}
            if node["name"] not in ("quarantined_rows", "quarantine_reasons"):
                assert graph.parents[node["name"]] == parents, node["name"]


def test_feeds_that_tables_join_are_used_together():
    graph = _Graph()
    assert graph.feeds_needed(("watch_events",)) == ["watch_events"]
    assert graph.feeds_needed(("resource_metrics",)) == ["demand_forecasts", "resource_metrics"]
    kept = graph.kept(["watch_events"])
    assert {"fact_watch_events", "regions", "lakehouse_files", "quarantined_rows"} <= kept
    assert not {"api_request_logs", "endpoint_rules", "land_cdn_requests"} & kept


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("taken", "is not empty: choose a new folder"),
        ("own", "is a workspace already: its settings are in"),
        ("own/landing/inner", "is in the workspace"),
        ("file", "is a file: choose a new folder"),
        (str(ROOT / "mine"), "is in the clone"),
    ],
)
def test_init_refuses_a_folder_that_is_in_use(tmp_path, folder, capsys, place, said):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "a.txt").write_text("a")
    (tmp_path / "file").write_text("a")
    assert create(tmp_path / place, []) == 2
    assert said in capsys.readouterr().err
    assert not (ROOT / "mine").exists()


def test_init_refuses_an_unknown_feed(tmp_path, capsys):
    assert create(tmp_path / "new", ["watch_event"]) == 2
    assert "'watch_event' is no feed: did you mean watch_events?" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_workspace_is_found_from_below_and_not_from_the_clone(folder):
    assert find_workspace(folder / "landing" / "watch_events") == folder
    assert find_workspace(folder.parent) is None
    assert yaml.safe_load((folder / "reelhouse.yml").read_text())["feeds"] == ["watch_events"]
    assert find_workspace(ROOT / "docs") is None


def test_a_folder_without_settings_is_no_workspace(tmp_path, capsys):
    assert reelhouse("--workspace", str(tmp_path), "query", "select 1") == 2
    assert f"{tmp_path} is no workspace: it has no reelhouse.yml. Create one: reelhouse init" in (
        capsys.readouterr().err
    )
