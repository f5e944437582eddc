"""Money that was paid before: what is left of it since the last top-up, and when it is gone at the present burn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pricing.times import HOUR_MS

WINDOWS_MS = {"1h": HOUR_MS, "6h": 6 * HOUR_MS, "3d": 72 * HOUR_MS}
"""Look-backs; providers say their balances by the minute at best, so that nothing shorter means anything."""

_LEAST_MS = HOUR_MS // 4

Readings = Sequence[tuple[int, int]]
"""(instant, billionths that stood in the account then), oldest first: when an amount was read first and when last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepaid:
    """One account at its newest reading."""

    read_ms: int
    topped_up_ms: int
    """When it last rose, or was first read."""
    stood_nano: int
    """What stood in it then."""
    left_nano: int
    per_hour: Mapping[str, float | None]
    """Spent per hour over each look-back; None while it has not been read for that long."""
    runs_out_ms: int | None
    """At the rate of the shortest look-back that is known; None while nothing is spent."""
    earliest_ms: int | None
    latest_ms: int | None
    """At the other rates; None where at one of them nothing is spent."""

    @property
    def spent_nano(self) -> int:
        """What was spent since the top-up."""
        return self.stood_nano - self.left_nano


def prepaid(readings: Readings) -> Prepaid | None:
    """What the readings of an account say; None without any."""
    if not readings:
        return None
    read_ms, left = readings[-1]
    rises = [place for place, (before, after) in enumerate(pairwise(readings), start=1) if after[1] > before[1]]
    topped_up_ms, stood = readings[rises[-1] if rises else 0]
    per_hour = {window: _per_hour(readings, read_ms, length_ms) for window, length_ms in WINDOWS_MS.items()}
    known = [rate for rate in per_hour.values() if rate is not None]
    if not known and (since_first := _per_hour(readings, read_ms, read_ms - readings[0][0])) is not None:
        known = [since_first]
    ends = [_gone_ms(left, rate, read_ms) for rate in known]
    return Prepaid(
        read_ms=read_ms,
        topped_up_ms=topped_up_ms,
        stood_nano=stood,
        left_nano=left,
        per_hour=per_hour,
        runs_out_ms=ends[0] if ends else None,
        earliest_ms=min((end for end in ends if end is not None), default=None),
        latest_ms=None if None in ends else max((end for end in ends if end is not None), default=None),
    )


def _per_hour(readings: Readings, read_ms: int, length_ms: int) -> float | None:
    """Falls of the look-back per hour, spread over the time in which they fell; what was topped up is no income."""
    since_ms = read_ms - length_ms
    if length_ms < _LEAST_MS or readings[0][0] > since_ms:
        return None
    falls = sum(_fall_since(since_ms, *pair) for pair in pairwise(readings))
    return falls * HOUR_MS / length_ms


def _fall_since(since_ms: int, before: tuple[int, int], after: tuple[int, int]) -> float:
    if after[0] <= since_ms or after[1] >= before[1]:
        return 0.0
    return (before[1] - after[1]) * (after[0] - max(before[0], since_ms)) / max(1, after[0] - before[0])


def _gone_ms(left: int, per_hour: float, at_ms: int) -> int | None:
    if left <= 0:
        return at_ms
    return at_ms + int(left / per_hour * HOUR_MS) if per_hour > 0 else None
