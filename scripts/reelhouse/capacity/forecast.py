"""Forecast demand with statsforecast and deliver the forecasts as the feed demand_forecasts.

The model `demand_series` holds the series, `forecast_origins` the origins to forecast from, and
`forecast_backtest` chooses the method. This module only fits: one forecast per series, origin and
method.
"""

from __future__ import annotations

import hashlib
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from statsforecast.models import MSTL, AutoETS, AutoTheta

from reelhouse.lake.connection import connect
from reelhouse.sql import quoted

KEYS = ["service_name", "resource", "grain"]
METHODS = ["auto_ets", "auto_theta", "mstl"]
# Longest history (periods) that a fit reads: it bounds the time that one series takes.
LONGEST_HISTORY = {"hour": 24 * 21, "day": 800}
# Seasons (periods), the shortest first. A longer one needs two of its lengths of history.
SEASONS = {"hour": (24, 168), "day": (7, 364)}
# Origins that share one estimate of the parameters. Each continues from its own history.
ORIGINS_PER_FIT = 24
# MSTL smooths at every such period and interpolates between: six times faster, within 0.5 %.
STL_JUMPS = {"seasonal_jump": 3, "trend_jump": 8, "low_pass_jump": 8}


def new_models(grain: str, periods: int) -> dict[str, AutoETS | AutoTheta | MSTL]:
    """Return unfitted models by the name of their method.

    Args:
        grain: `hour` or `day`.
        periods: length of the history.
    """
    shortest, *longer = SEASONS[grain]
    return {
        "auto_ets": AutoETS(season_length=shortest),
        "auto_theta": AutoTheta(season_length=shortest),
        "mstl": MSTL(
            season_length=[shortest, *(s for s in longer if periods >= 2 * s)],
            stl_kwargs=STL_JUMPS,
        ),
    }


def forecast_one_series(
    demand: pd.Series, origins: pd.DataFrame, failures: Counter[str]
) -> list[pd.DataFrame]:
    """Forecast a series from each of its origins with every method of its grain.

    Args:
        demand: demand by period, in order, with or without gaps.
        origins: rows of `forecast_origins` for this series.
        failures: counts, by method and error, the fits that failed.

    Returns:
        Rows of the feed demand_forecasts: one frame per origin and method that could be fitted.
    """
    forecasts = []
    models = {}
    for number, origin in enumerate(origins.sort_values("origin_ts").itertuples()):
        step = pd.Timedelta(seconds=origin.period_seconds)
        history = demand.loc[: origin.origin_ts].asfreq(step).interpolate()
        values = history.iloc[-LONGEST_HISTORY[origin.grain] :].to_numpy()
        if number % ORIGINS_PER_FIT == 0:
            unfitted = new_models(origin.grain, len(values))
            models = {}
        else:
            unfitted = {}
        for method in unfitted or list(models):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    if method in unfitted:
                        models[method] = unfitted[method].fit(values)
                    ahead = models[method].forward(values, origin.horizon_periods)["mean"]
            # The library raises many kinds of error on unusual histories; the other methods remain.
            except Exception as error:
                failures[f"{method}: {error}"] += 1
                models.pop(method, None)
                continue
            forecasts.append(
                pd.DataFrame(
                    {key: getattr(origin, key) for key in KEYS}
                    | {
                        "method": method,
                        "origin_ts": origin.origin_ts,
                        "target_ts": origin.origin_ts
                        + step * np.arange(1, origin.horizon_periods + 1),
                        # Demand is never negative.
                        "forecast": np.maximum(ahead, 0),
                    }
                )
            )
    return forecasts


def forecast_series(
    series: pd.DataFrame,
    origins: pd.DataFrame,
    *,
    seconds: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> tuple[pd.DataFrame, list[str]]:
    """Forecast every series from every origin, and print each series that is done.

    The series with the most origins to do comes first, so one that was left over is not left over
    forever.

    Args:
        series: rows of `demand_series`.
        origins: rows of `forecast_origins`.
        seconds: time after which no further series is started.
        clock: returns the time in seconds.

    Returns:
        Rows of the feed demand_forecasts, and the names of the series that were left over.
    """
    known = {key: rows.set_index("period_ts").demand for key, rows in series.groupby(KEYS)}
    due = sorted(origins.groupby(KEYS), key=lambda item: (-len(item[1]), item[0]))
    forecasts, left_over = [], []
    failures: Counter[str] = Counter()
    began = clock()
    for number, (key, rows) in enumerate(due, start=1):
        if clock() - began >= seconds:
            left_over.append(" ".join(key))
            continue
        forecasts += forecast_one_series(known[key].sort_index(), rows, failures)
        print(
            f"{number:,} of {len(due):,} series, {clock() - began:,.0f} s:"
            f" {' '.join(key)}, {len(rows):,} origins",
            file=sys.stderr,
            flush=True,
        )
    for failure, times in failures.most_common():
        print(f"could not be fitted {times:,} times: {failure}", file=sys.stderr)
    columns = [*KEYS, "method", "origin_ts", "target_ts", "forecast"]
    frame = pd.concat(forecasts)[columns] if forecasts else pd.DataFrame(columns=columns)
    return frame, left_over


def read_lake(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the series, and the origins from which none of the methods has a forecast yet."""
    series = connection.execute("from demand_series").df()
    origins = connection.execute(
        "from forecast_origins anti join (from demand_forecasts where method in $1)"
        " using (service_name, resource, grain, origin_ts)",
        [METHODS],
    ).df()
    return series, origins


def deliver(forecasts: pd.DataFrame, folder: Path) -> None:
    """Write one file, whose name holds a digest of its content: no delivery replaces another."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".forecasts.unfinished"
    with duckdb.connect() as connection:
        connection.register("forecasts", forecasts)
        connection.execute(f"copy forecasts to {quoted(unfinished)} (format parquet)")
    digest = hashlib.sha256(unfinished.read_bytes()).hexdigest()[:12]
    unfinished.rename(folder / f"{forecasts.origin_ts.max():%Y%m%dT%H}-{digest}.parquet")


def run(lake: str, landing: Path, minutes: float) -> int:
    """Forecast what has no forecast yet, and write it as one file.

    Args:
        lake: folder of the lake to read.
        landing: landing folder to write to.
        minutes: time after which no further series is started.

    Returns:
        Exit status 0.
    """
    with connect(lake) as connection:
        series, origins = read_lake(connection)
    forecasts, left_over = forecast_series(series, origins, seconds=60 * minutes)
    print(f"{len(origins):,} origins due, {len(forecasts):,} forecasts")
    if len(forecasts):
        deliver(forecasts, landing / "demand_forecasts")
    if left_over:
        names = "".join(f"\n  {name}" for name in left_over)
        print(
            f"The limit of {minutes:g} minutes left {len(left_over):,} series without a new"
            " forecast; they use seasonal naive. Build, then run this command again: it starts"
            f" with them.{names}"
        )
    return 0
