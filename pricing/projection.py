"""Where a budget ends: what the rest of its period will cost, within which range, and when the money is gone.

The rest is forecast as what these hours usually cost, plus what now is spent above (or below) the usual, going on. Its
range holds how far such forecasts were off on days past, and a return to the usual at once. Without two days of history
there is no usual: then straight lines at the rates of several look-backs span the range, and the result says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pricing.pattern import WEEK_HOURS, Hour, Pattern
from pricing.periods import Period
from pricing.times import DAY_MS, HOUR_MS

_QUARTER_MS = 15 * 60_000
_EXACTLY_MS = 1_000
"""A budget that is used up within a second of its end lasts: rates are not known any better."""

LINE, DAY, WEEK = "line", "day", "week"
"""What a projection rests on: the present rate alone, or the shape of a day or of a week."""


def look_back_ms(left_ms: int) -> int:
    """How far to look back for the present rate: a quarter of an hour, or six hours when more than a day is left."""
    return _QUARTER_MS if left_ms <= DAY_MS else 6 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What will have been spent at the period's end, and when the budget is used up."""

    nano_usd: int
    low_nano_usd: int
    high_nano_usd: int
    basis: str
    """LINE, DAY or WEEK."""
    runs_out_ms: int | None
    """None: it lasts to the end of its period."""
    earliest_ms: int | None
    latest_ms: int | None
    """None: within the range it may last."""


@dataclass(frozen=True, slots=True)
class _Scenario:
    """One way on: the usual (or nothing) plus a constant rate, all of it times a factor."""

    pattern: Pattern | None
    nano_per_hour: float
    factor: float = 1.0

    def rates(self, hours: Sequence[Hour]) -> list[float]:
        """Nano-dollars per hour in each of these."""
        if self.pattern is None:
            return [self.factor * max(0.0, self.nano_per_hour)] * len(hours)
        cycle, usual = self.pattern.cycle_hours, self.pattern.usual
        return [
            self.factor * max(0.0, usual.get(hour.hour_of_week % cycle, 0.0) + self.nano_per_hour) for hour in hours
        ]


def project(
    spent_nano: int,
    limit_nano: int,
    at_ms: int,
    period: Period,
    *,
    rate_nano_per_hour: float,
    ahead: Sequence[Hour],
    behind: Sequence[Hour] = (),
    pattern: Pattern | None = None,
    other_rates: Iterable[float] = (),
) -> Projection:
    """Project a budget from an instant of its period.

    `ahead` are the hours from the one that holds the instant to the period's end; `behind` those over which the rate was
    taken, `other_rates` nano-dollars per hour over other look-backs.
    """
    usable = pattern if pattern is not None and any(pattern.usual.values()) else None
    main, others = _scenarios(usable, rate_nano_per_hour, [*behind] or [*ahead[:1]], other_rates)
    runs = [_run(one, spent_nano, limit_nano, at_ms, period, ahead) for one in (main, *others)]
    ends, outs = [end for end, _ in runs], [out for _, out in runs]
    return Projection(
        nano_usd=ends[0],
        low_nano_usd=min(ends),
        high_nano_usd=max(ends),
        basis=LINE if usable is None else WEEK if usable.cycle_hours == WEEK_HOURS else DAY,
        runs_out_ms=outs[0],
        earliest_ms=min((out for out in outs if out is not None), default=None),
        latest_ms=None if any(out is None for out in outs) else max(out for out in outs if out is not None),
    )


def _scenarios(
    pattern: Pattern | None, nano_usd_per_hour: float, behind: Sequence[Hour], other_rates: Iterable[float]
) -> tuple[_Scenario, list[_Scenario]]:
    if pattern is None:
        return _Scenario(None, nano_usd_per_hour), [_Scenario(None, other) for other in other_rates]
    usual_now = sum(pattern.usual_nano(hour.hour_of_week) for hour in behind) / max(1, len(behind))
    above = nano_usd_per_hour - usual_now
    worst = {min(pattern.errors), max(pattern.errors)} if pattern.errors else set()
    others = [_Scenario(pattern, above, error) for error in worst]
    return _Scenario(pattern, above), [*others, _Scenario(pattern, 0.0)]


def _run(
    one: _Scenario, spent_nano: int, limit_nano: int, at_ms: int, period: Period, ahead: Sequence[Hour]
) -> tuple[int, int | None]:
    """(spent at the end, when the limit is reached or None)."""
    spent = float(spent_nano)
    gone_ms = at_ms if spent_nano >= limit_nano else None
    for hour, rate in zip(ahead, one.rates(ahead), strict=True):
        begins_ms, ends_ms = hour.begins_ms, hour.begins_ms + HOUR_MS
        if begins_ms < at_ms or ends_ms > period.ends_ms:
            begins_ms, ends_ms = max(begins_ms, at_ms), min(ends_ms, period.ends_ms)
            if ends_ms <= begins_ms:
                continue
        more = rate * (ends_ms - begins_ms) / HOUR_MS
        if gone_ms is None and spent + more >= limit_nano and rate > 0:
            gone_ms = begins_ms + int((limit_nano - spent) / rate * HOUR_MS)
        spent += more
    lasts = gone_ms is None or (gone_ms > period.ends_ms - _EXACTLY_MS and gone_ms > at_ms)
    return round(spent), None if lasts else gone_ms
