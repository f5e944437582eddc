"""Hours of the day, on some days of the week, in a time zone without summer time."""

import re
from dataclasses import dataclass

_MS_PER_MINUTE = 60_000
MINUTES_PER_DAY = 1_440

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(len(DAYS)))

_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

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

    Hours that cross midnight belong to the day on which they begin. `offset_minutes` is what the zone is ahead of UTC.
    """

    start: int
    end: int
    weekdays: frozenset[int] = EVERY_DAY
    offset_minutes: int = 0

    def cover(self, at_ms: int) -> bool:
        """Whether this moment lies in the hours."""
        minutes = at_ms // _MS_PER_MINUTE + self.offset_minutes
        start, end, minute = self.start, self.end, minutes % MINUTES_PER_DAY
        inside = start <= minute < end if start <= end else minute >= start or minute < end
        if not inside or self.weekdays is EVERY_DAY:
            return inside
        day = minutes // MINUTES_PER_DAY - (minute < start)  # after midnight it is still the hours of the day before
        return (day + _EPOCH_WEEKDAY) % 7 in self.weekdays

    def __str__(self) -> str:
        days = "" if self.weekdays == EVERY_DAY else ", ".join(DAYS[day] for day in sorted(self.weekdays)) + " "
        return f"{days}{_clock_text(self.start)} to {_clock_text(self.end)} {_zone_text(self.offset_minutes)}"


def zone_minutes(zone: str) -> int | None:
    """Minutes that a zone ("UTC", "+08:00", "Asia/Shanghai") is ahead of UTC; None when it is not known or changes."""
    name = zone.strip().lower()
    if (offset := _OFFSET.fullmatch(name)) is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return None if minutes > 14 * 60 else -minutes if offset[1] == "-" else minutes
    return _FIXED_ZONES.get(name)


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
