"""Write generated deliveries of the feed cache_requests into a landing folder.

    reelhouse generate cache-requests --out landing --days 7 --requests-per-day 20000

Viewers ask for recommendations, titles, posters and the like. A request goes from level to level
(client, edge, application, database) until a cache has the value, and each level on the way
reports what it saw: a hit or a miss, the latency of everything below it included, and after a miss
the set that fills it. The caches are simulated: entries end by their TTL or a delete, and a
request while a key is being loaded is a miss as well. Each day begins with empty caches, so it is
the same whether it is generated alone or with others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from reelhouse.generate.files import COPY_OPTIONS, finish_text
from reelhouse.generate.platform import DEVICE_TYPES, PERCENT_BY_HOUR, REGIONS
from reelhouse.sql import quoted

COLUMNS = {
    "event_id": "varchar",
    "request_id": "varchar",
    "instance_id": "varchar",
    "request_ts": "timestamp",
    "cache_level": "varchar",
    "cache_name": "varchar",
    "cache_key": "varchar",
    "operation": "varchar",
    "hit": "boolean",
    "ttl_seconds": "integer",
    "size_bytes": "bigint",
    "latency_ms": "double",
    "region": "varchar",
}
# What a dirty row has instead, by kind: (column, broken value). Each value has its column's type.
DIRTY = {
    "unknown_level": ("cache_level", "attic"),
    "missing_key": ("cache_key", None),
    "unknown_operation": ("operation", "peek"),
    "negative_size": ("size_bytes", -1),
    "zero_ttl": ("ttl_seconds", 0),
    "negative_latency": ("latency_ms", -0.5),
    "infinite_latency": ("latency_ms", float("inf")),
    "unknown_region": ("region", "atlantis"),
    "ancient_timestamp": ("request_ts", datetime(1970, 1, 1)),
}


@dataclass(frozen=True)
class Cache:
    """One cache that a request can meet, how long it keeps an entry and how fast it answers."""

    level: str
    name: str
    ttl_seconds: int
    latency_ms: float


@dataclass(frozen=True)
class Kind:
    """A kind of thing that viewers ask for, the caches on its way and what it costs behind them."""

    share: float
    key: str
    caches: tuple[Cache, ...]
    source_latency_ms: float
    size_bytes: int


QUERY_CACHE = Cache("database", "query-cache", 60, 8)
KINDS = (
    Kind(
        0.30,
        "recs:{profile}:{context}",
        (
            Cache("client", "app", 60, 0.3),
            Cache("application", "recommendations", 1800, 1.2),
            QUERY_CACHE,
        ),
        240,
        6_000,
    ),
    Kind(
        0.25,
        "title:{title}",
        (
            Cache("client", "app", 300, 0.3),
            Cache("application", "metadata", 3600, 1.0),
            QUERY_CACHE,
        ),
        45,
        2_500,
    ),
    Kind(
        0.25,
        "poster:{title}:{width}",
        (Cache("client", "images", 3600, 0.8), Cache("edge", "cdn", 14400, 18)),
        120,
        40_000,
    ),
    Kind(0.10, "manifest:{title}:{device_type}", (Cache("edge", "cdn", 10, 15),), 60, 9_000),
    Kind(0.10, "entitlement:{profile}", (Cache("application", "entitlements", 300, 0.9),), 30, 300),
)
PREMIERE = next(kind for kind in KINDS if kind.key == "title:{title}")
CONTEXTS = ("home", "continue", "genre", "search")
WIDTHS = (300, 600)
# A viewer asks for so many things in a sitting, so many seconds apart, on average.
REQUESTS_PER_SITTING = 8
SECONDS_BETWEEN = 20
# Share of the sittings that begin at 20:00 with the premiere of title 1, within so many seconds.
PREMIERE_SHARE = 0.1
PREMIERE_SECONDS = 0.2
# Share of the title and recommendation requests that are followed by a change of what is stored.
CHANGE_SHARE = 0.005


class Day:
    """The requests of one day, and what each cache reports of them."""

    def __init__(self, number: int, start: date, seed: int, profiles: int, titles: int) -> None:
        """Begin a day (numbered from 0 at `start`) with empty caches."""
        self.number = number
        self.random = random.Random(f"{seed}:{number}")
        self.midnight = datetime.combine(start + timedelta(days=number), datetime.min.time())
        self.profiles, self.titles = profiles, titles
        self.held: dict[tuple, tuple[float, float]] = {}
        self.rows: list[list] = []

    def rank(self, count: int) -> int:
        """Draw 1 to `count`, few of them often (density 1 / rank)."""
        return min(count, int((count + 1) ** self.random.random()))

    def moment(self) -> float:
        """Draw a moment (seconds after midnight): the evening is the peak."""
        hour = self.random.choices(range(24), PERCENT_BY_HOUR)[0]
        return hour * 3600 + self.random.random() * 3600

    def sittings(self, requests: int) -> list[tuple[float, int, Kind, int]]:
        """Draw a day's requests: (second, profile, kind, title), in the order of their time."""
        drawn = []
        while len(drawn) < requests:
            second, profile, title = self.moment(), self.rank(self.profiles), None
            if self.random.random() < PREMIERE_SHARE:
                second, title = 20 * 3600 + PREMIERE_SECONDS * self.random.random(), 1
            more = True
            while more and second < 86_400:
                kind = self.random.choices(KINDS, [kind.share for kind in KINDS])[0]
                if title is not None:
                    kind = PREMIERE
                drawn.append((second, profile, kind, title or self.rank(self.titles)))
                title = None
                second += self.random.expovariate(1 / SECONDS_BETWEEN)
                more = self.random.random() > 1 / REQUESTS_PER_SITTING
        return sorted(drawn[:requests], key=lambda request: request[0])

    def request(self, number: int, second: float, profile: int, kind: Kind, title: int) -> None:
        """Let one viewer ask for one thing."""
        device_type = DEVICE_TYPES[profile % len(DEVICE_TYPES)]
        region = REGIONS[profile % len(REGIONS)]
        key = kind.key.format(
            profile=f"p{profile:07d}",
            title=f"t{title:05d}",
            context=self.random.choice(CONTEXTS),
            width=self.random.choice(WIDTHS),
            device_type=device_type,
        )
        size = int(kind.size_bytes * (0.5 + random.Random(key).random()))
        request_id = f"r{self.number}-{number}"
        instance = f"device-{profile}"
        self.look_up(kind, kind.caches, key, second, size, request_id, instance, region)
        if "edge" not in {cache.level for cache in kind.caches} and (
            self.random.random() < CHANGE_SHARE
        ):
            cache = next(cache for cache in kind.caches if cache.level == "application")
            later = second + 1 + self.random.random() * 60
            self.held.pop((cache, region, None, key), None)
            self.report(later, cache, key, "delete", region, latency=0.5)

    def look_up(self, kind, caches, key, second, size, request_id, device, region) -> float:
        """Ask the first of the caches, and behind it the others; return the latency (ms)."""
        if not caches:
            return kind.source_latency_ms * (0.6 + 0.8 * self.random.random())
        cache = caches[0]
        instance = device if cache.level == "client" else None
        place = (cache, region, instance, key)
        loaded, ends = self.held.get(place, (0.0, -1.0))
        latency = cache.latency_ms * (0.7 + 0.6 * self.random.random())
        hit = loaded <= second <= ends
        row = self.report(
            second, cache, key, "get", region, instance, request_id, hit=hit, size=size
        )
        if not hit:
            latency += self.look_up(
                kind, caches[1:], key, second + latency / 1000, size, request_id, device, region
            )
            filled = second + latency / 1000
            if not second < loaded:
                self.held[place] = (filled, filled + cache.ttl_seconds)
            self.report(
                filled,
                cache,
                key,
                "set",
                region,
                instance,
                request_id,
                size=size,
                ttl=cache.ttl_seconds,
                latency=cache.latency_ms / 2,
            )
        self.rows[row][-2] = round(latency, 2)
        return latency

    def report(
        self,
        second,
        cache,
        key,
        operation,
        region,
        instance=None,
        request_id=None,
        *,
        hit=None,
        size=None,
        ttl=None,
        latency=None,
    ) -> int:
        """Note what one cache did; return the row's position."""
        self.rows.append(
            [
                None,
                request_id,
                instance,
                self.midnight + timedelta(milliseconds=int(second * 1000)),
                cache.level,
                cache.name,
                key,
                operation,
                hit,
                ttl,
                size,
                None if latency is None else round(latency, 2),
                region,
            ]
        )
        return len(self.rows) - 1

    def run(self, requests: int, duplicate_share: float, dirty_share: float) -> list[list]:
        """Return all rows of the day in the order of their time, some repeated, some broken."""
        for number, request in enumerate(self.sittings(requests)):
            self.request(number, *request)
        self.rows.sort(key=lambda row: row[3])
        names = list(COLUMNS)
        delivered = []
        for number, row in enumerate(self.rows):
            row[0] = f"c{self.number}-{number}"
            if self.random.random() < dirty_share:
                column, value = self.random.choice(list(DIRTY.values()))
                row[names.index(column)] = value
            elif self.random.random() < duplicate_share:
                delivered.append(row)
            delivered.append(row)
        return delivered


