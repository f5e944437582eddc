"""A time chart: one or several series over the same stretch of time, with marks and the points at which alerts fired."""

import msgspec


class Series(msgspec.Struct, frozen=True):
    """One named curve; a None value is a gap, zero is measured."""

    name: str
    values: tuple[float | None, ...]
    aside: bool = False
    """A series that is no member of the dimension: hosts, or everything that is not named."""


class Point(msgspec.Struct, frozen=True):
    """Something that happened at an instant, in a word or two."""

    at_ms: int
    text: str


class Fired(Point, frozen=True):
    """An alert that opened then, in words of ours."""


class ChartPicture(msgspec.Struct, frozen=True, kw_only=True):
    """Series of one unit; value number i of each is of [begins_ms + i * step_ms, begins_ms + (i + 1) * step_ms)."""

    begins_ms: int
    step_ms: int
    unit: str
    """What the values are, e.g. "$/h"."""
    series: tuple[Series, ...] = ()
    """From the axis upwards when they are stacked."""
    plan: tuple[float | None, ...] = ()
    """What one series was planned to be, value by value."""
    marks: tuple[Point, ...] = ()
    alerts: tuple[Fired, ...] = ()

    @property
    def steps(self) -> int:
        """How many values each series has."""
        return max((len(one.values) for one in self.series), default=len(self.plan))

    @property
    def ends_ms(self) -> int:
        """Where the last value ends."""
        return self.begins_ms + self.steps * self.step_ms
