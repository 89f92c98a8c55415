"""dbt as a process of its own: importing it takes seconds, and each run needs a fresh state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from reelhouse.paths import project_folder

ROWS_ONLY = ("--exclude-resource-type", "test", "unit_test")


def dbt_command(
    *arguments: str, variables: dict | None = None, target: Path | None = None
) -> list[str]:
    """Return the command line of a quiet dbt run.

    Args:
        arguments: dbt's own, beginning with its command, such as "build".
        variables: values for `--vars`.
        target: folder for dbt's artifacts and logs; None leaves it to dbt.
    """
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", *arguments]
    if variables:
        command += ["--vars", json.dumps(variables)]
    if target:
        command += ["--target-path", str(target), "--log-path", str(target)]
    return command


def run_dbt(
    *arguments: str,
    lake: Path | str,
    variables: dict | None = None,
    target: Path | None = None,
    silent: bool = False,
) -> None:
    """Run dbt on a lake from the project's folder.

    Args:
        arguments: dbt's own, beginning with its command, such as "build".
        lake: folder of the lake.
        variables: values for `--vars`.
        target: folder for dbt's artifacts and logs.
        silent: drop what dbt prints.

    Raises:
        subprocess.CalledProcessError: dbt ended with an error.
    """
    subprocess.run(
        dbt_command(*arguments, variables=variables, target=target),
        cwd=project_folder(),
        env={**os.environ, "REELHOUSE_LAKE": str(lake)},
        check=True,
        stdout=subprocess.DEVNULL if silent else None,
    )


def results(target: Path) -> list[dict]:
    """Return the result of each node of dbt's last run (its artifact run_results.json)."""
    return json.loads((target / "run_results.json").read_text())["results"]