def write(rows: list[list], path: Path) -> None:
    """Write rows to a file in the format of its suffix; its name appears when it is complete."""
    form = path.name.split(".", 1)[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
        connection.execute(f"create table delivered ({columns})")
        places = {name: number for number, name in enumerate(COLUMNS)}
        listed = {name: [row[place] for row in rows] for name, place in places.items()}
        unnested = ", ".join(
            f"unnest(cast(${name} as {type_}[])) as {name}" for name, type_ in COLUMNS.items()
        )
        connection.execute(f"insert into delivered select {unnested}", listed)
        connection.execute(f"copy delivered to {quoted(unfinished)} ({COPY_OPTIONS[form]})")
    if form != "parquet":
        finish_text(unfinished, compressed=form.endswith(".gz"))
    unfinished.rename(path)


def generate(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 1),
    first_day: int = 0,
    days: int = 1,
    requests_per_day: int = 5_000,
    profiles: int = 2_000,
    titles: int = 500,
    duplicate_share: float = 0.002,
    dirty_share: float = 0.0,
    file_format: str = "parquet",
) -> int:
    """Write the deliveries of `days` days; return the number of rows.

    Args:
        out: landing folder; files go to `<out>/cache_requests/<date>.<file_format>`.
        seed: any integer; the same seed gives the same rows.
        start: date of day 0.
        first_day: number of the first day to deliver.
        days: number of days to deliver.
        requests_per_day: requests of viewers a day; each makes one row or more per level it meets.
        profiles: number of profiles, few of them very active.
        titles: number of titles, few of them very popular.
        duplicate_share: share of the rows that are delivered twice.
        dirty_share: share of the rows with one broken value, evenly over the kinds of `DIRTY`.
        file_format: one of the formats of generate_watch_events.

    Raises:
        ValueError: an unknown file format.
    """
    if file_format not in COPY_OPTIONS:
        raise ValueError(f"unknown format {file_format!r}; known are {', '.join(COPY_OPTIONS)}")
    count = 0
    for number in range(first_day, first_day + days):
        day = Day(number, start, seed, profiles, titles)
        rows = day.run(requests_per_day, duplicate_share, dirty_share)
        name = f"{start + timedelta(days=number)}.{file_format}"
        write(rows, out / "cache_requests" / name)
        count += len(rows)
    return count
