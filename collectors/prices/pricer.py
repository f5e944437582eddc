"""Events become priced events: the one place where a rate card is chosen."""

from collections.abc import Sequence

import msgspec

from collectors.prices.prepaid import Prepaid
from pricing.bill import cost_nano_usd
from pricing.books.book import PriceBook, normal_variant
from pricing.card import CACHED, INVALID, PREPAID, UNUSED, RateCard, unpriced
from pricing.modal import card_assuming
from pricing.usage import NOTHING, invalid_reason
from store.facts import Outcome, PricedEvent, UsageEvent
from store.provider_facts import PricedBucket, PricedReading, ProviderReading, UsageBucket

CLOCK_SKEW_MS = 5 * 60_000
"""An event this far ahead of our clock is stored as received now and counted."""


UNKNOWN_TIME = 0
"""The end of an event whose source says no time: it is stored as received now."""


class Priced(msgspec.Struct, frozen=True):
    """Priced events, the cards they name, and how many of them came from the future."""

    events: Sequence[PricedEvent]
    cards: Sequence[RateCard]
    clock_skew: int


def _dimensions(event: UsageEvent) -> dict[str, str | None]:
    return {
        "provider": event.provider, "model": event.model, "deployment": event.deployment, "tenant": event.tenant,
        "key": event.key, "call_type": event.call_type, "outcome": event.outcome.value,
    }  # fmt: skip


class Pricer:
    """Prices events with one book, those under a commitment excepted; remembers the id of each card, which is costly to compute.

    `prepaid` may be replaced while it works: which commitments are in force stands in the store.
    """

    def __init__(self, book: PriceBook, prepaid: Prepaid | None = None) -> None:
        self._book = book
        self.prepaid = prepaid or Prepaid()
        self._ids: dict[int, tuple[RateCard, str]] = {}

    def price(self, events: Sequence[UsageEvent], *, now_ms: int) -> Priced:
        """Price each event at its own time; tokens and times are kept whatever the price is."""
        priced: list[PricedEvent] = []
        cards: dict[str, RateCard] = {}
        skewed = 0
        latest = now_ms + CLOCK_SKEW_MS
        prepaid = self.prepaid or None
        for event in events:
            if event.ended_at_ms == UNKNOWN_TIME:
                event = msgspec.structs.replace(event, ended_at_ms=now_ms)
            elif event.ended_at_ms > latest:
                event = msgspec.structs.replace(event, ended_at_ms=now_ms)
                skewed += 1
            card = self._card(event, prepaid)
            if event.usage.units:
                card = card_assuming(event.usage, card)
            known = self._ids.get(id(card))
            card_id = known[1] if known is not None else self._card_id(card)
            cards[card_id] = card
            nano_usd, partial = cost_nano_usd(event.usage, card)
            priced.append(PricedEvent(event, card_id, nano_usd, partial))
        return Priced(priced, tuple(cards.values()), skewed)

    def price_readings(self, readings: Sequence[ProviderReading]) -> tuple[list[PricedReading], list[RateCard]]:
        """Price what providers counted, with the cards that they name; a bucket is many requests, so its own size decides no tier."""
        cards: dict[str, RateCard] = {}
        priced: list[PricedReading] = []
        for reading in readings:
            usage: list[PricedBucket] = []
            for bucket in reading.usage:
                one, card = self.price_bucket(bucket)
                cards[one.card_id] = card
                usage.append(one)
            priced.append(PricedReading(reading=reading, usage=usage))
        return priced, list(cards.values())

    def price_bucket(self, bucket: UsageBucket) -> tuple[PricedBucket, RateCard]:
        """What one bucket costs, and the card that it costs it at."""
        card = card_assuming(bucket.usage, self._bucket_card(bucket))
        nano_usd, partial = cost_nano_usd(bucket.usage, card, bucket.requests or 0)
        return PricedBucket(bucket=bucket, card_id=self._card_id(card), nano_usd=nano_usd, partial=partial), card

    def _bucket_card(self, bucket: UsageBucket) -> RateCard:
        if bucket.usage == NOTHING:
            return UNUSED
        if invalid_reason(bucket.usage):
            return INVALID
        if bucket.model is None:
            return unpriced(bucket.prompt_tokens, "the provider names no model")
        return self._book.card(
            bucket.provider,
            bucket.model,
            at_ms=bucket.begins_ms,
            prompt_tokens=bucket.prompt_tokens,
            variant=normal_variant(bucket.variant) if bucket.variant else "",
        )

    def _card(self, event: UsageEvent, prepaid: Prepaid | None) -> RateCard:
        usage = event.usage
        if event.outcome is Outcome.CACHE:
            return CACHED
        if usage is NOTHING or usage == NOTHING:
            return unpriced(0, "the source does not say what was used") if event.usage_missing else UNUSED
        if invalid_reason(usage):
            return INVALID
        prompt = usage.prompt_tokens
        if prepaid is not None and prepaid.covers(_dimensions(event), event.ended_at_ms):
            return PREPAID
        if event.model is None:
            return unpriced(prompt, "the source names no model")
        return self._book.card(
            event.provider,
            event.model,
            at_ms=event.ended_at_ms,
            prompt_tokens=prompt,
            variant=normal_variant(event.variant) if event.variant else "",
        )

    def _card_id(self, card: RateCard) -> str:
        """The card's id by object: books hand out the same objects, and the object is held so its address stays."""
        known = self._ids.get(id(card))
        if known is None:
            if len(self._ids) > 10_000:
                self._ids.clear()
            known = self._ids[id(card)] = (card, card.id)
        return known[1]
