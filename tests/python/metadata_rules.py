"""Rules of the project that dbt-bouncer can't check, each a function that returns its complaints.

They read dbt's manifest and the text of the properties files; test_metadata.py runs and breaks
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_PROPERTIES_FILE = 400
PROPERTIES_NAME = re.compile(
    r"_[a-z0-9_]+__(models|sources|seeds|macros|tests|unit_tests|analyses|exposures|groups|semantic)\.yml"
)
COMMENTS = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.DOTALL)
SIGNATURE = re.compile(r"\{%-?\s*(?:macro|test)\s+\w+\s*\((.*?)\)\s*-?%\}", re.DOTALL)
REFERENCE = r"\{\{\s*(?:ref|source)\("
CLOCK = re.compile(
    r"\b(?:now|today|get_current_timestamp)\(\)|\bcurrent_(?:date|time|timestamp)\b", re.I
)
READERS = re.compile(
    r"\b(?:read_(?:csv|parquet|json|text|blob)\w*|glob|take_file|read_groups)\s*\(", re.I
)
# What is measured, and how a name says in which unit.
MEASURED = re.compile(
    r"(^|_)(latency|duration|delay|stall|bitrate|throughput|size|age|ttl|watch_time|wait|lag)(_|$)"
)
UNIT = re.compile(r"_(us|ms|seconds|minutes|hours|days|kbps|mbps|bytes|mb|gb|percent|ratio|count)$")
NUMBER = re.compile(r"\w*int(eger)?|double|float|real|(decimal|numeric)(\(.*\))?", re.I)
NAMES_THAT_USERS_KNOW = {"total_watch_time", "optimal_bitrate"}  # docs/decisions.md says why
# Landing appends, staging keeps nothing, and a table that is written whole costs what there is.
BUILT_AS = {
    "landing": {"incremental"},
    "staging": {"view"},
    "quarantine": {"incremental", "view"},
    "marts": {"incremental", "view"},
}
SET_BY_FOLDER = re.compile(
    r"\b(schema|database|alias|tags|contract|enabled|partitioned_by|sorted_by|meta)\s*="
)


@dataclass
class Sources:
    """What the rules read: dbt's manifest of this project, and its properties files."""

    manifest: dict
    properties: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Path, root: Path) -> Sources:
        """Read a manifest and the properties files below the project's folder."""
        content = json.loads(manifest.read_text())
        package = content["metadata"]["project_name"]
        kinds = ("nodes", "macros", "sources", "unit_tests")
        own = {
            kind: {
                key: node for key, node in content[kind].items() if node["package_name"] == package
            }
            for kind in kinds
        }
        folders = ("models", "macros", "seeds/reference", "tests", "analyses")
        files = (path for folder in folders for path in (root / folder).rglob("*.yml"))
        return cls(own, {str(path.relative_to(root)): path.read_text() for path in files})

    def nodes(self, *kinds: str, under: str = "") -> Iterator[dict]:
        """Nodes of some kinds (model, seed, analysis, test) whose file lies under a folder."""
        for node in self.manifest["nodes"].values():
            if node["resource_type"] in kinds and node["original_file_path"].startswith(under):
                yield node


def code(node: dict) -> str:
    """SQL of a node without its comments."""
    return COMMENTS.sub("", node.get("raw_code") or node.get("macro_sql") or "").strip()


def analyses_know_neither_target_nor_clock(sources: Sources) -> list[str]:
    """What dbt-bouncer checks in models holds for analyses and singular tests as well."""
    return [
        node["name"]
        for node in sources.nodes("analysis", "test")
        if re.search(r"\btarget\.(type|name)\b", code(node)) or CLOCK.search(code(node))
    ]


def only_landing_reads_files(sources: Sources) -> list[str]:
    """No reader outside of landing, and no call of landing's macros."""
    readers = [
        node["name"]
        for node in [*sources.nodes("model", "analysis", "test"), *macros(sources)]
        if READERS.search(code(node))
        and not re.match(r"(models/landing|macros/ingest)/", node["original_file_path"])
    ]
    landing = {
        key
        for key, macro in sources.manifest["macros"].items()
        if macro["original_file_path"].startswith("macros/ingest/")
    }
    callers = [
        node["name"]
        for node in sources.nodes("model", "analysis", "test")
        if not node["original_file_path"].startswith("models/landing/")
        and landing.intersection(node["depends_on"].get("macros", []))
    ]
    return readers + callers


