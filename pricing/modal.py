"""Sound, pictures and films inside the classes of a prompt: billed apart only where a card has a rate for them.

Their tokens stay in their class, as reasoning stays in the output, so that prompts, cache shares and sums of tokens are
whole whatever a price list says.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from pricing.card import CardStatus, RateCard, UnitRate
from pricing.usage import TOKEN_CLASSES, Usage

PARTS = {
    "input_image_tokens": "input",
    "input_video_tokens": "input",
    "cache_audio_read_tokens": "cache_read",
    "cache_image_read_tokens": "cache_read",
    "cache_video_read_tokens": "cache_read",
}
"""Units whose tokens are counted in a class, too. Uncached sound is not among them: it stands beside the input."""

_UNCACHED = {f"cache_{kind}_read_tokens": f"input_{kind}_tokens" for kind in ("audio", "image", "video")}
_SOUND = "cache_audio_read_tokens"
_LISTS = ("catalogue", "article-2026")
_AS_TEXT = ("openai/", "google/")
"""Who says that pictures cost what text does, unless a model lists another rate: OpenAI (developers.openai.com,
images and vision: "metered and charged in tokens, just as text inputs are") and Google, whose price page has one price for
"text / image / video" (ai.google.dev/gemini-api/docs/pricing)."""
_ASSUMED = ", which is assumed"


class Part(NamedTuple):
    """A part of a class as a card bills it."""

    unit: str
    amount: int
    position: int
    """The place of its class among TOKEN_CLASSES."""
    rate: UnitRate | None
    """None where it stays in its class, at the rate of that."""
    billed_as: str = ""
    """Whose rate it has; empty for one of its own."""
    assumed: bool = False
    """Nobody says that it is billed so."""

    @property
    def said(self) -> str:
        """The rate that it borrows, in the words of a card's fallbacks; empty for one of its own."""
        return f"{self.unit} as {self.billed_as}{_ASSUMED if self.assumed else ''}" if self.billed_as else ""


def parts(usage: Usage, card: RateCard) -> Iterator[Part]:
    """The parts of the classes of a prompt, and how the card bills each."""
    rates = {rate.unit: rate for rate in card.unit_rates}
    for unit, amount in usage.units:
        if (inside := PARTS.get(unit)) is not None:
            rate, billed_as, assumed = _rate(unit, inside, card, rates)
            yield Part(unit, amount, TOKEN_CLASSES.index(inside), rate, billed_as, assumed)


def _rate(unit: str, inside: str, card: RateCard, rates: dict[str, UnitRate]) -> tuple[UnitRate | None, str, bool]:
    """The part's own rate, else for what was cached the rate of the same kind uncached, else that of its class."""
    if unit in rates:
        return rates[unit], "", False
    uncached = _UNCACHED.get(unit, "")
    as_text = f"{uncached} as input" in card.fallbacks
    if uncached in rates and not as_text:
        return rates[uncached], uncached, True
    known = as_text if unit == _SOUND else card.book not in _LISTS or card.record.startswith(_AS_TEXT)
    return None, inside, not known


def more_than_whole(usage: Usage) -> str | None:
    """Which class is smaller than its parts, in words, or None."""
    for position, name in enumerate(TOKEN_CLASSES):
        inside = [(unit, amount) for unit, amount in usage.units if PARTS.get(unit) == name]
        if sum(amount for _, amount in inside) > usage.tokens[position]:
            return f"{inside[0][0]} is a part of {name}, which has no more than {usage.tokens[position]:,} tokens"
    return None


def card_assuming(usage: Usage, card: RateCard) -> RateCard:
    """The card under which the usage is stored: an estimate that says so, where a part is billed at an assumed rate."""
    if card.status is not CardStatus.PRICED:
        return card
    assumed = tuple(part.said for part in parts(usage, card) if part.assumed and part.amount)
    return _estimated(card, assumed) if assumed else card


@lru_cache(maxsize=1_024)
def _estimated(card: RateCard, assumed: tuple[str, ...]) -> RateCard:
    return replace(card, status=CardStatus.ESTIMATED, fallbacks=(*card.fallbacks, *assumed))
