"""Quantiles from the sketches against quantile_disc on the values themselves."""

from __future__ import annotations

import duckdb
import pytest

from reelhouse.bench.macros import render

QUANTILES = (0.5, 0.95, 0.99, 0.999)
# The error is promised in exact arithmetic; the logarithm rounds.
PROMISE = 0.01 * (1 + 1e-9)
U, V = "(hash(i) / 18446744073709551616.0)", "(hash(i + 1000000007) / 18446744073709551616.0)"
NORMAL = f"sqrt(-2 * ln(1 - {U})) * cos(2 * pi() * {V})"
SHAPES = {
    "uniform": f"1 + 999 * {U}",
    "log-normal": f"exp(4 + 0.8 * {NORMAL})",
    "bimodal": f"case when {U} < 0.8 then 20 + 3 * {V} else 900 + 100 * {V} end",
    "Pareto tail": f"10 / pow(1 - {U}, 1 / 1.2)",
    "constant": "42.5",
    "with zeros": f"case when {U} < 0.6 then 0 else exp(3 * {NORMAL}) end",
    # From a hundredth of a millisecond to a day.
    "whole range": f"0.01 * pow(8640000000, {U})",
    "three values": "[0, 0.01, 86400000][1 + i % 3]",
}


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def sketch(connection, values: str) -> None:
    """Make the table `sketches`, a row for each of seven arbitrary parts of `values (ms, part)`."""
    connection.execute(f"create or replace table samples as {values}")
    cells = render("{{ latency_cells('requests', keys=['part']) }}", "sketch")
    connection.execute(
        f"""
        create or replace table sketches as
        with requests as (
            select
                ms as response_time_ms, part, 200 as status_code, 1 as response_bytes,
                1 as batch_id
            from samples
        )
        {cells.replace("with bucketed as", ", bucketed as", 1)}
        """
    )


def merged_quantiles(connection) -> dict[float, float]:
    """Merge all sketches and ask for the quantiles."""
    merged = render(
        "{{ merged_sketches('(select 1 as one, * from sketches)', ['one']) }}", "sketch"
    )
    columns = ", ".join(
        render(f"{{{{ sketch_quantile('sketch_buckets', 'sketch_counts', {q}) }}}}", "sketch")
        for q in QUANTILES
    )
    found = connection.execute(f"select {columns} from ({merged})").fetchone()
    return dict(zip(QUANTILES, found, strict=True))


def largest_error(connection) -> float:
    """Return the largest relative error over the quantiles; that of an exact 0 is 0 or infinite."""
    exact = connection.execute(
        f"select {', '.join(f'quantile_disc(ms, {q})' for q in QUANTILES)} from samples"
    ).fetchone()
    errors = []
    for true, estimate in zip(exact, merged_quantiles(connection).values(), strict=True):
        if true == 0:
            errors.append(0.0 if estimate == 0 else float("inf"))
        else:
            errors.append(abs(estimate - float(true)) / float(true))
    return max(errors)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [1, 101, 20_000])
def test_error_is_at_most_one_percent(connection, shape, rows):
    sketch(connection, f"select {SHAPES[shape]} as ms, i % 7 as part from range({rows}) t(i)")
    assert largest_error(connection) <= PROMISE


@pytest.mark.parametrize(
    "values",
    [
        # Response sizes of a real web log, and real request latencies.
        "select cast(regexp_extract(line, '\" \\d{3} (\\d+) ', 1) as double) as ms,"
        " hash(line) % 7 as part"
        " from read_csv('DATA/web_logs/apache_combined.log.gz', columns = {'line': 'VARCHAR'},"
        " delim = '', quote = '', escape = '', header = false, auto_detect = false)"
        " where regexp_matches(line, '\" \\d{3} \\d+ ')",
        "select value as ms, hash(timestamp) % 7 as part"
        " from read_csv('DATA/utilization/ec2_request_latency_system_failure.csv')",
        "select value as ms, hash(timestamp) % 7 as part"
        " from read_csv('DATA/utilization/ec2_network_in_257a54.csv')",
    ],
    ids=["web log", "request latency", "network"],
)
def test_error_is_at_most_one_percent_on_real_data(connection, shared_data, values):
    sketch(connection, values.replace("DATA", str(shared_data)))
    assert connection.execute("select count(*) > 4000 from samples").fetchone() == (True,)
    assert largest_error(connection) <= PROMISE


@pytest.mark.parametrize("shape", SHAPES)
def test_merge_of_any_split_equals_the_whole(connection, shape):
    """The parts of any split, merged, are to the last count the sketch of all rows."""
    wholes = []
    merged = render(
        "{{ merged_sketches('(select 1 as one, * from sketches)', ['one']) }}", "sketch"
    )
    for split in ("0", "i % 2", "hash(i) % 13", "i // 100", "case when i = 5 then 1 else 0 end"):
        sketch(connection, f"select {SHAPES[shape]} as ms, {split} as part from range(5000) t(i)")
        wholes.append(connection.execute(merged).fetchall())
    assert len(wholes[0]) == 1 and sum(wholes[0][0][2]) == 5000
    assert all(whole == wholes[0] for whole in wholes)


def test_ranks_are_those_of_quantile_disc(connection):
    """On values a bucket apart, each quantile names exactly the value that quantile_disc names."""
    for rows in (1, 2, 3, 10, 20, 100, 400):
        sketch(connection, f"select 0.01 * pow(1.05, i) as ms, 0 as part from range({rows}) t(i)")
        assert largest_error(connection) <= PROMISE


def test_counters_beside_the_sketch(connection):
    cells = render("{{ latency_cells('requests', keys=['endpoint']) }}", "sketch")
    rows = connection.execute(
        f"""
        with requests (endpoint, status_code, response_time_ms, response_bytes, batch_id) as (
            values ('/a', 200, 1.5, 10, 1), ('/a', 404, null, 20, 2), ('/a', 503, 0.0, 30, 1)
        )
        {cells.replace("with bucketed as", ", bucketed as", 1)}
        """
    ).fetchall()
    ((endpoint, requests, timed, client, server, size, time, buckets, counts, batch_id),) = rows
    assert (endpoint, requests, timed, client, server, size, batch_id) == ("/a", 3, 2, 1, 1, 60, 2)
    assert float(time) == 1.5 and counts == [1, 1] and buckets[0] == -1_000_000
