"""A real nginx for a test: its own folder, free ports on loopback, stopped by its pid."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

# What docs/delivery.md tells people to log.
LOG_FORMAT = (
    'log_format reelhouse \'$remote_addr - $remote_user [$time_local] "$request" $status'
    ' $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time'
    " $upstream_addr $upstream_status msec=$msec limit_req_status=$limit_req_status"
    " request_id=$request_id';"
)
START_SECONDS = 10


def nginx_binary() -> str:
    """Path of nginx; skips the test where there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("no nginx on this machine: `make services` installs it")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """nginx with one worker; `http` is what stands inside its http block."""

    def __init__(self, folder: Path, http: str, port: int) -> None:
        self.folder = folder
        self.port = port
        (folder / "html").mkdir(parents=True)
        (folder / "html" / "answer").write_text("ok\n")
        temporary = " ".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # A worker that drops root's rights can't read a test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"""
            {user} daemon off; worker_processes 1; pid {folder}/pid;
            error_log {folder}/error.log warn;
            events {{ worker_connections 4096; }}
            http {{
                {temporary} {LOG_FORMAT} access_log {folder}/access.log reelhouse;
                {http}
            }}
            """
        )

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    def __enter__(self) -> Nginx:
        command = [nginx_binary(), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        give_up = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        pytest.fail(f"nginx did not start: {self.process.communicate()[1]}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=START_SECONDS)
