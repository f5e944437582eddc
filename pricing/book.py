"""The layered price book: which card a request is billed at, and by which rule it was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pricing.card import RateCard, unpriced

_MS_PER_MINUTE = 60_000
_MINUTES_PER_DAY = 1_440

STANDARD = ""
"""The variant of an ordinary request; others are "batch", "flex", "priority" and what a book adds."""


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

    def card(self, at_ms: int, prompt_tokens: int, variant: str = STANDARD) -> RateCard | None:
        """The card in force for such a request, or None when no offer applies."""
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
    """Books in order of precedence: the first that knows a model supplies all of its prices."""

    def __init__(self, books: Iterable[Book]) -> None:
        self._books: Sequence[Book] = tuple(books)
        self._found: dict[tuple[str | None, str], PricedModel | None] = {}

    def card(
        self, provider: str | None, model: str, *, at_ms: int, prompt_tokens: int, variant: str = STANDARD
    ) -> RateCard:
        """The card for one request; an unpriced one when no book knows the model. Misses are remembered."""
        key = (provider, model)
        if key not in self._found:
            self._found[key] = self._find(provider, model)
        priced = self._found[key]
        if priced is None:
            return unpriced(prompt_tokens)
        card = priced.card(at_ms, prompt_tokens, variant)
        return card or unpriced(prompt_tokens, f"no {variant or 'standard'} price at that time")

    def _find(self, provider: str | None, model: str) -> PricedModel | None:
        for book in self._books:
            if (found := book.find(provider, model)) is not None:
                return found
        return None
