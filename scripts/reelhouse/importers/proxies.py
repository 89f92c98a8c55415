"""Limits of Envoy, HAProxy and Redis as what the what-ifs know: nginx's limits and checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reelhouse.importers.imported import Imported, seconds

HAPROXY_SECTION = re.compile(r"(frontend|backend|listen|defaults|global)(?:\s+(\S+))?")
HAPROXY_DENY = re.compile(
    r"(?:http-request|tcp-request\s+\S+)\s+(?:deny|reject|tarpit)\b.*?"
    r"\b(?:src|sc\d?)_http_req_rate(?:\(\S*?\))?\s+(gt|ge)\s+(\d+)"
)
# Envoy's own, where a cluster says nothing.
ENVOY_EJECTION = {"consecutive_5xx": 5, "base_ejection_time": "30s"}


def read_envoy(file: Path, bootstrap: dict, found: Imported) -> None:
    """Add the token buckets and the outlier detection of an Envoy configuration (JSON or YAML).

    Source: Envoy's reference of LocalRateLimit and of cluster.OutlierDetection.
    """
    ejections = set()
    for path, part in _mappings(bootstrap, {}):
        bucket = part.get("token_bucket")
        if isinstance(bucket, dict):
            tokens = int(bucket["max_tokens"])
            name = part.get("stat_prefix", "envoy")
            found.add_limit(
                name,
                service_name="*",
                endpoint=path.get("prefix", path.get("path", "*")).rstrip("/") or "*",
                rate_per_second=int(bucket.get("tokens_per_fill", 1))
                / seconds(bucket["fill_interval"]),
                burst=tokens - 1,
                delay=None,
            )
            found.remarks.append(
                f"{file}: {name}: the bucket of Envoy counts all clients of one proxy; the what-if"
                " counts by client_key"
            )
        if isinstance(part.get("outlier_detection"), dict):
            detection = {**ENVOY_EJECTION, **part["outlier_detection"]}
            ejections.add(
                (int(detection["consecutive_5xx"]), seconds(detection["base_ejection_time"]))
            )
        if "circuit_breakers" in part:
            found.remarks.append(
                f"{file}: {part.get('name')}: circuit_breakers limit connections, which no feed has"
            )
    found.set_health_checks(file, ejections, "clusters differ in outlier_detection")
    if ejections:
        found.remarks.append(
            f"{file}: Envoy ejects longer each time; the what-if always as long as the first time"
        )


def read_haproxy(file: Path, text: str, found: Imported) -> None:
    """Add the request rates and the passive health checks of an HAProxy configuration.

    Source: HAProxy's Configuration Manual, `stick-table`, `http-request deny`, `observe`.
    """
    section, periods, checks = "haproxy", {}, set()
    for raw in text.splitlines():
        line = " ".join(raw.split("#")[0].split())
        if header := HAPROXY_SECTION.fullmatch(line.partition(" mode")[0]):
            section = header[2] or header[1]
        elif period := re.search(r"^stick-table .*\bhttp_req_rate\((\w+)\)", line):
            periods[section] = seconds(period[1])
        elif denied := HAPROXY_DENY.match(line):
            # `gt 20` lets 20 through, `ge 20` 19.
            requests = int(denied[2]) - (denied[1] == "ge")
            period_seconds = periods.get(section) or next(iter(periods.values()), 10)
            found.add_limit(
                section,
                service_name="*",
                endpoint="*",
                rate_per_second=requests / period_seconds,
                burst=requests - 1,
                delay=None,
            )
            found.remarks.append(
                f"{file}: {section}: HAProxy counts the requests of the last {period_seconds:g} s;"
                " the what-if lets a client be as many ahead of the same rate"
            )
        elif line.startswith(("server ", "default-server ")):
            words = line.split()
            given = dict(zip(words, words[1:], strict=False))
            if "observe" in given:
                checks.add((int(given.get("error-limit", 10)), seconds(given.get("inter", "2s"))))
            if "maxconn" in given:
                found.remarks.append(
                    f"{file}: {section}: maxconn limits connections, which no feed has"
                )
    found.set_health_checks(file, checks, "servers differ in error-limit or inter")


def read_redis(file: Path, text: str, found: Imported) -> None:
    """Say where the what-ifs answer what redis.conf sets."""
    settings = dict(re.findall(r"^\s*(maxmemory(?:-policy)?)\s+(\S+)", text, re.MULTILINE))
    units = {"": 1, "b": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
    units |= {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
    if "maxmemory" in settings:
        number, unit = re.fullmatch(r"(\d+)([a-z]*)", settings["maxmemory"].lower()).groups()
        found.remarks.append(
            f"{file}: maxmemory is {int(number) * units[unit]} bytes; no table holds it, because"
            " cache_size_what_if tries a ladder of sizes: compare the row nearest to it"
        )
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "allkeys-lru":
        found.remarks.append(
            f"{file}: maxmemory-policy {policy} cannot be expressed; cache_size_what_if evicts like"
            " allkeys-lru"
        )


def _mappings(value: object, match: dict) -> Iterator[tuple[dict, dict]]:
    """Yield every mapping in a document, with the `match` of the route around it."""
    if isinstance(value, dict):
        match = value.get("match", match) if isinstance(value.get("match"), dict) else match
        yield match, value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _mappings(item, match)
