"""Values given to make and to the workflows are data: no shell and no make function runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Targets that take a variable, and the ones each of them takes.
TARGETS = {
    "build": ("LANDING", "LAKE", "ARGS"),
    "refresh": ("LANDING", "LAKE", "ARGS"),
    "test": ("ARGS",),
    "expectations": ("LANDING", "LAKE", "ARGS"),
    "generate": ("ARGS",),
    "movielens": ("ARGS",),
    "benchmark": ("ARGS",),
    "benchmark-queries": ("LANDING", "LAKE", "ARGS"),
    "compact": ("LANDING", "LAKE", "ARGS"),
    "check-pruning": ("LANDING", "LAKE", "ARGS"),
    "serve-postgres": ("LANDING", "LAKE", "SERVING", "ARGS"),
    "lock": ("ARGS",),
}
HOSTILE = [
    "$(touch {})",
    "$(shell touch {})",
    "`touch {}`",
    '"; touch {}; "',
    "'; touch {}; '",
    "; touch {} #",
    "x\ntouch {}\n",
    "$$(touch {})",
    "${IFS}&& touch {}",
]
# Several in one, for every target: balanced quotes, so that one does not hide the next.
MIXED = ['"; touch {}; "$(shell touch {})`touch {}`', "'; touch {}; '$$(touch {})\ntouch {} #"]
# Stands for python, dbt and uv: notes what it was given instead of doing anything.
RECORDER = """#!{python} -SE
import json, os, sys
names = ("REELHOUSE_LAKE", "REELHOUSE_SERVING")
if sys.argv[1:2] == ["scripts/make_variables.py"]:
    os.execv({python!r}, [{python!r}, "-SE", *sys.argv[1:]])
with open("calls.jsonl", "a") as calls:
    given = {{"arguments": sys.argv, **{{name: os.environ.get(name) for name in names}}}}
    calls.write(json.dumps(given) + "\\n")
"""


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A folder with the Makefile and an environment of programs that only note their arguments."""
    folder = tmp_path / "checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "scripts" / "make_variables.py", folder / "scripts")
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder)
    for name in ("requirements-uv.lock", ".venv/uv", ".venv/runtime", ".venv/development"):
        (folder / name).write_text("")
    for name in ("python", "dbt", "uv", "ruff", "sqlfluff", "dbt-bouncer"):
        program = folder / ".venv" / "bin" / name
        records = name in ("python", "dbt", "uv")
        program.write_text(RECORDER.format(python=sys.executable) if records else "#!/bin/sh\n")
        program.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    mine = ("LANDING", "LAKE", "SERVING", "ARGS", "REELHOUSE_", "MAKE", "MFLAGS")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def calls(folder: Path) -> list[dict]:
    notes = folder / "calls.jsonl"
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def give(folder: Path, target: str, pattern: str, by_environment: bool) -> None:
    """Run a target with a hostile value in each of its variables; nothing may come of it."""
    trace = folder / "trace"
    given = dict.fromkeys(TARGETS[target], pattern.replace("{}", trace.name))
    if by_environment:
        make(folder, target, **given)
    else:
        make(folder, target, *(f"{name}={text}" for name, text in given.items()))
    assert not trace.exists(), (target, given, by_environment)


@pytest.mark.parametrize("target", TARGETS)
def test_no_value_is_run(checkout, target):
    for pattern in MIXED:
        give(checkout, target, pattern, by_environment=False)
        give(checkout, target, pattern, by_environment=True)


def test_no_way_to_write_a_value_is_run(checkout):
    for pattern in HOSTILE:
        give(checkout, "build", pattern, by_environment=False)
        give(checkout, "build", pattern, by_environment=True)


