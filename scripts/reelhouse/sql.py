"""SQL text that Python code composes."""

from __future__ import annotations

import hashlib
from pathlib import Path


def quoted(text: str | Path) -> str:
    """Return a text or a path as a SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def uniform(*salt: object, of: str = "i") -> str:
    """Return SQL for a number in [0, 1) that depends on the salt and a whole number (`i`).

    The salt is added before hashing: DuckDB combines the hashes of several arguments by XOR, which
    would make numbers of different salts depend on each other.
    """
    digest = hashlib.sha256(":".join(map(str, salt)).encode()).digest()
    offset = int.from_bytes(digest[:7], "big")
    return f"(hash(cast({of} + {offset} as ubigint)) / 18446744073709551616.0)"


def zipf_rank(count: int, shift: float, number: str) -> str:
    """Return SQL for a rank 1 to `count` with density 1 / (rank + shift) (Zipf-Mandelbrot).

    A larger shift makes the most popular ranks less dominant.
    """
    spread = f"pow(1 + {count} / {shift:.6f}, {number}) - 1"
    return f"least({count}, cast(1 + floor({shift:.6f} * ({spread})) as bigint))"


def pick(values: tuple, number: str) -> str:
    """Return SQL that picks one of the values by a number in [0, 1)."""
    return f"{list(values)}[1 + cast(floor({number} * {len(values)}) as integer)]"
