"""Negotiated discounts: a contract's percentage off what other books list, for some models and for some time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations

from pricing.books.book import VARIANTS, Book, Offer, PricedModel
from pricing.books.globs import glob_regex, globs_overlap, is_glob
from pricing.books.keys import PriceError, Table, amount, days, place, refuse_unknown, text, texts
from pricing.books.listing import start_of_day_ms
from pricing.books.names import provider_key, split_provider
from pricing.card import NO_COST, UNKNOWN_COST, RateCard
from pricing.money import decimal_text, divide_half_even

_KEYS = ("id", "provider", "models", "percent", "effective_from", "effective_to", "excludes", "source")
_FEES = "fees"
_WHOLE = 10**11
"""A hundred per cent in the finest unit that a percentage of nine decimals has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A percentage off the list price of the models that match, from `since` until `until` (not included)."""

    where: str
    name: str
    provider: str | None
    models: tuple[str, ...]
    percent: Decimal
    since: date | None
    until: date | None
    excludes: frozenset[str]
    """Variants that keep their list price, and "fees" where only tokens are discounted."""

    def rank(self, provider: str | None, names: Sequence[str]) -> tuple[bool, int, bool] | None:
        """How closely this discount describes a model: an exact name, then the longest pattern; None for not at all."""
        if self.provider not in (None, provider):
            return None
        fits = [
            (not is_glob(pattern), len(pattern), self.provider is not None)
            for pattern in self.models
            if any(glob_regex(pattern).fullmatch(name) for name in names)
        ]
        return max(fits, default=None)

    def apply(self, offer: Offer) -> Offer | None:
        """The offer at the discounted price for as long as both last, None when they never meet.

        What the discount excludes keeps its price, also from discounts that describe the model less closely.
        """
        first, end = _later(offer.from_ms, _ms(self.since)), _earlier(offer.until_ms, _ms(self.until))
        if first is not None and end is not None and first >= end:
            return None
        keeps = offer.card.status in UNKNOWN_COST | NO_COST or offer.variant in self.excludes
        return replace(offer, card=offer.card if keeps else self._card(offer.card), from_ms=first, until_ms=end)

    def _card(self, card: RateCard) -> RateCard:
        conditions = [f"{self.name}: {decimal_text(self.percent)}% off {card.book}"]
        reasoning, request = self._off_each((card.reasoning_rate, card.request_rate))
        fees = _FEES not in self.excludes
        if not fees:
            conditions.append("fees at list price")
        return replace(
            card,
            rates=self._off_each(card.rates),
            reasoning_rate=reasoning,
            request_rate=request if fees else card.request_rate,
            unit_rates=tuple(
                replace(rate, nano_usd=self._off(rate.nano_usd)) if fees or rate.unit.endswith("_tokens") else rate
                for rate in card.unit_rates
            ),
            graduated=tuple(replace(step, rates=self._off_each(step.rates)) for step in card.graduated),
            conditions=(*card.conditions, *conditions),
            effective_from=max(filter(None, (card.effective_from, _iso(self.since))), default=None),
            effective_to=min(filter(None, (card.effective_to, _iso(self.until))), default=None),
        )

    def _off(self, rate: int) -> int:
        return divide_half_even(rate * (_WHOLE - int(self.percent.scaleb(9))), _WHOLE)

    def _off_each(self, rates: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(None if rate is None else self._off(rate) for rate in rates)


class DiscountedBook:
    """A book under a contract: of the discounts that match a model, the one that describes it most closely holds."""

    def __init__(self, book: Book, discounts: Sequence[Discount], digest: str) -> None:
        self._book = book
        self._discounts = discounts
        self._digest = digest

    @property
    def name(self) -> str:
        """The name of the book whose prices are discounted."""
        return self._book.name

    @property
    def digest(self) -> str:
        """Changes with the book and with the contract."""
        return f"{self._book.digest}-{self._digest}"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The book's offers, discounted."""
        found = self._book.find(provider, model)
        if found is None or not found.offers:
            return found
        said, plain = split_provider(provider, model)
        owner, _, record = found.offers[0].card.record.partition("/")
        names = tuple({model.strip().lower(), plain.lower(), record.lower()} - {""})
        seller = provider_key(said) if said is not None else provider_key(owner)
        ranked = [(rank, each) for each in self._discounts if (rank := each.rank(seller, names)) is not None]
        closest_last = [each for _, each in sorted(ranked, key=lambda pair: pair[0])]
        return PricedModel(offers=tuple(each for offer in found.offers for each in _chain(offer, closest_last)))


def _chain(offer: Offer, discounts: Sequence[Discount]) -> list[Offer]:
    """The offer and what each discount makes of it, the last that is in force wins: discounts never add up."""
    chain = [offer]
    for discount in discounts:
        if (reduced := discount.apply(offer)) is not None:
            lasts = (reduced.from_ms, reduced.until_ms) == (offer.from_ms, offer.until_ms)
            chain = [reduced] if lasts else [*chain, reduced]
    return chain


def read_discount(raw: Table, position: int, line: int | None = None) -> Discount:
    """Check one [[discount]] table as TOML gave it; raise PriceError. `position` counts from 1."""
    where = place("discount", position, raw.get("id"), line)
    refuse_unknown(raw, _KEYS, where)
    models = texts(raw, "models", where, '["gpt-5*"]')
    if not models:
        raise PriceError(f'{where}: models is missing; write models = ["*"] for all of a provider.')
    provider = text(raw, "provider", where)
    if "percent" not in raw:
        raise PriceError(f'{where}: percent is missing; write percent = "17.5".')
    percent = amount(raw["percent"], where, "percent", "a percentage")
    if not 0 < percent < 100:
        raise PriceError(f"{where}: percent = {percent} must be more than 0 and less than 100.")
    excludes = texts(raw, "excludes", where, '["batch"]')
    for name in excludes:
        if name not in (*VARIANTS, _FEES):
            raise PriceError(f'{where}: excludes = "{name}" is not known; write {", ".join((*VARIANTS, _FEES))}.')
    since, until = days(raw, where)
    return Discount(
        where=where,
        name=text(raw, "id", where) or f"discount {position}",
        provider=provider_key(provider),
        models=models,
        percent=percent,
        since=since,
        until=until,
        excludes=frozenset(excludes),
    )


def refuse_rivals(discounts: Sequence[Discount]) -> None:
    """Raise PriceError when two discounts describe some model equally closely at the same time."""
    for left, right in combinations(discounts, 2):
        apart = (left.until is not None and right.since is not None and left.until <= right.since) or (
            right.until is not None and left.since is not None and right.until <= left.since
        )
        if apart or left.provider != right.provider:
            continue
        for mine in left.models:
            for theirs in right.models:
                alike = is_glob(mine) == is_glob(theirs) and len(mine) == len(theirs)
                if alike and globs_overlap(mine, theirs):
                    raise PriceError(
                        f'{right.where}: models = "{theirs}" and "{mine}" of {left.where} describe the same model at the '
                        "same time; discounts do not add up, so make one of them longer."
                    )


def _ms(day: date | None) -> int | None:
    return None if day is None else start_of_day_ms(day)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _later(left: int | None, right: int | None) -> int | None:
    return max((each for each in (left, right) if each is not None), default=None)


def _earlier(left: int | None, right: int | None) -> int | None:
    return min((each for each in (left, right) if each is not None), default=None)
