"""What a new catalogue changes: record by record, and in dollars for traffic that was seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from collectors.prices.repricer import prompt_tokens_of, variant_of
from pricing.bill import cost_nano_usd
from pricing.books.book import Offer, PriceBook, PricedModel
from pricing.books.catalogue import Catalogue
from pricing.card import NO_COST, UNKNOWN_COST, RateCard
from pricing.money import usd_from_nano
from pricing.usage import TOKEN_CLASSES, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """One rate of the newest standard price; None is "no rate"."""

    item: str
    old_usd: Decimal | None
    new_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One record that is new, gone or changed; without `rates` only its conditions changed (a tier, a date, a variant)."""

    record: str
    kind: str
    rates: tuple[RateChange, ...] = ()


def catalogue_changes(old: Catalogue, new: Catalogue) -> list[RecordChange]:
    """Every record that differs, by name; what a card says of its origin is no difference."""
    before, after = dict(old.records()), dict(new.records())
    changes = []
    for record in sorted(before.keys() | after.keys()):
        was, now = before.get(record), after.get(record)
        if was is None or now is None:
            changes.append(RecordChange(record=record, kind="new" if was is None else "gone"))
        elif _plain(was) != _plain(now):
            changes.append(RecordChange(record=record, kind="changed", rates=_rate_changes(was, now)))
    return changes


def _plain(priced: PricedModel) -> list[Offer]:
    return [replace(offer, card=replace(offer.card, checked=None)) for offer in priced.offers]


def _rate_changes(was: PricedModel, now: PricedModel) -> tuple[RateChange, ...]:
    old, new = newest_base(was), newest_base(now)
    lent = {text.partition(" as ")[0] for text in set(old.fallbacks) & set(new.fallbacks)}
    pairs = zip(TOKEN_CLASSES, old.rates, new.rates, strict=True)
    return tuple(
        RateChange(item=item, old_usd=_usd(before), new_usd=_usd(after))
        for item, before, after in pairs
        if before != after and item not in lent
    )


def newest_base(priced: PricedModel) -> RateCard:
    """The last standard price of short prompts at any hour, dated ones included; the first offer where there is none."""
    base = [o.card for o in priced.offers if not o.variant and not o.above_prompt_tokens and o.hours is None]
    return base[-1] if base else priced.offers[0].card


def _usd(nano_usd: int | None) -> Decimal | None:
    return None if nano_usd is None else usd_from_nano(nano_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Tokens of one model at one card, as the store has summed them."""

    provider: str | None
    model: str
    card: RateCard
    requests: int
    usage: Usage


@dataclass(slots=True)
class Effect:
    """What one model's traffic costs in two books; `vanished` when only the old one has a price."""

    before_nano_usd: int = 0
    after_nano_usd: int = 0
    vanished: bool = False


def effects(traffic: Iterable[Traffic], old: PriceBook, new: PriceBook, at_ms: int) -> Mapping[str, Effect]:
    """By model: the same tokens in both books, under the conditions that their cards name."""
    found: dict[str, Effect] = {}
    for part in traffic:
        variant = variant_of(part.card)
        if variant is None or part.card.status in NO_COST:
            continue
        effect = found.setdefault(part.model, Effect())
        before, after = (_card(book, part, variant, at_ms) for book in (old, new))
        effect.before_nano_usd += cost_nano_usd(part.usage, before, part.requests)[0] or 0
        effect.after_nano_usd += cost_nano_usd(part.usage, after, part.requests)[0] or 0
        effect.vanished |= before.status not in UNKNOWN_COST and after.status in UNKNOWN_COST
    return found


def _card(book: PriceBook, part: Traffic, variant: str, at_ms: int) -> RateCard:
    prompt = prompt_tokens_of(part.card)
    return book.card(part.provider, part.model, at_ms=at_ms, prompt_tokens=prompt, variant=variant)


def vanished(used: Sequence[tuple[str | None, str]], old: PriceBook, new: PriceBook, at_ms: int) -> list[str]:
    """The used models that have a price in the old book and none in the new one."""
    gone = []
    for provider, model in used:
        before, after = (book.card(provider, model, at_ms=at_ms, prompt_tokens=0) for book in (old, new))
        if before.status not in UNKNOWN_COST and after.status in UNKNOWN_COST:
            gone.append(model)
    return sorted(set(gone))
