"""The HorizontalPodAutoscaler of Kubernetes, pod by pod and step by step, written from its text.

Sources: "Horizontal Pod Autoscaling" of the Kubernetes documentation ("Algorithm details" and
"Configurable scaling behavior") and, where the text is silent, the controller itself
(pkg/controller/podautoscaler). Nothing here is shared with the SQL that it judges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

REQUEST_MILLI = 1000


@dataclass
class Rate:
    """One scaling policy of `behavior.scaleUp` or `behavior.scaleDown`."""

    kind: str
    value: int
    period_seconds: int


@dataclass
class Behaviour:
    """An autoscaler's specification."""

    cpu_target: int | None = 70
    memory_target: int | None = 80
    min_replicas: int = 10
    max_replicas: int = 100
    up_tolerance: float = 0.1
    down_tolerance: float = 0.1
    up_window: int = 0
    down_window: int = 300
    up_select: str = "Max"
    down_select: str = "Max"
    pod_start: int = 120
    # None: the manifest does not name the direction; both None: it has no `behavior`.
    up_rates: list[Rate] | None = field(
        default_factory=lambda: [Rate("Percent", 100, 15), Rate("Pods", 4, 15)]
    )
    down_rates: list[Rate] | None = field(default_factory=lambda: [Rate("Percent", 100, 15)])

    @property
    def has_behavior(self) -> bool:
        return self.up_rates is not None or self.down_rates is not None


@dataclass
class Minute:
    """What was recorded of one minute: how many instances, and what they used (milli-requests)."""

    instances: int
    ready: int
    cpu_measured: int
    memory_measured: int
    cpu_milli: int | None
    memory_milli: int | None


@dataclass
class Pod:
    """A pod as the controller sees it: usage is None where its metric is missing."""

    unready: bool
    usage: int | None


def utilization(pods: list[tuple[int, int]]) -> int:
    """Percent of the requests in use, in whole numbers as the controller divides."""
    return sum(use for use, _ in pods) * 100 // sum(request for _, request in pods)


