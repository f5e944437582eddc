"""How much an engine can do, K: configured, or learned from minutes in which it surely did all it could.

A work rate that exceeded K proves that K was understated: it is raised from that minute on. What was in force before stays
in force for the time before, so that no figure of the past changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

from pricing.hosts.economics import Saturating, Served

PERCENTILE = Fraction(995, 1000)
"""Of the work rates of saturated minutes: the very highest may be an accident of counting."""

LEAST_MINUTES = 3
"""Saturated minutes from which on something is learned."""

LEAST_SECONDS = 30.0
"""Of a minute that must have been observed for its work rate to mean something."""

_SATURATED_SHARE = 0.5
_WORTH_A_CHANGE = Fraction(1, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A saturation work rate learned at an instant, in force until the next one."""

    since_ms: int
    work_per_second: Fraction
    decode_weight: Fraction
    raised: bool
    """The engine did more than the K in force said."""
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """The K in force at an instant, and how it is known."""

    work_per_second: Fraction
    decode_weight: Fraction
    source: str
    """"configured", "configured for the host", "learned", each perhaps with ", raised"."""
    since_ms: int | None = None
    """Since when it has had this value, where that is known."""
    minutes: int = 0

    @property
    def is_learned(self) -> bool:
        """Nobody configured it: the weights of tokens are assumed, too."""
        return self.source.startswith("learned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A configured capacity and where it stands."""

    capacity: Saturating
    source: str


def in_force(configured: Configured | None, learned: Sequence[Learned], at_ms: int) -> Saturation | None:
    """K at an instant, or None where it is not known; `learned` is in the order of time.

    What was configured wins, unless the engine has done more than that, counted with the same weights.
    """
    before = [one for one in learned if one.since_ms <= at_ms]
    if configured is None:
        return _of_learned(before[-1]) if before else None
    capacity = configured.capacity
    above = [
        one
        for one in before
        if one.raised and one.decode_weight == capacity.decode_weight and one.work_per_second > capacity.work_per_second
    ]
    highest = max(above, key=lambda one: one.work_per_second, default=None)
    return Saturation(
        work_per_second=capacity.work_per_second if highest is None else highest.work_per_second,
        decode_weight=capacity.decode_weight,
        source=configured.source if highest is None else f"{configured.source}, raised",
        since_ms=None if highest is None else highest.since_ms,
    )


def work_over(configured: Configured | None, learned: Sequence[Learned], since_ms: int, until_ms: int) -> Fraction:
    """Work that saturation would have done in [since, until): K times the seconds for which each K was in force."""
    edges = [since_ms, *(one.since_ms for one in learned if since_ms < one.since_ms < until_ms), until_ms]
    work = Fraction(0)
    for begins_ms, ends_ms in pairwise(edges):
        known = in_force(configured, learned, begins_ms)
        if known is not None:
            work += known.work_per_second * Fraction(ends_ms - begins_ms, 1000)
    return work


def work_rate(served: Served, seconds: float, decode_weight: Fraction) -> Fraction | None:
    """Work per second of a minute, or None where too little of it was observed."""
    return served.work(decode_weight) / Fraction(seconds) if seconds >= LEAST_SECONDS else None


def is_saturated(saturated_seconds: float, seconds: float) -> bool:
    """Whether an engine had a queue or a full cache for most of a minute."""
    return seconds > 0 and saturated_seconds / seconds >= _SATURATED_SHARE


def learn(saturated_rates: Iterable[Fraction], raised: Iterable[Learned]) -> Fraction | None:
    """K from the work rates of saturated minutes: their 99.5th percentile, at least what was surely exceeded since."""
    rates = sorted(saturated_rates)
    if len(rates) < LEAST_MINUTES:
        return None
    percentile = rates[ceil(len(rates) * PERCENTILE) - 1]
    return max([percentile, *(one.work_per_second for one in raised)])


def differs(now: Fraction, before: Fraction) -> bool:
    """Whether a newly learned K is another one: by more than a fiftieth."""
    return abs(now - before) > before * _WORTH_A_CHANGE


def _of_learned(one: Learned) -> Saturation:
    return Saturation(
        work_per_second=one.work_per_second,
        decode_weight=one.decode_weight,
        source="learned, raised" if one.raised else "learned",
        since_ms=one.since_ms,
        minutes=one.minutes,
    )
