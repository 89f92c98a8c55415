"""Built-in mappings: lines as the source writes them, and each field of their rows by hand."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import ROOT
from mapped_rows import FEEDS, Staging

from reelhouse.lake.documents import rows_of
from reelhouse.sources.mappings import read_mapping

SAMPLES = Path(__file__).parent / "sources"
CDN = (
    "request_id, edge, region, object, content_class, cache_status, response_bytes,"
    " time_to_first_byte_ms, request_ts"
)
WATCH = "event_id, profile_id, session_id, title_id, region, device_type, event_ts, watch_seconds"


PLAYBACK = (
    "profile_id, session_id, title_id, region, device_type, event_type, event_ts,"
    " session_started_at, sequence_number, cdn_endpoint, bitrate_kbps, measured_throughput_kbps,"
    " buffer_length_ms, is_fatal, error_code"
)


REDIS = "2025-01-14 21:00:05"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-01-14 {text}")


def on_3(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-12-03 {text}")


CLOUDFRONT = [
    (
        "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ",
        *("LAX3-C1", "us-west", "/t7/video/1.m4s", "static", "hit", 392),
        *(Decimal("1.000"), at("21:02:30.999")),
    ),
    (
        "k6WGMNkEzR5BEM_SaF47gjtX9zBDO2m349OY2an0QPEaUum1ZOLrow",
        *("FRA56-P2", "eu-central", "/t7/list.mpd", "dynamic", "miss", 9043219),
        *(Decimal("130.500"), at("21:02:29.750")),
    ),
    (
        "f37nTMVvnKvV2ZSvEsivup_c2kZ7VXzYdjC-GUQZ5qNs-89BlWazbw",
        *("IAD89-C1", "us-east", "/t8/a%20b.m4s", "static", "revalidated", 0),
        *(Decimal("10.000"), at("21:02:32.990")),
    ),
    ["region_not_mapped"],
    (
        "9hLyaUeI3ISJ2lXyIkgMKXvBGcoPVLjpoSGlhTjRl6C0EPsJtnBmbg",
        *("GRU3-P1", "sa-east", "/t9/2.m4s", "static", "bypass", 512),
        *(Decimal("30001.000"), at("21:02:04.999")),
    ),
    ["request_ts_unparseable", "response_bytes_missing", "time_to_first_byte_ms_missing"],
]
REQUESTS = (
    "timestamp, service_name, endpoint, method, status_code, response_time_ms, response_bytes,"
    " client_key, upstream_server, upstream_statuses"
)
RESOURCES = (
    "service_name, instance, minute_ts, cpu_percent, memory_percent, disk_percent, network_bytes,"
    " is_ready"
)
CACHE = (
    "request_ts, cache_name, cache_key, operation, hit, ttl_seconds, size_bytes, latency_ms,"
    " instance_id"
)


def cached(time: str, name: str, key: str, operation: str, hit, ttl, size, instance=None) -> tuple:
    return (
        *(datetime.fromisoformat(time), name, key, operation),
        *(hit, ttl, size, None, instance),
    )


EDGE = f"{CDN}, cmcd"


def edged(request: str, edge: str, status: str, ttfb: str, time: str, **others) -> tuple:
    return (
        *(request, edge, others.get("region", "eu-west"), others.get("object", "/t7/video/1.m4s")),
        *(others.get("content_class", "static"), status, others.get("size", 1024)),
        *(Decimal(ttfb), at(time), others.get("cmcd")),
    )


LIST = {"content_class": "dynamic", "size": 0}
SERVED = f"request_id, {REQUESTS}, rate_limit_status"


def served(time: str, service: str, endpoint: str, method, status: int, ms, **others) -> tuple:
    return (
        *(others.get("request"), at(time), service, endpoint, method, status, ms),
        *(others.get("size"), others.get("client"), others.get("server")),
        *(None, others.get("limited")),
    )


def played(event: str, time: str, **others) -> tuple:
    return (
        *(others.get("profile", "p7"), "s-42", others.get("title", "t7")),
        *(others.get("region", "us-east"), others.get("device", "web"), event, at(time)),
        *(at("21:00:00"), None, None, others.get("kbps"), None, None, False, others.get("error")),
    )


# Mapping, sample, the columns that are compared, and per line its row or its reasons.
SOURCES = [
    ("cloudfront", "cloudfront.log", CDN, CLOUDFRONT),
    (
        "snowplow",
        "snowplow.jsonl",
        PLAYBACK,
        [
            played("playing", "21:00:02.250"),
            played(
                "playing",
                "21:00:32.250",
                device="tv",
                title=hashlib.md5(b"A film, with a comma").hexdigest(),
            ),
            played(
                *("heartbeat", "21:01:02.250"), profile="d-17", device="mobile", region="eu-central"
            ),
            played("stall_start", "21:01:10"),
            played("bitrate_switch", "21:01:11", kbps=2800),
            played("error", "21:01:12", error="E42"),
            played("ad_end", "21:01:13"),
            ["event_type_unknown"],
            ["device_type_not_mapped"],
        ],
    ),
    ("cloudfront_json", "cloudfront_json.jsonl", CDN, CLOUDFRONT),
    (
        "cloudfront_realtime",
        "cloudfront_realtime.log",
        EDGE,
        [
            (
                *CLOUDFRONT[0][:6],
                *(392, Decimal("2.000"), at("21:02:30.999"), "CMCD=br%3D3200%2Csid%3D%22a%22"),
            ),
            (*CLOUDFRONT[1][:6], 9043219, Decimal("130.000"), at("21:02:29.750"), None),
            (
                *CLOUDFRONT[2][:6],
                *(0, Decimal("11.000"), at("21:02:32.990"), "CMCD=bl%3D900"),
            ),
            ["region_not_mapped"],
            ["response_bytes_missing", "time_to_first_byte_ms_missing"],
        ],
    ),
    (
        "media_cdn",
        "media_cdn.jsonl",
        EDGE,
        [
            edged(
                "4bde6381-cd17-47e1-8c2a-1aaa424a1156",
                *("BOM", "hit", "5.056", "00:24:13.695328"),
                region="ap-south",
                size=3716,
                cmcd="CMCD=br%3D3200%2Csid%3D%22a%22",
            ),
            edged(
                "4bde6381-cd17-47e1-8c2a-1aaa424a1157",
                *("FRA", "miss", "157.228", "00:24:14"),
                region="eu-central",
                object="/t7/list.mpd",
                content_class="dynamic",
                size=901,
            ),
            edged(
                "4bde6381-cd17-47e1-8c2a-1aaa424a1158",
                *("BOM", "stale", "1.000", "00:24:15.5"),
                region="ap-south",
                object="/t8/a%20b.m4s",
                size=0,
            ),
            ["region_not_mapped"],
            ["cache_status_not_mapped"],
        ],
    ),
    (
        "cloudflare",
        "cloudflare.jsonl",
        CDN,
        [
            (
                *("7a1f7ad4df2f870a", "ORD", "us-east", "/t7/list.mpd", "dynamic", "bypass"),
                *(13917, Decimal("28.000"), at("05:29:06")),
            ),
            (
                *("41ddf1740f67442d", "FRA", "eu-central", "/t7/video/1.m4s", "static", "hit"),
                *(1024, Decimal("3.000"), at("05:30:09.289")),
            ),
            (
                *("41ddf1740f67442e", "NRT", "ap-northeast", "/t8/1.m4s", "static", "expired"),
                *(0, Decimal("0.000"), at("05:30:10")),
            ),
            (
                *("41ddf1740f67442f", "GRU", "sa-east", "/old", "static", "hit"),
                *(200, Decimal("1.000"), at("03:30:11")),
            ),
            ["region_not_mapped"],
        ],
    ),
    (
        "akamai",
        "akamai.jsonl",
        CDN,
        [
            (
                *("1239f220", "23.50.51.173", "eu-west", "/t7/video/1.m4s", "static", "hit"),
                *(4995, Decimal("20.000"), at("09:00:00.200")),
            ),
            (
                *("1239f221", "23.50.51.173", "eu-west", "/t7/list.m3u8", "dynamic", "bypass"),
                *(812, Decimal("131.000"), at("09:00:01")),
            ),
            (
                *("1239f222", "2a02:26f0::5c7a", "ap-south", "/t8/1.m4s", "static", "miss"),
                *(9000000000, Decimal("402.000"), at("09:00:02.500")),
            ),
            ["request_ts_unparseable"],
            ["cache_status_unknown"],
        ],
    ),
    (
        "alb",
        "alb.log",
        REQUESTS,
        [
            (
                *(
                    at("22:22:48.364"),
                    "my-loadbalancer",
                    "/titles/{title_id}",
                    "GET",
                    200,
                    171.0,
                    57,
                ),
                *("192.0.2.39", "10.0.0.1:80", ["200"]),
            ),
            (
                *(at("22:22:48.364"), "my-loadbalancer", "/play", "POST", 200, 2.0, 257),
                *("10.0.1.252", "10.0.0.66:9000", ["200"]),
            ),
            (
                *(at("22:22:48.364"), "my-loadbalancer", "/", "GET", 502, None, 366),
                *("[2001:db8::1]", None, None),
            ),
            (
                *(at("22:22:48.364"), "my-loadbalancer", "/live", "GET", 101, 4.0, 587),
                *("10.0.0.140", "10.0.1.192:8010", ["101"]),
            ),
            (
                *(at("22:22:48.364"), "my-loadbalancer", "(not HTTP)", None, 400, None, 0),
                *("192.0.2.40", None, None),
            ),
            ["request_ts_unparseable"],
        ],
    ),
    (
        "cmcd_events",
        "cmcd_events.log",
        PLAYBACK,
        [
            (
                *("u1", "s-1", "t7", "eu-west", "tv", "play_requested", on_3("09:00:00")),
                *(on_3("09:00:00"), 0, None, None, None, None, False, None),
            ),
            (
                *("u1", "s-1", "t7", "eu-west", "tv", "first_frame", on_3("09:00:00.812")),
                *(on_3("09:00:00"), 1, "edge.example.com", 4200, 87000, 6000, False, None),
            ),
            (
                *("u1", "s-1", "t7", "eu-west", "tv", "stall_start", on_3("09:01:00")),
                *(on_3("09:00:00"), 2, None, None, None, 0, False, None),
            ),
            (
                *("u1", "s-1", "t7", "eu-west", "tv", "error", on_3("09:01:10.500")),
                *(on_3("09:00:00"), 3, "north", None, None, None, True, 'NET "7"'),
            ),
            (
                hashlib.md5(b"a session/with blanks").hexdigest(),
                hashlib.md5(b"a session/with blanks").hexdigest(),
                *("t8", "us-east", "web", "playing", on_3("09:00:01"), on_3("09:00:01")),
                *(None, None, None, None, None, False, None),
            ),
            ["device_type_unknown", "region_unknown"],
            ["cmcd_malformed"],
        ],
    ),
    (
        "prometheus",
        "prometheus.json",
        RESOURCES,
        [
            ("catalog", "catalog-1", at("21:00"), 41.5, 61.0, None, None, True),
            ("catalog", "catalog-1", at("21:01"), 43.25, 62.5, None, None, True),
            ["cpu_percent_impossible", "cpu_percent_not_a_number"],
            ("catalog", "catalog-1", at("21:00"), 41.5, 61.0, None, None, True),
            ("catalog", "catalog-1", at("21:01"), 43.25, 62.5, None, None, True),
            ("play", "10.0.0.7:9100", at("21:00"), None, None, None, 123456, False),
            ("play", "10.0.0.7:9100", at("21:00"), None, None, None, 123456, False),
            ["instance_malformed", "service_name_malformed"],
            ["disk_percent_impossible"],
            ["instance_malformed", "minute_ts_unparseable", "service_name_malformed"],
        ],
    ),
    (
        "prometheus_text",
        "prometheus_text.prom",
        RESOURCES,
        [
            ("catalog", "catalog-1", at("21:00"), 41.5, 61.0, None, None, True),
            ("catalog", "catalog-1", at("21:00"), 41.5, 61.0, None, None, True),
            ("catalog", "catalog-2", at("21:00"), 7.0, None, None, 123457, True),
            ("catalog", "catalog-2", at("21:00"), 7.0, None, None, 123457, True),
            ("catalog", "catalog-2", at("21:00"), 7.0, None, None, 123457, True),
            ("play", "play-1", at("21:01"), None, None, 80.5, None, True),
            ["minute_ts_unparseable"],
            ["service_name_malformed"],
        ],
    ),
    (
        "cloudwatch",
        "cloudwatch.json",
        RESOURCES,
        [
            ("catalog", "i-0a1", at("21:01"), 43.25, None, None, None, True),
            ("catalog", "i-0a1", at("21:00"), 41.5, None, None, 123456, True),
            ("catalog", "i-0a1", at("21:00"), 41.5, None, None, 123456, True),
            ("play", "i-0a2", at("21:00"), None, 61.0, 80.0, None, True),
            ("play", "i-0a2", at("21:00"), None, 61.0, 80.0, None, True),
            ["instance_malformed"],
        ],
    ),
    (
        "metrics_server",
        "metrics_server.json",
        RESOURCES,
        [
            ("catalog", "catalog-7d4b-x1", at("21:00"), 25.55, None, None, None, True),
            ("catalog", "catalog-7d4b-x2", at("21:00"), 100.0, None, None, None, True),
            ("batch", "job-1", at("21:00"), 0.0, None, None, None, True),
            ("batch", "tiny-1", at("21:00"), 0.12, None, None, None, True),
            ["minute_ts_unparseable"],
        ],
    ),
    (
        "redis_monitor",
        "redis_monitor.log",
        CACHE,
        [
            cached(f"{REDIS}.362261", "redis", "recs:u1:home", "set", None, 300.0, 8),
            cached(f"{REDIS}.511426", "redis", "recs:u1:home", "get", None, None, None),
            cached(f"{REDIS}.511627", "redis", "title:t7", "set", None, 60.0, 3),
            cached(f"{REDIS}.511701", "redis", "title:t7", "get", None, 120.0, None),
            cached(f"{REDIS}.511766", "redis", "title:t7", "delete", None, None, None),
            cached(f"{REDIS}.511833", "redis", 'k "q" \\', "set", None, 1.5, 3),
            cached(f"{REDIS}.511898", "redis", "a", "get", None, None, None),
            cached(f"{REDIS}.512045", "redis", "x", "set", None, 2.5, 1),
            ["request_ts_implausible"],
        ],
    ),
    (
        "memcached",
        "memcached.log",
        CACHE,
        [
            cached(f"{REDIS}.620824", "memcached", "foo:bar", "get", False, None, 0),
            cached(f"{REDIS}.621", "memcached", "foo:bar", "set", None, 60.0, 5),
            cached(f"{REDIS}.622", "memcached", "foo:bar", "get", True, None, 5),
            cached(f"{REDIS}.623", "memcached", "n", "set", None, None, 4),
            cached(f"{REDIS}.625", "memcached", "old", "get", False, None, 0),
            ["request_ts_implausible"],
        ],
    ),
    (
        "libcachesim",
        "libcachesim.csv",
        CACHE,
        [
            cached(*("2025-01-01", "libcachesim", "5633898611441000000", "get", None, None, 4096)),
            cached("2025-01-01 00:00:01.5", "libcachesim", "42", "get", None, None, 512),
            cached("2025-01-01 00:00:01.5", "libcachesim", "42", "set", None, 60.0, 512),
            cached(REDIS, "libcachesim", "title:t7", "get", None, None, 0),
            cached("2025-01-02", "libcachesim", "x", "delete", None, None, 1000),
            ["request_ts_unparseable"],
            ["size_bytes_negative"],
        ],
    ),
    (
        "twitter_cache",
        "twitter_cache.csv",
        CACHE,
        [
            cached(
                *("2025-01-01", "twitter", "q:q:1:8WTfjZU14ee", "get", None, None, 213),
                "client-4",
            ),
            cached(
                *("2025-01-01", "twitter", "yDqF:3q:1AJrrJ1nnCJKKrnGx1A", "set", None),
                *(604800.0, 27, "client-5"),
            ),
            cached("2025-01-01 00:00:01", "twitter", "a,b", "get", None, None, 120, "client-5"),
            cached("2025-01-02", "twitter", "k", "delete", None, None, 0, "client-12"),
            cached("2025-01-02 00:00:01", "twitter", "k", "set", None, None, 8, "client-12"),
            ["operation_not_mapped"],
            ["cache_key_missing", "request_ts_unparseable"],
        ],
    ),
    (
        "edge_nginx",
        "edge_nginx.jsonl",
        EDGE,
        [
            edged(
                *("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "edge-1", "miss", "120", "21:00:05.250"),
                cmcd="CMCD=br%3D3200%2Csid%3D%22s1%22",
            ),
            edged(
                *("r2", "edge-1", "hit", "0", "21:00:06"),
                **{**LIST, "object": "/t7/list.mpd", "cmcd": "CMCD=bl%3D100"},
            ),
            edged("r3", "edge-1", "revalidated", "30", "21:00:07", object="/t7/2.m4s", size=17),
            edged("r4", "edge-1", "hit", "0", "21:00:08", object="/old", size=200),
            edged(
                *("r5", "edge-1", "stale", "750", "21:00:08"), object="/t8/1.m4s", size=9000000000
            ),
            ["cache_status_not_mapped"],
        ],
    ),
    (
        "edge_apache",
        "edge_apache.jsonl",
        EDGE,
        [
            edged(
                *("Z4bR_aAAAQ", "edge-2", "miss", "120.5", "21:00:05.250123"),
                cmcd="CMCD=br%3D3200",
            ),
            edged("r2", "edge-2", "hit", "0.09", "21:00:06", object="/t7/list.m3u8", **LIST),
            edged("r3", "edge-2", "revalidated", "30", "21:00:07", object="/t7/2.m4s", size=17),
            edged("r4", "edge-2", "bypass", "2", "21:00:08", object="/api", size=200),
            edged("r5", "edge-2", "expired", "1000", "21:00:09", object="/t8/1.m4s", size=7),
            ["cache_status_unknown", "response_bytes_missing", "time_to_first_byte_ms_missing"],
        ],
    ),
    (
        "edge_varnish",
        "edge_varnish.jsonl",
        EDGE,
        [
            edged(
                *("edge-3:32770:1736888405250123", "edge-3", "miss", "120.5", "21:00:05.250123"),
                cmcd="CMCD=br%3D3200",
            ),
            edged(
                *("edge-3:32771:1736888406000000", "edge-3", "hit", "0.09", "21:00:06"),
                **{**LIST, "object": "/t7/list.m3u8"},
            ),
            edged(
                *("edge-3:32772:1736888407000000", "edge-3", "bypass", "30", "21:00:07"),
                **{"object": "/t7/2.m4s", "size": 17},
            ),
            edged(
                *("edge-3:32773:1736888408000000", "edge-3", "hit", "0", "21:00:08"),
                **{"object": "/old", "size": 200},
            ),
            edged(
                *("edge-3:32774:1736888409000000", "edge-3", "bypass", "1000", "21:00:09"),
                **{"object": "/ws", "size": 7},
            ),
            ["cache_status_unknown"],
        ],
    ),
    (
        "edge_fastly",
        "edge_fastly.jsonl",
        EDGE,
        [
            edged(
                *("1001", "FRA", "miss", "120.5", "21:00:05.250123"),
                **{"region": "eu-central", "cmcd": "CMCD=br%3D3200"},
            ),
            edged(
                *("1002", "LAX", "hit", "0.09", "21:00:06"),
                **{**LIST, "region": "us-west", "object": "/t7/list.m3u8"},
            ),
            edged(
                *("1003", "NRT", "stale", "30", "21:00:07"),
                **{"region": "ap-northeast", "object": "/t7/2.m4s", "size": 17},
            ),
            edged(
                *("1004", "GRU", "bypass", "500", "21:00:08"),
                **{"region": "sa-east", "object": "/old", "size": 200},
            ),
            edged(
                *("1005", "FRA", "hit", "1000", "21:00:09"),
                **{"region": "eu-central", "object": "/x", "size": 7},
            ),
            ["cache_status_not_mapped", "region_not_mapped"],
        ],
    ),
    (
        "edge_traffic_server",
        "edge_traffic_server.jsonl",
        EDGE,
        [
            edged(
                *("ats-1:17:1736888405.250", "ats-1", "miss", "120", "21:00:05.250"),
                cmcd="CMCD=br%3D3200",
            ),
            edged(
                *("ats-1:18:1736888406.000", "ats-1", "hit", "0", "21:00:06"),
                **{**LIST, "object": "/t7/list.m3u8"},
            ),
            edged(
                *("ats-1:19:1736888407.000", "ats-1", "revalidated", "30", "21:00:07"),
                **{"object": "/t7/2.m4s", "size": 17},
            ),
            edged(
                *("ats-1:20:1736888408.000", "ats-1", "expired", "500", "21:00:08"),
                **{"object": "/t7/3.m4s", "size": 200},
            ),
            edged(
                *("ats-1:21:1736888409.000", "ats-1", "bypass", "1000", "21:00:09"),
                **{"object": "/x", "size": 7},
            ),
            ["cache_status_unknown", "time_to_first_byte_ms_impossible"],
        ],
    ),
    (
        "envoy",
        "envoy.jsonl",
        SERVED,
        [
            served(
                *("21:00:05.250", "catalog", "/titles/{title_id}", "GET", 200, 12.0),
                **{"request": "0d1f", "size": 512, "client": "192.0.2.1", "server": "10.0.0.1:80"},
            ),
            served(
                *("21:00:06", "catalog", "/search", "GET", 429, 0.0),
                **{"request": "0d20", "size": 18, "client": "192.0.2.1", "limited": "rejected"},
            ),
            served(
                *("21:00:07", "playback", "/play", "POST", 499, 30000.0),
                **{"request": "0d21", "size": 0, "client": "2001:db8::1", "server": "10.0.0.2:80"},
            ),
            served(
                *("21:00:08", "play", "/play", "GET", 503, 5.0),
                **{"request": "0d22", "size": 91, "client": "192.0.2.3"},
            ),
            served(
                *("21:00:09", "play", "(not HTTP)", None, 400, 0.0),
                **{"request": "0d23", "size": 11, "client": "192.0.2.4"},
            ),
            ["request_ts_unparseable", "response_time_ms_negative", "status_code_impossible"],
        ],
    ),
    (
        "haproxy",
        "haproxy.log",
        REQUESTS,
        [
            served(
                *("21:00:05.250", "catalog", "/titles/{title_id}", "GET", 200, 109.0),
                **{"size": 2750, "client": "10.0.1.2", "server": "srv1"},
            )[1:-1],
            served(
                *("21:00:06", "catalog", "(not HTTP)", None, 408, 5000.0),
                **{"size": 212, "client": "10.0.1.3"},
            )[1:-1],
            served(
                *("21:00:07.001", "playback", "/play", "POST", 200, 3.0),
                **{"size": 45, "client": "2001:db8::7", "server": "srv2"},
            )[1:-1],
            served(
                *("21:00:08.999", "playback", "/live", "GET", 499, 7.0),
                **{"size": 0, "client": "10.0.1.4", "server": "srv3"},
            )[1:-1],
            served(
                *("21:00:09.500", "search", '/a"b', "GET", 503, 4.0),
                **{"size": 99, "client": "10.0.1.5", "server": "srv1"},
            )[1:-1],
            ["request_ts_unparseable"],
        ],
    ),
    (
        "opentelemetry",
        "opentelemetry.json",
        SERVED,
        [
            served(
                *("21:00:05.250", "catalog", "/titles/{title_id}", "GET", 200, 12.5),
                request="5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174",
                size=512,
                client="192.0.2.1",
            ),
            served(
                *("21:00:06", "catalog", "/play/{id}", "POST", 503, 0.0),
                request="5b8efff798038103d269b633813fc60d:eee19b7ec3c1b175",
            ),
            ["status_code_impossible"],
            ["response_time_ms_negative"],
            served(
                *("21:00:10", "play", "/live", None, 304, 1.0),
                request="5b8efff798038103d269b633813fc610:eee19b7ec3c1b178",
            ),
        ],
    ),
    (
        "mux",
        "mux.csv",
        WATCH,
        [
            ("v-001", "u1", "v-001", "t7", "us-east", "mobile", at("21:02:31.405"), 600),
            ("v-002", "9b1d", "v-002", "t8", "eu-central", "tv", at("21:02:32"), 62),
            (
                *("v-003", "u3", "v-003", hashlib.md5(b"Untitled").hexdigest()),
                *("eu-west", "web", at("21:02:33"), 0),
            ),
            ["device_type_not_mapped"],
            ["event_ts_unparseable"],
            ["watch_seconds_not_a_number"],
        ],
    ),
]


def sample(name: str, reading: dict) -> list[dict]:
    """Return the rows of a sample; all but JSON documents are read by Python's own parsers."""
    text = (SAMPLES / name).read_text()
    if reading.get("format") == "json":
        rows = reading.get("rows", [])
        return list(rows_of(text, [rows] if isinstance(rows, str) else rows))
    if reading.get("format") == "lines":
        skipped = re.compile(reading.get("skip", "$^"))
        return [{"line": line} for line in text.splitlines() if not skipped.search(line)]
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    if name.endswith(".csv"):  # an empty field is no value
        return list(csv.DictReader(text.splitlines()))
    lines = text.splitlines()
    if not lines[0].startswith("#"):
        return [{"line": line} for line in lines]
    names = next(line for line in lines if line.startswith("#Fields:")).split()[1:]
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def staging() -> Staging:
    return Staging()


@pytest.mark.parametrize(
    ("name", "file", "columns", "expected"), SOURCES, ids=[source[0] for source in SOURCES]
)
def test_lines_of_a_source_become_rows(name, file, columns, expected, staging):
    mapping, problems = read_mapping(ROOT / "seeds" / "mappings" / f"{name}.yml", FEEDS)
    assert problems == []
    feed = mapping["feed"]
    rows = sample(file, mapping["reading"])
    path = mapping["files"][0].removeprefix(f"{feed}/").replace("*", "x")
    relation = staging.stage(
        feed, rows, [{**mapping, "feed_columns": FEEDS[feed].columns}], [path] * len(rows)
    )
    found = relation.order("_row").project(f"_rejection_reasons, {columns}").fetchall()
    judged = [sorted(reasons) if reasons else tuple(fields) for reasons, *fields in found]
    assert judged == expected


def test_every_built_in_mapping_has_a_sample():
    names = {path.stem for path in (ROOT / "seeds" / "mappings").glob("*.yml")}
    assert names - {source[0] for source in SOURCES} == {"cloudfront_parquet"}  # as in JSON
