"""Series and cards as small integers: the few distinct things that millions of rows point at."""

import json
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pricing.card import RateCard, card_to_mapping
from store.facts import Reject
from store.tables import OTHER

Series: TypeAlias = tuple[str | None, ...]
"""Source, provider, model, deployment, tenant, key, host, call type and outcome."""


class CardRow(NamedTuple):
    """A rate card as the store keeps it."""

    card_id: str
    status: str
    book: str
    record: str
    body: str


@lru_cache(maxsize=4_096)
def card_row(card: RateCard) -> CardRow:
    """How a card is kept."""
    return CardRow(card.id, card.status.value, card.book, card.record, json.dumps(card_to_mapping(card)))


class Names:
    """Interns through somebody else's transaction; `forget` after that transaction was rolled back."""

    def __init__(self, connection: sqlite3.Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._left_out = 0
        self._series: dict[Series, int] = {}
        self._cards: dict[str, int] = {}

    def forget(self) -> None:
        """Drop the remembered ids, which may have been rolled back."""
        self._series.clear()
        self._cards.clear()
        self._left_out = 0

    @property
    def left_out(self) -> int:
        """How often another name was given since the last note."""
        return self._left_out

    def take_notes(self) -> list[Reject]:
        """What was counted under another name than its own since the last time."""
        if not self._left_out:
            return []
        reason = f"more than {self._limit:,} series: tenant, key and deployment counted as {OTHER}"
        notes = [Reject(reason=reason, count=self._left_out, example="", taken=True)]
        self._left_out = 0
        return notes

    def remember_cards(self, cards: Iterable[RateCard]) -> None:
        """Store what is not stored of these cards, so that `card` knows their ids."""
        for card in cards:
            self.card_of(card_row(card))

    def card(self, card_id: str) -> int:
        """The id of a card that was remembered."""
        return self._cards[card_id]

    def card_of(self, card: CardRow) -> int:
        """The id of a card, which is stored where it is not yet."""
        known = self._cards.get(card[0])
        if known is not None:
            return known
        self._connection.execute(
            "INSERT OR IGNORE INTO cards (card_id, status, book, record, body) VALUES (?, ?, ?, ?, ?)", card
        )
        found = self._connection.execute("SELECT id FROM cards WHERE card_id = ?", (card.card_id,)).fetchone()
        self._cards[card.card_id] = found[0]
        return int(found[0])

    def series(self, dimensions: Series) -> int:
        """The id of a series; past the limit, of the one that stands for it and its like."""
        found = self._series.get(dimensions)
        return found if found is not None else self._new_series(dimensions)

    def _new_series(self, dimensions: Series) -> int:
        key = json.dumps(dimensions, ensure_ascii=True)
        known = self._connection.execute("SELECT id FROM series WHERE key = ?", (key,)).fetchone()
        if known is None:
            shorter = self._within_limit(dimensions)
            if shorter != dimensions:
                self._left_out += 1
                return self._store_series(shorter)
        return self._store_series(dimensions)

    def _within_limit(self, dimensions: Series) -> Series:
        """The names to store: first who sent a request gives way, and at twice the limit what answered it, too."""
        count = self._connection.execute("SELECT coalesce(max(id), 0) FROM series").fetchone()[0]
        if count < self._limit:
            return dimensions
        source, provider, model, _, _, _, host, call_type, outcome = dimensions
        if count < 2 * self._limit:
            return source, provider, model, OTHER, OTHER, OTHER, host, call_type, outcome
        return source, OTHER, OTHER, OTHER, OTHER, OTHER, None, None, outcome

    def _store_series(self, dimensions: Series) -> int:
        key = json.dumps(dimensions, ensure_ascii=True)
        self._connection.execute(
            "INSERT OR IGNORE INTO series (key, source, provider, model, deployment, tenant, api_key, host, call_type,"
            " outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (key, *(None if value is None else str(value) for value in dimensions)),
        )
        series: int = self._connection.execute("SELECT id FROM series WHERE key = ?", (key,)).fetchone()[0]
        self._series[dimensions] = series
        return series
