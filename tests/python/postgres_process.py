"""A PostgreSQL server of a test's own: its own folder, a free loopback port, stopped by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


def find_binaries() -> Path:
    """Folder of initdb and postgres; skips the test where there is none."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("no PostgreSQL here: `make services` installs it")
    return folders[-1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def postgres_server(method: str = "trust") -> Iterator[str]:
    """Start a server and give its connection string; PostgreSQL refuses to run as root.

    Args:
        method: how a role other than `publisher` says who it is.
    """
    binaries = find_binaries()
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    as_user = as_user if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="reelhouse-postgres-", dir="/var/tmp"))
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", free_port()
    subprocess.run(
        [*as_user, binaries / "initdb", "-D", data, "-U", "publisher", "-A", "trust", "-N"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    (data / "pg_hba.conf").write_text(
        f"host all publisher 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 {method}\n"
    )
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [*as_user, binaries / "postgres", "-D", data, "-p", str(port), "-k", folder]
            + ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    address = f"host=127.0.0.1 port={port} dbname=postgres user=publisher"
    try:
        wait_until_ready(address, server, folder / "log")
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        try:
            psycopg.connect(address).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
