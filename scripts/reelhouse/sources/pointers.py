"""JSON pointers (RFC 6901): names of values inside of JSON objects."""

from __future__ import annotations


def pointer(name: str) -> str:
    """Return a name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def keys(path: str) -> list[str]:
    """Return the keys that a JSON pointer names, from the outermost to the innermost."""
    return [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:]]
