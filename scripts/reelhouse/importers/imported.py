"""What configuration of other systems becomes here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

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

    def set_health_checks(self, file: Path, checks: set[tuple[int, float]], differing: str) -> None:
        """Set after how many failures a server is left out, and for how long (seconds).

        The what-if has one pair for all servers: a remark says if they differ.
        """
        if len(checks) == 1:
            ((fails, seconds_left_out),) = checks
            self.variables["upstream_max_fails"] = fails
            self.variables["upstream_fail_timeout_seconds"] = seconds_left_out
        elif checks:
            self.remarks.append(f"{file}: {differing}; the what-if has one for all")


def seconds(duration: object) -> float:
    """Return a duration such as 500ms, 10s, 1m or 30 in seconds."""
    number, unit = re.fullmatch(r"([\d.]+)([a-z]*)", str(duration)).groups()
    return float(number) * SECONDS[unit]
