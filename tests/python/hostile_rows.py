"""One good row of each feed, and seeded mutations of it that nobody would deliver on purpose."""

from __future__ import annotations

import random
import re
import struct

from conftest import ROOT

DELIVERED_AT = "2025-01-15 00:00:00"
LANDED_COLUMNS = {
    "_unknown_columns": "varchar",
    "_malformed": "varchar",
    "_raw": "varchar",
    "batch_id": "bigint",
    "_file": "varchar",
    "_row": "bigint",
    "_delivered_at": "timestamp",
    "_occurrence": "bigint",
}
GOOD_LINE = (
    '10.0.0.27 - - [14/Jan/2025:10:02:23 +0000] "GET /titles/t7 HTTP/1.1" 200 9706'
    ' "-" "tv/1.0" 0.021'
)
# One good row of each feed with a value in every column.
GOOD_ROWS: dict[str, dict[str, str | None]] = {
    "api_requests": {
        "request_ts": "2025-01-14 10:00:00.123",
        "service_name": "catalog",
        "endpoint": "/titles/t7",
        "status_code": "200",
        "request_id": "r1",
        "method": "GET",
        "response_time_ms": "29.0",
        "response_bytes": "9967",
        "client_key": "10.0.0.1",
        "client_region": "eu-west",
        "serving_region": "us-east",
        "upstream_servers": "catalog-1:8080, catalog-2:8080",
        "upstream_statuses": "502, 200",
        "rate_limit_status": "PASSED",
        "line": None,
    },
    "cache_requests": {
        "event_id": "c1",
        "request_id": "r1",
        "instance_id": "i1",
        "cache_key": "recs:p1:home",
        "cache_level": "application",
        "cache_name": "redis",
        "operation": "get",
        "region": "eu-west",
        "hit": "true",
        "ttl_seconds": "1800",
        "size_bytes": "2048",
        "latency_ms": "0.4",
        "request_ts": "2025-01-14 10:00:00.123",
    },
    "cdn_requests": {
        "request_id": "r1",
        "edge": "cdn-eu-west",
        "region": "eu-west",
        "title_id": "t7",
        "object": "/t7/list.mpd",
        "cmcd": 'bl=21300,br=3200,sid="s1"',
        "content_class": "static",
        "cache_status": "miss",
        "response_bytes": "9000",
        "time_to_first_byte_ms": "110.3",
        "ttl_seconds": "300",
        "age_seconds": "0",
        "request_ts": "2025-01-14 10:00:00.123",
    },
    "demand_forecasts": {
        "service_name": "catalog",
        "resource": "cpu_pods",
        "grain": "hour",
        "method": "ets",
        "origin_ts": "2025-01-14 10:00:00",
        "target_ts": "2025-01-14 11:00:00",
        "forecast": "2.5",
    },
    "playback_events": {
        "event_id": "e1",
        "profile_id": "p1",
        "session_id": "s1",
        "title_id": "t7",
        "region": "eu-west",
        "device_type": "tv",
        "event_type": "heartbeat",
        "event_ts": "2025-01-14 10:00:00.123",
        "session_started_at": "2025-01-14 09:59:00",
        "sequence_number": "1",
        "cdn_endpoint": "cdn-eu-west",
        "bitrate_kbps": "3000",
        "measured_throughput_kbps": "8000",
        "buffer_length_ms": "4000",
        "is_fatal": "false",
        "error_code": "e7",
    },
    "resource_metrics": {
        "service_name": "catalog",
        "instance": "catalog-1",
        "minute_ts": "2025-01-14 10:00:00",
        "cpu_percent": "46.0",
        "memory_percent": "56.5",
        "disk_percent": "55.0",
        "network_bytes": "184000000",
        "is_ready": "true",
    },
    "throughput_samples": {
        "trace_id": "trace-1",
        "sample_number": "1",
        "duration_ms": "1022",
        "bandwidth_kbps": "1160",
        "latency_ms": "100",
        "network_type": "3g",
        "trace_started_at": "2025-01-14 08:00:00",
    },
    "watch_events": {
        "event_id": "e1",
        "profile_id": "p1",
        "session_id": "s1",
        "title_id": "t7",
        "region": "eu-west",
        "device_type": "tv",
        "event_ts": "2025-01-14 10:00:00.123",
        "watch_seconds": "60",
    },
}
IDS = ("event_id", "request_id", "trace_id", "instance")


