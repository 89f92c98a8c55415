"""JSON documents with arrays: each element of an array becomes a row."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reelhouse.sources.pointers import keys

# An array of which no pointer says that its elements are rows stays as it is.
Steps = list[str | list[str]]


def rows_of(text: str, steps: Steps) -> Iterator[dict]:
    """Yield the rows of JSON documents, which follow one another in a text.

    A row is the document with one element in the place of each array that `steps` names. Arrays
    that are named together have the elements of a row at the same place. A document without such
    an array is a row itself, so that it is seen, and quarantined.

    Raises:
        ValueError: a part of the text is no JSON object or array.
    """
    decoder = json.JSONDecoder()
    place = 0
    while (place := _after_blanks(text, place)) < len(text):
        document, place = decoder.raw_decode(text, place)
        for found in document if isinstance(document, list) else [document]:
            if not isinstance(found, dict):
                raise ValueError(f"an object is expected, not {json.dumps(found)[:40]}")
            yield from _expanded(found, [[s] if isinstance(s, str) else s for s in steps])


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _expanded(row: dict, steps: list[list[str]]) -> Iterator[dict]:
    if not steps:
        yield row
        return
    paths = [keys(path) for path in steps[0]]
    arrays = [_at(row, path) for path in paths]
    if not all(isinstance(array, list) for array in arrays):
        yield row
        return
    for elements in zip(*arrays, strict=False):
        expanded = row
        for path, element in zip(paths, elements, strict=True):
            expanded = _replaced(expanded, path, element)
        yield from _expanded(expanded, steps[1:])


def _at(value: object, path: list[str]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _replaced(value: dict, path: list[str], element: object) -> dict:
    """Return the object with another element at a path; what is not on the path is shared."""
    if not path:
        return element
    return {**value, path[0]: _replaced(value[path[0]], path[1:], element)}
