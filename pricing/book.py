"""The layered price book: which card a request is billed at, and by which rule it was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pricing.card import HOSTED, RateCard, unpriced
from pricing.names import is_self_hosted, split_provider

_MS_PER_MINUTE = 60_000
_MINUTES_PER_DAY = 1_440

_FOUND_AT_MOST = 20_000
"""Names come from outside: a client that makes them up must not fill the memory."""

STANDARD = ""
"""The variant of an ordinary request; others are those of VARIANTS and what a book adds."""

VARIANTS = ("batch", "flex", "priority", "fast")

_STANDARD_TIERS = frozenset({"standard", "standard_only", "default", "auto", "on_demand", "ondemand", "none", "null"})
_VARIANT_SPELLINGS = {"batches": "batch"}


def normal_variant(service_tier: str | None) -> str:
    """The price variant that a service tier, batch flag or speed as the provider writes it stands for.

    "default", "auto" and the like are the standard one. Any tier that is not known stays itself: no book offers it,
    so that the request is unpriced rather than billed at the standard price.
    """
    tier = (service_tier or "").strip().lower()
    return STANDARD if tier in _STANDARD_TIERS else _VARIANT_SPELLINGS.get(tier, tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A card and the conditions under which it is in force."""

    card: RateCard
    variant: str = STANDARD
    from_ms: int | None = None
    above_prompt_tokens: int = 0
    hours_utc: tuple[int, int] | None = None
    """Minutes of the UTC day [start, end); a start after the end crosses midnight."""

    def applies(self, at_ms: int, prompt_tokens: int, variant: str) -> bool:
        """Whether the offer is in force for such a request."""
        return (
            variant == self.variant
            and (self.from_ms is None or at_ms >= self.from_ms)
            and (not self.above_prompt_tokens or prompt_tokens > self.above_prompt_tokens)
            and (self.hours_utc is None or _in_hours(at_ms, self.hours_utc))
        )


def _in_hours(at_ms: int, hours_utc: tuple[int, int]) -> bool:
    start, end = hours_utc
    minute = at_ms // _MS_PER_MINUTE % _MINUTES_PER_DAY
    return start <= minute < end if start <= end else minute >= start or minute < end


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedModel:
    """Every offer a book has for one model, in ascending precedence: the last that applies wins."""

    offers: tuple[Offer, ...]
    _only: RateCard | None = field(init=False, repr=False, compare=False)
    """The card of a model that has one price and no conditions, as most have."""

    def __post_init__(self) -> None:
        only = self.offers[0].card if len(self.offers) == 1 else None
        unconditional = only is not None and self.offers[0] == Offer(card=only)
        object.__setattr__(self, "_only", only if unconditional else None)

    def card(self, at_ms: int, prompt_tokens: int, variant: str = STANDARD) -> RateCard | None:
        """The card in force for such a request, or None when no offer applies."""
        if variant == STANDARD and self._only is not None:
            return self._only
        for offer in reversed(self.offers):
            if offer.applies(at_ms, prompt_tokens, variant):
                return offer.card
        return None


class Book(Protocol):
    """One source of prices."""

    @property
    def name(self) -> str:
        """What the book is called beside every price it supplies."""
        ...

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for this model, or None when the book does not know it."""
        ...


class PriceBook:
    """Books in order of precedence: the first that knows a model supplies all of its prices.

    A model that none knows is `HOSTED` when its provider is a self-hosted engine, and unpriced otherwise.
    """

    def __init__(self, books: Iterable[Book]) -> None:
        self._books: Sequence[Book] = tuple(books)
        self._found: dict[tuple[str | None, str], PricedModel | RateCard | None] = {}

    def card(
        self, provider: str | None, model: str, *, at_ms: int, prompt_tokens: int, variant: str = STANDARD
    ) -> RateCard:
        """The card for one request; an unpriced one when no book knows the model. Misses are remembered.

        `variant` may be a service tier as the provider writes it. A long-context price is chosen by `prompt_tokens`.
        """
        key = (provider, model)
        try:
            priced = self._found[key]
        except KeyError:
            priced = self._find(provider, model)
        if variant:
            variant = normal_variant(variant)
        if isinstance(priced, PricedModel):
            card = priced.card(at_ms, prompt_tokens, variant)
            return card or unpriced(prompt_tokens, _why_no_offer(variant))
        return priced or unpriced(prompt_tokens)

    def _find(self, provider: str | None, model: str) -> PricedModel | RateCard | None:
        if len(self._found) >= _FOUND_AT_MOST:
            self._found.clear()
        found = next((found for book in self._books if (found := book.find(provider, model)) is not None), None)
        unknown = HOSTED if is_self_hosted(split_provider(provider, model)[0]) else None
        self._found[provider, model] = priced = found if found is not None else unknown
        return priced


def _why_no_offer(variant: str) -> str:
    if variant == STANDARD:
        return "no standard price at that time"
    return f"no {variant} price at that time" if variant in VARIANTS else "no price for this service tier"
