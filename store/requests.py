"""Requests on their way in: each counted once, kept as a row, and added to the sums."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pricing.books.book import normal_variant
from pricing.card import RateCard
from store.facts import PricedEvent, Rank, Reject, UsageEvent
from store.identity import RECORD_BITS, pack_id, request_identity
from store.limits import Limits
from store.moves import Measures
from store.names import Names
from store.side import SideKey, Sides, SideWriter
from store.tables import MEASURES, ROLLUPS, TOKEN_COLUMNS
from store.views import Row, Views

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_LOOKUP = 2_000
"""Identities asked for in one statement."""


class WrittenRequests(msgspec.Struct, frozen=True):
    """How many events were new, and how many had been counted before."""

    events: int
    duplicates: int


_REQUEST_COLUMNS = (
    "identity", "record_id", "ended_at_ms", "duration_ms", "first_token_ms", "series", "card", *TOKEN_COLUMNS,
    "nano_usd", "reported_nano_usd", "partial", "units", "error", "variant", "rank", "sides",
)  # fmt: skip
_INSERT_REQUEST = (
    f"INSERT INTO requests ({', '.join(_REQUEST_COLUMNS)}) VALUES ({', '.join('?' * len(_REQUEST_COLUMNS))})"
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

_TOOK, _FIRST, _SERIES, _NANO_USD = map(_REQUEST_COLUMNS.index, ("duration_ms", "first_token_ms", "series", "nano_usd"))
_TOKENS = slice(_NANO_USD - len(TOKEN_COLUMNS), _NANO_USD)

Seen: TypeAlias = list[tuple[int, PricedEvent]]
"""Events by their identities, each of them counted before."""
SumKey: TypeAlias = tuple[int, int, int]
"""(bucket, series, card)."""
Sums: TypeAlias = dict[SumKey, list[int]]


class _New(NamedTuple):
    """What a batch holds that was never counted, with its sums per minute, and what was."""

    rows: list[Row]
    sums: Sums
    side_sums: dict[SideKey, Measures]
    seen: Seen


class RequestWriter:
    """Writes events through somebody else's transaction; `forget` after that transaction was rolled back."""

    def __init__(self, connection: sqlite3.Connection, names: Names, limits: Limits) -> None:
        self._connection = connection
        self._names = names
        self._sides = SideWriter(connection, limits.values_per_dimension)

    def forget(self) -> None:
        """Drop the remembered ids of users and tags, which may have been rolled back."""
        self._sides.forget()

    def take_notes(self) -> list[Reject]:
        """What was counted under another name than its own since the last time, by reason."""
        return self._sides.take_notes()

    def write(
        self, source: str, events: Sequence[PricedEvent], cards: Iterable[RateCard], *, stored_ms: int
    ) -> WrittenRequests:
        """Insert what is new and add it to the rollups; `stored_ms` is when retention begins to count."""
        if not events:
            return WrittenRequests(0, 0)
        self._names.remember_cards(cards)
        identities = [request_identity(source, e.event.id, e.event.call_id) for e in events]
        new, stored_day = self._new(source, events, identities), stored_ms // _DAY_MS
        if new.rows:
            self._note_arrival(stored_ms)
            self._connection.executemany(_INSERT_REQUEST, new.rows)
            self._add_sums(new.sums, stored_day)
            self._sides.add(new.side_sums, stored_day)
        if new.seen:
            self._keep_richer(source, new.seen, stored_day)
        return WrittenRequests(len(new.rows), len(new.seen))

    def _new(self, source: str, events: Sequence[PricedEvent], identities: Sequence[int]) -> _New:
        """What is new among the events."""
        known, calls = self._known(identities)
        rows: list[Row] = []
        seen: Seen = []
        minutes: defaultdict[SumKey, list[Row]] = defaultdict(list)
        sides_minutes: defaultdict[SideKey, list[Row]] = defaultdict(list)
        retries: Counter[SumKey | SideKey] = Counter()
        for identity, priced in zip(identities, events, strict=True):
            if identity in known:
                seen.append((identity, priced))
                continue
            known.add(identity)
            event = priced.event
            series, card = self._series_id(source, event), self._names.card(priced.card_id)
            sides = self._sides.of(event) if event.tags or event.user or event.end_user else None
            row = _row(identity, event, series, card, priced, sides)
            rows.append(row)
            key = (event.ended_at_ms // _MINUTE_MS * 60, series, card)
            minutes[key].append(row)
            if sides is not None:
                sides_minutes[sides, *key].append(row)
            call = identity >> RECORD_BITS
            if call in calls:
                retries[key] += 1
                if sides is not None:
                    retries[sides, *key] += 1
            calls.add(call)
        return _New(
            rows,
            {key: _sum(members, retries[key]) for key, members in minutes.items()},
            {place: tuple(_sum(members, retries[place])) for place, members in sides_minutes.items()},
            seen,
        )

    def _keep_richer(self, source: str, seen: Seen, stored_day: int) -> None:
        """Put those views in the place of what is stored that know more of their requests."""
        kept = Views(self._connection, _REQUEST_COLUMNS)
        kept.load([identity for identity, _ in seen])
        for identity, priced in seen:
            view = _row(identity, priced.event, 0, 0, priced, None)
            if kept.knows_less_than(view):
                series, card = self._series_id(source, priced.event), self._names.card(priced.card_id)
                sides = self._sides.of(priced.event)
                kept.replace((*view[:_SERIES], series, card, *view[_SERIES + 2 : -1], sides))
        kept.save(stored_day)

    def _known(self, identities: Sequence[int]) -> tuple[set[int], set[int]]:
        """Identities already stored for the calls of this batch, and the calls that they belong to."""
        lowest = [identity >> RECORD_BITS << RECORD_BITS for identity in identities]
        known: set[int] = set()
        for first in range(0, len(lowest), _LOOKUP):
            wanted = f"[{','.join(map(str, lowest[first : first + _LOOKUP]))}]"
            known.update(row[0] for row in self._connection.execute(_FIND_CALLS, (wanted,)))
        return known, {identity >> RECORD_BITS for identity in known}

    def _series_id(self, source: str, event: UsageEvent) -> int:
        return self._names.series((
            source, event.provider, event.model, event.deployment, event.tenant, event.key, None, event.call_type,
            event.outcome,
        ))  # fmt: skip

    def _note_arrival(self, stored_ms: int) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO arrivals (stored_minute, first_id) SELECT ?, coalesce(max(id), 0) + 1 FROM requests",
            (stored_ms // _MINUTE_MS * 60,),
        )

    def _add_sums(self, minutes: Sums, stored_day: int) -> None:
        for table, width in ROLLUPS.items():
            sums = minutes if width == 60 else _widen(minutes, width)
            self._connection.executemany(_UPSERTS[table], [(*key, *sums[key], stored_day) for key in sums])


def _row(identity: int, event: UsageEvent, series: int, card: int, priced: PricedEvent, sides: Sides) -> Row:
    usage = event.usage
    return (
        identity, pack_id(event.id), event.ended_at_ms, event.duration_ms, event.first_token_ms, series, card,
        *usage[:9], priced.nano_usd, event.reported_nano_usd, priced.partial or None,
        json.dumps(usage.units) if usage.units else None, event.error,
        (normal_variant(event.variant) or None) if event.variant else None,
        None if event.rank is Rank.PAYLOAD else int(event.rank), sides,
    )  # fmt: skip


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
