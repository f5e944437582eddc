"""Users, end users and tags: sums beside those of the series, since tags overlap and users are many."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from store.facts import Reject
from store.requests.moves import Measures, Moves, Part, Place, SidePlace, Way, upsert
from store.requests.ready import Said
from store.tables import OTHER, SIDE_DIMENSIONS, SIDE_ROLLUPS

MAX_TAGS = 32
"""Of one request; what comes after them is left out and counted."""

_REMEMBERED = 10_000
_USER, _END_USER, _TAG = SIDE_DIMENSIONS
_PLURALS = {_USER: "users", _END_USER: "end users", _TAG: "tags"}
_UPSERTS = {table: upsert(table, SidePlace._fields) for table in SIDE_ROLLUPS}

Sides: TypeAlias = str | None
"""What a request belongs to beside its series: ids of values, as "3,17", or None."""
SideKey: TypeAlias = tuple[str, int, int, int]
"""(sides, minute, series, card): requests that go into the same sums."""


class SideWriter:
    """Gives values their ids, and adds sums to them, through somebody else's transaction.

    `forget` after that transaction was rolled back. A dimension that has `limit` values takes no new ones.
    """

    def __init__(self, connection: sqlite3.Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._values: dict[tuple[str, str], int] = {}
        self._sides: dict[Said, Sides] = {}
        self._full: set[str] = set()
        self._left_out: Counter[str] = Counter()

    def forget(self) -> None:
        """Drop remembered ids, which may have been rolled back."""
        self._values.clear()
        self._sides.clear()
        self._full.clear()
        self._left_out.clear()

    @property
    def left_out(self) -> int:
        """How often a value was left out, or counted under another name, since the last note."""
        return self._left_out.total()

    def of(self, said: Said) -> Sides:
        """The ids of what a request says of itself; new values are stored."""
        found = self._sides.get(said)
        if found is not None:
            return found
        left_out = self.left_out
        sides = self._new(*said)
        if self.left_out == left_out:
            # What was left out must be counted again with the next event that says it.
            if len(self._sides) >= _REMEMBERED:
                self._sides.clear()
            self._sides[said] = sides
        return sides

    def add(self, sums: Mapping[SideKey, Measures], stored_day: int) -> None:
        """Add sums to every value that they belong to, in minutes, hours and days."""
        minutes: dict[SidePlace, Measures] = {}
        for (sides, bucket, series, card), measures in sums.items():
            for value in values_of(sides):
                _add(minutes, SidePlace(bucket, value, series, card), measures)
        for table, width in SIDE_ROLLUPS.items():
            wide: dict[SidePlace, Measures] = {}
            for place, measures in minutes.items():
                _add(wide, place.within(width), measures)
            rows = [(*place, *measures, stored_day) for place, measures in wide.items()]
            self._connection.executemany(_UPSERTS[table], rows)

    def take_notes(self) -> list[Reject]:
        """What was counted as "(other)" or left out since the last time, by reason."""
        notes = [Reject(reason=reason, count=count, example="", taken=True) for reason, count in self._left_out.items()]
        self._left_out.clear()
        return notes

    def _new(self, user: str | None, end_user: str | None, tags: Sequence[str]) -> Sides:
        if len(tags) > MAX_TAGS:
            self._left_out[f"tags of one request beyond {MAX_TAGS}, left out"] += 1
        said = [(_USER, user), (_END_USER, end_user), *((_TAG, tag) for tag in tags[:MAX_TAGS])]
        ids = dict.fromkeys(self._value_id(dimension, value) for dimension, value in said if value)
        return ",".join(map(str, ids)) or None

    def _value_id(self, dimension: str, value: str) -> int:
        known = self._values.get((dimension, value))
        if known is not None:
            return known
        if value != OTHER and not self._stored(dimension, value) and self._is_full(dimension):
            reason = f"more than {self._limit:,} {_PLURALS[dimension]}: counted as {OTHER}"
            self._left_out[reason] += 1
            return self._value_id(dimension, OTHER)
        self._connection.execute(
            "INSERT OR IGNORE INTO side_values (dimension, value) VALUES (?, ?)", (dimension, value)
        )
        found = self._values[dimension, value] = self._stored(dimension, value)
        return found

    def _stored(self, dimension: str, value: str) -> int:
        """The id of a value, or 0."""
        found = self._connection.execute(
            "SELECT id FROM side_values WHERE dimension = ? AND value = ?", (dimension, value)
        ).fetchone()
        return int(found[0]) if found else 0

    def _is_full(self, dimension: str) -> bool:
        if dimension not in self._full:
            count = self._connection.execute("SELECT count(*) FROM side_values WHERE dimension = ?", (dimension,))
            if count.fetchone()[0] >= self._limit:
                self._full.add(dimension)
        return dimension in self._full


def values_of(sides: Sides) -> list[int]:
    """The ids of the values that a request was stored with."""
    return [int(value) for value in sides.split(",")] if sides else []


class Counted(NamedTuple):
    """How one request stands in the sums."""

    place: Place
    sides: Sides
    part: Part

    def side_places(self) -> list[SidePlace]:
        """Its sums by user, end user and tag."""
        bucket, series, card = self.place
        return [SidePlace(bucket, value, series, card) for value in values_of(self.sides)]


class RequestMoves:
    """Moves of single requests, alike in the sums of their series and in those of their users and tags."""

    def __init__(self, stored_day: int = 0) -> None:
        self._sums = Moves()
        self._sides = Moves(stored_day)

    def add(self, old: Counted, new: Counted) -> None:
        """Move one request to where and what it is now."""
        self._sums.add(Way(old.place, new.place), old.part, new.part)
        before, after = Part(old.part.measures), Part(new.part.measures)
        for left, entered in zip_longest(old.side_places(), new.side_places()):
            self._sides.add(Way(left, entered), before, after)

    def apply(self, connection: sqlite3.Connection) -> None:
        """Make the moves in somebody else's transaction."""
        self._sums.apply(connection)
        self._sides.apply(connection, SIDE_ROLLUPS)


def _add(sums: dict[SidePlace, Measures], place: SidePlace, measures: Measures) -> None:
    known = sums.get(place)
    sums[place] = measures if known is None else tuple(a + b for a, b in zip(known, measures, strict=True))
