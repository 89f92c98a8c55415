"""A player on a throughput trace, step by step: what `bitrate_what_if` is compared with.

Written from docs/playback.md in plain Python, without a look at the SQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

BUFFER_MS = 25_000
SPEED_SAMPLES = 5


@dataclass
class Network:
    """A trace that begins again at its end. Samples are (duration_ms, kbps, latency_ms)."""

    samples: list[tuple[int, int, int]]
    now: float = 0
    index: int = 0
    left_ms: float = 0

    def __post_init__(self) -> None:
        self.left_ms = self.samples[0][0]

    def wait(self, ms: float) -> None:
        """Let time pass."""
        self.now += ms
        while ms >= self.left_ms:
            ms -= self.left_ms
            self.index = (self.index + 1) % len(self.samples)
            self.left_ms = self.samples[self.index][0]
        self.left_ms -= ms

    def download(self, bits: float) -> float:
        """Fetch so many bits; returns the time that it took (ms), latency included."""
        began = self.now
        self.wait(self.samples[self.index][2])
        while True:
            kbps = self.samples[self.index][1]
            if kbps and bits / kbps <= self.left_ms:
                self.wait(bits / kbps)
                return self.now - began
            bits -= kbps * self.left_ms
            self.wait(self.left_ms)


@dataclass
class Ladder:
    """Renditions, lowest first, and the sizes of the segments in each."""

    bitrates_kbps: list[int]
    duration_ms: int
    sizes_bits: list[list[int]]


@dataclass
class Player:
    """What a policy may look at, and what is measured."""

    ladder: Ladder
    buffer_ms: float = 0
    level: int = 0
    throughputs_kbps: list[float] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    rebuffering_ms: float = 0
    start_delay_ms: float = 0

    @property
    def speed_kbps(self) -> float:
        """Harmonic mean of the newest throughputs."""
        newest = self.throughputs_kbps[-SPEED_SAMPLES:]
        return len(newest) / sum(1 / value for value in newest)


def rules(table: list[tuple[int, int]]) -> Callable[[Player], int]:
    """Policy: the highest rung within the bitrate that a table (from Mbit/s, kbit/s) recommends."""

    def choose(player: Player) -> int:
        speed = player.speed_kbps / 1000
        limit = max(kbps for low, kbps in table if low <= speed)
        return max((i for i, r in enumerate(player.ladder.bitrates_kbps) if r <= limit), default=0)

    return choose


def throughput(safety: float) -> Callable[[Player], int]:
    """Policy: the highest bitrate within a share of the speed."""

    def choose(player: Player) -> int:
        limit = safety * player.speed_kbps
        return max((i for i, r in enumerate(player.ladder.bitrates_kbps) if r <= limit), default=0)

    return choose


def buffer_based(reservoir_ms: float, cushion_ms: float) -> Callable[[Player], int]:
    """Policy: BBA-0 of Huang et al. 2014, its algorithm 1."""

    def choose(player: Player) -> int:
        rates, previous = player.ladder.bitrates_kbps, player.level
        if player.buffer_ms <= reservoir_ms:
            return 0
        if player.buffer_ms >= reservoir_ms + cushion_ms:
            return len(rates) - 1
        share = (player.buffer_ms - reservoir_ms) / cushion_ms
        mapped = rates[0] + (rates[-1] - rates[0]) * share
        if mapped >= rates[min(previous + 1, len(rates) - 1)]:
            return max((i for i, rate in enumerate(rates) if rate < mapped), default=0)
        if mapped <= rates[max(previous - 1, 0)]:
            return min(i for i, rate in enumerate(rates) if rate > mapped)
        return previous

    return choose


def bola(gamma_p: float) -> Callable[[Player], int]:
    """Policy: BOLA-BASIC of Spiteri et al. 2016, with logarithmic utilities."""

    def choose(player: Player) -> int:
        rates, duration = player.ladder.bitrates_kbps, player.ladder.duration_ms
        utilities = [math.log(rate / rates[0]) for rate in rates]
        v = (BUFFER_MS / duration - 1) / (utilities[-1] + gamma_p)
        filled = player.buffer_ms / duration
        scores = [
            (v * (utility + gamma_p) - filled) / rate
            for utility, rate in zip(utilities, rates, strict=True)
        ]
        return scores.index(max(scores))

    return choose


def play(samples: list[tuple[int, int, int]], ladder: Ladder, policy: Callable) -> dict:
    """Play a ladder to its end on a trace; returns the row of `bitrate_what_if`."""
    network, player = Network(samples), Player(ladder)
    for number, sizes in enumerate(ladder.sizes_bits):
        surplus = player.buffer_ms + ladder.duration_ms - BUFFER_MS
        if surplus > 0:
            network.wait(surplus)
            player.buffer_ms -= surplus
        player.level = policy(player) if number else 0
        taken = network.download(sizes[player.level])
        if number:
            player.rebuffering_ms += max(0, taken - player.buffer_ms)
        else:
            player.start_delay_ms = taken
        player.buffer_ms = max(0, player.buffer_ms - taken) + ladder.duration_ms
        player.throughputs_kbps.append(sizes[player.level] / taken)
        player.chosen.append(ladder.bitrates_kbps[player.level])
    changes = [abs(b - a) for a, b in zip(player.chosen, player.chosen[1:], strict=False)]
    count = len(player.chosen)
    seconds_lost = (player.rebuffering_ms + player.start_delay_ms) / 1000
    penalty = ladder.bitrates_kbps[-1] * seconds_lost
    return {
        "segments": count,
        "bitrate_sum_kbps": sum(player.chosen),
        "rebuffering_ms": player.rebuffering_ms,
        "start_delay_ms": player.start_delay_ms,
        "rendition_switches": sum(change > 0 for change in changes),
        "bitrate_change_sum_kbps": sum(changes),
        "qoe_score": (sum(player.chosen) - sum(changes) - penalty) / 1000 / count,
    }
