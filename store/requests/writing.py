"""Requests on their way in: each counted once, kept as a row, and added to the sums."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pricing.times import DAY_MS, MINUTE_MS
from store.changes import note_changed_sums
from store.facts import Outcome, Reject
from store.limits import Limits
from store.requests.attempts import Attempts, settled_within
from store.requests.identity import RECORD_BITS
from store.requests.moves import Measures
from store.requests.names import Names
from store.requests.ready import REQUEST_COLUMNS, SHARED, Ready, Row
from store.requests.sessions import SessionWriter
from store.requests.sides import SideKey, SideWriter
from store.requests.units import UnitKey, add_units, units_of
from store.requests.views import Views
from store.tables import MEASURES, ROLLUPS, TOKEN_COLUMNS

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


_Ids: TypeAlias = tuple[int, int, str | None, int | None]
"""Those of what a row shares with others: its series, card, sides and session."""


class _Told(NamedTuple):
    """The rows of a batch, still as they were made ready, by what is known of their requests."""

    new: Sequence[Row]
    seen: Sequence[Row] = ()
    again: Set[int] = frozenset()
    """Identities of new ones of whose call another record was counted before."""
    joined: Set[int] = frozenset()
    """Calls of which the store held another record before."""


class _New(NamedTuple):
    """What a batch holds that was never counted, with its sums per minute."""

    rows: list[Row]
    sums: Sums
    side_sums: dict[SideKey, Measures]
    units: Counter[UnitKey]


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
        stored_day = stored_ms // DAY_MS
        told = self._told_apart(ready.rows)
        if told.new:
            new = self._new(ready, told, stored_day)
            self._note_arrival(stored_ms)
            self._connection.executemany(_INSERT_REQUEST, new.rows)
            self._add_sums(new.sums, stored_day)
            self._sides.add(new.side_sums, stored_day)
            add_units(self._connection, new.units, stored_day)
            note_changed_sums(self._connection, min(new.sums)[0])
        joined = told.joined | self._keep_richer(ready, told.seen, stored_day) if told.seen else told.joined
        if joined:
            self._attempts.settle(joined, stored_day)
        return WrittenRequests(len(told.new), len(told.seen))

    def settle_older(self, now_ms: int) -> None:
        """Settle some of the attempts that were stored before that was done as they came."""
        self._attempts.settle_older(now_ms // DAY_MS)

    def _told_apart(self, rows: Sequence[Row]) -> _Told:
        """Which rows are new, and which of those belong to calls that are known already."""
        calls = [row[0] >> RECORD_BITS for row in rows]
        known = self._known(calls)
        if not known and len(set(calls)) == len(calls):
            return _Told(rows)
        before = frozenset(identity >> RECORD_BITS for identity in known)
        new, seen, again, counted = [], [], set(), set(before)
        for row, call in zip(rows, calls, strict=True):
            if row[0] in known:
                seen.append(row)
                continue
            known.add(row[0])
            new.append(row)
            if call in counted:
                again.add(row[0])
            counted.add(call)
        return _Told(new, seen, again, before & {identity >> RECORD_BITS for identity in again})

    def _known(self, calls: Sequence[int]) -> set[int]:
        """The identities that are stored of these calls."""
        known: set[int] = set()
        for first in range(0, len(calls), _LOOKUP):
            wanted = f"[{','.join([str(call << RECORD_BITS) for call in calls[first : first + _LOOKUP]])}]"
            known.update([row[0] for row in self._connection.execute(_FIND_CALLS, (wanted,))])
        return known

    def _new(self, ready: Ready, told: _Told, stored_day: int) -> _New:
        """Rows as they are written, and their sums."""
        ids, settled = _Shared(partial(self._ids, ready, stored_day), self._left_out), settled_within(ready)
        rows: list[Row] = []
        minutes: defaultdict[SumKey, list[Row]] = defaultdict(list)
        sides_minutes: defaultdict[SideKey, list[Row]] = defaultdict(list)
        units: Counter[UnitKey] = Counter()
        retries: Counter[SumKey | SideKey] = Counter()
        for prepared in told.new:
            identity, places = prepared[0], prepared[-SHARED:]
            shared = self._ids(ready, stored_day, places, settled[identity]) if identity in settled else ids[places]
            row = prepared[:-SHARED] + shared
            rows.append(row)
            key = (row[_ENDED] // MINUTE_MS * 60, shared[0], shared[1])
            minutes[key].append(row)
            if (sides := shared[2]) is not None:
                sides_minutes[sides, *key].append(row)
            if row[_UNITS] is not None:
                units.update({(*key, unit): amount for unit, amount in units_of(row[_UNITS])})
            if identity in told.again:
                retries.update([key] if sides is None else [key, (sides, *key)])
        return _New(
            rows,
            {key: _sum(members, retries[key]) for key, members in minutes.items()},
            {key: tuple(_sum(members, retries[key])) for key, members in sides_minutes.items()},
            units,
        )

    def _ids(self, ready: Ready, stored_day: int, places: tuple[Any, ...], outcome: Outcome | None = None) -> _Ids:
        """The ids that stand for what a row shares with others; its series is that of this outcome, where one is settled."""
        place, card, sides, session = places
        series = ready.series[place]
        return (
            self._names.series(series if outcome is None else (*series[:-1], outcome)),
            self._names.card_of(ready.cards[card]),
            None if sides is None else self._sides.of(ready.sides[sides]),
            None if session is None else self._sessions.of(ready.sessions[session], stored_day),
        )

    def _left_out(self) -> int:
        """How much was counted under another name than its own, so far."""
        return self._names.left_out + self._sides.left_out

    def _keep_richer(self, ready: Ready, seen: Sequence[Row], stored_day: int) -> set[int]:
        """Put those views in the place of what is stored that know more of their requests; the calls of those."""
        kept = Views(self._connection)
        kept.load([row[0] for row in seen])
        replaced = set()
        for row in seen:
            if kept.knows_less_than(row):
                kept.replace(row[:-SHARED] + self._ids(ready, stored_day, row[-SHARED:]))
                replaced.add(row[0] >> RECORD_BITS)
        kept.save(stored_day)
        return replaced

    def _note_arrival(self, stored_ms: int) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO arrivals (stored_minute, first_id) SELECT ?, coalesce(max(id), 0) + 1 FROM requests",
            (stored_ms // MINUTE_MS * 60,),
        )

    def _add_sums(self, minutes: Sums, stored_day: int) -> None:
        for table, width in ROLLUPS.items():
            sums = minutes if width == 60 else _widen(minutes, width)
            self._connection.executemany(_UPSERTS[table], [(*key, *sums[key], stored_day) for key in sums])


class _Shared(dict[tuple[Any, ...], _Ids]):
    """The ids of what rows share, by their places in one batch: asked for once, but for what is left out each time anew,
    since that is counted by the request."""

    def __init__(self, ids: Callable[[tuple[Any, ...]], _Ids], left_out: Callable[[], int]) -> None:
        super().__init__()
        self._ask = ids
        self._left_out = left_out

    def __missing__(self, places: tuple[Any, ...]) -> _Ids:
        before = self._left_out()
        found = self._ask(places)
        if self._left_out() == before:
            self[places] = found
        return found


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
