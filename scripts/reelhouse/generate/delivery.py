"""Write generated deliveries of the feeds resource_metrics and api_requests into a landing folder.

    reelhouse generate resource-metrics --out landing --days 7

One file a day. DuckDB makes the rows: every value is a hash of (seed, day, name of the draw,
position), so the same arguments give the same rows.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from reelhouse.generate.platform import PERCENT_BY_HOUR, REGIONS
from reelhouse.sql import pick, quoted, uniform, zipf_rank

# Service: (instances, CPU percent at the quietest hour, percent that the busiest hour adds).
SERVICES = {"catalog": (2, 22, 40), "playback": (3, 30, 45), "recommendations": (2, 25, 50)}


class Endpoint(NamedTuple):
    """An endpoint; `#` in the path is a placeholder for an id."""

    service: str
    method: str
    path: str
    share_of_requests: float
    median_ms: int
    bytes: int


ENDPOINTS = (
    Endpoint("catalog", "GET", "/titles/t000#", 0.2, 18, 9_000),
    Endpoint("catalog", "GET", "/search?q=#", 0.1, 45, 14_000),
    Endpoint("playback", "GET", "/titles/t000#/manifest", 0.25, 30, 3_000),
    Endpoint("playback", "POST", "/sessions/#/heartbeat", 0.25, 6, 40),
    Endpoint("recommendations", "GET", "/profiles/p0000#/recommendations", 0.2, 80, 22_000),
)
# Region -> degrees of longitude: what a request costs on the way follows the distance.
LONGITUDES = dict(zip(REGIONS, (-77, -122, -6, 9, 73, 140, -47), strict=True))
# Region that serves -> regions whose clients are sent there.
SERVED_FROM = {
    "us-east": ("us-east", "us-west", "sa-east"),
    "eu-west": ("eu-west", "eu-central"),
    "ap-south": ("ap-south", "ap-northeast"),
}
# Milliseconds that a crowded region adds to every answer.
CROWDED_MS = {"ap-south": 90}
# What a line of nginx looks like: log_format combined, and what docs/delivery.md adds to it.
LOG_LINE = (
    'printf(\'%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "tv/1.0" %.3f %.3f %s %s msec=%.3f'
    " service=%s region=%s serving_region=%s', client_key,"
    " strftime(ended_ts, '%d/%b/%Y:%H:%M:%S +0000'), method, endpoint, status_code, response_bytes,"
    " response_time_ms / 1e3, response_time_ms / 1e3, upstream_servers, upstream_statuses,"
    " epoch_ms(ended_ts) / 1e3, service_name, client_region, serving_region)"
)
COLUMNS = (
    "request_id, request_ts, service_name, endpoint, method, status_code, response_time_ms,"
    " response_bytes, client_key, client_region, serving_region, upstream_servers,"
    " upstream_statuses"
)


@dataclass(frozen=True)
class Incident:
    """Something that goes wrong with a service for a while."""

    service: str
    since: datetime
    minutes: int
    latency_factor: float = 1.0
    error_share: float = 0.0

    def holds(self) -> str:
        """Return the SQL condition under which a request is hit."""
        until = self.since + timedelta(minutes=self.minutes)
        return (
            f"service_name = '{self.service}'"
            f" and request_ts >= timestamp '{self.since}' and request_ts < timestamp '{until}'"
        )


@dataclass(frozen=True)
class Rush:
    """Requests beyond the usual ones, evenly over a short time, from clients of their own."""

    since: datetime
    seconds: float
    requests: int
    clients: int


def resource_metrics_of_day(day: date, seed: int, hours: int, every_minutes: int = 1) -> str:
    """Return SQL for a sample of every instance each few minutes in the first hours of a day.

    CPU follows the evening peak, memory follows it slowly, disk fills by a percent a day, and
    network bytes go with CPU.
    """

    def noise(name: str) -> str:
        return f"({uniform(seed, day, name, of='position')} - 0.5)"

    services = ", ".join(str((name, *shape)) for name, shape in SERVICES.items())
    return f"""
        with drawn as (
            select
                service_name,
                service_name || '-' || number as instance,
                timestamp '{day}' + to_minutes(minute) as minute_ts,
                low + swing * pow((1 - cos(2 * pi() * (minute - 480) / 1440)) / 2, 2) as load,
                row_number() over (order by service_name, number, minute) as position
            from (values {services}) as services (service_name, instances, low, swing)
            cross join range(1, 10) as numbers (number)
            cross join range(0, {60 * hours}, {every_minutes}) as minutes (minute)
            where number <= instances
        ),

        used as (
            select *, round(load * (1 + 0.2 * {noise("cpu")})) as cpu_percent
            from drawn
        )

        select
            service_name,
            instance,
            minute_ts,
            cpu_percent,
            round(45 + load / 4) as memory_percent,
            {40.0 + day.toordinal() % 50} as disk_percent,
            cast(cpu_percent * 4000000 as bigint) as network_bytes,
            true as is_ready
        from used
        order by service_name, instance, minute_ts
    """


def generate_resource_metrics(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 1),
    days: int = 1,
    hours: int = 24,
    every_minutes: int = 1,
) -> int:
    """Write `<out>/resource_metrics/<date>.parquet` for every day and return the number of rows.

    Args:
        out: landing folder.
        seed: any integer; the same seed gives the same rows.
        start: the first day.
        days: number of days.
        hours: hours of each day, from midnight on.
        every_minutes: minutes from one sample of an instance to its next.
    """
    folder = out / "resource_metrics"
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    with duckdb.connect() as connection:
        for day in (start + timedelta(days=number) for number in range(days)):
            path = folder / f"{day}.parquet"
            unfinished = path.with_name(f".{path.name}.unfinished")
            samples = resource_metrics_of_day(day, seed, hours, every_minutes)
            rows += connection.execute(
                f"copy ({samples}) to {quoted(unfinished)}"
                " (format parquet, compression zstd, parquet_version v2)"
            ).fetchone()[0]
            unfinished.rename(path)
    return rows


def requests_of_day(
    day: date,
    seed: int,
    requests: int,
    clients: int,
    incidents: tuple[Incident, ...] = (),
    rushes: tuple[Rush, ...] = (),
) -> str:
    """Return SQL for the requests of a day, in the order of time.

    Times are log-normal around the endpoint's median, plus the way from region to region. One
    request of two thousand fails, one of fifty is the client's fault, and one server of each
    service fails now and then and is answered for by another.
    """

    def number(name: str) -> str:
        return uniform(seed, day, name)

    def matched(key: str, values: dict) -> str:
        cases = " ".join(f"when '{name}' then {value}" for name, value in values.items())
        return f"case {key} {cases} end"

    shares, total = [], 0.0
    for position, endpoint in enumerate(ENDPOINTS, start=1):
        total += endpoint.share_of_requests
        shares.append(f"when {number('endpoint')} < {total} then {position}")
    hours = tuple(hour for hour, share in enumerate(PERCENT_BY_HOUR) for _ in range(share))
    homes = {client: f"'{home}'" for home, all in SERVED_FROM.items() for client in all}
    endpoints = [endpoint._asdict() for endpoint in ENDPOINTS]
    normal = f"sqrt(-2 * ln(1 - {number('size')})) * cos(2 * pi() * {number('angle')})"
    slower = " ".join(f"when {i.holds()} then {i.latency_factor}" for i in incidents)
    failing = " ".join(f"when {i.holds()} then {i.error_share}" for i in incidents)
    # A case needs a branch, also where nothing goes wrong.
    slower, failing = slower or "when false then 1", failing or "when false then 0"
    # Usual requests first, so that a rush changes none of them.
    no_rush = "cast(null as struct(since timestamp, seconds double, clients int, first_client int))"
    positions, first = (
        [f"select i, {no_rush} as rush from range({requests}) as usual (i)"],
        requests,
    )
    for number_of_rush, rush in enumerate(rushes, start=1):
        if rush.since.date() == day:
            fields = (
                f"{{'since': timestamp '{rush.since}', 'seconds': {rush.seconds},"
                f" 'clients': {rush.clients}, 'first_client': {clients + 1000 * number_of_rush}}}"
            )
            positions.append(
                f"select {first} + i, {fields} from range({rush.requests}) as more (i)"
            )
            first += rush.requests
    return f"""
        with positions as (
            {" union all ".join(positions)}
        ),

        drawn as (
            select
                i,
                {endpoints}[case {" ".join(shares)} else {len(ENDPOINTS)} end] as shape,
                coalesce(
                    rush.since + to_milliseconds(
                        cast(floor({number("millisecond")} * rush.seconds * 1000) as bigint)
                    ),
                    timestamp '{day}' + to_hours({pick(hours, number("hour"))})
                    + to_milliseconds(cast(floor({number("millisecond")} * 3600000) as bigint))
                ) as request_ts,
                coalesce(
                    cast(rush.first_client + floor({number("client")} * rush.clients) as bigint),
                    {zipf_rank(clients, clients / 20, number("client"))}
                ) as client,
                cast(floor({number("thing")} * 1000) as integer) as thing,
                {normal} as spread,
                {number("routed elsewhere")} as elsewhere,
                {number("failed")} as failed,
                {number("rejected")} as rejected,
                1 + cast(floor({number("server")} * 3) as integer) as server
            from positions
        ),

        placed as (
            select
                *,
                shape.service as service_name,
                {pick(REGIONS, uniform(seed, "region", of="client"))} as client_region
            from drawn
        ),

        routed as (
            select
                *,
                case
                    when elsewhere < 0.3 then {pick(tuple(SERVED_FROM), "(elsewhere / 0.3)")}
                    else {matched("client_region", homes)}
                end as serving_region
            from placed
        ),

        answered as (
            select
                *,
                case
                    when failed < case {failing} else 0.0005 end then 503
                    when rejected < 0.02 then 404
                    else 200
                end as status_code,
                round(
                    shape.median_ms * exp(0.5 * spread) * case {slower} else 1.0 end
                    + 2 + abs({matched("client_region", LONGITUDES)}
                    - {matched("serving_region", LONGITUDES)}) * 0.6
                    + coalesce({matched("serving_region", CROWDED_MS)}, 0)
                ) as response_time_ms,
                server = 3 and {number("flaky")} < 0.02 as is_retried
            from routed
        )

        select
            printf('%016x', hash(i + {seed * 1000003 + day.toordinal() * (1 << 32)})) as request_id,
            request_ts,
            service_name,
            replace(shape.path, '#', printf('%03d', thing)) as endpoint,
            shape.method as method,
            status_code,
            response_time_ms,
            case when status_code = 200 then shape.bytes + thing else 150 end as response_bytes,
            printf('10.%d.%d.%d', client // 65536, client // 256 % 256, client % 256) as client_key,
            client_region,
            serving_region,
            case when is_retried then service_name || '-3:8080, ' else '' end
            || service_name || '-' || case when is_retried then 1 else server end || ':8080'
                as upstream_servers,
            case when is_retried then '502, ' else '' end || status_code as upstream_statuses,
            request_ts + to_milliseconds(cast(response_time_ms as bigint)) as ended_ts
        from answered
        order by request_ts, i
    """


def generate_api_requests(
    out: Path,
    *,
    seed: int = 1,
    start: date = date(2025, 1, 1),
    days: int = 1,
    requests_per_day: int = 10_000,
    clients: int = 2_000,
    incidents: tuple[Incident, ...] = (),
    rushes: tuple[Rush, ...] = (),
    file_format: str = "parquet",
) -> int:
    """Write `<out>/api_requests/<date>.<file_format>` for every day and return the number of rows.

    Args:
        out: landing folder.
        seed: any integer; the same seed gives the same rows.
        start: the first day.
        days: number of days.
        requests_per_day: requests of a day, most of them in the evening.
        clients: number of client keys, Zipf-like in their activity.
        incidents: what goes wrong, and when.
        rushes: when more is asked than usual.
        file_format: `parquet`, `jsonl.gz` or `log.gz` (lines of nginx).
    """
    folder = out / "api_requests"
    folder.mkdir(parents=True, exist_ok=True)
    every_day = [start + timedelta(days=number) for number in range(days)]
    with duckdb.connect() as connection:
        for day in every_day:
            path = folder / f"{day}.{file_format}"
            unfinished = path.with_name(f".{path.name}.unfinished")
            rows = requests_of_day(day, seed, requests_per_day, clients, incidents, rushes)
            if file_format == "log.gz":
                lines = connection.execute(f"select {LOG_LINE} from ({rows})").fetchall()
                text = "".join(f"{line}\n" for (line,) in lines)
                unfinished.write_bytes(gzip.compress(text.encode(), mtime=0))
            else:
                options = "json, compression gzip" if file_format == "jsonl.gz" else "parquet"
                connection.execute(
                    f"copy (select {COLUMNS} from ({rows})) to {quoted(unfinished)}"
                    f" (format {options})"
                )
            unfinished.rename(path)
    more = sum(rush.requests for rush in rushes if rush.since.date() in every_day)
    return days * requests_per_day + more


def generate_load_test(
    out: Path, *, seed: int = 1, start: date = date(2025, 1, 1), requests: int = 60_000
) -> int:
    """Write `<out>/api_requests/<date>-load-test.parquet`: one endpoint, asked for an hour.

    The rows have no id, no client and no region: staging makes the id from the row.

    Args:
        out: landing folder.
        seed: any integer; the same seed gives the same rows.
        start: the day; the test runs from 10:00 to 11:00.
        requests: requests of the hour.
    """
    folder = out / "api_requests"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{start}-load-test.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    timestamp '{start} 10:00:00'
                    + to_microseconds(i * {3_600_000_000 // requests}) as request_ts,
                    'load-test' as service_name,
                    '/titles/t0001' as endpoint,
                    'GET' as method,
                    200 as status_code,
                    10 + cast(floor(20 * {uniform(seed, start, "load")}) as integer)
                        as response_time_ms,
                    9000 as response_bytes
                from range({requests}) as positions (i)
            ) to {quoted(path)} (format parquet, compression zstd, parquet_version v2)
            """
        )
    return requests


def parse_incident(text: str) -> Incident:
    """Read an incident from `service,since,minutes,latency factor,error share`."""
    service, since, minutes, factor, share = text.split(",")
    return Incident(
        service, datetime.fromisoformat(since), int(minutes), float(factor), float(share)
    )


def parse_rush(text: str) -> Rush:
    """Read a rush from `since,seconds,requests,clients`."""
    since, seconds, requests, clients = text.split(",")
    return Rush(datetime.fromisoformat(since), float(seconds), int(requests), int(clients))
