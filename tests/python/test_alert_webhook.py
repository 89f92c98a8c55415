"""A webhook takes the alerts within the deadline, or the command says why not and fails."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from command_line import reelhouse

from reelhouse.alerts import notify as notify_alerts
from reelhouse.alerts import webhook

SECRET = "T0PSECRET"
ALERT = {
    "severity": "page",
    "objective": "catalog-availability",
    "burn_rate": 14.4,
    "started_at": "2025-01-13 21:20:00",
    "bad_requests": 30,
    "requests": 100,
}


@contextmanager
def server(*answers):
    """Serve on a free port; each request gets the next answer (the last one ever after).

    An answer is a status, (status, location), or a function of the handler. Gives the address and
    the list of what was received, as (method, path, body).
    """
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            received.append((self.command, self.path, body))
            answer = answers[min(len(received), len(answers)) - 1]
            if callable(answer):
                answer(self)
                return
            status, location = answer if isinstance(answer, tuple) else (answer, None)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass  # a client that hangs up is what some tests want

    with Server(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=[0.02], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/services/{SECRET}", received
        finally:
            http.shutdown()


@pytest.fixture
def notify(monkeypatch, capfd):
    """Run the command for one open alert; return its exit status and all that it printed."""
    monkeypatch.setattr(notify_alerts, "open_alerts", lambda _: [ALERT])
    monkeypatch.setattr(webhook, "FIRST_PAUSE_SECONDS", 0.01)

    def run(url):
        monkeypatch.setenv("ALERT_WEBHOOK", url)
        status = reelhouse("alerts", "--lake", "lake")
        printed = "".join(capfd.readouterr())
        assert SECRET not in printed, "the address is a secret"
        assert "Traceback" not in printed
        return status, printed

    return run


@pytest.mark.parametrize("status", [200, 202, 204])
def test_the_alerts_are_posted_as_json(notify, status):
    with server(status) as (url, received):
        assert notify(f" {url}\n")[0] == 0, "a line break after a secret is no part of it"
    ((method, path, body),) = received
    assert (method, path) == ("POST", f"/services/{SECRET}")
    assert json.loads(body)["alerts"] == [ALERT]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_fails(notify, status):
    with server(200) as (elsewhere, received), server((status, elsewhere)) as (url, first):
        code, printed = notify(url)
    assert code == 1 and received == [] and len(first) == 1
    assert f"answered {status}" in printed and "set the final address" in printed


@pytest.mark.parametrize(
    ("answers", "attempts", "delivered"),
    [
        ((503, 200), 2, True),
        ((429, 500, 502, 200), 4, True),
        ((500,), 4, False),
        ((404,), 1, False),
        ((400, 200), 1, False),
    ],
)
def test_what_may_pass_is_tried_again(notify, answers, attempts, delivered):
    with server(*answers) as (url, received):
        code, printed = notify(url)
    assert len(received) == attempts and code == (not delivered)
    assert delivered or f"it answered {answers[-1] if len(answers) == 1 else answers[0]}" in printed


def test_a_connection_that_breaks_is_tried_again(notify):
    def hang_up(handler):
        handler.connection.shutdown(socket.SHUT_RDWR)

    with server(hang_up, 200) as (url, received):
        assert notify(url)[0] == 0
    assert len(received) == 2


def test_nobody_listens(notify):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/{SECRET}"
        code, printed = notify(url)
    assert code == 1 and "the connection was refused (4 attempts)" in printed


def test_an_unknown_host(notify):
    code, printed = notify(f"https://{SECRET}.invalid/hook")
    assert code == 1 and "its host name is not known" in printed


def test_a_server_without_tls(notify):
    with server(200) as (url, received):
        code, printed = notify(url.replace("http:", "https:"))
    assert code == 1 and received == [] and "TLS failed" in printed


def drip(handler):
    """Send a head that never ends, so quickly that no timeout between two bytes is exceeded."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        handler.wfile.write(b".")
        handler.wfile.flush()
        time.sleep(0.05)


def wait(handler):
    time.sleep(10)


@pytest.mark.parametrize("slow", [drip, wait])
def test_one_deadline_holds_for_a_slow_server(notify, monkeypatch, slow):
    monkeypatch.setattr(webhook.send, "__defaults__", (0.5,))
    started = time.monotonic()
    with server(slow) as (url, _):
        code, printed = notify(url)
        assert time.monotonic() - started < 5
    assert code == 1 and "no answer within 0.5 seconds" in printed


def test_an_endless_body_is_not_read(notify):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        drip(handler)

    with server(endless) as (url, _):
        assert notify(url)[0] == 0


def test_an_answer_that_is_not_http(notify):
    def nonsense(handler):
        handler.wfile.write(b"\x00\x01 " + SECRET.encode() + b"\r\n\r\n")

    with server(nonsense) as (url, _):
        code, printed = notify(url)
    assert code == 1 and "did not accept the alerts" in printed


@pytest.mark.parametrize(
    "url",
    [
        "file:///tmp/{}",
        "data:text/plain,{}",
        "ftp://127.0.0.1/{}",
        "hooks.example.com/{}",
        "https//hooks.example.com/{}",
        "https:///{}",
        "http://127.0.0.1:{}/hook",
        "http://127.0.0.1:99999/{}",
        "http://[::1/{}",
        "http://a b/{}",
        "http://127.0.0.1/{}\nX: y",
        "{}",
    ],
)
def test_an_unusable_address_is_refused_and_not_shown(notify, monkeypatch, url):
    code, printed = notify(url.format(SECRET))
    assert code == 2 and "ALERT_WEBHOOK is not an address of the form https://host/path" in printed
    monkeypatch.setattr(notify_alerts, "open_alerts", lambda _: [])
    assert notify(url.format(SECRET))[0] == 2, "found before the first alert"


def test_no_alert_and_no_address_is_no_error(notify, monkeypatch):
    assert notify("")[0] == 0
    with server(200) as (url, received):
        monkeypatch.setattr(notify_alerts, "open_alerts", lambda _: [])
        assert notify(url) == (0, "no alert is open\n") and received == []


def test_a_text_is_sent_from_the_command_line(monkeypatch, capfd):
    with server(200) as (url, received):
        monkeypatch.setenv("WEBHOOK", url)
        assert reelhouse("notify", 'The refresh failed: "x"') == 0
    assert json.loads(received[0][2]) == {"text": 'The refresh failed: "x"'}
    monkeypatch.setenv("WEBHOOK", f"file:///{SECRET}")
    assert reelhouse("notify", "x") == 2 and SECRET not in "".join(capfd.readouterr())
