"""What came before, to explain what is now."""

from collections.abc import Callable

from pricing.alerts.finding import Path
from pricing.alerts.seen import Traffic
from pricing.cause import Cause, cause
from pricing.flow import Flow, Span


def change(traffic: Traffic, now: Span, path: Path = ()) -> Cause | None:
    """Why the burn of a path moved from what came just before; None where nothing was seen before."""
    before = next((normal.span for normal in traffic.normals if normal.span.flows), None)
    return None if before is None else _cause(before, now, path)


def change_of_day(traffic: Traffic, path: Path = ()) -> Cause | None:
    """Why the last 24 hours cost something else than the 24 before, in dollars per hour of their mean."""
    return _cause(traffic.day_before, traffic.day, path) if traffic.day_before.flows else None


def _cause(before: Span, now: Span, path: Path) -> Cause:
    if not path:
        return cause(before, now)
    wanted = _in(path)
    return cause(before.only(wanted), now.only(wanted))


def _in(path: Path) -> Callable[[Flow], bool]:
    return lambda flow: all(getattr(flow, dimension) == value for dimension, value in path)