def test_a_hostile_path_arrives_as_it_is(checkout):
    for value in HOSTILE:
        assert make(checkout, "build", f"LANDING={value}", f"LAKE={value}").returncode == 0
        command = calls(checkout)[-1]["arguments"]
        assert f"--landing={value}" in command and f"--lake={value}" in command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--vars '{as_of: 2025-01-01}'", ["--vars", "{as_of: 2025-01-01}"]),
        ("--vars '{as_of: \"2025-01-01\"}'", ["--vars", '{as_of: "2025-01-01"}']),
        ("--select a+ b --full-refresh", ["--select", "a+", "b", "--full-refresh"]),
        ("--select *", ["--select", "*"]),
        ("--args '{dry_run: true}'", ["--args", "{dry_run: true}"]),
        ('-k "not slow" ~/x $HOME', ["-k", "not slow", "~/x", "$HOME"]),
        ("", []),
    ],
)
def test_documented_arguments_arrive_as_words(checkout, text, words):
    for given in ([f"ARGS={text}"], []):
        result = make(checkout, "build", *given, **({} if given else {"ARGS": text}))
        assert result.returncode == 0, result.stderr
        command = calls(checkout)[-1]["arguments"]
        assert command[1:] == ["scripts/build.py", "--landing=", "--lake=", *words]


def test_an_open_quote_is_said(checkout):
    result = make(checkout, "build", "ARGS=--vars '{as_of: x}")
    assert result.returncode != 0
    assert "ARGS cannot be split into words: No closing quotation." in result.stderr
    assert calls(checkout) == []


@pytest.mark.parametrize(
    ("given", "lake"),
    [
        ({}, None),
        ({"LANDING": "seeds/sample"}, None),
        ({"LANDING": "landing"}, "lake/own"),
        ({"LANDING": "my landing"}, "lake/own"),
        ({"LANDING": "landing", "LAKE": "else where"}, "else where"),
        ({"LANDING": "landing", "REELHOUSE_LAKE": "chosen"}, "chosen"),
        ({"LAKE": "lake", "REELHOUSE_LAKE": "chosen"}, "lake"),
        ({"REELHOUSE_LAKE": "lake", "LANDING": "landing"}, "lake"),
        ({"REELHOUSE_LAKE": ""}, None),
    ],
)
def test_every_target_takes_the_lake_that_build_writes(checkout, given, lake):
    for target in ("expectations", "compact", "serve-postgres"):
        assert make(checkout, target, **given).returncode == 0
        assert calls(checkout)[-1]["REELHOUSE_LAKE"] == lake


def test_the_address_of_the_server_is_in_no_command(checkout):
    address = "host=h dbname=d password='T0P $ECRET'"
    for name in ("SERVING", "REELHOUSE_SERVING"):
        result = make(checkout, "serve-postgres", **{name: address})
        assert result.returncode == 0 and "ECRET" not in result.stdout + result.stderr
        (call,) = calls(checkout)[-1:]
        assert call["REELHOUSE_SERVING"] == address
        assert "ECRET" not in json.dumps(call["arguments"])
    assert "ECRET" not in make(checkout, "-n", "serve-postgres", SERVING=address).stdout


def steps(workflow: Path) -> list[dict]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_script_of_a_workflow_holds_an_expression(workflow):
    """GitHub pastes the value of an expression into the script before the shell reads it."""
    scripts = [step["run"] for step in steps(workflow) if "run" in step]
    assert scripts and not [script for script in scripts if "${{" in script]
    # A secret on a command line can be read by every process of the runner; `[` starts no process.
    for step in steps(workflow):
        secrets = [name for name, value in step.get("env", {}).items() if "secrets." in str(value)]
        for line in step.get("run", "").splitlines():
            assert line.startswith("[ ") or not any(f"${name}" in line for name in secrets), line


@pytest.mark.parametrize(
    ("arguments", "accepted"),
    [
        ("", True),
        ("--full-refresh", True),
        ("--select +daily_user_metrics --vars '{as_of: \"2025-01-01\"}'", True),
        ("$(touch x)", False),
        ("; touch x", False),
        ("`touch x`", False),
        ("--full-refresh\ntouch x", False),
        ("--full-refresh & touch x", False),
        ("--profiles-dir /tmp > x", False),
    ],
)
def test_the_refresh_workflow_judges_its_input(checkout, arguments, accepted):
    (step,) = [step for step in steps(WORKFLOWS[-1]) if step.get("name") == "Refresh"]
    assert "inputs." in step["env"]["ARGS"]
    result = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "ARGS": arguments, "LANDING": "", "REELHOUSE_LAKE": "l"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode == 0) == accepted, result.stderr
    assert bool(calls(checkout)) == accepted
    assert accepted or "arguments" in result.stderr
