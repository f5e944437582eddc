"""Priced events made ready for the store: rows as they are kept, what many of them share named once.

Pure, so that the process that reads a log can do it as well as the one that writes.
"""

import json
from collections.abc import Hashable, Iterable
from typing import Any, TypeAlias, TypeVar

import msgspec

from pricing.books.book import normal_variant
from pricing.card import RateCard
from store.facts import Outcome, PricedEvent, Rank
from store.requests.identity import pack_id, request_identity
from store.requests.names import CardRow, Series, card_row
from store.tables import TOKEN_COLUMNS

REQUEST_COLUMNS = (
    "identity", "record_id", "ended_at_ms", "duration_ms", "first_token_ms", *TOKEN_COLUMNS, "nano_usd",
    "reported_nano_usd", "partial", "units", "error", "variant", "rank", "series", "card", "sides", "session",
)  # fmt: skip
"""A row as it is written; in a row that is ready, the last four are places in the lists beside it.

What a gateway's cache answered reports no cost: there, the reported one is what it saved.
"""

SHARED = 4

Row: TypeAlias = tuple[Any, ...]
"""One request in the order of REQUEST_COLUMNS."""
Said: TypeAlias = tuple[str | None, str | None, tuple[str, ...]]
"""User, end user and tags."""


_RANKS = {rank: None if rank is Rank.PAYLOAD else int(rank) for rank in Rank}
"""How a row says its rank: not at all where it is the usual one."""


class Ready(msgspec.Struct, frozen=True, array_like=True):
    """Requests in the order in which they were seen."""

    rows: list[Row] = []
    series: list[Series] = []
    cards: list[CardRow] = []
    sides: list[Said] = []
    sessions: list[str] = []


def make_ready(source: str, events: Iterable[PricedEvent], cards: Iterable[RateCard]) -> Ready:
    """The rows of one source's events; `cards` hold every card that they name."""
    series, used, sides, sessions = _Places[Series](), _Places[str](), _Places[Said](), _Places[str]()
    rows = []
    for priced in events:
        event = priced.event
        usage, says_more = event.usage, event.tags or event.user or event.end_user
        rows.append((
            request_identity(source, event.id, event.call_id), pack_id(event.id), event.ended_at_ms, event.duration_ms,
            event.first_token_ms, *usage[:9], priced.nano_usd,
            event.saved_nano_usd if event.outcome is Outcome.CACHE else event.reported_nano_usd, priced.partial or None,
            json.dumps(usage.units) if usage.units else None, event.error,
            (normal_variant(event.variant) or None) if event.variant else None, _RANKS[event.rank],
            series[
                source, event.provider, event.model, event.deployment, event.tenant, event.key, None, event.call_type,
                event.outcome,
            ],
            used[priced.card_id],
            sides[event.user, event.end_user, event.tags] if says_more else None,
            sessions[event.session] if event.session else None,
        ))  # fmt: skip
    by_id = {card.id: card for card in cards}
    return Ready(rows, list(series), [card_row(by_id[name]) for name in used], list(sides), list(sessions))


Value = TypeVar("Value", bound=Hashable)


class _Places(dict[Value, int]):
    """Values in the order in which they were first asked for, each with its place."""

    def __missing__(self, value: Value) -> int:
        place = self[value] = len(self)
        return place
