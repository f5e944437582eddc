"""Axes: round numbers up the side, round times along the bottom."""

from collections.abc import Iterator
from math import ceil, floor, log10

from pricing.times import DAY_MS, HOUR_MS, MINUTE_MS
from tui import format as fmt
from tui import zone

_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_STEPS_MS = (
    *(seconds * 1000 for seconds in (10, 30)),
    *(minutes * MINUTE_MS for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 3, 6, 12)),
    *(days * DAY_MS for days in (1, 2, 7, 14, 30)),
)
_LABEL_GAP = 3
_WIDEST = 8


def round_top(highest: float) -> float:
    """The round number at or above the highest value, where an axis ends; it changes seldom while values move."""
    if highest <= 0:
        return 1.0
    magnitude = 10.0 ** floor(log10(highest))
    return next(part * magnitude for part in (*_ROUND, 100.0) if highest <= part * magnitude * (1 + 1e-9))


def ticks(top: float, rows: int) -> Iterator[tuple[int, str]]:
    """(row from the bottom, label) of round values; the top is always one of them, and labels leave a row free."""
    for parts in (4, 3, 2):
        step = top / parts
        if rows >= 2 * parts and _is_short(step):
            for part in range(1, parts + 1):
                yield min(rows - 1, round(part * rows / parts) - 1), fmt.axis_value(part * step)
            return
    yield rows - 1, fmt.axis_value(top)


def _is_short(value: float) -> bool:
    return abs(value - float(f"{value:.2g}")) < value * 1e-6


def time_labels(begins_ms: int, ms_per_cell: float, cells: int) -> Iterator[tuple[int, str]]:
    """(cell, text) of round times that fit beside each other."""
    step = next(
        (step for step in _STEPS_MS if step / ms_per_cell >= len(fmt.axis_time(begins_ms, step)) + _LABEL_GAP),
        ceil(_WIDEST * ms_per_cell / DAY_MS) * DAY_MS,
    )
    offset = zone.offset_ms(begins_ms)
    at_ms = -(-(begins_ms + offset) // step) * step - offset
    while (cell := int((at_ms - begins_ms) / ms_per_cell)) < cells:
        text = fmt.axis_time(at_ms, step)
        if cell + len(text) <= cells + 2:
            yield cell, text
        at_ms += step
