"""Real log files through the feed: what goes in comes out, whole, once, and with its values."""

from __future__ import annotations

import gzip
import re
import shutil
from collections import Counter
from datetime import UTC, datetime

import pytest

MODELS = ("--select", "+quarantine_api_requests", "hourly_latency", "daily_latency")
ROWS_ONLY = ("--exclude-resource-type", "test", "unit_test")
COMBINED = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d{3}) (\d+|-)')


@pytest.fixture
def lines(shared_data):
    with gzip.open(shared_data / "web_logs" / "apache_combined.log.gz", "rt") as stream:
        return stream.read().splitlines()


def accounts(project) -> tuple:
    """Rows landed, kept, quarantined and deduplicated, of all batches."""
    ((landed, kept, quarantined, duplicates),) = project.query(
        """
        select
            (select sum(rows_landed) from lake.ledger.landed_files where feed = 'api_requests'),
            (select count(*) from api_request_logs),
            (select count(*) from lake.quarantine.quarantine_api_requests
                where disposition in ('rejected', 'conflict')),
            (select count(*) from lake.quarantine.quarantine_api_requests
                where disposition = 'duplicate')
        """
    )
    return landed, kept, quarantined, duplicates


def test_the_real_log_goes_in_unchanged(shared_data, lines, project):
    """Every line of it counts, equal lines among them, with the values that Python reads."""
    folder = project.landing / "api_requests"
    folder.mkdir(parents=True)
    shutil.copy(shared_data / "web_logs" / "apache_combined.log.gz", folder)
    project.build(*MODELS, *ROWS_ONLY)
    assert len(set(lines)) < len(lines) == 10_000
    assert accounts(project) == (10_000, 10_000, 0, 0)

    expected = Counter()
    for line in lines:
        client, time, method, _, status, size = COMBINED.match(line).groups()
        when = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
        key = (client, when.replace(tzinfo=None), method, int(status))
        expected[(*key, 0 if size == "-" else int(size))] += 1
    found = project.query(
        "select client_key, timestamp, method, status_code, response_bytes, count(*)"
        " from api_request_logs group by all"
    )
    assert {tuple(row[:5]): row[5] for row in found} == expected
    assert project.query(
        "select sum(requests), sum(client_errors), sum(server_errors), count(sketch_buckets)"
        " from daily_latency"
    ) == [
        (
            10_000,
            sum(n for key, n in expected.items() if 400 <= key[3] < 500),
            sum(n for key, n in expected.items() if key[3] >= 500),
            0,
        )
    ]

    # The log again under another name, as a rotation delivers it, with a new line and broken ones.
    again = [*lines, lines[-1], "not a line of a log", '1.1.1.1 - - [never] "GET / HTTP/1.1" 200 1']
    (folder / "rotated.log").write_text("\n".join(again) + "\n")
    project.build(*MODELS, *ROWS_ONLY)
    copies = Counter(lines)[lines[-1]]
    assert accounts(project) == (20_003, 10_001, 2, 10_000), copies
    reasons = project.query(
        "select reasons, raw from lake.quarantine.quarantine_api_requests"
        " where disposition = 'rejected' order by all"
    )
    assert [reason for reason, _ in reasons] == [
        ["line_not_understood"],
        ["request_ts_unparseable"],
    ]
    assert project.query("select sum(requests) from hourly_latency") == [(10_001,)]


def test_an_edited_rule_renames_the_endpoints_of_all_requests(project):
    folder = project.landing / "api_requests" / "shop"
    folder.mkdir(parents=True)
    line = '10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /carts/{} HTTP/1.1" 200 1'
    (folder / "access.log").write_text("".join(line.format(i) + "\n" for i in ("a1", "b2", "7")))
    rules = project.own("seeds") / "reference" / "endpoint_rules.csv"
    endpoints = "select endpoint, sum(requests) from hourly_latency group by all order by all"
    project.build(*MODELS, *ROWS_ONLY)
    assert project.query(endpoints) == [("/carts/a1", 1), ("/carts/b2", 1), ("/carts/{id}", 1)]
    rules.write_text(rules.read_text() + "5,/carts/[^/]+,/carts/{cart},A cart\n")
    project.build(*MODELS, *ROWS_ONLY)
    assert project.query(endpoints) == [("/carts/{cart}", 3)]
    assert project.query("select distinct service_name from api_request_logs") == [("shop",)]
