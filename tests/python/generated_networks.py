"""Throughput traces of networks unlike the public ones: each family has its own kind of change."""

from __future__ import annotations

import random
from collections.abc import Iterator

# (duration_ms, bandwidth_kbps, latency_ms)
Sample = tuple[int, int, int]


def markov(draw: random.Random) -> Iterator[Sample]:
    """A few levels; from each, now and then, a jump to any other."""
    levels = [draw.uniform(300, 20_000) for _ in range(5)]
    level = draw.choice(levels)
    while True:
        if draw.random() < 0.1:
            level = draw.choice(levels)
        yield 1_000, int(level), 60


def lte(draw: random.Random) -> Iterator[Sample]:
    """A slow random walk, with cells that are left and entered: short holes."""
    kbps = draw.uniform(4_000, 40_000)
    while True:
        kbps = min(max(kbps * draw.lognormvariate(0, 0.2), 500), 80_000)
        yield 500, 0 if draw.random() < 0.02 else int(kbps), draw.randrange(30, 70)


def dsl(draw: random.Random) -> Iterator[Sample]:
    """A steady line that somebody else in the house takes half of, for a while."""
    line, others = draw.choice((2_000, 6_000, 12_000, 16_000)), False
    while True:
        if draw.random() < 0.03:
            others = not others
        yield 1_000, int(line * (0.5 if others else 0.95) * draw.uniform(0.97, 1)), 25


def satellite(draw: random.Random) -> Iterator[Sample]:
    """A long way up and down, and rain."""
    line, weather = draw.choice((10_000, 25_000, 50_000)), 1.0
    while True:
        weather = min(1.0, max(0.1, weather + draw.gauss(0, 0.05)))
        yield 1_000, int(line * weather * draw.uniform(0.6, 1)), 620


# Each with the mean (kbit/s) that its traces are scaled to, so that a family is few classes.
FAMILIES = {
    "markov": (markov, 8_000),
    "lte": (lte, 30_000),
    "dsl": (dsl, 7_000),
    "satellite": (satellite, 15_000),
}


def samples(family: str, number: int, count: int = 200) -> list[Sample]:
    """The samples of a trace; the same family and number give the same ones."""
    network, target_kbps = FAMILIES[family]
    network = network(random.Random(f"{family}:{number}"))
    drawn = [next(network) for _ in range(count)]
    factor = target_kbps * count / sum(kbps for _, kbps, _ in drawn)
    return [(ms, int(kbps * factor), latency) for ms, kbps, latency in drawn]
