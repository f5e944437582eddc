"""Periods of a budget: the hours, days, weeks and months of a calendar somewhere on Earth, whatever its clocks do.

A zone is handed in as a value. A period begins at the first instant at which clocks there show its beginning or later:
where they are put forward over midnight the day begins with the jump, and where they are put back over midnight it
has begun already, and goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from pricing.times import HOUR_MS

CALENDAR_PERIODS = ("hour", "day", "week", "month")
LAUNCH = "launch"
"""A period that somebody begins and ends."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_LONGEST_JUMP_MS = 26 * HOUR_MS
"""Samoa left out a whole day in 2011."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period of a budget, [begins, ends) in epoch milliseconds."""

    begins_ms: int
    ends_ms: int

    @property
    def length_ms(self) -> int:
        """How long it really is: a day on which clocks change has 23 or 25 hours."""
        return self.ends_ms - self.begins_ms

    def elapsed_share(self, at_ms: int) -> float:
        """Share of the period that has passed, 0 to 1."""
        return min(1.0, max(0.0, (at_ms - self.begins_ms) / self.length_ms))

    def left_ms(self, at_ms: int) -> int:
        """How much of it is still to come."""
        return min(self.length_ms, max(0, self.ends_ms - at_ms))


def period_at(period: str, at_ms: int, zone: tzinfo = UTC) -> Period:
    """The hour, day, ISO week or calendar month of a zone that holds an instant; ValueError for another word."""
    if period not in CALENDAR_PERIODS:
        raise ValueError(f"unknown budget period {period!r}")
    return _hour(at_ms, zone) if period == "hour" else _dates(period, at_ms, zone)


def local_time(at_ms: int, zone: tzinfo) -> datetime:
    """What clocks in a zone show at an instant, without the zone."""
    return (_EPOCH + at_ms * _MS).astimezone(zone).replace(tzinfo=None)


def _hour(at_ms: int, zone: tzinfo) -> Period:
    """A full hour on the clocks, cut where they change in the middle of one."""
    offset = _offset_ms(at_ms, zone)
    begins_ms = (at_ms + offset) // HOUR_MS * HOUR_MS - offset
    ends_ms = begins_ms + HOUR_MS
    if _offset_ms(begins_ms, zone) != offset:
        begins_ms = _first(begins_ms, at_ms, lambda ms: _offset_ms(ms, zone) == offset)
    if _offset_ms(ends_ms - 1, zone) != offset:
        ends_ms = _first(at_ms, ends_ms - 1, lambda ms: _offset_ms(ms, zone) != offset)
    return Period(begins_ms=begins_ms, ends_ms=ends_ms)


def _dates(period: str, at_ms: int, zone: tzinfo) -> Period:
    begins = _beginning(period, local_time(at_ms, zone))
    ends = _following(period, begins)
    if at_ms >= _first_instant(ends, zone):
        begins, ends = ends, _following(period, ends)
    return Period(begins_ms=_first_instant(begins, zone), ends_ms=_first_instant(ends, zone))


def _beginning(period: str, local: datetime) -> datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def _following(period: str, begins: datetime) -> datetime:
    if period == "month":
        return (begins + timedelta(days=32)).replace(day=1)
    return begins + timedelta(days=7 if period == "week" else 1)


def _first_instant(local: datetime, zone: tzinfo) -> int:
    """The first instant at which clocks show `local` or later."""
    at_ms = (local.replace(tzinfo=zone) - _EPOCH) // _MS
    if local_time(at_ms, zone) == local:
        return at_ms
    return _first(at_ms - _LONGEST_JUMP_MS, at_ms, lambda ms: local_time(ms, zone) >= local)


def _offset_ms(at_ms: int, zone: tzinfo) -> int:
    offset = (_EPOCH + at_ms * _MS).astimezone(zone).utcoffset() or timedelta(0)
    return offset // _MS


def _first(before_ms: int, after_ms: int, holds: Callable[[int], bool]) -> int:
    """The first instant at which something holds that does not at `before_ms` and does at `after_ms`."""
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        if holds(middle):
            after_ms = middle
        else:
            before_ms = middle
    return after_ms
