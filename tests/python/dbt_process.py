"""One dbt invocation in a process of its own, forked from a server that has imported dbt once.

Importing dbt takes seconds and a test needs many invocations. A forked process starts as fresh as a
new interpreter does, can be killed like one, and has no import to wait for.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

# Variables that properties files read, and the one that is in every test's command.
PARSED_VARIABLES = ("catalog_schema", "landing_path")
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["dbt.cli.main", "dbt.adapters.duckdb.impl", "numpy", "pandas"])


def start_dbt(
    arguments: list[str], folder: Path, environment: dict[str, str], output: Path
) -> BaseProcess:
    """Start `dbt <arguments>` in a project's folder; its output goes to a file.

    Args:
        arguments: dbt's command line without the word dbt.
        folder: the project's folder.
        environment: variables that dbt gets, such as REELHOUSE_LAKE.
        output: file for everything that dbt prints; beside it, with the ending .json, comes the
            status of each node by its name.
    """
    process = SERVER.Process(
        target=run_dbt, args=(arguments, folder, environment, output), daemon=True
    )
    process.start()
    return process


def run_dbt(arguments: list[str], folder: Path, environment: dict[str, str], output: Path) -> None:
    """Run in the forked process: set it up as a shell would, then hand over to dbt."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    os.environ.update(environment)
    os.environ["NO_COLOR"] = "1"
    from dbt.cli.main import dbtRunner

    parse_once_for_all_variables()
    outcome = dbtRunner().invoke(arguments)
    if outcome.exception is not None:
        print(outcome.exception)
    steps = getattr(outcome.result, "results", [])
    statuses = {step.node.name: str(step.status) for step in steps if hasattr(step, "node")}
    output.with_suffix(".json").write_text(json.dumps(statuses))
    sys.stdout.flush()
    sys.exit(0 if outcome.success else 1 if outcome.exception is None else 2)


def parse_once_for_all_variables() -> None:
    """Make dbt take the manifest parsed with other `--vars`: the parser reads hardly a variable."""
    from dbt.parser.manifest import ManifestLoader

    check_state = ManifestLoader.build_manifest_state_check

    def check_state_of_parsed(loader: ManifestLoader):
        given = loader.root_project.cli_vars
        loader.root_project.cli_vars = {n: v for n, v in given.items() if n in PARSED_VARIABLES}
        try:
            return check_state(loader)
        finally:
            loader.root_project.cli_vars = given

    ManifestLoader.build_manifest_state_check = check_state_of_parsed
