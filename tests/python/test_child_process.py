"""However `reelhouse build` ends, dbt ends with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from reelhouse.refresh import child_process

# Stands for dbt: notes its process and that of a child of its own, then works for long.
DBT = """#!/bin/sh
sh -c 'echo $PPID $$ > pids.unfinished; mv pids.unfinished pids; exec sleep 300'
exit $?
"""
# The same, and it does not end on a signal.
STUBBORN_DBT = DBT.replace("#!/bin/sh", "#!/bin/sh\ntrap '' INT TERM HUP")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, what: str) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"waited for long: {what}")


@pytest.fixture
def start(tmp_path):
    """Start `reelhouse build` where dbt is a script; gives the process and the pids of dbt."""
    started = []

    def start(dbt: str, prefix: str = "") -> tuple[subprocess.Popen, list[int]]:
        shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
        shutil.copy(ROOT / "dbt_project.yml", tmp_path)
        (tmp_path / "seeds" / "sample").mkdir(parents=True)
        program = tmp_path / "dbt"
        program.write_text(dbt)
        program.chmod(0o755)
        code = (
            "import sys; sys.path.insert(0, 'scripts'); from reelhouse.refresh import build;"
            f" sys.executable = {str(tmp_path / 'python')!r}; {prefix}"
            " sys.exit(build.build('', '', []))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        wait_for((tmp_path / "pids").exists, "dbt to start")
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert all(map(is_running, pids))
        return process, pids

    yield start
    for process in started:
        process.kill()
        process.wait()
    for pid in (tmp_path / "pids").read_text().split():
        if is_running(int(pid)):
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_dbt_and_all_that_it_started(start, name):
    number = signal.Signals[name]
    process, pids = start(DBT)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert f"The build was stopped by {name}." in said and "run the same command again" in said
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid), "dbt and its child to end")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_dbt_ends_when_build_py_is_killed(start):
    process, pids = start(DBT)
    process.kill()
    wait_for(lambda: not is_running(pids[0]), "dbt to end")


def test_a_dbt_that_does_not_end_is_killed(start):
    process, pids = start(STUBBORN_DBT, prefix="build.run_to_end.__globals__['GRACE_SECONDS'] = 1;")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM and "SIGTERM" in said
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid), "dbt and its child to end")


@pytest.mark.parametrize(("script", "status"), [("exit 2", 2), ("kill -9 $$", 128 + 9)])
def test_the_status_is_that_of_the_command(tmp_path, script, status):
    before = signal.getsignal(signal.SIGTERM)
    assert child_process.run_to_end(["sh", "-c", script], tmp_path, dict(os.environ)) == status
    assert signal.getsignal(signal.SIGTERM) == before
