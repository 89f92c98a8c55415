"""The autoscaler in SQL against the published algorithm: derived cases, a step-by-step oracle."""

from __future__ import annotations

import math
import random
from dataclasses import asdict
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from conftest import Project
from hpa_cases import CASES, NOT_COVERED, WIDE, pods
from hpa_oracle import Autoscaler, Behaviour, Minute, Rate

DECISION = "desired_replicas, reason, limited_by"
MODELS = (
    "int_autoscaling_policies__completed",
    "int_service_utilization__sampled",
    "int_hpa__simulated",
    "hpa_what_if",
)


@pytest.fixture(scope="module")
def what_if_sql(tmp_path_factory, parsed_manifest):
    """The models as dbt compiles them, in their order: they run unchanged on a lake in memory."""
    project = Project(tmp_path_factory.mktemp("hpa") / "project", parsed_manifest)
    project.dbt("compile", "--select", *MODELS, vars={"hpa_sync_period_seconds": 15})
    return {
        model: next(project.target.rglob(f"compiled/**/{model}.sql")).read_text()
        for model in MODELS
    }


def simulate(
    what_if_sql: dict[str, str],
    histories: dict[str, tuple[Behaviour, int, list[Minute | None]]],
    minutes_of_day: int = 24 * 60,
):
    """Run the model over histories; return each history's decisions, in order.

    Args:
        what_if_sql: the compiled models.
        histories: for each service, its specification, its replicas and its minutes.
        minutes_of_day: minutes after which a history goes on at midnight of the next day.
    """
    policies, rates, minutes = [], [], []
    for name, (spec, replicas, recorded) in histories.items():
        policies.append(
            (name, spec.cpu_target, spec.memory_target, spec.min_replicas, spec.max_replicas)
            + (spec.up_tolerance, spec.down_tolerance, spec.up_window, spec.down_window)
            + (spec.up_select, spec.down_select, spec.pod_start)
        )
        for direction, of in (("up", spec.up_rates), ("down", spec.down_rates)):
            rates += [(name, direction, r.kind, r.value, r.period_seconds) for r in of or []]
        for number, minute in enumerate(recorded):
            if minute is not None:
                day, number = divmod(number, minutes_of_day)
                moment = datetime(2025, 1, 1) + timedelta(days=day, minutes=number)
                minutes.append((name, replicas, moment, *asdict(minute).values()))
    frames = {
        "policies": pd.DataFrame(policies, columns=[
            "service_name", "cpu_target_percent", "memory_target_percent", "min_replicas",
            "max_replicas", "scale_up_tolerance", "scale_down_tolerance", "scale_up_window_seconds",
            "scale_down_window_seconds", "scale_up_select", "scale_down_select",
            "pod_start_seconds",
        ]),
        "rates": pd.DataFrame(
            rates, columns=["service_name", "direction", "policy_type", "value", "period_seconds"]
        ),
        "minutes": pd.DataFrame(minutes, columns=[
            "service_name", "first_replicas", "minute_ts", "instances", "ready_instances",
            "cpu_measured_instances", "memory_measured_instances", "cpu_milli", "memory_milli",
        ]),
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as lake; use lake")
        connection.execute("create schema analytics; create schema reference")
        for name, frame in frames.items():
            connection.register(name, frame)
        connection.execute(
            "create table reference.autoscaling_policies as select * replace ("
            " cast(cpu_target_percent as integer) as cpu_target_percent,"
            " cast(memory_target_percent as integer) as memory_target_percent,"
            " cast(min_replicas as integer) as min_replicas,"
            " cast(max_replicas as integer) as max_replicas) from policies"
        )
        connection.execute(
            "create table reference.autoscaling_rates as"
            " select * replace (cast(value as integer) as value) from rates"
        )
        connection.execute(
            "create table analytics.minutely_service_utilization as select service_name,"
            " cast(instances as integer) as instances,"
            " cast(ready_instances as integer) as counted_instances,"
            " cast(cpu_measured_instances as integer) as cpu_measured_instances,"
            " coalesce(cpu_milli / 10.0 * cpu_measured_instances / nullif(ready_instances, 0), 0)"
            "   as cpu_percent_total,"
            " cast(memory_measured_instances as integer) as memory_measured_instances,"
            " coalesce(memory_milli / 10.0 * memory_measured_instances / nullif(instances, 0), 0)"
            "   as memory_percent_total,"
            " minute_ts, cast(minute_ts as date) as dt, 1 as batch_id from minutes"
        )
        for model, sql in what_if_sql.items():
            connection.execute(f"create table analytics.{model} as {sql}")
        rows = connection.execute(
            f"select service_name, {DECISION} from analytics.hpa_what_if"
            " order by service_name, sync_ts"
        ).fetchall()
    decisions = {name: [] for name in histories}
    for name, *decision in rows:
        decisions[name].append(tuple(decision))
    return decisions


def expected_of(spec: Behaviour, replicas: int, recorded: list[Minute | None]):
    """The oracle's decisions on one history."""
    autoscaler = Autoscaler(spec, replicas)
    return [
        autoscaler.sync(4 * number + quarter + 1, minute)
        for number, minute in enumerate(recorded)
        for quarter in range(4)
    ]


def generated_history(draw: random.Random) -> tuple[Behaviour, int, list[Minute | None]]:
    """A random specification over a load that ramps, jumps, falls silent and gets unready."""
    lowest = draw.choice([1, 2, 3, 10])
    spec = Behaviour(
        cpu_target=draw.choice([30, 50, 70, 70, 90, 120]),
        memory_target=draw.choice([None, 60, 80, 80]),
        min_replicas=lowest,
        max_replicas=lowest + draw.choice([0, 3, 12, 90]),
        up_tolerance=draw.choice([0.0, 0.1, 0.1, 0.25]),
        down_tolerance=draw.choice([0.0, 0.1, 0.1, 0.25]),
        up_window=draw.choice([0, 0, 30, 120]),
        down_window=draw.choice([0, 60, 300]),
        up_select=draw.choice(["Max", "Max", "Min", "Disabled"]),
        down_select=draw.choice(["Max", "Max", "Min", "Disabled"]),
        pod_start=draw.choice([0, 30, 120]),
        up_rates=[
            Rate(draw.choice(["Pods", "Percent"]), draw.randint(1, 120), draw.choice([15, 30, 60]))
            for _ in range(draw.choice([0, 1, 2]))
        ],
        down_rates=[
            Rate(draw.choice(["Pods", "Percent"]), draw.randint(1, 100), draw.choice([15, 30, 60]))
            for _ in range(draw.choice([0, 1, 2]))
        ],
    )
    # A direction without a rate has Kubernetes' own, and a manifest without any has no `behavior`.
    spec.up_rates, spec.down_rates = spec.up_rates or None, spec.down_rates or None
    instances = draw.randint(1, 20)
    recorded = generated_minutes(draw, instances, draw.randint(6, 10))
    return spec, instances, recorded


def generated_minutes(draw: random.Random, instances: int, count: int) -> list[Minute | None]:
    """Minutes of a load that ramps, jumps, falls silent in between and gets unready."""
    load, recorded = draw.randint(50, 20000), []
    for number in range(count):
        load = max(
            0, int(load * draw.choice([1, 1, 1.05, 0.95, 1.5, 2.5, 0.4])) + draw.randint(-9, 9)
        )
        ready = instances if draw.random() < 0.7 else draw.randint(0, instances)
        cpu_measured = ready if draw.random() < 0.7 else draw.randint(0, ready)
        memory_measured = instances if draw.random() < 0.7 else draw.randint(0, instances)
        minute = Minute(
            instances,
            ready,
            cpu_measured,
            memory_measured,
            load if cpu_measured else None,
            draw.randint(0, 90 * 10 * instances) if memory_measured else None,
        )
        is_silent = 0 < number < count - 1 and draw.random() < 0.05
        recorded.append(None if is_silent else minute)
    return recorded


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_generated_histories_equal_the_oracle(count, what_if_sql):
    draw = random.Random(20250101)
    histories = {f"h{number}": generated_history(draw) for number in range(count)}
    decisions = simulate(what_if_sql, histories)
    for name, history in histories.items():
        assert decisions[name] == expected_of(*history), (name, history)
    reasons = {why for decided in decisions.values() for _, why, _ in decided}
    limits = {limited for decided in decisions.values() for _, _, limited in decided}
    assert reasons == {
        "above_max_replicas", "a_metric_is_missing", "all_metrics_below_target", "at_target",
        "cpu_above_target", "memory_above_target", "no_metrics", "below_min_replicas",
    }  # fmt: skip
    assert limits == {
        "scale_down_limit", "scale_down_stabilized", "scale_up_limit", "scale_up_stabilized",
        "too_few_replicas", "too_many_replicas", None,
    }  # fmt: skip


def test_a_day_goes_on_where_the_day_before_ended(what_if_sql):
    """Four days of six minutes: replicas, recommendations and changes of days before count.

    The windows are longer than a day, so that they reach back over midnight; a day without samples
    ends the row, and the day after it begins anew.
    """
    draw = random.Random(20250102)
    histories, expected = {}, {}
    for number in range(500):
        spec, instances, _ = generated_history(draw)
        spec.up_window, spec.down_window = draw.choice([0, 90_000]), draw.choice([0, 300, 90_000])
        for rates in (spec.up_rates, spec.down_rates):
            for rate in rates or []:
                rate.period_seconds = draw.choice([15, 90_000])
        days = [generated_minutes(draw, instances, 6) for _ in range(4)]
        autoscaler, decided = Autoscaler(spec, instances), []
        for day, minutes in enumerate(days):
            if number % 3 == 0 and day == 2:
                days[day] = [None] * 6
                autoscaler = None
                continue
            autoscaler = autoscaler or Autoscaler(spec, instances)
            decided += [
                autoscaler.sync(day * 24 * 60 * 4 + 4 * minute + quarter + 1, recorded)
                for minute, recorded in enumerate(minutes)
                for quarter in range(4)
            ]
        name = f"h{number}"
        histories[name] = (spec, instances, [minute for day in days for minute in day])
        expected[name] = decided
    decisions = simulate(what_if_sql, histories, minutes_of_day=6)
    for name, history in histories.items():
        assert decisions[name] == expected[name], (name, history)


@pytest.fixture(scope="module")
def decisions_of_cases(what_if_sql):
    return simulate(what_if_sql, {c.name: (c.spec, c.replicas, c.minutes) for c in CASES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_of_the_published_algorithm(case, decisions_of_cases):
    decided = decisions_of_cases[case.name]
    assert {sync: decided[sync - 1] for sync in case.expected} == case.expected, case.derivation
    assert decided == expected_of(case.spec, case.replicas, case.minutes), case.derivation


def test_there_are_enough_cases_and_each_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert all(case.derivation for case in CASES)


@pytest.mark.parametrize("name", NOT_COVERED)
def test_pods_with_different_requests_are_not_covered(name, what_if_sql):
    """The feed has percents of each pod's own request: a sum over a sum is not in it.

    Equal requests with the same mean percent are another case, and decide differently.
    """
    assert not [case for case in CASES if case.name == name]
    case = NOT_COVERED[name]
    percent = sum(100 * use / request for use, request in case.pods) / len(case.pods)
    minute = pods(len(case.pods), percent)
    spec = Behaviour(**{**WIDE, "cpu_target": case.cpu_target})
    equalised = simulate(what_if_sql, {name: (spec, len(case.pods), [minute])})[name][0][0]
    use, request = (sum(column) for column in zip(*case.pods, strict=True))
    ratio = (use * 100 // request) / case.cpu_target
    assert ratio < 0.9 and case.expected == math.ceil(ratio * len(case.pods))
    assert equalised != case.expected, case.reason
