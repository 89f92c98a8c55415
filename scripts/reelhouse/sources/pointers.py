"""JSON pointers (RFC 6901): names of values inside of JSON objects."""

from __future__ import annotations


def pointer(name: str) -> str:
    """Return a name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
