"""Forecast demand with statsmodels and deliver the forecasts as the feed demand_forecasts.

    python scripts/forecast.py --lake lake/own --landing landing && make build LANDING=landing

Which series there are, and from which origins they are forecast, say the models `demand_series` and
`forecast_origins`; which method is used, and with which interval, says `forecast_backtest`. This
program only fits: one forecast per series, origin and method.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from statsmodels.tsa.deterministic import DeterministicProcess, Fourier
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from generate_watch_events import quoted
from query import connect

# Longest history (periods) that a fit looks at: what is older tells less than it costs.
LONGEST_HISTORY = {"hour": 24 * 21, "day": 800}


def simple_exponential_smoothing(demand: pd.Series, horizon: int) -> np.ndarray:
    """The level only: for series without a season."""
    fitted = ExponentialSmoothing(demand.to_numpy(), initialization_method="estimated").fit()
    return fitted.forecast(horizon)


def theta(demand: pd.Series, horizon: int) -> np.ndarray:
    """The theta method, without the season where a test finds none."""
    model = ThetaModel(demand.to_numpy(), period=24, method="additive", use_test=True)
    return np.asarray(model.fit().forecast(horizon))


def holt_winters(demand: pd.Series, horizon: int) -> np.ndarray:
    """Level, damped trend and the season of a day, all of them moving."""
    model = ExponentialSmoothing(
        demand.to_numpy(),
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=24,
        initialization_method="estimated",
    )
    return model.fit().forecast(horizon)


def harmonic_regression(demand: pd.Series, horizon: int) -> np.ndarray:
    """Trend, days of the week and three waves of the year, by least squares on the logarithm."""
    index = pd.date_range(demand.index[0], periods=len(demand), freq="D")
    process = DeterministicProcess(
        index,
        constant=True,
        order=1,
        seasonal=True,
        period=7,
        additional_terms=[Fourier(365.25, order=3)],
    )
    logarithm = np.log(np.maximum(demand.to_numpy(), 1e-9))
    weights, *_ = np.linalg.lstsq(process.in_sample().to_numpy(), logarithm, rcond=None)
    return np.exp(process.out_of_sample(horizon).to_numpy() @ weights)


def weekly_holt_winters(demand: pd.Series, horizon: int) -> np.ndarray:
    """Level, damped trend and the season of a week, all of them moving."""
    model = ExponentialSmoothing(
        demand.to_numpy(),
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=7,
        initialization_method="estimated",
    )
    return model.fit().forecast(horizon)


METHODS: dict[str, dict[str, Callable[[pd.Series, int], np.ndarray]]] = {
    "hour": {f.__name__: f for f in (simple_exponential_smoothing, theta, holt_winters)},
    "day": {f.__name__: f for f in (harmonic_regression, weekly_holt_winters)},
}


def forecast_series(series: pd.DataFrame, origins: pd.DataFrame) -> pd.DataFrame:
    """Forecast every series from every origin with every method of its grain.

    Args:
        series: rows of `demand_series`.
        origins: rows of `forecast_origins`.

    Returns:
        Rows of the feed demand_forecasts. A method that can't be fitted to a history gives none.
    """
    keys = ["service_name", "resource", "grain"]
    known = {
        key: rows.set_index("period_ts").demand.sort_index() for key, rows in series.groupby(keys)
    }
    forecasts = []
    series_now, done = None, 0
    for origin in origins.sort_values([*keys, "origin_ts"]).itertuples():
        key = (origin.service_name, origin.resource, origin.grain)
        if key != series_now:
            print(f"{done:,} of {len(origins):,} origins; next {' '.join(key)}", file=sys.stderr)
            series_now = key
        done += 1
        step = pd.Timedelta(seconds=origin.period_seconds)
        history = known[key].loc[: origin.origin_ts].asfreq(step).interpolate()
        history = history.iloc[-LONGEST_HISTORY[origin.grain] :]
        targets = origin.origin_ts + step * np.arange(1, origin.horizon_periods + 1)
        for name, method in METHODS[origin.grain].items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    values = method(history, origin.horizon_periods)
            except (ValueError, np.linalg.LinAlgError):
                continue
            rows = dict(zip(keys, key, strict=True), method=name, origin_ts=origin.origin_ts)
            forecasts.append(pd.DataFrame({**rows, "target_ts": targets, "forecast": values}))
    columns = [*keys, "method", "origin_ts", "target_ts", "forecast"]
    return pd.concat(forecasts)[columns] if forecasts else pd.DataFrame(columns=columns)


def read_lake(
    connection: duckdb.DuckDBPyConnection, grain: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the series of a grain and their origins that no delivered forecast has yet."""
    series = connection.execute("from demand_series where grain = $1", [grain]).df()
    origins = connection.execute(
        "from forecast_origins anti join demand_forecasts"
        " using (service_name, resource, grain, origin_ts) where grain = $1",
        [grain],
    ).df()
    return series, origins


def main() -> int:
    """Read the lake, forecast, and write one file of new forecasts per grain."""
    parser = argparse.ArgumentParser(description="Deliver forecasts of demand.")
    parser.add_argument("--lake", default="lake/own", help="folder of the lake to read")
    parser.add_argument("--landing", type=Path, required=True, help="landing folder to write to")
    options = parser.parse_args()
    folder = options.landing / "demand_forecasts"
    folder.mkdir(parents=True, exist_ok=True)
    for grain in METHODS:
        with connect(options.lake) as connection:
            series, origins = read_lake(connection, grain)
        forecasts = forecast_series(series, origins)
        print(f"{grain}: {len(origins):,} origins, {len(forecasts):,} forecasts")
        if len(forecasts):
            name = f"{grain}-{origins.origin_ts.max():%Y%m%dT%H}-{len(forecasts)}.parquet"
            unfinished = folder / f".{name}.unfinished"
            with duckdb.connect() as connection:
                connection.register("forecasts", forecasts)
                connection.execute(f"copy forecasts to {quoted(unfinished)} (format parquet)")
            unfinished.rename(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
