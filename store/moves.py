"""Measures on their way from one card to another, moved alike in the minute, the hour and the day."""

import sqlite3
from collections.abc import Sequence
from operator import add, sub
from typing import NamedTuple

from store.tables import MEASURES, ROLLUPS

Measures = tuple[int, ...]
"""In the order of MEASURES."""

TABLES = tuple(ROLLUPS)
REQUESTS = MEASURES.index("requests")
PARTIAL = MEASURES.index("partial")
NANO_USD = MEASURES.index("nano_usd")

_COLUMNS = ", ".join(MEASURES)
_KEY = "bucket = ? AND series = ? AND card = ?"


class Way(NamedTuple):
    """From which card to which, in which bucket (epoch second) and series; cards are the ids of their rows."""

    bucket: int
    series: int
    old_card: int
    new_card: int


class Moves:
    """Collects moves and applies them in somebody else's transaction.

    A sum that is no longer kept is not begun again: its table is left out, the wider ones still hold it.
    """

    def __init__(self) -> None:
        self._moves: dict[Way, tuple[Measures, Measures]] = {}

    def add(self, way: Way, before: Measures, after: Measures) -> None:
        """Take `before` out of the old card's sum and put `after` into the new one's."""
        known = self._moves.get(way)
        if known is not None:
            before, after = _plus(known[0], before), _plus(known[1], after)
        self._moves[way] = (before, after)

    def apply(self, connection: sqlite3.Connection, tables: Sequence[str] = TABLES) -> None:
        """Make the moves in these tables; buckets must not be wider than those of the first."""
        for table in tables:
            for way, (before, after) in self._widened(ROLLUPS[table]).items():
                _move(connection, table, way, before, after)

    def _widened(self, width: int) -> dict[Way, tuple[Measures, Measures]]:
        wide = Moves()
        for way, (before, after) in self._moves.items():
            wide.add(way._replace(bucket=way.bucket // width * width), before, after)
        return wide._moves


def _move(connection: sqlite3.Connection, table: str, way: Way, before: Measures, after: Measures) -> None:
    old = (way.bucket, way.series, way.old_card)
    found = connection.execute(f"SELECT stored_day, {_COLUMNS} FROM {table} WHERE {_KEY}", old).fetchone()
    if found is None or found[1 + REQUESTS] < before[REQUESTS]:
        return
    rest = tuple(map(sub, found[1:], before))
    if not rest[REQUESTS]:
        # What only the sum still knows of its requests (a retry of an attempt that is gone) goes with the last one.
        connection.execute(f"DELETE FROM {table} WHERE {_KEY}", old)
        after = _plus(after, rest)
    else:
        marks = ", ".join(f"{name} = ?" for name in MEASURES)
        connection.execute(f"UPDATE {table} SET {marks} WHERE {_KEY}", (*rest, *old))
    connection.execute(_upsert(table), (way.bucket, way.series, way.new_card, *after, found[0]))


def _upsert(table: str) -> str:
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
    return (
        f"INSERT INTO {table} (bucket, series, card, {_COLUMNS}, stored_day)"
        f" VALUES (?, ?, ?, {', '.join('?' * len(MEASURES))}, ?) ON CONFLICT (bucket, series, card)"
        f" DO UPDATE SET {sums}, stored_day = max(stored_day, excluded.stored_day)"
    )


def _plus(left: Measures, right: Measures) -> Measures:
    return tuple(map(add, left, right))