def propose(current: int, pods: list[Pod], target: int, behaviour: Behaviour) -> int | None:
    """One metric's desired replicas; None if no pod can be judged."""

    def is_close(ratio: float) -> bool:
        return 1.0 - behaviour.down_tolerance <= ratio <= 1.0 + behaviour.up_tolerance

    unready = [pod for pod in pods if pod.unready]
    missing = [pod for pod in pods if not pod.unready and pod.usage is None]
    counted = [(p.usage, REQUEST_MILLI) for p in pods if not p.unready and p.usage is not None]
    if not counted:
        return None
    ratio = utilization(counted) / target
    rebalance = bool(unready) and ratio > 1.0
    if not rebalance and not missing:
        return current if is_close(ratio) else math.ceil(ratio * len(counted))
    if ratio < 1.0:
        counted += [(REQUEST_MILLI * max(100, target) // 100, REQUEST_MILLI) for _ in missing]
    elif ratio > 1.0:
        counted += [(0, REQUEST_MILLI) for _ in missing]
    if rebalance:
        counted += [(0, REQUEST_MILLI) for _ in unready]
    again = utilization(counted) / target
    if is_close(again) or (ratio < 1.0 < again) or (again < 1.0 < ratio):
        return current
    proposal = math.ceil(again * len(counted))
    if (again < 1.0 and proposal > current) or (again > 1.0 and proposal < current):
        return current
    return proposal


class Autoscaler:
    """The controller's memory of one workload."""

    def __init__(self, behaviour: Behaviour, replicas: int, period: int = 15) -> None:
        self.behaviour = behaviour
        self.replicas = replicas
        self.period = period
        self.recommendations: list[tuple[int, int]] = []
        self.events: list[tuple[int, int]] = []

    def change_since(self, moment: int) -> int:
        return sum(change for at, change in self.events if at > moment)

    def pods(self, now: int, minute: Minute | None, metric: str) -> list[Pod]:
        """The pods of this moment, as the recorded minute spreads over the replicas."""
        added = self.change_since(now - self.behaviour.pod_start)
        starting = min(self.replicas, max(0, added))
        running = self.replicas - starting
        pods = [Pod(unready=True, usage=None) for _ in range(starting)]
        if metric == "cpu":
            serving = running * minute.ready // minute.instances
            pods += [Pod(unready=True, usage=0) for _ in range(running - serving)]
            known, measured, of, total = (
                serving,
                minute.cpu_measured,
                minute.ready,
                minute.cpu_milli,
            )
        else:
            known, measured, of, total = (
                running,
                minute.memory_measured,
                minute.instances,
                minute.memory_milli,
            )
        seen = known * measured // of if of else 0
        pods += [Pod(unready=False, usage=None) for _ in range(known - seen)]
        if seen and total is not None:
            shared = total * seen // known
            share, rest = divmod(shared, seen)
            pods += [Pod(unready=False, usage=share + (1 if i < rest else 0)) for i in range(seen)]
        return pods

    def limit(self, now: int, up: bool) -> int:
        """How far the rates allow to go in one direction."""
        select = self.behaviour.up_select if up else self.behaviour.down_select
        rates = self.behaviour.up_rates if up else self.behaviour.down_rates
        if not self.behaviour.has_behavior:
            return max(2 * self.replicas, 4) if up else 0
        if select == "Disabled":
            return self.replicas
        if rates is None:
            rates = [Rate("Percent", 100, 15)] + ([Rate("Pods", 4, 15)] if up else [])
        limits = []
        for rate in rates:
            before = self.replicas - self.change_since(now - rate.period_seconds)
            if rate.kind == "Pods":
                limits.append(before + rate.value if up else before - rate.value)
            elif up:
                limits.append(math.ceil(before * (1 + rate.value / 100)))
            else:
                limits.append(int(before * (1 - rate.value / 100)))
        widest = max if up == (select != "Min") else min
        limit = widest(limits)
        return max(limit, self.replicas) if up else min(limit, self.replicas)

    def sync(self, number: int, minute: Minute | None) -> tuple[int, str, str | None]:
        """Decide once: (replicas, why, limited by)."""
        now = number * self.period
        before = self.replicas
        desired, why, limited = self.decide(now, minute)
        if desired != before:
            self.events.append((now, desired - before))
            self.replicas = desired
        return desired, why, limited

    def decide(self, now: int, minute: Minute | None) -> tuple[int, str, str | None]:
        spec, current = self.behaviour, self.replicas
        if not self.recommendations:
            self.recommendations.append((now, current))
        if current == 0:
            return 0, "scaling_disabled", None
        if current > spec.max_replicas:
            return spec.max_replicas, "above_max_replicas", None
        if current < spec.min_replicas:
            return spec.min_replicas, "below_min_replicas", None

        best, why, invalid, metrics = None, None, 0, 0
        for metric, target in (("cpu", spec.cpu_target), ("memory", spec.memory_target)):
            if target is None:
                continue
            metrics += 1
            proposal = None
            if minute is not None:
                proposal = propose(current, self.pods(now, minute, metric), target, spec)
            if proposal is None:
                invalid += 1
            elif best is None or proposal > best:
                best, why = proposal, f"{metric}_above_target"
        if invalid == metrics:
            return current, "no_metrics", None
        if invalid and best < current:
            return current, "a_metric_is_missing", None
        if best < current:
            why = "all_metrics_below_target"
        elif best == current:
            why = "at_target"

        if not spec.has_behavior:
            recent = [r for at, r in self.recommendations if at >= now - spec.down_window]
            self.recommendations.append((now, best))
            stable = max([best, *recent])
            limited = "scale_down_stabilized" if stable != best else None
            return self.bound(now, stable, why, limited)

        lowest = min([best, *(r for at, r in self.recommendations if at > now - spec.up_window)])
        highest = max([best, *(r for at, r in self.recommendations if at > now - spec.down_window)])
        self.recommendations.append((now, best))
        stable = current
        if stable < lowest:
            stable = lowest
        if stable > highest:
            stable = highest

        limited = None
        if stable != best:
            limited = "scale_up_stabilized" if best >= current else "scale_down_stabilized"
        return self.bound(now, stable, why, limited)

    def bound(self, now: int, stable: int, why: str, limited: str | None):
        """What the rates, the minimum and the maximum leave of a recommendation."""
        spec, current = self.behaviour, self.replicas
        if stable > current:
            limit = self.limit(now, up=True)
            allowed = min(spec.max_replicas, limit)
            if stable > allowed:
                limited = "scale_up_limit" if spec.max_replicas > limit else "too_many_replicas"
                stable = allowed
        elif stable < current:
            limit = self.limit(now, up=False)
            allowed = max(spec.min_replicas, limit)
            if stable < allowed:
                limited = "scale_down_limit" if spec.min_replicas < limit else "too_few_replicas"
                stable = allowed
        return stable, why, limited
