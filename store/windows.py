"""A window of time as pieces of the rollup tables: minutes at its ends, hours and days in between."""

from collections.abc import Iterator

from store.tables import ROLLUPS

_WIDTHS = tuple(ROLLUPS.items())


def pieces(since_ms: int, until_ms: int) -> Iterator[tuple[str, int, int]]:
    """(table, first bucket, end) in epoch seconds; together they cover [since, until) in whole minutes, once."""
    begins, ends = since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60
    yield from _cover(begins, ends, len(_WIDTHS) - 1)


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
