"""Run a command that never outlives this program."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How long a command may take to end after a signal, before it is killed.
GRACE_SECONDS = 30
POLL_SECONDS = 0.2
# <linux/prctl.h>: the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1


def run_to_end(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Run a command in a process group of its own, pass our signals on, and wait for its end.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: its environment variables.

    Returns:
        Its exit status, or 128 and the number of the signal that ended it or us, as shells do.
    """
    received: list[int] = []
    former = {number: signal.getsignal(number) for number in FORWARDED}
    for number in FORWARDED:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            process_group=0,
            preexec_fn=_end_with(os.getpid()),
        )
        return _wait(child, received)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _end_with(parent: int):
    """Return what a child runs first: on Linux it asks to end with its parent, even if killed."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(128 + signal.SIGTERM)

    return ask


def _wait(child: subprocess.Popen, received: list[int]) -> int:
    """Wait for a child; give it each signal that was received, and kill it if it does not end."""
    passed, waited = 0, 0.0
    while True:
        try:
            status = child.wait(POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            waited += POLL_SECONDS if passed else 0
        for number in received[passed:]:
            os.killpg(child.pid, number)
            passed += 1
        if waited >= GRACE_SECONDS:
            os.killpg(child.pid, signal.SIGKILL)
    if received:
        return 128 + received[0]
    return status if status >= 0 else 128 - status
