"""Measures on their way from one sum to another, moved alike in the minute, the hour and the day."""

import sqlite3
from collections.abc import Mapping, Sequence
from operator import add, sub
from typing import NamedTuple, TypeAlias

from store.changes import note_changed_sums
from store.requests.identity import RECORD_BITS
from store.requests.units import Units, merged, take_units, upsert_units
from store.tables import MEASURES, ROLLUPS

Measures = tuple[int, ...]
"""In the order of MEASURES."""

TABLES = tuple(ROLLUPS)
REQUESTS = MEASURES.index("requests")
PARTIAL = MEASURES.index("partial")
NANO_USD = MEASURES.index("nano_usd")

_COLUMNS = ", ".join(MEASURES)
_NOTHING = (0,) * len(MEASURES)
_EARLIER_ATTEMPT = "SELECT 1 FROM requests WHERE identity BETWEEN ? AND ? AND id < ? LIMIT 1"


class Place(NamedTuple):
    """Which sum: its bucket (epoch second), and the ids of the rows of its series and card."""

    bucket: int
    series: int
    card: int

    def within(self, width: int) -> "Place":
        """The sum of the wider bucket that holds this one."""
        return Place(self.bucket // width * width, self.series, self.card)


class SidePlace(NamedTuple):
    """Which sum of one user, end user or tag; `value` is the id of its row."""

    bucket: int
    value: int
    series: int
    card: int

    def within(self, width: int) -> "SidePlace":
        """The sum of the wider bucket that holds this one."""
        return SidePlace(self.bucket // width * width, self.value, self.series, self.card)


AnyPlace: TypeAlias = Place | SidePlace


class Way(NamedTuple):
    """From which sum to which; None is nowhere."""

    old: AnyPlace | None
    new: AnyPlace | None

    def within(self, width: int) -> "Way":
        """The same way between the sums of wider buckets."""
        return Way(self.old and self.old.within(width), self.new and self.new.within(width))


class Part(NamedTuple):
    """What is moved: measures, and what is billed beside tokens."""

    measures: Measures
    units: Units = ()

    def plus(self, other: "Part") -> "Part":
        """Both together."""
        units = merged(self.units, other.units) if self.units or other.units else ()
        return Part(_plus(self.measures, other.measures), units)


class Moves:
    """Collects moves and applies them in somebody else's transaction.

    A sum that is no longer kept is not begun again: its table is left out, the wider ones still hold it. What comes
    from nowhere counts as stored on `stored_day` (days since the epoch), everything else as before.
    """

    def __init__(self, stored_day: int = 0) -> None:
        self._stored_day = stored_day
        self._moves: dict[Way, tuple[Part, Part]] = {}

    def add(self, way: Way, before: Part, after: Part) -> None:
        """Take `before` out of the old sum and put `after` into the new one."""
        known = self._moves.get(way)
        if known is not None:
            before, after = known[0].plus(before), known[1].plus(after)
        self._moves[way] = (before, after)

    def apply(self, connection: sqlite3.Connection, tables: Mapping[str, int] = ROLLUPS) -> None:
        """Make the moves in these tables of these widths; buckets must not be wider than those of the first."""
        if self._moves:
            note_changed_sums(
                connection, min(place.bucket for way in self._moves for place in way if place is not None)
            )
        for table, width in tables.items():
            for way, (before, after) in self._widened(width).items():
                stored_day = self._stored_day
                measures = after.measures
                if way.old is not None:
                    taken = _take(connection, table, way.old, before.measures)
                    if taken is None:
                        continue
                    stored_day, rest = taken
                    measures = _plus(measures, rest)
                    if before.units:
                        take_units(connection, table, way.old, before.units)
                if way.new is not None:
                    connection.execute(upsert(table, way.new._fields), (*way.new, *measures, stored_day))
                    units = [(*way.new, *unit, stored_day) for unit in after.units]
                    if units:
                        connection.executemany(upsert_units(table), units)

    def _widened(self, width: int) -> dict[Way, tuple[Part, Part]]:
        wide = Moves()
        for way, (before, after) in self._moves.items():
            wide.add(way.within(width), before, after)
        return wide._moves


def _take(connection: sqlite3.Connection, table: str, place: AnyPlace, before: Measures) -> tuple[int, Measures] | None:
    """Take measures out of a sum: when it was stored, and what is left of it where no request is; None without it."""
    key = " AND ".join(f"{name} = ?" for name in place._fields)
    found = connection.execute(f"SELECT stored_day, {_COLUMNS} FROM {table} WHERE {key}", place).fetchone()
    if found is None or found[1 + REQUESTS] < before[REQUESTS]:
        return None
    rest = tuple(map(sub, found[1:], before))
    if not rest[REQUESTS]:
        # What only the sum still knows of its requests (a retry of an attempt that is gone) goes with the last one.
        connection.execute(f"DELETE FROM {table} WHERE {key}", place)
        return found[0], rest
    marks = ", ".join(f"{name} = ?" for name in MEASURES)
    connection.execute(f"UPDATE {table} SET {marks} WHERE {key}", (*rest, *place))
    return found[0], _NOTHING


def upsert(table: str, key: Sequence[str]) -> str:
    """The statement that adds measures to a sum, or begins one: values of the key, measures, stored day."""
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
    columns = (*key, *MEASURES, "stored_day")
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}, stored_day = max(stored_day, excluded.stored_day)"
    )


def is_retry(connection: sqlite3.Connection, number: int, identity: int) -> bool:
    """Whether another record of the same call was stored before this one, which is how the sums counted it."""
    lowest = identity >> RECORD_BITS << RECORD_BITS
    highest = lowest + (1 << RECORD_BITS) - 1
    return connection.execute(_EARLIER_ATTEMPT, (lowest, highest, number)).fetchone() is not None


def counts(
    tokens: Sequence[int | None], reported: int | None, took: int | None, first: int | None, *, retry: bool
) -> Measures:
    """One request's measures without its cost: tokens by class, reported nano-dollars, milliseconds."""
    return (
        1, int(retry), 0, *(count or 0 for count in tokens), 0, reported or 0, int(reported is not None),
        took or 0, int(took is not None), first or 0, int(first is not None),
    )  # fmt: skip


def with_cost(measures: Measures, nano_usd: int | None, partial: int) -> Measures:
    """The same measures at another cost."""
    changed = list(measures)
    changed[NANO_USD], changed[PARTIAL] = nano_usd or 0, partial
    return tuple(changed)


def _plus(left: Measures, right: Measures) -> Measures:
    return tuple(map(add, left, right))
