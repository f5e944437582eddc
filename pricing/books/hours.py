"""Hours of the day, on some days of the week, in a time zone, whatever its clocks do."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeAlias

from pricing.periods import local_time

Zones: TypeAlias = Callable[[str], tzinfo]
"""Gives the zone of an IANA name; raises ValueError with a sentence for one that it does not know."""

_MS_PER_MINUTE = 60_000
MINUTES_PER_DAY = 1_440

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(len(DAYS)))

_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_EPOCH_ORDINAL = 719_163  # of 1970-01-01, as datetime counts

_FIXED_ZONES = {
    "utc": 0,
    "z": 0,
    "gmt": 0,
    "asia/shanghai": 480,
    "asia/hong_kong": 480,
    "asia/taipei": 480,
    "asia/singapore": 480,
    "asia/tokyo": 540,
    "asia/seoul": 540,
    "asia/kolkata": 330,
    "asia/dubai": 240,
}
"""Zones whose clocks never change, so that an offset says all (IANA time zone database, 2025)."""

_OFFSET = re.compile(r"(?:utc)?([+-])(\d\d):?([0-5]\d)")
_RANGE = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Minutes of the local day [start, end) on these weekdays (Monday is 0); a start after the end crosses midnight.

    Hours that cross midnight belong to the day on which they begin. `offset_minutes` is what the zone is ahead of UTC;
    where clocks are put forward and back, `zone` says what they show. An hour that they show twice is inside twice, one
    that they leave out never.
    """

    start: int
    end: int
    weekdays: frozenset[int] = EVERY_DAY
    offset_minutes: int = 0
    zone: tzinfo | None = None

    def cover(self, at_ms: int) -> bool:
        """Whether this moment lies in the hours."""
        minutes = self._wall_minutes(at_ms)
        start, end, minute = self.start, self.end, minutes % MINUTES_PER_DAY
        inside = start <= minute < end if start <= end else minute >= start or minute < end
        if not inside or self.weekdays is EVERY_DAY:
            return inside
        day = minutes // MINUTES_PER_DAY - (minute < start)  # after midnight it is still the hours of the day before
        return (day + _EPOCH_WEEKDAY) % 7 in self.weekdays

    def _wall_minutes(self, at_ms: int) -> int:
        """What the clocks show, as minutes since they showed the beginning of 1970."""
        if self.zone is None:
            return at_ms // _MS_PER_MINUTE + self.offset_minutes
        wall = local_time(at_ms, self.zone)
        return (wall.toordinal() - _EPOCH_ORDINAL) * MINUTES_PER_DAY + wall.hour * 60 + wall.minute

    def __str__(self) -> str:
        days = "" if self.weekdays == EVERY_DAY else ", ".join(DAYS[day] for day in sorted(self.weekdays)) + " "
        return (
            f"{days}{_clock_text(self.start)} to {_clock_text(self.end)} {self.zone or _zone_text(self.offset_minutes)}"
        )


def zone_minutes(zone: str) -> int | None:
    """Minutes that a zone ("UTC", "+08:00", "Asia/Shanghai") is ahead of UTC; None when it is not known or changes."""
    name = zone.strip().lower()
    if (offset := _OFFSET.fullmatch(name)) is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return None if minutes > 14 * 60 else -minutes if offset[1] == "-" else minutes
    return _FIXED_ZONES.get(name)


def no_zone(name: str) -> tzinfo:
    """Know no zone whose clocks change: they are read from a machine's database, which is not asked here."""
    raise ValueError(f"`{name}` is not known here; write what it is ahead of UTC, such as +08:00")


def clock_range(text: str) -> tuple[int, int] | None:
    """The minutes of "22:00-06:00", or None when it is no such range; "24:00" may end one."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return (start, end) if start < MINUTES_PER_DAY and end <= MINUTES_PER_DAY and start != end else None


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _zone_text(offset_minutes: int) -> str:
    return f"UTC{'+' if offset_minutes > 0 else '-'}{_clock_text(abs(offset_minutes))}" if offset_minutes else "UTC"
