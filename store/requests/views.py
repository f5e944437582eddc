"""Several views of one request, of which the one that knows most is kept and counted, whatever the order they come in."""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from store.facts import Rank
from store.requests.moves import Part, Place, counts, is_retry, with_cost
from store.requests.ready import REQUEST_COLUMNS, Row
from store.requests.sides import Counted, RequestMoves
from store.requests.units import units_of
from store.tables import TOKEN_COLUMNS

_LOOKUP = 2_000
"""Rows asked for in one statement."""

_AT = {name: place for place, name in enumerate(REQUEST_COLUMNS)}
_TOKENS = slice(_AT[TOKEN_COLUMNS[0]], _AT[TOKEN_COLUMNS[-1]] + 1)


class _Stored(NamedTuple):
    """A row as it stands in the store."""

    number: int
    row: Row


class Views:
    """Replaces stored rows by richer ones in somebody else's transaction, and moves their measures in every rollup.

    First comes the rank of a view (a payload over a database row over a span); within one rank what says more, so that
    a record which grows after it was written first (a stream, a background job) ends as its last version:
    more tokens, else more said, else a higher reported cost, else a longer time. What says exactly as much changes nothing:
    the first one stays.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._stored: dict[int, _Stored] = {}
        self._richer: dict[int, Row] = {}

    def load(self, identities: Sequence[int]) -> None:
        """Read the rows of these identities, which are all in the store."""
        names = ", ".join(f"r.{name}" for name in REQUEST_COLUMNS)
        question = f"SELECT r.id, {names} FROM json_each(?) AS w CROSS JOIN requests AS r ON r.identity = w.value"
        for first in range(0, len(identities), _LOOKUP):
            wanted = json.dumps(identities[first : first + _LOOKUP])
            for number, *row in self._connection.execute(question, (wanted,)):
                self._stored[row[0]] = _Stored(number, tuple(row))

    def knows_less_than(self, view: Row) -> bool:
        """Whether another view of a loaded row says more than what is kept of it."""
        identity = view[0]
        return _knowledge(self._richer.get(identity) or self._stored[identity].row) < _knowledge(view)

    def replace(self, view: Row) -> None:
        """Keep this view from now on; a session that only the other one named stays."""
        session = view[_AT["session"]] or self._stored[view[0]].row[_AT["session"]]
        self._richer[view[0]] = (*view[: _AT["session"]], session)

    def save(self, stored_day: int) -> None:
        """Write the replaced rows, and move their measures from the sums they were in to those they belong to."""
        moves = RequestMoves(stored_day)
        for identity, after in self._richer.items():
            number, before = self._stored[identity]
            retry = is_retry(self._connection, number, identity)
            moves.add(counted(before, retry=retry), counted(after, retry=retry))
        marks = ", ".join(f"{name} = ?" for name in REQUEST_COLUMNS)
        self._connection.executemany(
            f"UPDATE requests SET {marks} WHERE id = ?",
            [(*row, self._stored[identity].number) for identity, row in self._richer.items()],
        )
        moves.apply(self._connection)


def _knowledge(row: Row) -> tuple[int, ...]:
    """What makes one view richer than another; reasoning is a part of the output and no tokens beside it."""
    return (
        row[_AT["rank"]] or Rank.PAYLOAD,
        sum(row[_TOKENS][:-1]) + sum(amount for _, amount in units_of(row[_AT["units"]])),
        *(row[_AT[name]] is not None for name in ("reported_nano_usd", "error", "duration_ms")),
        *(row[_AT[name]] or 0 for name in ("reported_nano_usd", "duration_ms")),
    )


def counted(row: Row, *, retry: bool) -> Counted:
    """How a stored row stands in the sums."""
    place = Place(row[_AT["ended_at_ms"]] // 60_000 * 60, row[_AT["series"]], row[_AT["card"]])
    reported, took, first = (row[_AT[name]] for name in ("reported_nano_usd", "duration_ms", "first_token_ms"))
    counted = counts(row[_TOKENS], reported, took, first, retry=retry)
    measures = with_cost(counted, row[_AT["nano_usd"]], int(row[_AT["partial"]] or 0))
    return Counted(place, row[_AT["sides"]], Part(measures, units_of(row[_AT["units"]])))