def staging_neither_joins_nor_groups(sources: Sources) -> list[str]:
    """A filter on a staging view must reach the files below it."""
    blocks = re.compile(r"\bjoin\b|\bover\s*\(|\bqualify\b|\bgroup\s+by\b|\bunion\b", re.I)
    return [
        node["name"]
        for node in sources.nodes("model", under="models/staging/")
        if blocks.search(code(node))
    ]


def a_model_ends_with_final(sources: Sources) -> list[str]:
    """`select * from final`; a model that is one macro's call has no query of its own."""
    return [
        node["name"]
        for node in sources.nodes("model")
        if re.search(r"\bselect\b", code(node))
        and not re.search(r"\)\s*select \* from final$", code(node))
    ]


def tables_are_imported_first(sources: Sources) -> list[str]:
    """No join with a table, and all columns of one only in an import CTE."""
    joined = re.compile(rf"\bjoin\s+{REFERENCE}", re.I)
    starred = re.compile(rf"(?<!as \()\s*\bselect\s+(?:\w+\.)?\*\s+from\s+{REFERENCE}", re.I)
    imported = re.compile(rf"as (?:materialized )?\(\s*select \* from {REFERENCE}", re.I)
    return [
        node["name"]
        for node in sources.nodes("model")
        if joined.search(code(node)) or starred.search(imported.sub("", code(node)))
    ]


def a_model_sets_only_what_is_its_own(sources: Sources) -> list[str]:
    """Schemas, tags, contracts, partitions and order are set in dbt_project.yml, in one place."""
    configs = re.compile(r"\{\{\s*config\((.*?)\)\s*\}\}", re.DOTALL)
    return [
        node["name"]
        for node in sources.nodes("model")
        if any(SET_BY_FOLDER.search(found) for found in configs.findall(code(node)))
    ]


def a_layer_is_built_as_its_folder_says(sources: Sources) -> list[str]:
    """Incremental where rows are kept (where it should fail, dbt-bouncer's own check breaks)."""
    return [
        f"{node['name']} is a {node['config']['materialized']}"
        for node in sources.nodes("model")
        if (permitted := BUILT_AS.get(Path(node["original_file_path"]).parts[1]))
        and node["config"]["materialized"] not in permitted
    ]


def lists_are_written_sorted(sources: Sources) -> list[str]:
    """DuckDB 1.5.5 fails to write two to four rows that share a list of text and are not sorted."""
    listed = re.compile(r"\[\]|\bmap\b", re.I)
    return [
        node["name"]
        for node in sources.nodes("model")
        if node["config"]["materialized"] not in ("view", "ephemeral")
        and not node["config"].get("sorted_by")
        and (
            node["original_file_path"].startswith("models/quarantine/")
            or any(listed.search(column["data_type"] or "") for column in node["columns"].values())
        )
    ]


def averages_are_not_averaged(sources: Sources) -> list[str]:
    """A ratio of sums is computed once, last."""
    averaged = re.compile(r"\bavg\s*\(\s*\w*(ratio|average|avg|p50|p9[059]|median)\w*\s*\)", re.I)
    return [
        node["name"] for node in sources.nodes("model", "analysis") if averaged.search(code(node))
    ]


def a_replaced_key_names_its_partition(sources: Sources) -> list[str]:
    """Without the partition in it a delete reads every partition."""
    return [
        node["name"]
        for node in sources.nodes("model")
        if node["config"]["incremental_strategy"] == "delete+insert"
        and not set(node["config"].get("partitioned_by") or []) <= set(node["config"]["unique_key"])
    ]


