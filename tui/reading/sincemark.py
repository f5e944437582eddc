"""What to compare now with: the window that ended with the newest mark, or the same time of day before the launch."""

from dataclasses import dataclass, replace

from pricing.times import DAY_MS, MINUTE_MS
from store.budgets.states import launch_at
from store.reader import Reader
from tui.pictures.chart import Point
from tui.pictures.view import View
from tui.reading.launch import before_launch
from tui.reading.moment import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A window before something happened, as long as the one of now."""

    point: Point
    """The mark, or the beginning of the launch."""
    at: Moment
    is_launch: bool


def baseline(reader: Reader, view: View, at: Moment) -> Baseline | None:
    """The newest mark of the last day; before the first mark of a launch, the launch. None where nothing is known of then."""
    point, until_ms, is_launch = _newest_mark(reader, at), 0, False
    launch = launch_at(reader, at.until_ms)
    if launch is not None and (point is None or point.at_ms < launch.began_ms):
        point, is_launch = Point(launch.began_ms, launch.name), True
        until_ms = before_launch(launch.began_ms, at.until_ms)
    elif point is not None:
        until_ms = point.at_ms // MINUTE_MS * MINUTE_MS
    known_ms = reader.known_since_ms()
    if point is None or known_ms is None or known_ms >= until_ms:
        return None
    since_ms = (until_ms - view.window_seconds * 1000) // MINUTE_MS * MINUTE_MS
    return Baseline(point=point, at=replace(at, since_ms=since_ms, until_ms=until_ms), is_launch=is_launch)


def _newest_mark(reader: Reader, at: Moment) -> Point | None:
    """The last mark of the day before the window's end that is old enough to be compared with."""
    marks = reader.marks(at.until_ms - DAY_MS, at.until_ms - MINUTE_MS)
    return Point(marks[-1].at_ms, marks[-1].text) if marks else None
