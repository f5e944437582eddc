"""Moving a view through time: which instant its window ends at after a step, and what a typed time means."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from collectors.settings.written import instant_ms
from pricing.times import DAY_MS, MINUTE_MS
from tui import zone
from tui.pictures.view import View

_PARTS = 5
"""A step is this part of the window: what was at its edge stays in sight."""

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?(Z?)")


def step_ms(view: View) -> int:
    """How far one step goes: a fifth of the window in whole minutes."""
    return max(MINUTE_MS, view.window_seconds * 1000 // _PARTS // MINUTE_MS * MINUTE_MS)


def back(view: View, newest_ms: int) -> View:
    """One step into the past, to a whole minute."""
    until_ms = newest_ms if view.until_ms is None else view.until_ms
    return replace(view, until_ms=max(0, (until_ms - step_ms(view)) // MINUTE_MS * MINUTE_MS))


def forth(view: View, newest_ms: int) -> View:
    """One step towards now; live where it arrives there."""
    return view if view.until_ms is None else until(view, view.until_ms + step_ms(view), newest_ms)


def until(view: View, at_ms: int, newest_ms: int) -> View:
    """The window that ends with the minute of an instant; live when that is the last whole one or runs still."""
    ends_ms = -(-at_ms // MINUTE_MS) * MINUTE_MS
    return replace(view, until_ms=None if ends_ms >= newest_ms // MINUTE_MS * MINUTE_MS else ends_ms)


def before(instants: Iterable[int], at_ms: int) -> int | None:
    """The last of these instants whose minute ends before this one."""
    return max((one for one in instants if -(-one // MINUTE_MS) * MINUTE_MS < at_ms), default=None)


def after(instants: Iterable[int], at_ms: int) -> int | None:
    """The first of these instants after this one."""
    return min((one for one in instants if one >= at_ms), default=None)


def instant(text: str, newest_ms: int) -> int:
    """What a person means by 14:05, 14:05:30Z, 20m, 2026-05-16T14:05Z or 2026-05-16; ValueError with a sentence.

    A time of day is the last one that has been; it is of the zone that the screen shows, unless a Z says UTC.
    """
    text = text.strip().removeprefix("-")
    if (found := _CLOCK.fullmatch(text)) is None:
        return instant_ms(text, now_ms=newest_ms)
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"`{text}` is no time of day")
    offset_ms = 0 if found[4] else zone.offset_ms(newest_ms)
    midnight_ms = (newest_ms + offset_ms) // DAY_MS * DAY_MS - offset_ms
    at_ms = midnight_ms + ((hours * 60 + minutes) * 60 + seconds) * 1000
    return at_ms if at_ms <= newest_ms else at_ms - DAY_MS
