"""Write generated deliveries of playback_events, cdn_requests and throughput_samples.

    reelhouse generate playback --out landing --days 2 --sessions-per-day 100

A player and a content delivery network are played through, second by second where it matters, so
that the events and the cache statuses fit each other. The same arguments give the same rows; one
folder a delivery day, and a day's late events come in the folder of the day after.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb

from reelhouse.generate.platform import DEVICE_TYPES, PERCENT_BY_HOUR, REGIONS
from reelhouse.paths import REFERENCE

# Typical throughput (kbit/s) by kind of device: phones on the way, televisions at home.
TYPICAL_KBPS = {"tv": 30_000, "console": 40_000, "web": 18_000, "tablet": 12_000, "mobile": 4_000}
# Where the traffic of the content delivery network comes from.
EDGE_REGIONS = ("us-east", "eu-west")
BITRATES_KBPS = (600, 1_500, 3_000, 6_000, 16_000)
HEIGHTS = (360, 480, 720, 1080, 2160)
LADDER_COLUMNS = (
    "ladder",
    "segment_number",
    "level",
    "height",
    "bitrate_kbps",
    "duration_ms",
    "size_bits",
)
# Milliseconds to the first byte: from the edge, and from the origin behind it.
EDGE_MS, ORIGIN_MS = 18, 140
TTL_SECONDS = {"static": 7200, "manifest": 300}
# How long past its TTL a copy may be served while it is renewed (seconds).
STALE_SECONDS = 60
TYPES = {
    "sequence_number": "integer",
    "bitrate_kbps": "integer",
    "measured_throughput_kbps": "integer",
    "buffer_length_ms": "integer",
    "is_fatal": "boolean",
    "response_bytes": "bigint",
    "time_to_first_byte_ms": "double",
    "ttl_seconds": "integer",
    "age_seconds": "integer",
    "sample_number": "integer",
    "duration_ms": "integer",
    "bandwidth_kbps": "integer",
    "latency_ms": "integer",
    "event_ts": "timestamp",
    "session_started_at": "timestamp",
    "request_ts": "timestamp",
    "trace_started_at": "timestamp",
}


@dataclass
class Summary:
    """Rows written by feed, and how many of them are late, repeated or broken."""

    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    late: int = 0
    duplicates: int = 0
    dirty: int = 0


class Player:
    """One session: it keeps the time and the sequence number, and notes events."""

    def __init__(self, draw: random.Random, session_id: str, started_at: datetime) -> None:
        """Draw who plays what and where.

        Args:
            draw: source of chance.
            session_id: identifier of the session.
            started_at: when the session begins.
        """
        self.draw = draw
        self.now = started_at
        device = draw.choice(DEVICE_TYPES)
        region = draw.choice(REGIONS)
        self.kbps = TYPICAL_KBPS[device] * draw.lognormvariate(0, 0.6)
        self.bitrate = self.best_bitrate()
        self.same = {
            "profile_id": f"p{int(200 * draw.random() ** 2) + 1:07d}",
            "session_id": session_id,
            "title_id": f"t{int(60 * draw.random() ** 3) + 1:05d}",
            "region": region,
            "device_type": device,
            "cdn_endpoint": f"cdn-{region}",
            "session_started_at": started_at,
        }
        self.events: list[dict] = []

    def best_bitrate(self) -> int:
        """Return the highest bitrate that four fifths of the network carry."""
        return max(
            (rate for rate in BITRATES_KBPS if rate < self.kbps * 0.8), default=BITRATES_KBPS[0]
        )

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(milliseconds=round(seconds * 1000))

    def report(self, event_type: str, **fields: object) -> None:
        """Note an event now."""
        number = len(self.events) + 1
        event = {
            "event_id": f"{self.same['session_id']}-{number}",
            **self.same,
            "event_type": event_type,
            "event_ts": self.now,
            "sequence_number": number,
            "bitrate_kbps": None,
            "measured_throughput_kbps": None,
            "buffer_length_ms": None,
            "is_fatal": None,
            "error_code": None,
            "event_data": None,
        }
        self.events.append({**event, **fields})

    def play(self) -> list[dict]:
        """Play the session to its end and return its events."""
        draw = self.draw
        self.report("play_requested", event_data=json.dumps({"player_version": "5.2.1"}))
        if draw.random() < 0.2:
            self.wait(0.4)
            self.report("ad_start")
            self.wait(15)
            self.report("ad_end")
        self.wait(draw.lognormvariate(0, 0.5))
        fate = draw.random()
        if fate < 0.03:
            self.report("error", is_fatal=True, error_code=draw.choice(("manifest", "drm")))
            return self.events
        if fate < 0.07:
            if draw.random() < 0.5:
                self.report("end")
            return self.events
        self.report("first_frame", bitrate_kbps=self.bitrate, buffer_length_ms=2000)
        for _ in range(int(draw.expovariate(1 / 14)) + 1):
            self.half_minute()
        if draw.random() < 0.02:
            self.report("error", is_fatal=True, error_code="segment")
        elif draw.random() < 0.95:
            self.report("end")
        return self.events

    def half_minute(self) -> None:
        """Play thirty seconds, with what may happen in them."""
        draw = self.draw
        self.wait(draw.uniform(5, 25))
        self.kbps = min(200_000, max(80, self.kbps * draw.lognormvariate(0, 0.25)))
        chance = draw.random()
        if chance < 0.03:
            self.report("pause")
            self.wait(draw.expovariate(1 / 120))
            self.report("resume")
        elif chance < 0.06:
            self.report("seek_start")
            self.wait(0.2)
            self.report("stall_start", buffer_length_ms=0)
            self.wait(draw.lognormvariate(0, 0.6))
            self.report("stall_end")
            self.report("seek_end")
        elif self.bitrate > self.kbps:
            self.report("stall_start", buffer_length_ms=0)
            self.wait(draw.lognormvariate(0.5, 0.7))
            if draw.random() < 0.95:  # else the end of the stall is lost
                self.report("stall_end")
        if self.best_bitrate() != self.bitrate:
            self.bitrate = self.best_bitrate()
            self.report("bitrate_switch", bitrate_kbps=self.bitrate)
        self.report(
            "playing",
            measured_throughput_kbps=100 * max(1, round(self.kbps / 100)),
            buffer_length_ms=draw.randrange(4000, 30000, 500),
            event_data=json.dumps({"dropped_frames": len(self.events) % 7}),
        )


class Edge:
    """One edge of the network, with its copies: object -> (filled at, version)."""

    def __init__(self, name: str, purges: list[dict]) -> None:
        """Start empty.

        Args:
            name: name of the edge.
            purges: invalidations (`cdn_invalidations.csv`), oldest first.
        """
        self.name = name
        self.copies: dict[str, tuple[datetime, int]] = {}
        self.purges = [purge for purge in purges if purge["edge"] in ("", name)]

    def answer(self, path: str, now: datetime, version: int, ttl: int) -> tuple[str, float]:
        """Return the cache status of a request and the age of the copy (seconds)."""
        while self.purges and datetime.fromisoformat(self.purges[0]["invalidated_at"]) <= now:
            prefix = self.purges.pop(0)["object_prefix"]
            self.copies = {k: v for k, v in self.copies.items() if not k.startswith(prefix)}
        if path not in self.copies:
            self.copies[path] = (now, version)
            return "miss", 0
        filled_at, known_version = self.copies[path]
        age = (now - filled_at).total_seconds()
        if age <= ttl:
            return "hit", age
        self.copies[path] = (now, version)
        if age <= ttl + STALE_SECONDS:
            return "stale", age
        return ("revalidated" if known_version == version else "expired"), age


def requests_of_day(draw: random.Random, day: date, edges: dict[str, Edge], count: int) -> list:
    """Return a day's requests, asked of edges that keep their copies from day to day."""
    hours = [hour for hour, share in enumerate(PERCENT_BY_HOUR) for _ in range(share)]
    times = sorted(
        datetime.combine(day, time(draw.choice(hours)))
        + timedelta(milliseconds=draw.randrange(3_600_000))
        for _ in range(count)
    )
    requests = []
    for number, now in enumerate(times):
        region = draw.choice(EDGE_REGIONS)
        edge = edges[region]
        title = f"t{int(8 * draw.random() ** 3) + 1:05d}"
        kind = draw.random()
        if kind < 0.1:
            path, title, content, ttl = "/api/home", None, "dynamic", None
            status, age, size = "bypass", None, draw.randrange(2_000, 20_000)
        else:
            manifest = kind < 0.3
            content, ttl = "static", TTL_SECONDS["manifest" if manifest else "static"]
            height = draw.choice(HEIGHTS[1:4])
            segment = int(4 * draw.random() ** 2) + 1
            path = f"/{title}/list.mpd" if manifest else f"/{title}/{height}/{segment}.m4s"
            # A list changes twice an hour, a segment never.
            version = int(now.timestamp() // 1800) if manifest else 1
            status, age = edge.answer(path, now, version, ttl)
            size = 9_000 if manifest else height * 2_500
        waits = status in ("miss", "expired", "revalidated", "bypass")
        requests.append(
            {
                "request_id": f"r{day:%m%d}-{number}",
                "edge": edge.name,
                "region": region,
                "title_id": title,
                "object": path,
                "content_class": content,
                "cache_status": status,
                "response_bytes": size,
                "time_to_first_byte_ms": round(
                    (ORIGIN_MS if waits else EDGE_MS) * draw.lognormvariate(0, 0.3), 1
                ),
                "ttl_seconds": ttl,
                "age_seconds": None if age is None else int(age),
                "request_ts": now,
            }
        )
    return requests


def trace(draw: random.Random, trace_id: str, started_at: datetime, typical_kbps: float) -> list:
    """Return the samples of one throughput trace: a network that is good, poor and good again."""
    samples, level = [], 1.0
    for number in range(1, 181):
        if draw.random() < 0.04:
            level = draw.choice((0.2, 0.5, 1.0, 1.5))
        kbps = typical_kbps * level * draw.lognormvariate(0, 0.25)
        samples.append(
            {
                "trace_id": trace_id,
                "sample_number": number,
                "duration_ms": draw.randrange(990, 1080),
                "bandwidth_kbps": int(kbps) if draw.random() > 0.01 else 0,
                "latency_ms": 100 if typical_kbps < 5000 else 20,
                "network_type": "3g" if typical_kbps < 5000 else "4g",
                "trace_started_at": started_at,
            }
        )
    return samples


def write_ladder(path: Path, seed: int = 1, segments: int = 40, segment_ms: int = 4000) -> None:
    """Write a ladder with segments of variable size, the seed `ladder_segments`."""
    draw = random.Random(f"{seed}:ladder")
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(
            [
                "ladder",
                "segment_number",
                "level",
                "height",
                "bitrate_kbps",
                "duration_ms",
                "size_bits",
            ]
        )
        for segment in range(1, segments + 1):
            busy = draw.lognormvariate(0, 0.25)
            for level, (height, rate) in enumerate(zip(HEIGHTS, BITRATES_KBPS, strict=True), 1):
                size = int(rate * segment_ms * busy * draw.uniform(0.95, 1.05))
                rows.writerow(["film", segment, level, height, rate, segment_ms, size])


def generate(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 13),
    days: int = 2,
    sessions_per_day: int = 100,
    requests_per_day: int = 2_000,
    traces: int = 6,
    late_share: float = 0.02,
    duplicate_share: float = 0.01,
    dirty_share: float = 0.005,
) -> Summary:
    """Write the deliveries of some days.

    Args:
        out: landing folder.
        seed: any text or number; the same seed gives the same rows.
        start: the first day.
        days: number of days; a further folder holds what is late on the last one.
        sessions_per_day: playback sessions that begin on a day.
        requests_per_day: requests to the content delivery network on a day.
        traces: throughput traces, all delivered on the first day.
        late_share: share (0 to 1) of playback events that are delivered a day late.
        duplicate_share: share of playback events that are delivered twice.
        dirty_share: share of playback events that are broken.
    """
    summary = Summary()
    draw = random.Random(f"{seed}:playback")
    deliveries: dict[date, list[dict]] = defaultdict(list)
    hours = [hour for hour, share in enumerate(PERCENT_BY_HOUR) for _ in range(share)]
    for offset in range(days):
        day = start + timedelta(days=offset)
        for number in range(sessions_per_day):
            started_at = datetime.combine(day, time(draw.choice(hours))) + timedelta(
                milliseconds=draw.randrange(3_600_000)
            )
            for event in Player(draw, f"v{day:%m%d}-{number}", started_at).play():
                due = event["event_ts"].date()
                if draw.random() < late_share:
                    due += timedelta(days=1)
                    summary.late += 1
                if draw.random() < dirty_share:
                    event["event_type"] = "buffering?"
                    summary.dirty += 1
                due = min(due, start + timedelta(days=days))
                deliveries[due].append(event)
                if draw.random() < duplicate_share:
                    deliveries[due].append(event)
                    summary.duplicates += 1
    with (REFERENCE / "cdn_invalidations.csv").open(newline="") as stream:
        purges = sorted(csv.DictReader(stream), key=lambda purge: purge["invalidated_at"])
    edges = {region: Edge(f"cdn-{region}", list(purges)) for region in REGIONS}
    samples = [
        sample
        for number in range(traces)
        for sample in trace(
            draw,
            f"trace-{number + 1:02d}",
            datetime.combine(start, time(8 + number % 12)),
            (900, 2_000, 4_000, 9_000, 20_000, 40_000)[number % 6],
        )
    ]
    forms = ("jsonl.gz", "parquet", "csv.gz")
    for offset, day in enumerate(sorted(deliveries)):
        name = f"{day}.{forms[offset % 3]}"
        write(out / "playback_events" / name, deliveries[day], summary)
        if offset < days:
            write(
                out / "cdn_requests" / f"{day}.parquet",
                requests_of_day(draw, day, edges, requests_per_day),
                summary,
            )
    write(out / "throughput_samples" / f"{start}.parquet", samples, summary)
    return summary


def write(path: Path, rows: list[dict], summary: Summary) -> None:
    """Write rows to a file in the format that its name says, and count them."""
    summary.rows[path.parent.name] += len(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not rows:
        return
    form = path.name.split(".", 1)[1]
    if form == "parquet":
        lines = path.with_name(f".{path.name}.jsonl")
        lines.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
        columns = {name: TYPES.get(name, "varchar") for name in rows[0]}
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (from read_json('{lines}', format = 'nd', columns = {columns}))"
                f" to '{path}' (format parquet, compression zstd)"
            )
        lines.unlink()
        return
    text = io.StringIO(newline="")
    if form.startswith("jsonl"):
        for row in rows:
            kept = {name: value for name, value in row.items() if value is not None}
            text.write(json.dumps(kept, default=str) + "\n")
    else:
        table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content, mtime=0) if form.endswith(".gz") else content)
