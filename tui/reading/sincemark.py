"""What changed since the newest mark: the figures of the window that ended with it, to be taken from those of now."""

from dataclasses import replace

from store.marks import Mark
from store.reader import Reader
from tui.pictures.view import View
from tui.reading.moment import Moment

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000


def newest_mark(reader: Reader, at: Moment) -> Mark | None:
    """The last mark of the day before the window's end that is old enough to be compared with."""
    marks = reader.marks(at.until_ms - _DAY_MS, at.until_ms - _MINUTE_MS)
    return marks[-1] if marks else None


def moment_of(mark: Mark, view: View, at: Moment) -> Moment:
    """The window of the same length that ended with the minute before the mark."""
    until_ms = mark.at_ms // _MINUTE_MS * _MINUTE_MS
    since_ms = (until_ms - view.window_seconds * 1000) // _MINUTE_MS * _MINUTE_MS
    return replace(at, since_ms=since_ms, until_ms=until_ms)