def a_test_on_a_refresh_reads_what_was_written(sources: Sources) -> list[str]:
    """A data test of a table reads the last refresh, or is a full_check.

    Tests that compare the keys of two tables limit themselves.
    """
    tables = {
        key
        for key, node in sources.manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    return [
        node["name"]
        for node in sources.nodes("test")
        if node.get("attached_node") in tables
        and "__last_written__" not in (node["config"].get("where") or "")
        and "full_check" not in node["tags"]
        and node["test_metadata"]["name"] not in ("reconciles_with", "decides_on_every_request")
    ]


def analyses_are_described(sources: Sources) -> list[str]:
    """By a sentence."""
    return [node["name"] for node in sources.nodes("analysis") if not is_sentence(node)]


def unit_tests_are_described(sources: Sources) -> list[str]:
    """By a sentence that says what is computed."""
    unit_tests = sources.manifest["unit_tests"].values()
    return [test["name"] for test in unit_tests if not is_sentence(test)]


def columns_of_seeds_and_sources_are_described(sources: Sources) -> list[str]:
    """dbt-bouncer checks the columns of models only."""
    tables = [*sources.nodes("seed"), *sources.manifest["sources"].values()]
    return [
        f"{table['name']}.{name}"
        for table in tables
        for name, column in (table["columns"] or {"(no column)": {}}).items()
        if not (column.get("description") or "").strip()
    ]


def macros_are_described_beside_their_file(sources: Sources) -> list[str]:
    """By a sentence; all arguments of the signature, in its order, with a type and a description.

    The versions of a dispatched macro (`spark__name`) say what the macro says.
    """
    complaints = []
    for macro in macros(sources):
        if "__" in macro["name"]:
            continue
        signature = SIGNATURE.search(macro["macro_sql"])
        parts = re.split(r",(?![^\[({]*[\])}])", signature.group(1)) if signature else []
        wanted = [part.split("=")[0].strip() for part in parts if part.strip()]
        described = [
            argument["name"]
            for argument in macro["arguments"]
            if argument["type"] and (argument["description"] or "").strip()
        ]
        if wanted != described:
            complaints.append(f"{macro['name']}: has {wanted}, described are {described}")
        described_in = Path((macro["patch_path"] or "").partition("://")[2])
        if (
            not is_sentence(macro)
            or described_in.parent != Path(macro["original_file_path"]).parent
        ):
            complaints.append(f"{macro['name']} is described in {described_in}")
    return complaints


def public_name(macro: dict) -> str:
    """Name under which a macro is called: without the prefix of dbt or of an engine."""
    name = re.sub(r"^materialization_(\w+)_\w+$", r"\1", macro["name"])
    return re.sub(r"^test_|^[a-z]+__", "", name)


def a_file_has_one_public_macro(sources: Sources) -> list[str]:
    """A file is named for its public macro; nothing outside of the file calls the others."""
    stems, complaints = {}, []
    callers = [*sources.manifest["nodes"].values(), *macros(sources)]
    for macro in macros(sources):
        path = Path(macro["original_file_path"])
        stems.setdefault(path, set()).add(public_name(macro))
        if public_name(macro) == path.stem:
            continue
        outside = [
            caller["name"]
            for caller in callers
            if macro["unique_id"] in caller["depends_on"].get("macros", [])
            and caller["original_file_path"] != macro["original_file_path"]
        ]
        if outside:
            complaints.append(f"{macro['name']} in {path} is called by {sorted(outside)[0]}")
    return complaints + [
        f"{path} has no macro of its name" for path in stems if path.stem not in stems[path]
    ]


def properties_files_are_short_and_named_alike(sources: Sources) -> list[str]:
    """`_<folder or topic>__<kind>.yml`, below 400 lines."""
    return [
        path
        for path, text in sources.properties.items()
        if not PROPERTIES_NAME.fullmatch(Path(path).name)
        or text.count("\n") >= LONGEST_PROPERTIES_FILE
    ]


def measures_name_their_unit(sources: Sources) -> list[str]:
    """A number that measures time, size or rate ends in its unit."""
    return [
        f"{node['name']}.{name}"
        for node in sources.nodes("model", under="models/marts/")
        for name, column in node["columns"].items()
        if MEASURED.search(name)
        and NUMBER.fullmatch(column["data_type"] or "")
        and not UNIT.search(name)
        and name not in NAMES_THAT_USERS_KNOW
    ]


def is_sentence(node: dict) -> bool:
    """Whether a description begins with a whole sentence; a colon may lead to an example."""
    return (node["description"] or "").strip().split("\n\n")[0].endswith((".", ":"))


def macros(sources: Sources) -> list[dict]:
    """The project's macros and generic tests."""
    return list(sources.manifest["macros"].values())


RULES: list[Callable[[Sources], list[str]]] = [
    analyses_know_neither_target_nor_clock,
    only_landing_reads_files,
    staging_neither_joins_nor_groups,
    a_model_ends_with_final,
    tables_are_imported_first,
    a_model_sets_only_what_is_its_own,
    a_layer_is_built_as_its_folder_says,
    lists_are_written_sorted,
    averages_are_not_averaged,
    a_replaced_key_names_its_partition,
    a_test_on_a_refresh_reads_what_was_written,
    analyses_are_described,
    unit_tests_are_described,
    columns_of_seeds_and_sources_are_described,
    macros_are_described_beside_their_file,
    a_file_has_one_public_macro,
    properties_files_are_short_and_named_alike,
    measures_name_their_unit,
]
