"""A window of time as pieces of the rollup tables: minutes at its ends, hours and days in between."""

from collections.abc import Iterator
from itertools import pairwise

from store.asking import Ask
from store.tables import ROLLUPS

_WIDTHS = tuple(ROLLUPS.items())


def pieces(since_ms: int, until_ms: int) -> Iterator[tuple[str, int, int]]:
    """(table, first bucket, end) in epoch seconds; together they cover [since, until) in whole minutes, once."""
    begins, ends = since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60
    yield from _cover(begins, ends, len(_WIDTHS) - 1)


def kept_window(ask: Ask, since_ms: int, until_ms: int) -> tuple[int, int]:
    """The part of [since, until) that sums are still kept of; no time before its end where nothing is.

    Minutes are forgotten before hours and hours before days, so that an old window begins and ends with whole ones.
    """
    asked_ms = until_ms
    for (fine, _), (wide, width) in pairwise(_WIDTHS):
        if _is_forgotten(ask, fine, wide, width, since_ms):
            since_ms = (since_ms // (width * 1000) + 1) * width * 1000
        if _is_forgotten(ask, fine, wide, width, until_ms):
            until_ms = until_ms // (width * 1000) * width * 1000
    return (since_ms, until_ms) if since_ms < until_ms else (asked_ms, asked_ms)


def _is_forgotten(ask: Ask, fine: str, wide: str, width: int, at_ms: int) -> bool:
    """Whether the wide bucket that an instant cuts holds more requests than the narrow ones within it."""
    begins = at_ms // 1000 // width * width
    if at_ms == begins * 1000:
        return False
    counts = [
        ask(f"SELECT total(requests) FROM {table} WHERE bucket >= ? AND bucket < ?", (begins, begins + width))[0][0]
        for table in (fine, wide)
    ]
    return bool(counts[0] < counts[1])


def _cover(begins: int, ends: int, level: int) -> Iterator[tuple[str, int, int]]:
    """Cover [begins, ends) with the widest whole buckets of this level, and the rests at both ends with narrower ones."""
    if begins >= ends:
        return
    table, width = _WIDTHS[level]
    if level == 0:
        yield table, begins, ends
        return
    first, last = -(-begins // width) * width, ends // width * width
    if first >= last:
        yield from _cover(begins, ends, level - 1)
        return
    yield from _cover(begins, first, level - 1)
    yield table, first, last
    yield from _cover(last, ends, level - 1)
