"""Pricing again what is stored: exact over kept requests, estimated over sums whose requests are gone.

Tokens, counts and times never change; dollars and cards do, in the row and in its minute, hour and day alike.
Every step is one short immediate transaction, so that a collector goes on beside it.
"""

import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pricing.bill import cost_nano_usd
from pricing.card import NO_COST, CardStatus, RateCard, card_from_mapping, card_to_mapping
from pricing.usage import Usage
from store.facts import Dimensions
from store.records import SERIES_COLUMNS, dimensions
from store.requests.moves import (
    NANO_USD,
    PARTIAL,
    REQUESTS,
    TABLES,
    Measures,
    Moves,
    Part,
    Place,
    Way,
    counts,
    is_retry,
    with_cost,
)
from store.requests.rests import Rest, begin_rests, buckets, end_rests, keep, rests
from store.requests.sides import Counted, RequestMoves
from store.requests.units import units_of
from store.tables import MEASURES, OTHER, ROLLUPS, TOKEN_COLUMNS
from store.writer import Writer

ROWS_PER_STEP = 2_000
STAYS = frozenset({CardStatus.CACHED, CardStatus.UNUSED, CardStatus.HOSTED, CardStatus.INVALID})
"""Cards that no price and no commitment changes."""

_TOKENS = slice(MEASURES.index("input"), MEASURES.index("input") + len(TOKEN_COLUMNS))


class Asked(NamedTuple):
    """What a card is wanted for: one request, or a sum of many from `at_ms` on."""

    said: Dimensions
    at_ms: int
    usage: Usage
    variant: str
    """As it was stored; empty where the old card is the only witness."""
    old: RateCard

    @property
    def provider(self) -> str | None:
        """Who answered, as the source wrote it."""
        return self.said.provider

    @property
    def model(self) -> str | None:
        """What answered, as the source wrote it."""
        return self.said.model


class Chooser(Protocol):
    """Finds the card in force now; None leaves things as they are."""

    def for_request(self, asked: Asked) -> RateCard | None:
        """The card of one kept request."""
        ...

    def for_sum(self, asked: Asked) -> RateCard | None:
        """The card of a sum whose requests are gone."""
        ...


@dataclass(slots=True)
class Change:
    """What became of one model's requests."""

    requests: int = 0
    estimated_requests: int = 0
    unpriced_before: int = 0
    unpriced_after: int = 0
    before_nano_usd: int = 0
    after_nano_usd: int = 0

    def add(self, other: "Change") -> None:
        """Count what became of others, too."""
        self.requests += other.requests
        self.estimated_requests += other.estimated_requests
        self.unpriced_before += other.unpriced_before
        self.unpriced_after += other.unpriced_after
        self.before_nano_usd += other.before_nano_usd
        self.after_nano_usd += other.after_nano_usd


