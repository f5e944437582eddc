"""Counters that only grow, and begin again at zero with their process: what was added between two looks."""

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

Series = TypeVar("Series", bound=Hashable)

_ROUNDING = 1e-9

START_JITTER_SECONDS = 1.0
"""Kernels derive a process' start from a boot time in whole seconds, which may differ by one between two looks."""

SERIES_REMEMBERED = 20_000
"""Above this, series that are not on the page any more are forgotten: a page with ever new labels stays bounded."""


class Counters(Generic[Series]):
    """The last value of every series of one target.

    A value below the last one means that the series began again at zero, so all of it is new. A series that
    vanishes is kept, because it may come back. One that was not on the previous page began after it, and counts whole:
    many engines write a series only with its first event. On the first page nothing has a gain: what was counted before
    somebody watched is not ours to tell. Series that `belong` to one thing begin again together.
    """

    def __init__(self, belongs: Callable[[Series], Hashable] = lambda series: series) -> None:
        self._belongs = belongs
        self._last: dict[Series, float] = {}
        self._knows_all = False
        self._forgot = False
        self.fell = False
        """Whether a series of the last page stood below its value of before: its process began anew."""

    def take(
        self,
        page: Mapping[Series, float],
        *,
        began_anew: bool = False,
        complete: bool = True,
        new_ones_count: bool = True,
    ) -> dict[Series, float]:
        """What each series gained since the previous page; only series that can tell are in the result.

        `began_anew` says that the process itself started since then: every value counts whole. `complete` says that
        every line of the page was understood: else a series that is new on the next one may have been on this one.
        `new_ones_count` is not so where new series count what others have counted before.
        """
        values = {series: value for series, value in page.items() if math.isfinite(value) and value >= 0}
        fallen = {self._belongs(series) for series, value in values.items() if self._is_below(series, value)}
        self.fell = bool(fallen)
        gained = {
            series: max(
                0.0, value - (0.0 if began_anew or self._belongs(series) in fallen else self._last.get(series, 0.0))
            )
            for series, value in values.items()
            if began_anew or series in self._last or (self._knows_all and new_ones_count)
        }
        self._last.update(values)
        if len(self._last) > SERIES_REMEMBERED:
            self._last, self._forgot = values, True
        self._knows_all = complete and len(values) == len(page) and not self._forgot
        return gained

    def _is_below(self, series: Series, value: float) -> bool:
        """Whether a value fell by more than what sums of the same numbers in another order differ by."""
        return value < self._last.get(series, 0.0) * (1 - _ROUNDING)


class Difference:
    """Gains of a whole less those of its part, where the part may be counted before the whole.

    A scrape that saw the part first would give a negative remainder; it is owed, and taken from the next ones, so
    that no gain is negative and nothing is counted twice over a longer window.
    """

    def __init__(self) -> None:
        self._owed = 0.0

    def take(self, whole: float, part: float) -> float:
        """The remainder of this step, never negative."""
        remainder = whole - part - self._owed
        self._owed = max(0.0, -remainder)
        return max(0.0, remainder)

    def forget(self) -> None:
        """The process began anew: what it owed went with it."""
        self._owed = 0.0


def began_anew(
    started_s: float | None, *, previous_start_s: float | None, watched_since_s: float | None, now_s: float
) -> bool:
    """Whether a process started while we watched, so that everything it has counted is new.

    All times are Unix seconds; `watched_since_s` is our last page, or our first attempt while there was none. A start
    after now, or one that we saw before, means that its clock runs ahead of ours: then nothing is concluded.
    """
    if started_s is None or watched_since_s is None:
        return False
    if previous_start_s is not None and started_s <= previous_start_s + START_JITTER_SECONDS:
        return False
    return watched_since_s < started_s <= now_s
