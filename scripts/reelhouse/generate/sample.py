"""The sample feeds of `seeds/sample`: small, seeded, and enough to fill every table."""

from __future__ import annotations
