"""A playback session read event by event: what `streaming_sessions` is compared with.

Written from docs/playback.md, without a look at the SQL: plain Python, one event after the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

LONGEST_SILENCE_MS = 90_000
NETWORK_SPEED_SAMPLES = 5
# Which flag an event sets or clears.
BEGINS = {"stall_start": "stalled", "seek_start": "seeking", "pause": "paused", "ad_start": "ad"}
ENDS = {"stall_end": "stalled", "seek_end": "seeking", "resume": "paused", "ad_end": "ad"}
STALLS = ("stall", "seek_stall")


@dataclass
class Event:
    """What a player reports; `ms` counts from an arbitrary moment."""

    event_id: str
    event_type: str
    ms: int
    sequence_number: int | None = None
    bitrate_kbps: int | None = None
    measured_throughput_kbps: int | None = None
    is_fatal: bool = False
    cdn_endpoint: str | None = None
    region: str = "us-east"

    @property
    def order(self) -> tuple:
        """Time, then the player's count (unknown ones last), then the identifier."""
        unknown = self.sequence_number is None
        return self.ms, unknown, self.sequence_number or 0, self.event_id


class Session:
    """The state machine: `feed` it one event after the other."""

    def __init__(self) -> None:
        self.flags = dict.fromkeys(("stalled", "seeking", "paused", "ad"), False)
        self.requested_at = self.started_at = self.ended_at = None
        self.status = "active"
        self.state = "idle"
        self.now = None
        self.spent = defaultdict(int)
        self.preroll_ms = 0
        self.is_preroll_known = True
        self.unobserved_ms = 0
        self.rebuffering_count = 0
        self.video_start_time_ms = None
        self.bitrate = None
        self.selections: list[int] = []
        self.played_bits = self.bitrate_known_ms = 0
        self.throughputs: list[int] = []
        self.events = self.events_after_end = 0
        self.region = self.cdn_endpoint = None

    def feed(self, event: Event) -> None:
        """Account for the time since the last event, then change the state."""
        if self.status != "active":
            self.events_after_end += 1
            return
        if self.now is not None:
            self.pass_time(event.ms - self.now, event)
        self.now = event.ms
        self.events += 1
        self.region = self.region or event.region
        self.cdn_endpoint = event.cdn_endpoint or self.cdn_endpoint
        if event.measured_throughput_kbps is not None:
            self.throughputs.append(event.measured_throughput_kbps)
        self.react(event)

    def pass_time(self, elapsed_ms: int, event: Event) -> None:
        """The state lasted so long, as far as somebody has seen it, until this event."""
        kind = event.event_type
        is_last = kind == "end" or (kind == "error" and event.is_fatal)
        is_ad_to_be_believed = kind == "ad_end" or not (
            is_last or kind in ("first_frame", "playing")
        )
        if self.state == "paused" or (self.state == "ad" and is_ad_to_be_believed):
            seen = elapsed_ms
        else:
            seen = min(elapsed_ms, LONGEST_SILENCE_MS)
        if self.state == "ad" and self.started_at is None and self.requested_at is not None:
            self.preroll_ms += elapsed_ms
            self.is_preroll_known = self.is_preroll_known and seen == elapsed_ms
        self.unobserved_ms += elapsed_ms - seen
        self.spent[self.state] += seen
        if self.state == "playing" and self.bitrate is not None:
            self.bitrate_known_ms += seen
            self.played_bits += seen * self.bitrate

    def react(self, event: Event) -> None:
        """Change flags and state by the event."""
        kind = event.event_type
        if kind == "end" or (kind == "error" and event.is_fatal):
            self.status = "ended" if kind == "end" else "failed"
            self.ended_at = event.ms
        if kind == "play_requested" and self.requested_at is None and self.started_at is None:
            self.requested_at = event.ms
        if kind in BEGINS:
            self.flags[BEGINS[kind]] = True
        if kind in ENDS:
            self.flags[ENDS[kind]] = False
        if kind in ("first_frame", "playing"):
            self.flags = dict.fromkeys(self.flags, False)
            if self.started_at is None:
                self.started_at = event.ms
                if (
                    kind == "first_frame"
                    and self.requested_at is not None
                    and self.is_preroll_known
                ):
                    self.video_start_time_ms = event.ms - self.requested_at - self.preroll_ms
        if event.bitrate_kbps is not None and not self.flags["ad"]:
            self.bitrate = event.bitrate_kbps
        former, self.state = self.state, self.current_state()
        if self.state in STALLS and former not in STALLS:
            self.rebuffering_count += 1
        playing_on = self.started_at is not None and self.status == "active"
        if (
            playing_on
            and self.bitrate is not None
            and (not self.selections or self.selections[-1] != self.bitrate)
        ):
            self.selections.append(self.bitrate)

    def current_state(self) -> str:
        """What the viewer sees from now on."""
        if self.flags["ad"]:
            return "ad"
        if self.started_at is None:
            return "idle" if self.requested_at is None else "starting"
        if self.flags["paused"]:
            return "paused"
        if self.flags["stalled"]:
            return "seek_stall" if self.flags["seeking"] else "stall"
        return "seeking" if self.flags["seeking"] else "playing"

    def summary(self) -> dict:
        """The session's row of `streaming_sessions`."""
        started = self.started_at is not None
        failed = self.status == "failed"
        attempt = self.requested_at is not None or started or failed
        stalled = self.spent["stall"] + self.spent["seek_stall"]
        playing = self.spent["playing"]
        return {
            "status": self.status,
            "region": self.region,
            "cdn_endpoint": self.cdn_endpoint,
            "is_attempt": attempt,
            "has_started": started,
            "is_exit_before_video_start": attempt and not started and not failed,
            "is_video_start_failure": failed and not started,
            "is_playback_failure": failed and started,
            "network_speed": harmonic_mean_mbps(self.throughputs[-NETWORK_SPEED_SAMPLES:]),
            "network_speed_harmonic_mean": harmonic_mean_mbps(self.throughputs),
            "network_speed_p10": lowest_tenth_mbps(self.throughputs),
            "network_samples": len(self.throughputs),
            "video_start_time_ms": self.video_start_time_ms,
            "playing_ms": playing,
            "watched_seconds": playing / 1000,
            "rebuffering_count": self.rebuffering_count,
            "rebuffering_ms": stalled,
            "rebuffering_seek_ms": self.spent["seek_stall"],
            "rebuffering_ratio": ratio(stalled, playing + stalled),
            "rebuffering_without_seeks_ratio": ratio(
                self.spent["stall"], playing + self.spent["stall"]
            ),
            "seeking_ms": self.spent["seeking"],
            "paused_ms": self.spent["paused"],
            "ad_ms": self.spent["ad"],
            "unobserved_ms": self.unobserved_ms,
            "average_bitrate_kbps": ratio(sum(self.selections), len(self.selections)),
            "time_weighted_bitrate_kbps": ratio(self.played_bits, self.bitrate_known_ms),
            "played_bits": self.played_bits,
            "bitrate_known_ms": self.bitrate_known_ms,
            "rendition_switches": max(0, len(self.selections) - 1),
            "events": self.events,
            "events_after_end": self.events_after_end,
            "video_started_at": self.started_at,
            "last_event_ts": self.now,
            "ended_at": self.ended_at,
        }


def ratio(numerator: int, denominator: int) -> float | None:
    """A ratio, None where it has no denominator."""
    return numerator / denominator if denominator else None


def harmonic_mean_mbps(kbps: list[int]) -> float | None:
    """Harmonic mean in Mbit/s; 0 where the network stood still once."""
    if not kbps:
        return None
    return 0 if 0 in kbps else len(kbps) / sum(1 / value for value in kbps) / 1000


def lowest_tenth_mbps(kbps: list[int]) -> float | None:
    """The smallest value that a tenth of the samples do not exceed."""
    if not kbps:
        return None
    return sorted(kbps)[max(0, -(-len(kbps) // 10) - 1)] / 1000


def read_session(events: list[Event]) -> dict:
    """The row of a session, whatever order its events came in."""
    session = Session()
    for event in sorted(events, key=lambda event: event.order):
        session.feed(event)
    return session.summary()
