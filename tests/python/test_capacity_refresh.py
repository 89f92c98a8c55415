"""Refreshes of the capacity models: any metric may be missing, only affected days are written."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

import pytest
from conftest import ROWS_ONLY

MODELS = (
    "hourly_predicted_demand",
    "hpa_what_if",
    "predictive_scaling",
    "daily_scaling_strategies",
)
SELECTION = ("--select", "+daily_scaling_strategies", "demand_series", *ROWS_ONLY)
FIELDS = ["service_name", "instance", "minute_ts", "cpu_percent", "network_bytes"]
BEGIN = datetime(2025, 1, 1, 10)


def deliver(project, name, rows):
    """Deliver rows of (service, instance, days and minutes after BEGIN, CPU, network)."""
    folder = project.landing / "resource_metrics"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(FIELDS)
        for service, instance, day, minute, cpu, network in rows:
            writer.writerow(
                [service, instance, BEGIN + timedelta(days=day, minutes=minute), cpu, network]
            )


def contents(project):
    with project.connect() as connection:
        return {
            model: connection.execute(
                f"select columns(name -> name <> 'batch_id') from {model} order by all"
            ).fetchall()
            for model in MODELS
        }


@pytest.fixture(scope="module")
def refreshed(make_module_project):
    """Six weeks of a service, two hours of it without CPU, and of one with network only; late rows.

    Returns the project and how many days the second refresh wrote, by model.
    """
    project = make_module_project("refreshed")
    usual = [
        ("web", f"web-{number}", day, minute, 90 + day % 7 + minute, 1000)
        for number in range(12)
        for day in range(42)
        for minute in range(3)
    ]
    usual += [
        ("network_only", "a", day, minute, "", 1000) for day in range(42) for minute in (0, 1)
    ]
    unmeasured = [("web", "web-0", day, 60, "", 1000) for day in (5, 12)]
    deliver(project, "usual", usual + unmeasured)
    project.build(*SELECTION)
    # 3 and 20 January become busier.
    late = [("web", "late", day, minute, 300, 1) for day in (2, 19) for minute in range(3)]
    deliver(project, "late", late)
    project.build(*SELECTION)
    written = dict(
        project.query(
            "select model, partitions_affected from lake.ledger.refresh_log"
            " where batch_id = (select max(batch_id) from lake.ledger.refresh_log)"
        )
    )
    return project, written


def test_hours_and_services_without_cpu_are_not_predicted(refreshed):
    project, _ = refreshed
    hours = project.query(
        "select service_name, hour(hour_ts) as hour, count(*) filter (where cpu_pods_peak is null),"
        " count(*) from hourly_service_demand group by all order by all"
    )
    assert hours == [("network_only", 10, 42, 42), ("web", 10, 0, 42), ("web", 11, 2, 2)]
    assert project.query(
        "select distinct service_name, hour(hour_ts) from hourly_predicted_demand"
    ) == [("web", 10)]
    # A service that has only a network is still a series, and the autoscaler has nothing to go by.
    assert project.query(
        "select distinct service_name from demand_series where resource = 'network_bytes'"
        " order by all"
    ) == [("network_only",), ("web",)]
    assert project.query(
        "select distinct reason from hpa_what_if where service_name = 'network_only' order by all"
    ) == [("below_min_replicas",), ("no_metrics",)]


def test_only_affected_days_are_written(refreshed):
    """The days between the two late ones that are near neither keep their rows."""
    _, written = refreshed
    late = {2, 19}
    assert written["hourly_service_demand"] == len(late)
    predicted = {day + 7 * week for day in late for week in range(1, 5)}
    assert written["hourly_predicted_demand"] == len(predicted) == 8
    # A steady load keeps the added replicas, up to the Sunday of each late day's week.
    simulated = set(range(2, 5)) | set(range(19, 26))
    assert written["int_hpa__simulated"] == len(simulated)
    # Pods of a day's first hour start the day before; the last sync of a day is in the next.
    days = predicted | {day - 1 for day in predicted} | simulated | {day + 1 for day in simulated}
    compared = {day for day in days if 7 <= day < 42}
    assert written["predictive_scaling"] == len(compared) == 18
    # Of these, the minutes at 10 o'clock of a neighbour compare nothing new.
    changed = {day for day in predicted | simulated if 7 <= day < 42}
    assert written["daily_scaling_strategies"] == len(changed) == 13


def test_a_refreshed_lake_equals_a_rebuilt_one(refreshed):
    project, _ = refreshed
    before = contents(project)
    project.build(*SELECTION, "--full-refresh")
    after = contents(project)
    for model in MODELS:
        assert before[model] == after[model], model
        assert len(after[model]) > 30
