"""The project's own rules hold, and each of them is noticed when it is broken."""

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, ROWS_ONLY
from metadata_rules import LONGEST_PROPERTIES_FILE, RULES, Sources


@pytest.fixture(scope="module")
def sources(parsed_manifest):
    return Sources.of(parsed_manifest.parent / "manifest.json", ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(sources, rule):
    assert rule(sources) == []


def node(sources, name):
    """The model, analysis or seed of a name."""
    return next(
        node
        for node in sources.manifest["nodes"].values()
        if node["name"] == name and node["resource_type"] in ("model", "analysis", "seed")
    )


def sql(name, replaced, replacement):
    """A breakage: one text in a node's SQL replaced by another."""

    def broken(sources):
        code = node(sources, name)["raw_code"]
        assert replaced in code
        node(sources, name)["raw_code"] = code.replace(replaced, replacement)

    return broken


def first(sources, kind, **wanted):
    """The first member of a kind whose entries are as wanted."""
    return next(
        member
        for member in sources.manifest[kind].values()
        if all(member[key] == value for key, value in wanted.items())
    )


def macro(name, **entries):
    """A breakage: entries of a macro replaced."""
    return lambda sources: first(sources, "macros", name=name).update(entries)


def rename_column(sources, name, column, renamed):
    columns = node(sources, name)["columns"]
    columns[renamed] = columns.pop(column)


def read_the_whole_history(sources):
    tests = (
        node
        for node in sources.manifest["nodes"].values()
        if node["resource_type"] == "test" and node["config"].get("where") == "__last_written__"
    )
    next(tests)["config"]["where"] = None


IMPORT = "select * from {{ ref('fact_watch_events') }}"
BROKEN = {
    "analyses_know_neither_target_nor_clock": [
        sql("popularity", "region,", "'{{ target.type }}' as region,"),
        sql("popularity", "region,", "current_date as region,"),
    ],
    "only_landing_reads_files": [
        sql("stg_watch_events", "ref('land_watch_events')", "read_parquet('a.parquet')"),
        macro("raw_text", macro_sql="{% macro raw_text(columns) %}read_csv('a'){% endmacro %}"),
        lambda sources: node(sources, "fact_watch_events")["depends_on"]["macros"].append(
            "macro.reelhouse.delivered_rows"
        ),
    ],
    "staging_neither_joins_nor_groups": [
        sql("stg_watch_events", "from typed", "from typed inner join landed on true"),
        sql("stg_watch_events", "from typed", "from typed qualify row_number() over () = 1"),
    ],
    "a_model_ends_with_final": [
        sql("daily_user_metrics", "select * from final", "select profile_id from final"),
        sql("daily_user_metrics", "select * from final", "select * from final where true"),
    ],
    "tables_are_imported_first": [
        sql(
            "daily_user_metrics",
            "from watch_events",
            "from watch_events inner join {{ ref('regions') }} as regions using (region)",
        ),
        sql("daily_user_metrics", "(\n    " + IMPORT, "(\n    select 1 union all " + IMPORT),
    ],
    "a_model_sets_only_what_is_its_own": [
        sql("daily_user_metrics", "unique_key=", "tags=['hot'],\n    unique_key="),
        sql("daily_user_metrics", "unique_key=", "sorted_by=['region'],\n    unique_key="),
    ],
    "a_layer_is_built_as_its_folder_says": [
        lambda sources: node(sources, "stg_watch_events")["config"].update(materialized="table"),
        lambda sources: node(sources, "daily_user_metrics")["config"].update(materialized="table"),
        lambda sources: node(sources, "land_watch_events")["config"].update(materialized="view"),
    ],
    "lists_are_written_sorted": [
        lambda sources: node(sources, "quarantine_watch_events")["config"].update(sorted_by=None),
        lambda sources: node(sources, "api_request_logs")["config"].update(sorted_by=[]),
    ],
    "averages_are_not_averaged": [
        sql("popularity", "sum(watch_events)", "avg(average_watch_time)"),
    ],
    "a_replaced_key_names_its_partition": [
        lambda sources: node(sources, "daily_user_metrics")["config"].update(
            unique_key=["profile_id"]
        ),
    ],
    "a_test_on_a_refresh_reads_what_was_written": [read_the_whole_history],
    "analyses_are_described": [
        lambda sources: node(sources, "popularity").update(description=""),
    ],
    "unit_tests_are_described": [
        lambda sources: first(sources, "unit_tests").update(description="counts"),
    ],
    "columns_of_seeds_and_sources_are_described": [
        lambda sources: node(sources, "regions")["columns"]["continent"].update(description=" "),
        lambda sources: node(sources, "regions").update(columns={}),
        lambda sources: first(sources, "sources")["columns"]["feed"].update(description=""),
    ],
    "macros_are_described_beside_their_file": [
        macro("new_batches", description=""),
        macro("new_batches", patch_path=None),
        macro("new_batches", patch_path="reelhouse://macros/_macros.yml"),
        macro("new_batches", arguments=[]),
        macro(
            "new_batches", macro_sql="{% macro new_batches(upstream, keys=[1, 2]) %}{% endmacro %}"
        ),
        lambda sources: first(sources, "macros", name="test_columns_are_valid")["arguments"].pop(),
    ],
    "a_file_has_one_public_macro": [
        macro("new_batches", original_file_path="macros/refresh/touched.sql"),
        macro("new_batches", original_file_path="macros/refresh/what_arrived.sql"),
        macro("test_columns_are_valid", original_file_path="tests/generic/in_range.sql"),
    ],
    "properties_files_are_short_and_named_alike": [
        lambda sources: sources.properties.update(
            {"models/marts/a/_a__models.yml": "\n" * LONGEST_PROPERTIES_FILE}
        ),
        lambda sources: sources.properties.update({"models/marts/a/schema.yml": ""}),
    ],
    "measures_name_their_unit": [
        lambda sources: rename_column(sources, "fact_watch_events", "watch_seconds", "watch_time"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        pytest.param(rule, broken, id=f"{rule.__name__}-{number}")
        for rule in RULES
        for number, broken in enumerate(BROKEN[rule.__name__], start=1)
    ],
)
def test_a_broken_rule_is_noticed(sources, rule, broken):
    changed = copy.deepcopy(sources)
    broken(changed)
    assert rule(changed) != []


# One project that breaks every check of dbt-bouncer.yml at least once.
UGLY_PROJECT = {
    "models/landing/raw_events.sql": (
        "{{ config(materialized='table') }}\n"
        "select * from {{ ref('stg_watch_events') }}, {{ ref('Plans') }}"
    ),
    "models/staging/events.sql": (
        "{{ config(materialized='table') }}\n"
        "select now() as seen, '{{ target.type }}' as engine from {{ source('Ledgers', 'Files') }},"
        " {{ ref('daily_user_metrics') }}"
    ),
    "models/quarantine/bad_events.sql": (
        "{{ config(materialized='table') }}\nselect * from {{ ref('land_watch_events') }}"
    ),
    "models/marts/engagement/stg_totals.sql": (
        "{{ config(materialized='table', contract={'enforced': false}) }}\n"
        "select * from {{ ref('land_watch_events') }}, lake.analytics.fact_watch_events;"
    ),
    "models/marts/schema.yml": {
        "models": [
            {"name": "stg_totals", "description": "Totals.", "columns": [{"name": "Total"}]}
        ],
        "sources": [{"name": "Ledgers", "tables": [{"name": "Files"}]}],
        "exposures": [{"name": "page", "type": "dashboard", "owner": {"name": "somebody"}}],
    },
    "seeds/reference/Plans.csv": "Plan,price\nfree,0\n",
    "seeds/reference/plans.yml": {"seeds": [{"name": "Plans", "columns": [{"name": "Plan"}]}]},
    "macros/quality/Today.sql": "{% macro Today(zone) %}current_date{% endmacro %}",
}


def bouncer(folder: Path) -> tuple[int, set[tuple[str, int]]]:
    """Run dbt-bouncer on a folder's manifest: its exit code, and (check, position) that failed."""
    shutil.copy(ROOT / "dbt-bouncer.yml", folder)
    found = folder / "found.json"
    command = [Path(sys.executable).with_name("dbt-bouncer"), "run", "--config-file"]
    command += [folder / "dbt-bouncer.yml", "--output-file", found]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert found.exists(), process.stdout + process.stderr
    failed = {
        (run_id.split(":")[0], int(re.search(r":(\d+)", run_id).group(1)))
        for run_id in (
            result["check_run_id"]
            for result in json.loads(found.read_text())
            if result["outcome"] == "failed"
        )
    }
    return process.returncode, failed


def test_dbt_bouncer_passes_the_project_and_refuses_an_ugly_one(project, parsed_manifest):
    shutil.copy(parsed_manifest.parent / "manifest.json", project.target)
    assert bouncer(project.folder) == (0, set())

    for name in ("models", "macros", "seeds"):
        project.own(name)
    for path, content in UGLY_PROJECT.items():
        text = content if isinstance(content, str) else yaml.safe_dump({"version": 2, **content})
        (project.folder / path).write_text(text)
    project.dbt("parse")
    checks = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text())["manifest_checks"]
    code, failed = bouncer(project.folder)
    assert code == 1
    assert failed == {(check["name"], number) for number, check in enumerate(checks)}


def test_the_documented_columns_are_those_of_the_tables(project, sources):
    project.build(*ROWS_ONLY)
    built = {}
    for schema, table, column in project.query(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where database_name = 'lake' order by column_index"
    ):
        built.setdefault((schema, table), []).append(column)
    documented = {
        (table["schema"], table.get("alias") or table["name"]): list(table["columns"])
        for table in [
            *sources.nodes("model", "seed"),
            *sources.manifest["sources"].values(),
        ]
        # DuckLake's own catalog is not ours to describe in full.
        if table["database"] == "lake"
    }
    assert built == documented
