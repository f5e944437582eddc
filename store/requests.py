"""Requests on their way in: each counted once, kept as a row, and added to the sums."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from store.attempts import Attempts, settled_within
from store.facts import Outcome, Reject
from store.identity import RECORD_BITS
from store.limits import Limits
from store.moves import Measures
from store.names import Names
from store.ready import REQUEST_COLUMNS, SHARED, Ready, Row
from store.sessions import SessionWriter
from store.side import SideKey, SideWriter
from store.tables import MEASURES, ROLLUPS, TOKEN_COLUMNS
from store.units import UnitKey, add_units, units_of
from store.views import Views

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_LOOKUP = 2_000
"""Identities asked for in one statement."""


class WrittenRequests(msgspec.Struct, frozen=True):
    """How many events were new, and how many had been counted before."""

    events: int
    duplicates: int


_INSERT_REQUEST = (
    f"INSERT INTO requests ({', '.join(REQUEST_COLUMNS)}) VALUES ({', '.join('?' * len(REQUEST_COLUMNS))})"
)
_FIND_CALLS = (
    "SELECT r.identity FROM json_each(?) AS wanted CROSS JOIN requests AS r"
    f" ON r.identity BETWEEN wanted.value AND wanted.value + {(1 << RECORD_BITS) - 1}"
)


def _upsert(table: str) -> str:
    columns = ("bucket", "series", "card", *MEASURES, "stored_day")
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (bucket, series, card) DO UPDATE SET {sums}, stored_day = excluded.stored_day"
    )


_UPSERTS = {table: _upsert(table) for table in ROLLUPS}

_ENDED, _TOOK, _FIRST, _NANO_USD, _UNITS = map(
    REQUEST_COLUMNS.index, ("ended_at_ms", "duration_ms", "first_token_ms", "nano_usd", "units")
)
_TOKENS = slice(_NANO_USD - len(TOKEN_COLUMNS), _NANO_USD)

SumKey: TypeAlias = tuple[int, int, int]
"""(bucket, series, card)."""
Sums: TypeAlias = dict[SumKey, list[int]]


class _New(NamedTuple):
    """What a batch holds that was never counted, with its sums per minute, and what was."""

    rows: list[Row]
    sums: Sums
    side_sums: dict[SideKey, Measures]
    units: Counter[UnitKey]
    seen: list[Row]
    """Still as they were made ready."""
    joined: set[int]
    """Calls of which the store held another record before."""


class RequestWriter:
    """Writes requests through somebody else's transaction; `forget` after that transaction was rolled back."""

    def __init__(self, connection: sqlite3.Connection, names: Names, limits: Limits) -> None:
        self._connection = connection
        self._names = names
        self._attempts = Attempts(connection, names)
        self._sides = SideWriter(connection, limits.values_per_dimension)
        self._sessions = SessionWriter(connection)

    def forget(self) -> None:
        """Drop the remembered ids of users, tags and sessions, which may have been rolled back."""
        self._sides.forget()
        self._sessions.forget()

    def take_notes(self) -> list[Reject]:
        """What was counted under another name than its own since the last time, by reason."""
        return self._sides.take_notes()

    def write(self, ready: Ready, *, stored_ms: int) -> WrittenRequests:
        """Insert what is new and add it to the rollups; `stored_ms` is when retention begins to count."""
        if not ready.rows:
            return WrittenRequests(0, 0)
        stored_day = stored_ms // _DAY_MS
        new = self._new(ready, stored_day)
        if new.rows:
            self._note_arrival(stored_ms)
            self._connection.executemany(_INSERT_REQUEST, new.rows)
            self._add_sums(new.sums, stored_day)
            self._sides.add(new.side_sums, stored_day)
            add_units(self._connection, new.units, stored_day)
        if new.seen:
            new.joined.update(self._keep_richer(ready, new.seen, stored_day))
        if new.joined:
            self._attempts.settle(new.joined, stored_day)
        return WrittenRequests(len(new.rows), len(new.seen))

    def _new(self, ready: Ready, stored_day: int) -> _New:
        """What is new among the rows."""
        known, calls = self._known([row[0] for row in ready.rows])
        before, outcomes = frozenset(calls), settled_within(ready)
        new = _New([], {}, {}, Counter(), [], set())
        minutes: defaultdict[SumKey, list[Row]] = defaultdict(list)
        sides_minutes: defaultdict[SideKey, list[Row]] = defaultdict(list)
        retries: Counter[SumKey | SideKey] = Counter()
        for prepared in ready.rows:
            identity = prepared[0]
            if identity in known:
                new.seen.append(prepared)
                continue
            known.add(identity)
            shared = series, card, sides, _ = self._shared(ready, prepared, stored_day, outcomes.get(identity))
            row = prepared[:-SHARED] + shared
            new.rows.append(row)
            key = (row[_ENDED] // _MINUTE_MS * 60, series, card)
            minutes[key].append(row)
            if sides is not None:
                sides_minutes[sides, *key].append(row)
            if row[_UNITS] is not None:
                new.units.update({(*key, unit): amount for unit, amount in units_of(row[_UNITS])})
            call = identity >> RECORD_BITS
            if call in calls:
                if call in before:
                    new.joined.add(call)
                retries[key] += 1
                if sides is not None:
                    retries[sides, *key] += 1
            calls.add(call)
        new.sums.update((key, _sum(members, retries[key])) for key, members in minutes.items())
        new.side_sums.update((key, tuple(_sum(members, retries[key]))) for key, members in sides_minutes.items())
        return new

    def _shared(
        self, ready: Ready, row: Row, stored_day: int, outcome: Outcome | None = None
    ) -> tuple[int, int, str | None, int | None]:
        """The ids that stand for what a row shares with others: series (of this outcome), card, sides and session."""
        place, card, sides, session = row[-SHARED:]
        series = ready.series[place]
        return (
            self._names.series(series if outcome is None else (*series[:-1], outcome)),
            self._names.card_of(ready.cards[card]),
            None if sides is None else self._sides.of(ready.sides[sides]),
            None if session is None else self._sessions.of(ready.sessions[session], stored_day),
        )

    def _keep_richer(self, ready: Ready, seen: Sequence[Row], stored_day: int) -> set[int]:
        """Put those views in the place of what is stored that know more of their requests; the calls of those."""
        kept = Views(self._connection)
        kept.load([row[0] for row in seen])
        replaced = set()
        for row in seen:
            if kept.knows_less_than(row):
                kept.replace(row[:-SHARED] + self._shared(ready, row, stored_day))
                replaced.add(row[0] >> RECORD_BITS)
        kept.save(stored_day)
        return replaced

    def _known(self, identities: Sequence[int]) -> tuple[set[int], set[int]]:
        """Identities already stored for the calls of this batch, and the calls that they belong to."""
        lowest = [identity >> RECORD_BITS << RECORD_BITS for identity in identities]
        known: set[int] = set()
        for first in range(0, len(lowest), _LOOKUP):
            wanted = f"[{','.join(map(str, lowest[first : first + _LOOKUP]))}]"
            known.update(row[0] for row in self._connection.execute(_FIND_CALLS, (wanted,)))
        return known, {identity >> RECORD_BITS for identity in known}

    def _note_arrival(self, stored_ms: int) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO arrivals (stored_minute, first_id) SELECT ?, coalesce(max(id), 0) + 1 FROM requests",
            (stored_ms // _MINUTE_MS * 60,),
        )

    def _add_sums(self, minutes: Sums, stored_day: int) -> None:
        for table, width in ROLLUPS.items():
            sums = minutes if width == 60 else _widen(minutes, width)
            self._connection.executemany(_UPSERTS[table], [(*key, *sums[key], stored_day) for key in sums])


def _sum(rows: Sequence[Row], retries: int) -> list[int]:
    """The sums of one minute's rows in the order of MEASURES: by column, which is quicker than row by row."""
    columns: tuple[tuple[Any, ...], ...] = tuple(zip(*rows, strict=True))
    took, first = columns[_TOOK], columns[_FIRST]
    nano_usd, reported, partial = columns[_NANO_USD : _NANO_USD + 3]
    return [
        len(rows), retries, _count(partial), *map(sum, columns[_TOKENS]), _total(nano_usd), _total(reported),
        _count(reported), _total(took), _count(took), _total(first), _count(first),
    ]  # fmt: skip


def _total(column: tuple[int | None, ...]) -> int:
    return sum(filter(None, column))


def _count(column: tuple[int | None, ...]) -> int:
    return len(column) - column.count(None)


def _widen(minutes: Sums, width: int) -> Sums:
    """The same sums in wider buckets."""
    wide: Sums = {}
    for (bucket, series, card), new in minutes.items():
        key = (bucket // width * width, series, card)
        old = wide.get(key)
        wide[key] = new if old is None else [a + b for a, b in zip(old, new, strict=True)]
    return wide
