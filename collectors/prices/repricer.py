"""Which card stored usage is billed at now: the price book asked with what the store still knows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from collectors.prices.catalogue_file import KeptCatalogue
from collectors.prices.prepaid import PREPAID_DIMENSIONS, Prepaid
from pricing.bill import cost_nano_usd
from pricing.books.book import STANDARD, VARIANTS, PriceBook
from pricing.books.hours import zone_minutes
from pricing.card import PREPAID, PROMPT_BANDS, UNKNOWN_COST, CardStatus, RateCard
from pricing.modal import card_assuming
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import NOTHING
from store.facts import Dimensions
from store.notes import CATALOGUE, read_note, write_note
from store.repricing import Asked, Repricing
from store.requests.rests import unpriced_sums
from store.writer import Writer
from store.zones import zone_named

FROM_SUMS = "estimated from sums: the single requests are no longer kept"

_VARIANT = re.compile(r"[a-z0-9][a-z0-9_.-]*")
"""A variant is one word; what else a card says of its conditions are sentences."""
_NO_OFFER = re.compile(r"no (\w+) price at that time")
_TIER_UNKNOWN = "no price for this service tier"
_BAND = re.compile(r"prompt (?:over|up to) ([0-9,]+)")
_HOURS = re.compile(r"(\d\d):(\d\d) to \d\d:\d\d (\S+)")


class BookChooser:
    """Asks the commitments and one price book; keeps what a source could not say, and what only a sum still knows."""

    def __init__(self, book: PriceBook, prepaid: Prepaid | None = None) -> None:
        self._book = book
        self._prepaid = prepaid or Prepaid()

    def for_request(self, asked: Asked) -> RateCard | None:
        """The card in force now for one kept request, at its own time and prompt size."""
        if self._is_prepaid(asked):
            return PREPAID
        variant = asked.variant or variant_of(asked.old)
        if asked.model is None or asked.usage == NOTHING or variant is None:
            return None
        card = self._book.card(
            asked.provider,
            asked.model,
            at_ms=asked.at_ms,
            prompt_tokens=asked.usage.prompt_tokens,
            variant=variant,
        )
        return card_assuming(asked.usage, card)

    def for_sum(self, asked: Asked) -> RateCard | None:
        """The card for a sum, under the conditions that its old card names; a known cost never becomes unknown."""
        if self._is_prepaid(asked):
            return PREPAID
        variant = variant_of(asked.old)
        if asked.model is None or asked.usage == NOTHING or variant is None:
            return None
        new = self._book.card(
            asked.provider,
            asked.model,
            at_ms=_moment(asked),
            prompt_tokens=prompt_tokens_of(asked.old),
            variant=variant,
        )
        if new.status in UNKNOWN_COST or _bills_alike(asked, new):
            return None
        new = card_assuming(asked.usage, new)
        if new.status in (CardStatus.PRICED, CardStatus.ESTIMATED):
            return replace(new, status=CardStatus.ESTIMATED, conditions=(*new.conditions, FROM_SUMS))
        return new

    def _is_prepaid(self, asked: Asked) -> bool:
        said = {name: getattr(asked.said, name) for name in PREPAID_DIMENSIONS}
        return asked.usage != NOTHING and self._prepaid.covers(said, asked.at_ms)


def variant_of(card: RateCard) -> str | None:
    """The variant that a card was chosen for; None when it says only that there was one without a price."""
    if card.status is CardStatus.UNPRICED:
        if card.match_rule == _TIER_UNKNOWN:
            return None
        found = _NO_OFFER.fullmatch(card.match_rule)
        return found[1] if found and found[1] in VARIANTS else STANDARD
    first = card.conditions[0] if card.conditions else ""
    return first if _VARIANT.fullmatch(first) else STANDARD


def prompt_tokens_of(card: RateCard) -> int:
    """The smallest prompt for which a card was in force, as far as it says so; 0 is the base tier."""
    for condition in card.conditions:
        found = _BAND.match(condition)
        if found is None:
            continue
        edge = int(found[1].replace(",", ""))
        if condition.startswith("prompt over"):
            return edge + 1
        return max((below + 1 for below in PROMPT_BANDS if below < edge), default=0)
    return 0


def unpriced_repricing(writer: Writer, book: PriceBook) -> Repricing | None:
    """What prices the unpriced requests of the store, or None when the book still knows none of them."""
    chooser = BookChooser(book, Prepaid(writer.commitments()))
    with writer.transaction() as connection:
        waiting = list(unpriced_sums(connection))
    if not any(chooser.for_sum(asked) for asked in _asked(waiting)):
        return None
    return Repricing(writer, chooser, only_unpriced=True)


def note_catalogue(writer: Writer, kept: KeptCatalogue, *, now_ms: int) -> None:
    """Write the day of the catalogue in force into the store, so that readers can say how old its prices are."""
    digest = kept.digest
    with writer.transaction() as connection:
        before = read_note(connection, CATALOGUE)
    if before is not None and before.endswith(f" {digest}"):
        return
    snapshot = kept.snapshot
    today = datetime.fromtimestamp(now_ms / 1_000, UTC).date()
    day = snapshot.fetched_on if snapshot else kept.catalogue.newest_day(today)
    if day is not None:
        with writer.transaction() as connection:
            write_note(connection, CATALOGUE, f"{day} {digest}")


def _asked(waiting: list[tuple[str | None, str | None, int, RateCard]]) -> Iterator[Asked]:
    for provider, model, bucket, card in waiting:
        # The tokens are of no account here: a sum that used nothing has been a card of its own from the start.
        said = Dimensions(source="", provider=provider, model=model)
        yield Asked(said, bucket * 1_000, NOTHING._replace(input_tokens=1), "", card)


def _moment(asked: Asked) -> int:
    """When to ask: the sum's beginning, or the hours of that day that its old card names."""
    for condition in asked.old.conditions:
        found = _HOURS.search(condition)
        if found is not None:
            begins, day_ms = int(found[1]) * 60 + int(found[2]), asked.at_ms // DAY_MS * DAY_MS
            ahead = _minutes_ahead(found[3], day_ms + begins * MINUTE_MS)
            return day_ms + (begins - ahead) % 1_440 * MINUTE_MS
    return asked.at_ms


def _minutes_ahead(zone: str, at_ms: int) -> int:
    """What a zone that a card names is ahead of UTC at an instant; nothing where it is not known any more."""
    fixed = zone_minutes(zone)
    if fixed is not None:
        return fixed
    try:
        offset = datetime.fromtimestamp(at_ms / 1_000, zone_named(zone)).utcoffset()
    except ValueError:
        return 0
    return int(offset.total_seconds() // 60) if offset else 0


def _bills_alike(asked: Asked, new: RateCard) -> bool:
    """Whether a sum with a known cost costs the same at both cards, so that nothing is to be estimated."""
    if asked.old.status in UNKNOWN_COST:
        return False
    return cost_nano_usd(asked.usage, asked.old) == cost_nano_usd(asked.usage, new)
