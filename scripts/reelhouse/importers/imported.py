"""What configuration of other systems becomes here."""

from __future__ import annotations

from dataclasses import dataclass, field

SECONDS = {"us": 1e-6, "ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass
class Imported:
    """Rows by reference table, values of variables, and what could not be taken over."""

    rows: dict[str, list[dict]] = field(default_factory=dict)
    variables: dict[str, object] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, table: str, **row: object) -> None:
        """Add a row of a reference table."""
        self.rows.setdefault(table, []).append(row)

    def add_limit(self, zone: str, **row: object) -> None:
        """Add a rate limit; a zone that has one already gets a number."""
        names = {other["zone"] for other in self.rows.get("rate_limit_zones", [])}
        numbered = (zone, *(f"{zone}-{number}" for number in range(2, 10_000)))
        free = next(name for name in numbered if name not in names)
        self.add("rate_limit_zones", zone=free, **row)
