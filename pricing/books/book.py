"""The layered price book: which card a request is billed at, and by which rule it was found."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pricing.books.hours import Hours
from pricing.books.names import is_self_hosted, split_provider
from pricing.card import HOSTED, RateCard, unpriced

_FOUND_AT_MOST = 20_000
"""Names come from outside: a client that makes them up must not fill the memory."""

_NAMED_AT_MOST = 4
"""Records that a doubt lists by name; a popular model is sold by dozens."""

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
    until_ms: int | None = None
    """The first millisecond at which the offer holds no more."""
    above_prompt_tokens: int = 0
    hours: Hours | None = None

    def applies(self, at_ms: int, prompt_tokens: int) -> bool:
        """Whether the offer is in force for such a request of its variant."""
        return (
            (self.from_ms is None or at_ms >= self.from_ms)
            and (self.until_ms is None or at_ms < self.until_ms)
            and (not self.above_prompt_tokens or prompt_tokens > self.above_prompt_tokens)
            and (self.hours is None or self.hours.cover(at_ms))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedModel:
    """Every offer a book has for one model, in ascending precedence: the last that applies wins."""

    offers: tuple[Offer, ...]
    between: tuple[str, ...] = ()
    """Without an offer: the records, at different prices, between which the name does not decide."""
    _only: RateCard | None = field(init=False, repr=False, compare=False)
    """The card of a model that has one ordinary price and no conditions on it, as most have."""

    _by_variant: Mapping[str, tuple[Offer, ...]] = field(init=False, repr=False, compare=False)
    """The offers of each variant, the last one first."""

    def __post_init__(self) -> None:
        found: dict[str, tuple[Offer, ...]] = {}
        for offer in self.offers:
            found[offer.variant] = (offer, *found.get(offer.variant, ()))
        object.__setattr__(self, "_by_variant", found)
        plain = found.get(STANDARD, ())
        only = plain[0].card if len(plain) == 1 else None
        unconditional = only is not None and plain[0] == Offer(card=only)
        object.__setattr__(self, "_only", only if unconditional else None)

    def card(self, at_ms: int, prompt_tokens: int, variant: str = STANDARD) -> RateCard | None:
        """The card in force for such a request, or None when no offer applies."""
        if variant == STANDARD and self._only is not None:
            return self._only
        for offer in self._by_variant.get(variant, ()):
            if offer.applies(at_ms, prompt_tokens):
                return offer.card
        return None

    def why_not(self, variant: str) -> str:
        """Why `card` found none, in words."""
        if not self.between:
            return _why_no_offer(variant)
        named = ", ".join(self.between[:_NAMED_AT_MOST])
        more = f" and {len(self.between) - _NAMED_AT_MOST} more" if len(self.between) > _NAMED_AT_MOST else ""
        return f"the name does not decide between {named}{more}; say the provider or give it a price"


class Book(Protocol):
    """One source of prices."""

    @property
    def name(self) -> str:
        """What the book is called beside every price it supplies."""
        ...

    @property
    def digest(self) -> str:
        """A short text that changes with any price in the book."""
        ...

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for this model; None when the book does not know it, and no offers when the name is ambiguous."""
        ...


def digest_of(*parts: str) -> str:
    """Sixteen hexadecimal digits that change with any of the parts."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


class PriceBook:
    """Books in order of precedence: the first that knows a model supplies all of its prices.

    A book for which a name is ambiguous does not know it; if no other does, the unpriced card says between which. A model that none knows is `HOSTED` when its provider is a self-hosted engine, and unpriced otherwise.
    """

    def __init__(self, books: Iterable[Book]) -> None:
        self._books: Sequence[Book] = tuple(books)
        self._found: dict[tuple[str | None, str], PricedModel | RateCard | None] = {}

    @property
    def digest(self) -> str:
        """A short text that changes with the books, their order and any price in them."""
        return digest_of(*(part for book in self._books for part in (book.name, book.digest)))

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
            return card or unpriced(prompt_tokens, priced.why_not(variant))
        return priced or unpriced(prompt_tokens)

    def _find(self, provider: str | None, model: str) -> PricedModel | RateCard | None:
        if len(self._found) >= _FOUND_AT_MOST:
            self._found.clear()
        unsure: PricedModel | None = None
        priced: PricedModel | RateCard | None = None
        for book in self._books:
            found = book.find(provider, model)
            if found is not None and found.offers:
                priced = found
                break
            unsure = unsure or found
        else:
            priced = HOSTED if is_self_hosted(split_provider(provider, model)[0]) else unsure
        self._found[provider, model] = priced
        return priced


def _why_no_offer(variant: str) -> str:
    if variant == STANDARD:
        return "no standard price at that time"
    return f"no {variant} price at that time" if variant in VARIANTS else "no price for this service tier"