class Repricing:
    """One pass over the store; `steps` yields the share that is done after each transaction.

    With `only_unpriced` nothing that has a price is touched. A dry run reads, counts and writes nothing.
    """

    def __init__(
        self, writer: Writer, chooser: Chooser, *, since_ms: int = 0, only_unpriced: bool = False, dry_run: bool = False
    ) -> None:
        self._writer = writer
        self._chooser = chooser
        self._since_ms = since_ms // 60_000 * 60_000
        self._only_unpriced = only_unpriced
        self._dry_run = dry_run
        self._cards = _Cards()
        self._names: dict[int, Dimensions] = {}
        self.changes: dict[str | None, Change] = {}
        """By model, where anything changed."""

    def steps(self) -> Generator[float]:
        """Requests first, then the sums without requests: minutes and hours, then days."""
        with self._writer.transaction() as connection:
            begin_rests(connection)
        try:
            yield from self._request_steps()
            yield from self._sum_steps()
        finally:
            with self._writer.transaction() as connection:
                end_rests(connection)

    def _request_steps(self) -> Iterator[float]:
        changing = {status for status in CardStatus if self._may_change(status)}
        last, newest = 0, 1
        while last < newest:
            with self._writer.transaction() as connection:
                newest = connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()[0]
                rows = connection.execute(_NEXT_ROWS, (last, ROWS_PER_STEP)).fetchall()
                last = rows[-1][0] if rows else newest
                self._price_rows(connection, [row for row in rows if row[1] >= self._since_ms])
                keep(connection, last, changing)
            yield 0.7 * last / newest if newest else 0.7

    def _price_rows(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        moves, updates = RequestMoves(), []
        for number, at_ms, series, card, nano_usd, partial, variant, text, identity, sides, *rest in rows:
            old = self._cards.by_row(connection, card)
            if not self._may_change(old.status) or self._is_nameless(connection, series):
                continue
            usage = Usage.of(rest[: len(TOKEN_COLUMNS)], units := units_of(text))
            new = self._chooser.for_request(self._asked(connection, series, at_ms, usage, variant, old))
            if new is None:
                continue
            new_nano, new_partial = cost_nano_usd(usage, new)
            if (new.id, new_nano, new_partial) == (old.id, nano_usd, bool(partial)):
                continue
            new_card = self._cards.row_of(connection, new, dry_run=self._dry_run)
            retry = is_retry(connection, number, identity)
            counted = counts(rest[: len(TOKEN_COLUMNS)], *rest[len(TOKEN_COLUMNS) :], retry=retry)
            before, after = with_cost(counted, nano_usd, partial or 0), with_cost(counted, new_nano, int(new_partial))
            old_place = Place(at_ms // 60_000 * 60, series, card)
            moves.add(
                Counted(old_place, sides, Part(before, units)),
                Counted(old_place._replace(card=new_card), sides, Part(after, units)),
            )
            updates.append((new_card, new_nano, new_partial or None, number))
            self._count(series, old, new, before, after)
        if not self._dry_run:
            connection.executemany("UPDATE requests SET card = ?, nano_usd = ?, partial = ? WHERE id = ?", updates)
            moves.apply(connection)

    def _sum_steps(self) -> Iterator[float]:
        of_hours, of_days = TABLES[1:]
        spans: list[tuple[int, int, Sequence[int]]] = [
            (at, ROLLUPS[of_hours], (0, 1)) for at in self._buckets(of_hours)
        ]
        spans += [(at, ROLLUPS[of_days], (2,)) for at in self._buckets(of_days)]
        for done, (begins, width, levels) in enumerate(spans, start=1):
            with self._writer.transaction() as connection:
                for level in levels:
                    self._price_rests(connection, level, rests(connection, level, begins, begins + width))
            yield 0.7 + 0.3 * done / len(spans)

    def _buckets(self, table: str) -> list[int]:
        with self._writer.transaction() as connection:
            return buckets(connection, table, self._since_ms // 1_000)

    def _price_rests(self, connection: sqlite3.Connection, level: int, found: Sequence[Rest]) -> None:
        moves = Moves()
        for rest in found:
            old = self._cards.by_row(connection, rest.card)
            if rest.bucket * 1_000 < self._since_ms or not self._may_change(old.status):
                continue
            if self._is_nameless(connection, rest.series):
                continue
            usage = Usage.of(rest.measures[_TOKENS], rest.units)
            new = self._chooser.for_sum(self._asked(connection, rest.series, rest.bucket * 1_000, usage, "", old))
            if new is None or new.id == old.id:
                continue
            after = _repriced(rest.measures, usage, old, new)
            new_card = self._cards.row_of(connection, new, dry_run=self._dry_run)
            old_place = Place(rest.bucket, rest.series, rest.card)
            way = Way(old_place, old_place._replace(card=new_card))
            moves.add(way, Part(rest.measures, rest.units), Part(after, rest.units))
            self._count(rest.series, old, new, rest.measures, after)
        if not self._dry_run:
            moves.apply(connection, {table: ROLLUPS[table] for table in TABLES[level:]})

    def _may_change(self, old: CardStatus) -> bool:
        return old is CardStatus.UNPRICED if self._only_unpriced else old not in STAYS

    def _is_nameless(self, connection: sqlite3.Connection, series: int) -> bool:
        """Whether the series stands for models beyond the limit, of which nobody can tell the price any more."""
        return self._name(connection, series).model == OTHER

    def _asked(
        self, connection: sqlite3.Connection, series: int, at_ms: int, usage: Usage, variant: object, old: RateCard
    ) -> Asked:
        return Asked(self._name(connection, series), at_ms, usage, str(variant or ""), old)

    def _name(self, connection: sqlite3.Connection, series: int) -> Dimensions:
        if series not in self._names:
            self._names[series] = dimensions(
                connection.execute(f"SELECT {SERIES_COLUMNS} FROM series WHERE id = ?", (series,)).fetchone()
            )
        return self._names[series]

    def _count(self, series: int, old: RateCard, new: RateCard, before: Measures, after: Measures) -> None:
        requests = before[REQUESTS]
        change = Change(
            requests=requests,
            estimated_requests=requests * (new.status is CardStatus.ESTIMATED),
            unpriced_before=requests * (old.status is CardStatus.UNPRICED),
            unpriced_after=requests * (new.status is CardStatus.UNPRICED),
            before_nano_usd=before[NANO_USD],
            after_nano_usd=after[NANO_USD],
        )
        self.changes.setdefault(self._names[series].model, Change()).add(change)


class _Cards:
    """Cards by the ids of their rows, and the other way round."""

    def __init__(self) -> None:
        self._cards: dict[int, RateCard] = {}
        self._rows: dict[str, int] = {}

    def by_row(self, connection: sqlite3.Connection, row: int) -> RateCard:
        if row not in self._cards:
            body = connection.execute("SELECT body FROM cards WHERE id = ?", (row,)).fetchone()[0]
            self._cards[row] = card_from_mapping(json.loads(body))
        return self._cards[row]

    def row_of(self, connection: sqlite3.Connection, card: RateCard, *, dry_run: bool) -> int:
        """The row of a card, a new one where it must be; a dry run gets 0, which no card has."""
        card_id = card.id
        if dry_run:
            return 0
        if card_id not in self._rows:
            connection.execute(
                "INSERT OR IGNORE INTO cards (card_id, status, book, record, body) VALUES (?, ?, ?, ?, ?)",
                (card_id, card.status.value, card.book, card.record, json.dumps(card_to_mapping(card))),
            )
            found = connection.execute("SELECT id FROM cards WHERE card_id = ?", (card_id,)).fetchone()
            self._rows[card_id] = found[0]
        return self._rows[card_id]


_NEXT_ROWS = (
    "SELECT id, ended_at_ms, series, card, nano_usd, partial, variant, units, identity, sides,"
    f" {', '.join(TOKEN_COLUMNS)}, reported_nano_usd, duration_ms, first_token_ms"
    " FROM requests WHERE id > ? ORDER BY id LIMIT ?"
)


def _repriced(measures: Measures, usage: Usage, old: RateCard, new: RateCard) -> Measures:
    """A sum at another card: what it used costs now instead of then; what only its rows knew stays in it."""
    requests = measures[REQUESTS]
    then, partial_then = cost_nano_usd(usage, old, requests)
    now, partial_now = cost_nano_usd(usage, new, requests)
    fees = 0 if new.status in NO_COST else measures[NANO_USD] - (then or 0)
    partial = requests if partial_now else 0 if partial_then or new.status in NO_COST else measures[PARTIAL]
    return with_cost(measures, max(0, (now or 0) + fees), partial)