def quarantine_argument(feed: str, pattern: str) -> str:
    """Return what the quarantine of a feed passes to `quarantine_rows`: its fact, or its id."""
    sql = (ROOT / "models" / "quarantine" / f"quarantine_{feed}.sql").read_text()
    return re.search(pattern, sql)[1]


# The fact that each feed fills.
FACTS = {feed: quarantine_argument(feed, r"kept=ref\('(\w+)'\)") for feed in GOOD_ROWS}


def ids_of(feed: str) -> list[str]:
    """Columns of a feed that tell its rows apart."""
    ids = (*IDS, quarantine_argument(feed, r"\bid='(\w+)'"))
    return [name for name in GOOD_ROWS[feed] if name in ids]


BLANKS = [None, "", " ", "\t", " \r\n ", "NULL", "null", " Null ", "\\N", "\u00a0", "\u3000"]
NUMBERS = [
    *"NaN nan -nan inf -inf +Infinity 1e16 1e308 1e400 -1e400 1e-320 -1 0 -0 0.0 12.5".split(),  # noqa: SIM905
    *"00012 1e3 1E3 .5 5. +7 1_000 1__0 0x10 0b1 0o7 1,5 1.2.3 2147483647 2147483648".split(),  # noqa: SIM905
    *"9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775809".split(),  # noqa: SIM905
    *"18446744073709551616 ١٢ １２ 1e 1e+ -- NaNs 12px".split(),  # noqa: SIM905
    "9" * 400,
    "0." + "3" * 300,
    "1" + "0" * 39,
    "6 0",
]
TEXTS = [
    "ünï",
    "😀" * 70,
    "e\u0301",
    "\u200b",
    "\ufeffx",
    "\x00",
    "a\x00b",
    "\x1d\x1e\x1f",
    "recs:a\x1fb:home",
    "recs:p1:ho\nme",
    "a\nb",
    "\r",
    "\x7f",
    "\U0010ffff",
    "it's",
    '"',
    "\\",
    "\\1",
    "$1",
    "%s",
    "{}",
    "[]",
    "[1, 2]",
    '{"name": "eu-west"}',
    "true",
    "TRUE",
    "no",
    "1.0",
    "-",
    "/?#",
    "?x",
    "https://tv.example",
    "'; drop table lake.landing.land_watch_events; --",
    "x" * 65,
    "x" * 100_000,
    ", " * 2_000,
]
TIMES = [
    "infinity",
    "-infinity",
    "epoch",
    "now",
    "today",
    "0000-00-00",
    "0001-01-01",
    "0044-03-15 (BC)",
    "290309-12-22 (BC) 00:00:00",
    "1969-12-31 23:59:59",
    "1990-01-01",
    "9999-12-31 23:59:59.999999",
    "9999-12-31 23:59:59-14:00",
    "10000-01-01",
    "294247-01-10 04:00:54.775806",
    "294247-01-10 04:00:54+14:00",
    "-2025-01-01",
    "2025-02-30",
    "2025-13-01",
    "2025-01-14 24:00:00",
    "2025-01-14 23:59:60",
    "2025-01-14 25:00:00",
    "2025-01-14 10:00:00+99:00",
    "2025-01-14 10:00:00+14:00",
    "2025-01-14 10:00:00-14:00",
    "2025-01-14 10:00:00+15:00",
    "2025-01-14 10:00:00+05:30:15",
    "2025-01-14 10:00:00.123456789+02",
    "2025-01-14T10:00:00Z",
    "2025-01-14T10:00:00z",
    "2025-01-14 10:00:00 UTC",
    "2025-01-14 10:00:00 Europe/Berlin",
    "2025-01-14 10",
    "2025-1-4 1:2:3",
    "2025/01/14 10:00:00",
    "20250114",
    "14/01/2025",
    "14/Jan/2025:10:02:23 +0000",
    "1736640143",
    "1736640143.519",
    "1736640143519",
]
# What a log configuration may add to a line, and what a broken one did.
TAILS = [
    " msec=1736848943.519",
    " msec=nan",
    " msec=inf",
    " msec=1e16",
    " msec=1e400",
    " msec=-1e18",
    " msec=9223372036854775",
    " msec=",
    " msec=soon",
    " request_time=inf",
    " request_time=1e300 msec=1736848943.519",
    " rt=nan msec=1736848943.519",
    " rt=-5 msec=1736848943.519",
    " rt=0.02",
    " rt=fast",
    " rt=" + "9" * 400,
    " 0.250 0.100, 0.150 10.0.0.8:80, 10.0.0.9:80 502, 502",
    " " + "9" * 400,
    ' upstream_addr="unix:/run/a, -" upstream_status="502, -"',
    " upstream_addr=, : ,",
    " upstream_status=999,abc",
    " service=a;b",
    " service=\x00",
    " region=atlantis",
    " region=eu-west serving_region=eu-west",
    " request_id=" + "r" * 100,
    " limit_req_status=😀",
    " =",
    "=" * 3_000,
]
LINE_TIMES = [
    "14/Jan/2025:10:02:23 +0000",
    "14/Jan/2025:10:02:23 +9999",
    "14/Jan/2025:10:02:23 -1400",
    "31/Feb/2025:10:02:23 +0000",
    "14/Jan/9999:23:59:59 -1400",
    "14/Jan/0001:00:00:00 +1400",
    "14/Jan/99999:10:02:23 +0000",
    "nan",
]


