"""The plan of a launch: how much is to be spent by when."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pricing.money import divide_half_even
from pricing.times import HOUR_MS

Points = Sequence[tuple[int, int]]
"""(milliseconds after the beginning, nano-dollars spent by then)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Points between which spending is even, the first at the beginning and the last at the end."""

    points: tuple[tuple[int, int], ...]

    def spent_by(self, after_ms: int) -> int:
        """Nano-dollars planned to be spent so long after the beginning."""
        (begins, before), (ends, after) = self._around(after_ms)
        if after_ms <= begins:
            return before
        if after_ms >= ends:
            return after
        return before + divide_half_even((after - before) * (after_ms - begins), ends - begins)

    def nano_usd_per_hour(self, after_ms: int) -> int:
        """The rate planned for this time; 0 when the plan is over."""
        (begins, before), (ends, after) = self._around(after_ms)
        if not begins <= after_ms < ends:
            return 0
        return divide_half_even((after - before) * HOUR_MS, ends - begins)

    def _around(self, after_ms: int) -> tuple[tuple[int, int], tuple[int, int]]:
        at = bisect_right([offset for offset, _ in self.points], after_ms)
        at = min(max(at, 1), len(self.points) - 1)
        return self.points[at - 1], self.points[at]


def plan_of(points: Points, length_ms: int, nano_usd: int) -> Plan:
    """A plan through these points; without any, the budget is spent evenly. After the last point nothing is planned."""
    if not points:
        return Plan(((0, 0), (length_ms, nano_usd)))
    inside = [(0, 0)] if points[0][0] > 0 else []
    inside += points
    if inside[-1][0] < length_ms:
        inside.append((length_ms, inside[-1][1]))
    return Plan(tuple(inside))


def points_from_rates(rates: Points, length_ms: int) -> tuple[tuple[int, int], ...]:
    """Points from (milliseconds after the beginning, nano-dollars per hour from then on)."""
    spent, points = 0, []
    for place, (after_ms, per_hour) in enumerate(rates):
        ends_ms = rates[place + 1][0] if place + 1 < len(rates) else max(length_ms, after_ms)
        points.append((after_ms, spent))
        spent += divide_half_even(per_hour * (ends_ms - after_ms), HOUR_MS)
    return (*points, (max(length_ms, rates[-1][0]), spent)) if rates[-1][0] < length_ms else tuple(points)
