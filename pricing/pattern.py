"""What an hour usually costs here: the shape of a day, or of a week, in the dollars seen so far.

Pure: hours come in with what clocks showed when they began, so that the shape follows office hours and not UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

DAY_HOURS, WEEK_HOURS = 24, 168
_LEAST_DAYS = 2
_LEAST_WEEKS = 2
_MOST_LOOKS_BACK = 14


class Hour(NamedTuple):
    """One whole hour: when it began, the hour of the week (0 is Monday, midnight) on clocks there, and what it cost."""

    begins_ms: int
    hour_of_week: int
    nano_usd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The usual cost of each hour of the day or week, and how far such a forecast was off on days past."""

    cycle_hours: int
    """24 for the shape of a day, 168 for that of a week."""
    usual: Mapping[int, float]
    """Nano-dollars of an hour, by its place in the cycle."""
    errors: tuple[float, ...] = ()
    """What the hours after this time of day came to on days past, over what would have been forecast then."""

    def usual_nano(self, hour_of_week: int) -> float:
        """What this hour usually costs."""
        return self.usual.get(hour_of_week % self.cycle_hours, 0.0)


def pattern(hours: Sequence[Hour], horizon_hours: int, level_hours: int) -> Pattern | None:
    """The pattern of whole hours that end now, without gaps, oldest first; None with less than two days of them.

    Its errors are those of forecasts over at most `horizon_hours` from the level of the `level_hours` before.
    """
    shape = _shape(hours)
    if shape is None:
        return None
    cycle, usual = shape
    return Pattern(
        cycle_hours=cycle,
        usual=usual,
        errors=tuple(_errors(hours, max(1, horizon_hours), max(1, level_hours))),
    )


def _shape(hours: Sequence[Hour]) -> tuple[int, Mapping[int, float]] | None:
    if len(hours) < _LEAST_DAYS * DAY_HOURS:
        return None
    cycle = WEEK_HOURS if len(hours) >= _LEAST_WEEKS * WEEK_HOURS else DAY_HOURS
    sums: dict[int, list[int]] = {}
    for hour in hours:
        sums.setdefault(hour.hour_of_week % cycle, []).append(hour.nano_usd)
    return cycle, {place: sum(costs) / len(costs) for place, costs in sums.items()}


def _errors(hours: Sequence[Hour], horizon: int, level: int) -> list[float]:
    """Stand at this time of day on each of the last days, forecast with what was known then, and look what came."""
    found = []
    for days in range(1, _MOST_LOOKS_BACK + 1):
        known, came = hours[: -days * DAY_HOURS], hours[-days * DAY_HOURS :][:horizon]
        shape = _shape(known)
        if shape is None:
            break
        cycle, usual = shape
        recent = known[-level:]
        above = sum(hour.nano_usd - usual[hour.hour_of_week % cycle] for hour in recent) / len(recent)
        forecast = sum(max(0.0, usual.get(hour.hour_of_week % cycle, 0.0) + above) for hour in came)
        if forecast > 0:
            found.append(sum(hour.nano_usd for hour in came) / forecast)
    return found
