"""Pricing again what providers counted: each bucket knows its tokens, tier and length, so that nothing is estimated."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from pricing.card import UNKNOWN_COST, RateCard
from pricing.usage import Usage
from store.provider_facts import PricedBucket, UsageBucket
from store.requests.names import Names
from store.requests.units import units_of
from store.tables import TOKEN_COLUMNS

_DAY = 86_400
_KEY = ("source", "dataset", "begins", "series", "variant", "prompt_tokens", "rest")

Price: TypeAlias = Callable[[UsageBucket], tuple[PricedBucket, RateCard]]
"""What a bucket costs now, and the card that it costs it at."""


class Day(NamedTuple):
    """One dataset's buckets of one UTC day: what one transaction prices again."""

    source: str
    dataset: str
    begins: int
    """Epoch seconds."""


class Repriced(NamedTuple):
    """A bucket whose price changed; None is unknown."""

    bucket: UsageBucket
    before_nano_usd: int | None
    after_nano_usd: int | None


def days_to_price(connection: sqlite3.Connection, since_ms: int, *, only_unpriced: bool) -> list[Day]:
    """Days with buckets from `since_ms` on; of those without a price alone, if so wanted."""
    unknown = ", ".join(f"'{status.value}'" for status in UNKNOWN_COST)
    condition = f"AND card IN (SELECT id FROM cards WHERE status IN ({unknown}))" if only_unpriced else ""
    rows = connection.execute(
        f"SELECT DISTINCT source, dataset, begins / {_DAY} * {_DAY} FROM usage_buckets WHERE begins >= ? {condition}",
        (since_ms // 1_000,),
    )
    return [Day(*row) for row in rows]


def price_day(
    connection: sqlite3.Connection, names: Names, day: Day, price: Price, *, only_unpriced: bool, dry_run: bool
) -> list[Repriced]:
    """Put the cards and dollars of now in the place of those of then, and say what changed."""
    changed: list[Repriced] = []
    for key, old_card, status, before, bucket in _stored(connection, day):
        if only_unpriced and status not in UNKNOWN_COST:
            continue
        priced, card = price(bucket)
        was = None if status in UNKNOWN_COST else before
        if priced.card_id == old_card and priced.nano_usd == was:
            continue
        changed.append(Repriced(bucket, was, priced.nano_usd))
        if dry_run:
            continue
        names.remember_cards([card])
        connection.execute(
            "UPDATE usage_buckets SET card = ?, nano_usd = ?, partial = ? WHERE "
            + " AND ".join(f"{name} = ?" for name in _KEY),
            (names.card(priced.card_id), priced.nano_usd or 0, priced.partial, *key),
        )
    return changed


def _stored(connection: sqlite3.Connection, day: Day) -> list[tuple[Sequence[object], str, str, int, UsageBucket]]:
    columns = (*(f"b.{name}" for name in _KEY), "b.width", "b.requests", "b.units", "b.nano_usd")
    rows = connection.execute(
        f"SELECT {', '.join(columns)}, {', '.join(f'b.{name}' for name in TOKEN_COLUMNS)}, c.card_id, c.status, s.provider,"
        " s.model, s.tenant, s.api_key, s.call_type FROM usage_buckets AS b JOIN cards AS c ON c.id = b.card"
        " JOIN series AS s ON s.id = b.series WHERE b.source = ? AND b.dataset = ? AND b.begins >= ? AND b.begins < ?",
        (day.source, day.dataset, day.begins, day.begins + _DAY),
    ).fetchall()
    return [(row[:7], row[20], row[21], row[10], _bucket(row)) for row in rows]


def _bucket(row: Sequence[Any]) -> UsageBucket:
    _, _, begins, _, variant, prompt_tokens, rest, width, requests, kept_units = row[:10]
    provider, model, tenant, key, call_type = row[22:27]
    return UsageBucket(
        begins_ms=begins * 1_000, width_seconds=width, provider=provider, model=model, tenant=tenant, key=key,
        call_type=call_type, variant=variant, prompt_tokens=prompt_tokens, rest=rest,
        usage=Usage.of(row[11:20], units_of(kept_units)), requests=requests,
    )  # fmt: skip
