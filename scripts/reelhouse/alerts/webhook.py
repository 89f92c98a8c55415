"""Post JSON to a webhook. Its address is a secret, which no message of this module shows."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

# For all attempts together.
DEADLINE_SECONDS = 30
# For one attempt: to connect, and to get the next byte of the answer's head.
TIMEOUT_SECONDS = (5, 10)
ATTEMPTS = 4
# Before the second attempt; each further one waits twice as long.
FIRST_PAUSE_SECONDS = 1


class NotDelivered(Exception):
    """The webhook did not take the message; says why."""


def check_url(url: str, name: str) -> str:
    """Return a usable address without surrounding blanks.

    Args:
        url: the address.
        name: the environment variable that holds it, for the message.

    Raises:
        ValueError: it is no http or https address; the message does not show it.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        # What requests refuses, it refuses with a message that shows the address.
        requests.Request("POST", url).prepare()
    except (ValueError, requests.RequestException):
        usable = False
    if not usable or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise ValueError(
            f"{name} is not an address of the form https://host/path."
            " Its value is a secret and is not shown."
        )
    return url


def send(url: str, body: dict, deadline_seconds: float = DEADLINE_SECONDS) -> None:
    """Post a body as JSON; try again after what may pass: no connection, 5xx, 429.

    An answer that is lost makes the same message come twice: at least once is the promise.

    Args:
        url: address that `check_url` returned.
        body: what is sent.
        deadline_seconds: after it the message counts as not delivered.

    Raises:
        NotDelivered: says why, without the address.
    """
    failures: list[str | None] = []
    # The timeouts of a request count from byte to byte, and a look-up of a name has none.
    thread = threading.Thread(target=_try_often, args=(url, body, failures), daemon=True)
    thread.start()
    thread.join(deadline_seconds)
    tried = f"{len(failures)} attempts" if len(failures) != 1 else "1 attempt"
    if thread.is_alive():
        last = f"; before that: {failures[-1]}" if failures else ""
        raise NotDelivered(f"no answer within {deadline_seconds:g} seconds{last}")
    if failures[-1] is not None:
        raise NotDelivered(f"{failures[-1]} ({tried})")


def _try_often(url: str, body: dict, failures: list[str | None]) -> None:
    """Try until it is delivered (None) or cannot be; note the failure of each attempt."""
    for pause in _pauses():
        time.sleep(pause)
        failure, may_pass = _try_once(url, body)
        failures.append(failure)
        if not may_pass:
            return


def _pauses() -> Iterator[float]:
    yield 0
    yield from (FIRST_PAUSE_SECONDS * 2**attempt for attempt in range(ATTEMPTS - 1))


def _try_once(url: str, body: dict) -> tuple[str | None, bool]:
    """Return why an attempt failed (None: it did not), and whether another one may succeed."""
    try:
        # The answer's body is not read: it may have no end.
        with requests.post(
            url, json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as response:
            status = response.status_code
    except Exception as error:  # its message may show the address
        return _describe(error)
    if 200 <= status < 300:
        return None, False
    phrase = next((known.phrase for known in HTTPStatus if known == status), "")
    failure = f"it answered {status} {phrase}".rstrip()
    if 300 <= status < 400:
        failure += ", a redirect, which is not followed: set the final address"
    return failure, status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS


def _describe(error: BaseException) -> tuple[str, bool]:
    """Say what kind of error it was, and whether it may pass."""
    chain = list(_causes(error))
    for kind, failure, may_pass in (
        (socket.gaierror, "its host name is not known", True),
        (ssl.SSLCertVerificationError, "its certificate is not valid", False),
        (ssl.SSLError, "TLS failed", True),
        (requests.Timeout, "no answer in time", True),
        (ConnectionRefusedError, "the connection was refused", True),
        (requests.ConnectionError, "the connection failed", True),
        (requests.RequestException, "the answer is not HTTP", False),
    ):
        if any(isinstance(cause, kind) for cause in chain):
            return failure, may_pass
    return f"an error of the type {type(error).__name__}", False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it was raised from."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            yield cause
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            todo += list(cause.args)


def post_text(text: str) -> int:
    """Send one text to the webhook in WEBHOOK.

    Returns:
        Exit status: 1 if the webhook did not take it, 2 if its address cannot be used.
    """
    try:
        send(check_url(os.environ.get("WEBHOOK", ""), "WEBHOOK"), {"text": text})
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except NotDelivered as error:
        print(f"The webhook in WEBHOOK did not accept the message: {error}.", file=sys.stderr)
        return 1
    return 0