def random_text(chance: random.Random) -> str:
    """Return up to 40 characters of any script, control characters among them."""
    kinds = [(0, 0x1F), (0x20, 0x7E), (0x80, 0x2FF), (0x3040, 0x30FF), (0x1F300, 0x1F6FF)]
    return "".join(
        chr(chance.randint(*chance.choice(kinds))) for _ in range(chance.randrange(1, 40))
    )


def random_number(chance: random.Random) -> str:
    """Return a double of any bit pattern, or a whole number of up to 70 bits, as text."""
    if chance.random() < 0.5:
        return str(chance.getrandbits(70) - 2**69 >> chance.randrange(70))
    return repr(struct.unpack("d", struct.pack("Q", chance.getrandbits(64)))[0])


def random_time(chance: random.Random) -> str:
    """Return a time in any year and, mostly, with an offset."""
    year = chance.choice([chance.randint(-300_000, 300_000), chance.randint(1, 9999), 2025])
    zone = chance.choice(
        ["", "Z", f"{chance.choice('+-')}{chance.randrange(20):02}:{chance.randrange(70):02}"]
    )
    return (
        f"{year:04}-{chance.randrange(14):02}-{chance.randrange(33):02}"
        f"{chance.choice(' T')}{chance.randrange(26):02}:{chance.randrange(61):02}"
        f":{chance.randrange(62):02}"
        f"{chance.choice(['', '.5', '.123456', '.123456789'])}{zone}"
    )


def hostile_value(chance: random.Random) -> str | None:
    """Return a value that some field can't take."""
    return chance.choice(
        [
            lambda: chance.choice(BLANKS),
            lambda: chance.choice(NUMBERS),
            lambda: chance.choice(TEXTS),
            lambda: chance.choice(TIMES),
            lambda: random_text(chance),
            lambda: random_number(chance),
            lambda: random_time(chance),
        ]
    )()


def hostile_line(chance: random.Random) -> str:
    """Return a line of an access log with another time, tail or byte."""
    line = GOOD_LINE.replace("14/Jan/2025:10:02:23 +0000", chance.choice(LINE_TIMES))
    line += "".join(chance.sample(TAILS, chance.randrange(3)))
    if chance.random() < 0.3:
        at = chance.randrange(len(line))
        line = line[:at] + random_text(chance) + line[at + chance.randrange(5) :]
    return line[: chance.randrange(len(line))] if chance.random() < 0.1 else line


def hostile_rows(feed: str, count: int, seed: int) -> list[dict[str, object]]:
    """Return landed rows of a feed: a tenth good, the others with one to three fields replaced."""
    chance = random.Random(f"{feed} {seed}")
    rows = []
    for number in range(1, count + 1):
        row: dict[str, object] = dict(GOOD_ROWS[feed])
        row |= {name: f"{row[name]}-{number}" for name in ids_of(feed)}
        if feed == "api_requests" and chance.random() < 0.5:
            row = dict.fromkeys(row) | {"line": hostile_line(chance)}
        elif chance.random() < 0.9:
            for name in chance.sample(sorted(row), chance.randint(1, 3)):
                row[name] = hostile_value(chance)
        malformed = chance.random() < 0.01
        row |= {
            "_malformed": "not_utf8" if malformed else None,
            "_raw": "the line" if malformed else None,
            "batch_id": 1,
            "_file": f"{feed}/a.csv",
            "_row": number,
            "_delivered_at": DELIVERED_AT,
            "_occurrence": 1,
        }
        rows.append(row)
    return rows
