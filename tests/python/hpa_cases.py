# ruff: noqa: E501  a case is a line
"""Cases of the autoscaler, each with its derivation from the published algorithm.

`docs` is the page "Horizontal Pod Autoscaling" of the Kubernetes documentation, `source` the
controller's own code, where the page is silent; `table` a case of the controller's own test table.
The default specification of a case has one metric, no window, wide rates and pods that start at
once, so that each case shows one rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from hpa_oracle import Behaviour, Minute, Rate

WIDE = {
    "memory_target": None,
    "min_replicas": 1,
    "max_replicas": 1000,
    "down_window": 0,
    "pod_start": 0,
    "up_rates": [Rate("Percent", 2000, 15)],
    "down_rates": [Rate("Percent", 100, 15)],
}


@dataclass
class Case:
    """One history and what the autoscaler must decide at some of its syncs."""

    name: str
    derivation: str
    replicas: int
    minutes: list[Minute | None]
    expected: dict[int, tuple[int, str, str | None]]
    spec: Behaviour


def pods(count, percent=None, *, ready=None, measured=None, memory=None, memory_measured=None):
    """A minute of `count` pods; `percent` is the mean over the ready pods that were measured."""
    ready = count if ready is None else ready
    measured = ready if measured is None else measured
    memory_measured = count if memory_measured is None else memory_measured
    return Minute(
        count,
        ready,
        measured if percent is not None else 0,
        memory_measured if memory is not None else 0,
        round(10 * percent * ready) if percent is not None and measured else None,
        round(10 * memory * count) if memory is not None and memory_measured else None,
    )


def case(name, derivation, minutes, expected, replicas=None, **spec):
    """A case with the wide specification, changed where `spec` says so."""
    minutes = minutes if isinstance(minutes, list) else [minutes]
    expected = expected if isinstance(expected, dict) else {1: expected}
    return Case(
        name, derivation, replicas or minutes[0].instances, minutes, expected, Behaviour(**{**WIDE, **spec})
    )  # fmt: skip


UP, MEMORY_UP, DOWN, STAY = (
    "cpu_above_target",
    "memory_above_target",
    "all_metrics_below_target",
    "at_target",
)
FOUR_OR_TENTH = [Rate("Pods", 4, 60), Rate("Percent", 10, 60)]
DEFAULT_UP = [Rate("Percent", 100, 15), Rate("Pods", 4, 15)]

CASES = [
    # --- the formula: desired = ceil(current * metric / target)
    case("double", "docs: 200 of a desired 100 doubles the replicas", pods(3, 200), (6, UP, None), cpu_target=100),
    case("halve", "docs: 50 of a desired 100 halves them", pods(4, 50), (2, DOWN, None), cpu_target=100),
    case("fifty_to_sixty", "docs: 50 replicas at 90 of 75: 50 * 90 / 75 = 60", pods(50, 90), (60, UP, None), cpu_target=75),
    case("round_up_small", "3 * 80 / 70 = 3.43, ceil 4", pods(3, 80), (4, UP, None)),
    case("round_up_on_the_way_down", "7 * 50 / 70 = 5 exactly", pods(7, 50), (5, DOWN, None)),
    case("round_up_keeps_one_more", "7 * 51 / 70 = 5.1, ceil 6", pods(7, 51), (6, DOWN, None)),
    case("idle", "0 of 70: ceil(0) = 0, held at the minimum 1", pods(5, 0), (1, DOWN, "too_few_replicas")),
    case("whole_percent", "source: utilisation is cut to whole percent: 77.9 is 77, and 77 / 70 = 1.1 is tolerated", pods(10, 77.9), (10, STAY, None)),
    case("table_scale_up", "table: 300, 500, 700 of 1000 at 30: 50 / 30 * 3 = 5", pods(3, 50), (5, UP, None), cpu_target=30),
    case("table_scale_down", "table: 1400 of 5000 is 28; 28 / 50 * 5 = 2.8, ceil 3", pods(5, 28), (3, DOWN, None), cpu_target=50),
    case("table_failed_pods", "table: failed pods are no pods (the feed does not name them): 60 / 30 * 2 = 4", pods(2, 60), (4, UP, None), cpu_target=30),
    case("strangers_do_not_count", "metrics of strangers do not count: 587 / 100 * 4 = 23.48, ceil 24", pods(4, 587.5), (24, UP, None), cpu_target=100),
    case("target_above_100", "a target of 120 at 180: 1.5 * 4 = 6", pods(4, 180), (6, UP, None), cpu_target=120),
    # --- tolerance
    case("tolerance_upper_edge", "77 / 70 = 1.1 is not above 1 + 0.1", pods(10, 77), (10, STAY, None)),
    case("tolerance_above", "78 / 70 = 1.114: 11.14, ceil 12", pods(10, 78), (12, UP, None)),
    case("tolerance_lower_edge", "63 / 70 = 0.9 is not below 1 - 0.1", pods(10, 63), (10, STAY, None)),
    case("tolerance_below", "62 / 70 = 0.886: 8.86, ceil 9", pods(10, 62), (9, DOWN, None)),
    case("tolerance_zero", "without tolerance 71 / 70 * 10 = 10.14, ceil 11", pods(10, 71), (11, UP, None), up_tolerance=0.0),
    case("tolerance_by_direction", "docs: tolerance of its own downwards: 0.05 lets 66 / 70 = 0.943 * 20 = 18.9 scale", pods(20, 66), (19, DOWN, None), down_tolerance=0.05),
    case("tolerance_of_the_other_direction", "the tolerance downwards does not hold an increase", pods(10, 71), (11, UP, None), up_tolerance=0.0, down_tolerance=0.5),
    case("tolerance_hides_a_pod", "above tolerance but ceil gives the same: 1 * 62 / 70, ceil 1", pods(1, 62), (1, STAY, None)),
    case("table_tolerance", "table: 102 of 100 is within tolerance", pods(3, 102), (3, STAY, None), cpu_target=100),
    case("computed_tolerance", "50 / 56 = 0.893 is beyond tolerance: ceil(8.93) = 9", pods(10, 50), (9, DOWN, None), cpu_target=56),
    case("computed_tolerance_held", "50 / 55 = 0.909 is within", pods(10, 50), (10, STAY, None), cpu_target=55),
    # --- missing metrics
    case("table_missing", "table: 495 of 2 pods is 24; down, so 2 silent pods count 100: 2495 / 4 = 62, 0.62 * 4 = 2.48, ceil 3", pods(4, 24.75, measured=2), (3, DOWN, None), cpu_target=100),
    case("table_missing_equal", "table: exactly at the target nothing is guessed", pods(2, 100, measured=1), (2, STAY, None), cpu_target=100),
    case("table_missing_up", "table: 190, with the silent pod at 0 it is 95: within tolerance", pods(2, 190, measured=1), (2, STAY, None), cpu_target=100),
    case("table_missing_down", "table: 60, with the silent pod at 100 it is 80: 0.8 * 2 = 1.6, ceil 2", pods(2, 60, measured=1), (2, STAY, None), cpu_target=100),
    case("missing_damps_up", "200 / 70; 2 of 4 silent count 0: 100 / 70 * 4 = 5.7, ceil 6 and not 12", pods(4, 200, measured=2), (6, UP, None)),
    case("missing_reverses_down", "40 / 70 is down; silent pods at 100: (40 + 3 * 100) / 4 = 85 would be up: stay", pods(4, 40, measured=1), (4, STAY, None)),
    case("missing_reverses_up", "120 / 70 is up; 3 of 4 silent at 0: 30 / 70 would be down: stay", pods(4, 120, measured=1), (4, STAY, None)),
    case("missing_above_100", "source: with a target of 120 silent pods count 120 on the way down: (30 + 120) / 2 = 75; 75 / 120 * 2 = 1.25, ceil 2", pods(2, 30, measured=1), (2, STAY, None), cpu_target=120),
    case("all_missing", "no pod was measured: nothing to go by", pods(4, None), (4, "no_metrics", None)),
    case("minute_without_samples", "the feed is silent for a minute: the replicas stay", [pods(4, 70), None, pods(4, 70)], {4: (4, STAY, None), 5: (4, "no_metrics", None), 8: (4, "no_metrics", None), 9: (4, STAY, None)}),
    # --- pods that are not ready
    case("table_unready_less", "table: ready pods at 60 / 30 = 2; the unready one counts 0: 40 / 30 * 3 = 4", pods(3, 60, ready=2), (4, UP, None), cpu_target=30),
    case("table_unready_none", "table: 40 / 30 up; with two at 0 it is 13 / 30: reversed, stay", pods(3, 40, ready=1), (3, STAY, None), cpu_target=30),
    case("table_unready_down", "table: on the way down unready pods are left out: 30 / 50 * 3 = 1.8, ceil 2", pods(5, 30, ready=3), (2, DOWN, None), cpu_target=50),
    case("table_one_ready", "table: one ready pod at 10 / 50: ceil(0.2) = 1", pods(5, 10, ready=1), (1, DOWN, None), cpu_target=50),
    case("table_missing_unready", "table: 45 / 50 is down; silent pod at 100: 145 / 2 = 72 reverses: stay", pods(3, 45, ready=2, measured=1), (3, STAY, None), cpu_target=50),
    case("table_missing_unready_up", "table: 200 / 50; silent and unready at 0: 66 / 50 * 3 = 3.96, ceil 4", pods(3, 200, ready=2, measured=1), (4, UP, None), cpu_target=50),
    case("table_missing_unready_down", "table: 10 / 50; silent pod at 100: (20 + 100) / 3 = 40; 0.8 * 3 = 2.4, ceil 3", pods(4, 10, ready=3, measured=2), (3, DOWN, None), cpu_target=50),
    case("none_ready", "no pod is ready: CPU can't be judged", pods(4, 90, ready=0), (4, "no_metrics", None)),
    case("memory_counts_unready", "source: readiness matters for CPU only: memory of 4 at 120 / 80 * 4 = 6", pods(4, None, ready=2, memory=120), (6, MEMORY_UP, None), cpu_target=None, memory_target=80),
    # --- several metrics
    case("two_metrics_largest", "docs: the largest: CPU 4 * 140 / 70 = 8, memory 4 * 120 / 80 = 6", pods(4, 140, memory=120), (8, UP, None), memory_target=80),
    case("memory_leads", "memory 4 * 160 / 80 = 8 against CPU 4", pods(4, 70, memory=160), (8, MEMORY_UP, None), memory_target=80),
    case("memory_holds", "CPU would halve, memory at its target keeps all", pods(4, 35, memory=80), (4, STAY, None), memory_target=80),
    case("both_below", "CPU 8 * 35 / 70 = 4, memory 8 * 50 / 80 = 5: the larger", pods(8, 35, memory=50), (5, DOWN, None), memory_target=80),
    case("a_tie_names_the_first", "both ask for 8: the first metric is named", pods(4, 140, memory=160), (8, UP, None), memory_target=80),
    case("missing_metric_blocks_down", "docs: a metric fails and the others scale down: skipped", pods(8, 35, memory=None), (8, "a_metric_is_missing", None), memory_target=80),
    case("missing_metric_lets_up", "docs: still able to scale up", pods(8, 140, memory=None), (16, UP, None), memory_target=80),
    case("missing_metric_at_target", "the other metric asks for no change, and none is made", pods(8, 70, memory=None), (8, STAY, None), memory_target=80),
    # --- minimum and maximum
    case("maximum", "60 * 140 / 70 = 120, at most 100", pods(60, 140), (100, UP, "too_many_replicas"), max_replicas=100),
    case("minimum", "20 * 7 / 70 = 2, at least 10", pods(20, 7), (10, DOWN, "too_few_replicas"), min_replicas=10),
    case("above_maximum", "source: more replicas than the maximum are cut before any metric is read", pods(120, 140), (100, "above_max_replicas", None), max_replicas=100),
    case("below_minimum", "source: fewer than the minimum are filled up before any metric is read", pods(2, 70), (10, "below_min_replicas", None), min_replicas=10),
    case("at_maximum", "a wish for more than the maximum changes nothing at the maximum", pods(100, 140), (100, UP, "too_many_replicas"), max_replicas=100),
    case("document_policy", "the document: cpu 70, memory 80, min 10, max 100: 40 * 91 / 70 = 52", pods(40, 91, memory=60), (52, UP, None), memory_target=80, min_replicas=10, max_replicas=100),
    # --- rates (scaling policies)
    case("default_up_doubles", "docs: 100 % or 4 pods per 15 s, the larger: 10 becomes at most 20", pods(10, 700), {1: (20, UP, "scale_up_limit"), 2: (40, UP, "scale_up_limit")}, up_rates=DEFAULT_UP),
    case("default_up_adds_four", "docs: 2 replicas become at most 6", pods(2, 700), (6, UP, "scale_up_limit"), up_rates=DEFAULT_UP),
    case("docs_eight_of_eighty", "docs: from 80 to 10: first 8 are removed (10 %)", pods(80, 8.75), {1: (72, DOWN, "scale_down_limit"), 4: (72, DOWN, "scale_down_limit")}, down_rates=FOUR_OR_TENTH),
    case("docs_eight_of_seventytwo", "docs: a minute later 10 % of 72 is 7.2, rounded up to 8", [pods(80, 8.75), pods(80, 8.75)], {5: (64, DOWN, "scale_down_limit")}, down_rates=FOUR_OR_TENTH),
    case("docs_four_below_forty", "docs: below 40 the fixed 4 are the larger change", pods(39, 7), (35, DOWN, "scale_down_limit"), down_rates=FOUR_OR_TENTH),
    case("docs_select_min", "docs: Min of 10 % and 5 pods: of 80 five go", pods(80, 7), (75, DOWN, "scale_down_limit"), down_rates=[Rate("Percent", 10, 60), Rate("Pods", 5, 60)], down_select="Min"),
    case("docs_disabled", "docs: Disabled turns a direction off", pods(80, 7), (80, DOWN, "scale_down_limit"), down_select="Disabled"),
    case("up_disabled", "Disabled upwards keeps 4", pods(4, 700), (4, UP, "scale_up_limit"), up_select="Disabled"),
    case("up_select_min", "Min of 100 % and 4 pods: of 10 four", pods(10, 700), (14, UP, "scale_up_limit"), up_rates=DEFAULT_UP, up_select="Min"),
    case("percent_up_rounds_up", "source: 1 % of 10 is rounded up: 11", pods(10, 700), (11, UP, "scale_up_limit"), up_rates=[Rate("Percent", 1, 15)]),
    case("period_holds", "a period of 60 s: 4 pods, then no more until it is over", [pods(10, 700), pods(10, 700)], {1: (14, UP, "scale_up_limit"), 2: (14, UP, "scale_up_limit"), 4: (14, UP, "scale_up_limit"), 5: (18, UP, "scale_up_limit")}, up_rates=[Rate("Pods", 4, 60)]),
    case("maximum_before_rate", "source: if the maximum is nearer than the rate, the maximum is named", pods(10, 700), (12, UP, "too_many_replicas"), up_rates=[Rate("Pods", 4, 60)], max_replicas=12),
    case("minimum_before_rate", "the same downwards", pods(10, 0), (8, DOWN, "too_few_replicas"), down_rates=[Rate("Pods", 4, 60)], min_replicas=8),
    # --- stabilization windows
    case("down_window", "docs: the highest of the last 300 s: 10 was recommended 60 s ago, so it stays", [pods(10, 70), pods(10, 35)], {4: (10, STAY, None), 5: (10, DOWN, "scale_down_stabilized"), 8: (10, DOWN, "scale_down_stabilized")}, down_window=300),
    case("down_window_passes", "the last 10 was recommended at second 60; 300 s later, at second 360, it is no longer inside", [pods(10, 70), *[pods(10, 35)] * 6], {23: (10, DOWN, "scale_down_stabilized"), 24: (5, DOWN, None)}, down_window=300),
    case("down_window_of_one_minute", "docs: a window of 60 s", [pods(10, 70), *[pods(10, 35)] * 2], {7: (10, DOWN, "scale_down_stabilized"), 8: (5, DOWN, None)}, down_window=60),
    case("table_stabilize_initial_size", "table: TestScaleDownStabilizeInitialSize: 100, 300, 500, 250, 250 of 1000 at 50: 3, but the first sync records the 5 there are", pods(5, 28), (5, DOWN, "scale_down_stabilized"), cpu_target=50, down_window=300, up_rates=None, down_rates=None, min_replicas=2, max_replicas=6),
    case("first_recommendation_ends", "source: recorded at second 15 of a window of 60 s: at second 75 it is no longer inside", [pods(10, 35)] * 2, {1: (10, DOWN, "scale_down_stabilized"), 4: (10, DOWN, "scale_down_stabilized"), 5: (5, DOWN, None)}, down_window=60),
    case("up_window", "the lowest of the last 60 s: the rise waits until all of them are high", [pods(10, 70), *[pods(10, 140)] * 2], {5: (10, UP, "scale_up_stabilized"), 7: (10, UP, "scale_up_stabilized"), 8: (20, UP, None)}, up_window=60),
    case("up_without_window", "docs: without a window the rise is immediate", [pods(10, 70), pods(10, 140)], {4: (10, STAY, None), 5: (20, UP, None)}),
    case("partial_down", "docs: the highest recommendation inside, not the current replicas: 8 before 5", [pods(10, 56), pods(10, 35)], {4: (10, DOWN, "scale_down_stabilized"), 5: (8, DOWN, "scale_down_stabilized")}, down_window=60),
    # --- directions and manifests without rates
    case("up_without_rates", "source: defaults of scaleUp: of 3 the larger of 100 % and 4 pods: 7", pods(3, 700), (7, UP, "scale_up_limit"), up_rates=None),
    case("up_without_rates_percent", "source: of 10 the larger is 100 %: 20", pods(10, 700), {1: (20, UP, "scale_up_limit"), 2: (40, UP, "scale_up_limit")}, up_rates=None),
    case("up_without_rates_disabled", "Disabled without rates keeps 4", pods(4, 700), (4, UP, "scale_up_limit"), up_rates=None, up_select="Disabled"),
    case("down_without_rates", "source: default of scaleDown: 100 % in 15 s", pods(80, 7), (8, DOWN, None), down_rates=None),
    case("table_no_behavior_limit", "table: convertDesiredReplicasWithRules: without `behavior` at most twice as many", pods(10, 700), {1: (20, UP, "scale_up_limit"), 2: (40, UP, "scale_up_limit")}, up_rates=None, down_rates=None),
    case("table_no_behavior_minimum_limit", "table: calculateScaleUpLimit: max(2 * 1, 4) = 4", pods(1, 700), (4, UP, "scale_up_limit"), up_rates=None, down_rates=None),
    case("no_behavior_three", "source: max(2 * 3, 4) = 6, where rates would allow 7", pods(3, 700), (6, UP, "scale_up_limit"), up_rates=None, down_rates=None),
    case("table_no_behavior_maximum", "table: the maximum is nearer than twice the replicas", pods(10, 700), (12, UP, "too_many_replicas"), up_rates=None, down_rates=None, max_replicas=12),
    case("table_no_behavior_down", "table: TestScaleDown: once the first recommendation is over 5 become 3, in one step", pods(5, 28), {2: (5, DOWN, "scale_down_stabilized"), 3: (3, DOWN, None)}, cpu_target=50, down_window=15, up_rates=None, down_rates=None),
    case("no_behavior_edge", "source: without `behavior` a recommendation exactly as old as the window still counts", [pods(10, 35)] * 2, {5: (10, DOWN, "scale_down_stabilized"), 6: (5, DOWN, None)}, down_window=60, up_rates=None, down_rates=None),
    case("table_one_metric_invalid", "table: TestScaleUpOneMetricInvalid: memory has no sample, CPU 50 / 30 * 3 = 5", pods(3, 50, memory=None), (5, UP, None), cpu_target=30, memory_target=80, min_replicas=2, max_replicas=6),
    case("table_scale_down_one_metric_invalid", "table: TestScaleDownOneMetricInvalid: CPU would be 3, memory has no sample: 5 stay", pods(5, 28, memory=None), (5, "a_metric_is_missing", None), cpu_target=50, memory_target=80, min_replicas=2, max_replicas=6),
    case("table_hot_cpu_less_scale", "table: TestScaleUpHotCpuLessScale: the pod that started just now is not counted: 60 / 30 of 2 is 40 / 30 of 3", pods(3, 60, ready=2), (4, UP, None), cpu_target=30, min_replicas=2, max_replicas=6),
    case("table_hot_cpu_no_scale", "table: TestScaleUpHotCpuNoScale: 40 / 30, with two at 0 it is 13 / 30: stay", pods(3, 40, ready=1), (3, STAY, None), cpu_target=30, min_replicas=2, max_replicas=6),
    case("table_scale_down_hot_cpu", "table: TestScaleDownIgnoreHotCpuPods: 30 / 50 of the three that count: 1.8, ceil 2", pods(5, 30, ready=3), (2, DOWN, None), cpu_target=50, min_replicas=2, max_replicas=6),
    case("table_zero_minimum", "table: TestMinReplicas: 10, 95, 10 of 1000 at 90: ceil(0.42 * 3) = 2", pods(3, 38), (2, DOWN, None), cpu_target=90, min_replicas=2, max_replicas=5),
    case("table_max_replicas", "table: TestMaxReplicas: 8000, 9500, 1000 of 1000 at 90: 21, at most 5", pods(3, 616), (5, UP, "too_many_replicas"), cpu_target=90, min_replicas=2, max_replicas=5, up_rates=None, down_rates=None),
    case("table_zero_usage", "table: TestMinReplicasDesiredZero: 0 of 1000: 0, at least 2", pods(3, 0), (2, DOWN, "too_few_replicas"), cpu_target=90, min_replicas=2, max_replicas=5),
    case("table_superfluous_metrics", "table: TestSuperfluousMetrics: 4000, 9500, 3000, 7000, ... of the 4 that are pods: 23.5, at most 6", pods(4, 587.5), (6, UP, "too_many_replicas"), cpu_target=100, min_replicas=2, max_replicas=6, up_rates=None, down_rates=None),
    case("table_upscale_cap", "table: TestUpscaleCap: 3 at 400 of 10 would be 40; without `behavior` at most 6", pods(3, 40), (6, UP, "scale_up_limit"), cpu_target=10, min_replicas=1, max_replicas=100, up_rates=None, down_rates=None),
    case("table_upscale_cap_above_max", "table: TestUpscaleCapGreaterThanMaxReplicas: 3 at 400 of 10, maximum 20: still 6", pods(3, 40), (6, UP, "scale_up_limit"), cpu_target=10, min_replicas=1, max_replicas=20, up_rates=None, down_rates=None),
    case("table_more_replicas_than_max", "table: TestMoreReplicasThanSpecNoScale: 500 of 1000 at 50: 4 stay", pods(4, 50), (4, STAY, None), cpu_target=50, min_replicas=1, max_replicas=8),
    case("table_backoff_upscale", "table: TestBackoffUpscale: 150 of 100 at 100: 4 become 5 of at most 5", pods(4, 150), (5, UP, "too_many_replicas"), cpu_target=100, min_replicas=1, max_replicas=5),
    case("table_no_backoff_change", "table: TestNoBackoffUpscaleCMNoBackoffCpu: 1500, 2500, 700 of 1000 at 10: maximum 5", pods(4, 156), (5, UP, "too_many_replicas"), cpu_target=10, min_replicas=1, max_replicas=5, up_rates=None, down_rates=None),
    case("table_stabilize_downscale", "table: TestStabilizeDownscale: 50 of 100 at 100 would be 3; the 4 of before is in the window", pods(4, 50), (4, DOWN, "scale_down_stabilized"), cpu_target=100, min_replicas=1, max_replicas=5, down_window=300, up_rates=None, down_rates=None),
    case("table_avoid_unnecessary_updates", "table: TestAvoidUnnecessaryUpdates: 400, 500, 700 with one ready: 40 / 30 and two at 0: 3 stay", pods(3, 40, ready=1), (3, STAY, None), cpu_target=30, min_replicas=2, max_replicas=6),
    # --- start-up
    case("starting_pods_are_unready", "10 become 20; for 120 s the new ones are idle in the average: 140 / 70 of 10 ready, 70 / 70 of 20: stay", pods(10, 140), {1: (20, UP, None), 2: (20, STAY, None), 4: (20, STAY, None)}, pod_start=120),
    case("started_pods_serve", "after 120 s they serve: 70 of 70", [pods(10, 140)] * 3, {8: (20, STAY, None), 9: (20, STAY, None)}, pod_start=120),
]  # fmt: skip


@dataclass
class NotCovered:
    """A case of the controller that the feed can not express: pods as (use, request) in milli."""

    reason: str
    pods: list[tuple[int, int]]
    cpu_target: int
    expected: int


NOT_COVERED = {
    "table_computed_tolerance": NotCovered(
        "TestComputedToleranceAlgImplementation: 1500 of 3000 is 50 / 56 of 10, ceil 9; the mean of the pods'"
        " own percents is 51.3, which is within tolerance",
        [(150, 300 + more) for more in (100, -100, 10, -10, 2, -2, 1, -1, 0, 0)],
        cpu_target=56,
        expected=9,
    ),
}
