"""The forecasts on real utilisation series: the backtest, checked against plain Python."""

from __future__ import annotations

import csv
from datetime import datetime

import duckdb
import numpy as np
import pytest
from conftest import ROWS_ONLY

pytest.importorskip("statsmodels", reason="statsmodels is not installed: `make test` installs it")
from reelhouse.capacity.forecast import forecast_series  # noqa: E402

DAYS = 21


def deliver_utilization(data, landing, days=DAYS):
    """Deliver each real series as one instance: percents as CPU, counts as network bytes."""
    folder = landing / "resource_metrics"
    folder.mkdir(parents=True)
    names = []
    for path in sorted((data / "utilization").glob("*.csv")):
        with path.open(newline="") as stream:
            rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(stream)]
        # A broken last line of one file holds a value of billions.
        rows = [(moment, value) for moment, value in rows if 0 <= value < 1e9]
        last = datetime.fromisoformat(rows[-1][0])
        is_cpu = "cpu" in path.stem
        names.append(path.stem)
        with (folder / f"{path.stem}.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(
                ["service_name", "instance", "minute_ts", "cpu_percent", "network_bytes"]
            )
            for moment, value in rows:
                if (last - datetime.fromisoformat(moment)).days < days:
                    measures = [value, ""] if is_cpu else ["", round(value * 1000)]
                    writer.writerow([path.stem, "a", moment, *measures])
    return names


def deliver_forecasts(project):
    """What reelhouse forecast does, for the grain of hours."""
    with project.connect() as connection:
        series = connection.execute(
            "from demand_series where grain = 'hour' and resource <> 'memory_pods'"
        ).df()
        origins = connection.execute("from forecast_origins where grain = 'hour'").df()
    forecasts = forecast_series(series, origins)
    folder = project.landing / "demand_forecasts"
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.register("forecasts", forecasts)
        connection.execute(f"copy forecasts to '{folder}/hour.parquet' (format parquet)")
    return series, origins, forecasts


FORECASTS = ("--select", "+capacity_forecast", "+quarantine_demand_forecasts")


@pytest.mark.slow
def test_the_chosen_forecast_beats_seasonal_naive_on_most_real_series(shared_data, project):
    names = deliver_utilization(shared_data, project.landing)
    project.build(*FORECASTS, *ROWS_ONLY)
    deliver_forecasts(project)
    project.build(*FORECASTS)
    backtest = project.dataframe(
        "from forecast_backtest where grain = 'hour' order by service_name, mase"
    )
    print(backtest.to_string())
    chosen = backtest[backtest.is_chosen].set_index("service_name")
    naive = backtest[backtest.method == "seasonal_naive"].set_index("service_name")
    assert sorted(chosen.index) == sorted(naive.index) == names
    better = chosen.mase < naive.mase
    assert better.sum() > len(names) / 2
    # A series alone has 35 overlapping origins: its own coverage is uncertain by about seven
    # points. Over all series the intervals have to hold what they promise.
    assert abs(chosen.coverage_80_percent.mean() - 80) <= 5
    assert abs(chosen.coverage_95_percent.mean() - 95) <= 5
    assert (chosen.coverage_80_percent - 80).abs().max() <= 10


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
    numbers = [n for n in range(len(known) - 1, -1, -3) if n >= 120][:72][::-1]
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
