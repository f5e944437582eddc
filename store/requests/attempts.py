"""Attempts of one call: which failed ones were tried again, and which of those by something else than before.

A failed attempt says nothing of what came after it, so its outcome is settled here, from all that is known of its call
and alike in whatever order that was seen.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from store.facts import Outcome
from store.notes import ATTEMPTS, read_note, write_note
from store.records import SERIES_COLUMNS
from store.requests.identity import RECORD_BITS
from store.requests.moves import is_retry
from store.requests.names import Names, Series
from store.requests.ready import REQUEST_COLUMNS, SHARED, Ready
from store.requests.sides import RequestMoves
from store.requests.views import counted

_LOOKUP = 2_000
"""Calls asked for in one statement."""

_STEP = 100_000
"""Old requests that are looked through at a time."""

_ENDED, _SERIES = map(REQUEST_COLUMNS.index, ("ended_at_ms", "series"))
_OF_CALLS = (
    f"SELECT {', '.join(f'r.{name}' for name in ('id', *REQUEST_COLUMNS))}, {SERIES_COLUMNS}"
    " FROM json_each(?) AS wanted CROSS JOIN requests AS r"
    f" ON r.identity BETWEEN wanted.value AND wanted.value + {(1 << RECORD_BITS) - 1}"
    " JOIN series AS s ON s.id = r.series"
)
_FAILED_CALLS = (
    f"SELECT DISTINCT identity >> {RECORD_BITS} FROM requests"
    f" WHERE id > ? AND id <= ? AND series IN (SELECT id FROM series WHERE outcome = '{Outcome.ERROR.value}')"
)


class Attempt(NamedTuple):
    """What decides: which record, when it ended, and who it was of and how it ended (a series)."""

    identity: int
    ended_at_ms: int
    series: Series

    @property
    def failed(self) -> bool:
        """Whether it is a failure, whatever came after it."""
        return Outcome(self.series[-1] or Outcome.OK).failed


def settled(attempts: Iterable[Attempt]) -> dict[int, Outcome]:
    """How each failed attempt of one call stands among the others, by its identity."""
    found, later = {}, None
    for attempt in sorted(attempts, key=lambda a: (a.ended_at_ms, not a.failed, a.identity), reverse=True):
        if attempt.failed:
            found[attempt.identity] = _standing(attempt.series, later)
        later = attempt.series
    return found


def _standing(failed: Series, later: Series | None) -> Outcome:
    if later is None:
        return Outcome.ERROR
    _, provider, model, deployment, *_ = failed
    _, next_provider, next_model, next_deployment, *_ = later
    if deployment and next_deployment:
        return Outcome.RETRIED if deployment == next_deployment else Outcome.FALLBACK
    return Outcome.RETRIED if (provider, model) == (next_provider, next_model) else Outcome.FALLBACK


def settled_within(ready: Ready) -> dict[int, Outcome]:
    """Those of a batch that others in it tell something of; the store may know more."""
    failing = {place for place, series in enumerate(ready.series) if series[-1] == Outcome.ERROR}
    if not failing:
        return {}
    calls = {row[0] >> RECORD_BITS for row in ready.rows if row[-SHARED] in failing}
    rows_of = defaultdict(list)
    for row in ready.rows:
        if (call := row[0] >> RECORD_BITS) in calls:
            rows_of[call].append(row)
    found: dict[int, Outcome] = {}
    for rows in rows_of.values():
        if len(rows) > 1:
            attempts = {row[0]: Attempt(row[0], row[_ENDED], ready.series[row[-SHARED]]) for row in reversed(rows)}
            found |= settled(attempts.values())
    return found


class Attempts:
    """Settles what is stored in somebody else's transaction."""

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    def settle(self, calls: Collection[int], stored_day: int) -> None:
        """Bring the failed attempts of these calls, and every sum that they are in, to what is known of them now."""
        moves, updates = RequestMoves(stored_day), []
        for attempts in self._stored(sorted(calls)):
            outcomes = settled(attempt for attempt, _, _ in attempts)
            for attempt, number, row in attempts:
                outcome = outcomes.get(attempt.identity)
                if outcome is not None and outcome != attempt.series[-1]:
                    series = self._names.series((*attempt.series[:-1], outcome))
                    after = (*row[:_SERIES], series, *row[_SERIES + 1 :])
                    retry = is_retry(self._connection, number, attempt.identity)
                    moves.add(counted(row, retry=retry), counted(after, retry=retry))
                    updates.append((series, number))
        self._connection.executemany("UPDATE requests SET series = ? WHERE id = ?", updates)
        moves.apply(self._connection)

    def settle_older(self, stored_day: int) -> None:
        """Settle some of what was stored before attempts were settled as they came; a note says what is left."""
        said = read_note(self._connection, ATTEMPTS)
        after, until = json.loads(said) if said else (0, self._newest())
        if said and after >= until:
            return
        here = min(until, after + _STEP)
        found = self._connection.execute(_FAILED_CALLS, (after, here)).fetchall()
        self.settle([call for (call,) in found], stored_day)
        write_note(self._connection, ATTEMPTS, json.dumps([here, until]))

    def _newest(self) -> int:
        newest: int = self._connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()[0]
        return newest

    def _stored(self, calls: list[int]) -> "Iterator[list[_Stored]]":
        for first in range(0, len(calls), _LOOKUP):
            wanted = json.dumps([call << RECORD_BITS for call in calls[first : first + _LOOKUP]])
            found = defaultdict(list)
            for number, *rest in self._connection.execute(_OF_CALLS, (wanted,)):
                row, series = tuple(rest[: len(REQUEST_COLUMNS)]), tuple(rest[len(REQUEST_COLUMNS) :])
                found[row[0] >> RECORD_BITS].append(_Stored(Attempt(row[0], row[_ENDED], series), number, row))
            yield from found.values()


class _Stored(NamedTuple):
    """An attempt with its row as it stands in the store, and the number of that."""

    attempt: Attempt
    number: int
    row: tuple[Any, ...]
