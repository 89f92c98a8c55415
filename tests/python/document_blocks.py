"""The user's document: its blocks and bullets, and what an engine spells differently."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = Path(__file__).parent / "document" / "performance-optimization.md"
ORIGINAL = Path(
    os.environ.get("REELHOUSE_DOCUMENT", ROOT.parent / "shared/seed/performance-optimization.md")
)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BULLET = re.compile(r"^- (?:\[ \] )?(.+)$", re.MULTILINE)

# Blocks by their first line.
INDEXES = "-- Index for user watch history queries"
PRUNING = "-- Efficient date range queries with partition pruning"
MATERIALIZED_VIEW = "-- Pre-computed daily metrics"
CACHING = "// Redis caching strategy for user recommendations"
LOAD_BALANCING = "# NGINX upstream configuration"
AUTOSCALING = "apiVersion: autoscaling/v2"
ENCODINGS = "-- Choose optimal compression based on data type"
REAL_TIME = "-- Real-time performance metrics query"
BITRATE = "-- Adaptive bitrate selection based on network conditions"


@dataclass(frozen=True)
class Difference:
    """A passage that an engine can't run as written, what runs in its place, and why."""

    original: str
    replacement: str
    reason: str


DIFFERENCES = {
    (MATERIALIZED_VIEW, "lake"): (
        Difference(
            "CREATE MATERIALIZED VIEW daily_user_metrics AS\n",
            "",
            "DuckLake has no materialized views: the model daily_user_metrics is ours",
        ),
        Difference(
            "REFRESH MATERIALIZED VIEW daily_user_metrics;",
            "",
            "the same: `make build` refreshes it",
        ),
    ),
    (CACHING, "redis"): (
        Difference(
            "const recommendations = await",
            "let recommendations = await",
            "JavaScript refuses to assign to a constant, which the block does on every miss",
        ),
    ),
    (LOAD_BALANCING, "nginx"): (
        Difference(
            "listen 80;", "listen 127.0.0.1:{front};", "a test takes a free port of loopback"
        ),
        *(
            Difference(
                f"playback-0{number}:8080",
                f"127.0.0.1:{{server_{number}}}",
                "nginx resolves names when it starts, and a test's servers are on loopback",
            )
            for number in (1, 2, 3)
        ),
    ),
    (ENCODINGS, "lake"): (
        Difference(
            "event_data STRING ENCODE ZSTD,",
            "event_data STRING,",
            "DuckLake takes encodings from its options and the writer, not from the statement",
        ),
        Difference("event_ts TIMESTAMP ENCODE DELTA,", "event_ts TIMESTAMP,", "the same"),
        Difference("event_type STRING ENCODE DICTIONARY,", "event_type STRING,", "the same"),
        Difference(
            "region STRING ENCODE RUNLENGTH\n)\nPARTITIONED BY (dt DATE);",
            "region STRING,\n  dt DATE\n);\nALTER TABLE playback_events SET PARTITIONED BY (dt);",
            "DuckLake partitions by a column of the table, in a statement of its own",
        ),
    ),
    (BITRATE, "postgres"): (
        Difference("cdn_endpoint STRING", "cdn_endpoint TEXT", "PostgreSQL calls the type TEXT"),
        Difference("region STRING", "region TEXT", "the same"),
    ),
}


def text() -> str:
    """The document, from the copy beside the tests."""
    return COPY.read_text()


def blocks() -> dict[str, str]:
    """Every code block by its first line."""
    return {body.split("\n", 1)[0]: body for _, body in FENCE.findall(text())}


def bullets() -> list[str]:
    """Every bullet outside of code blocks, in order, without its mark."""
    return BULLET.findall(FENCE.sub("", text()))


def as_run(block: str, engine: str, **values: object) -> str:
    """Return a block as an engine runs it: as written, but for the differences of this engine."""
    body = blocks()[block]
    for difference in DIFFERENCES.get((block, engine), ()):
        assert body.count(difference.original) == 1, difference
        replacement = difference.replacement.format(**values) if values else difference.replacement
        body = body.replace(difference.original, replacement)
    return body


def statements(sql: str) -> list[str]:
    """Return the statements of a block without the comments before them."""
    parts = ("\n".join(_code_lines(part)) for part in sql.split(";"))
    return [part.strip() for part in parts if part.strip()]


def _code_lines(sql: str) -> list[str]:
    return [line for line in sql.split("\n") if not line.strip().startswith("--")]
