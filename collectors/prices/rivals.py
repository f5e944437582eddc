"""The price by the token that a served model is compared with: the one configured, else the same model where it is cheapest."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from collectors.settings.rivalconfig import RivalConfig
from pricing.card import CardStatus, RateCard
from pricing.hosts.breakeven import api_rates
from pricing.hosts.economics import Served
from pricing.money import nano_from_usd
from store.facts import RivalFact

if TYPE_CHECKING:
    from pricing.books.book import PriceBook
    from pricing.books.catalogue import Catalogue

COMPARED_MIX = Served(input_tokens=5, output_tokens=1)
"""Prices of providers are compared at five prompt tokens to one of output, which is common in chat."""

_QUANTISED = re.compile(
    r"[-_.](?:fp8|fp4|nvfp4|mxfp4|awq|gptq|bnb|int[48]|[48]bit|w\d+a\d+|gguf|q\d\w*)(?:[-_.]\w+)*$", re.IGNORECASE
)
_NOTHING = "none"


def find_rival(
    model: str, configured: Sequence[RivalConfig], book: "PriceBook", catalogue: "Catalogue", *, at_ms: int
) -> RivalFact | None:
    """The price in force for a served model, or None where it is compared with nothing."""
    entry = next((one for one in configured if fnmatchcase(model.lower(), one.model.lower())), None)
    if entry is not None and entry.against == _NOTHING:
        return None
    if entry is not None and (card := _usable(book, entry.provider, entry.against, at_ms)) is not None:
        return _fact(model, card, "as configured", at_ms)
    if entry is not None and entry.provider is not None:
        return None
    names = [entry.against] if entry is not None else [model, _QUANTISED.sub("", model)]
    for name in dict.fromkeys(names):
        cards = [_usable(book, provider, record, at_ms) for provider, record in catalogue.sellers(name)]
        found = sorted((card for card in cards if card is not None), key=_blended)
        if found:
            return _fact(model, found[0], _how(model, name, len(found), named=entry is not None), at_ms)
    return None


def _usable(book: "PriceBook", provider: str | None, model: str, at_ms: int) -> RateCard | None:
    """A card that somebody is really billed at; one that is free or has no rate for a class compares with nothing."""
    card = book.card(provider, model, at_ms=at_ms, prompt_tokens=0)
    usable = card.status in (CardStatus.PRICED, CardStatus.ESTIMATED) and api_rates(card) is not None
    return card if usable and _blended(card) else None


def _blended(card: RateCard) -> int:
    rates = api_rates(card)
    return 0 if rates is None else nano_from_usd(rates.usd(COMPARED_MIX) * 1_000_000)


def _how(model: str, name: str, sellers: int, *, named: bool) -> str:
    what = "the model configured" if named else "the same model" if name == model else "the same model, not quantised"
    return f"{what}, at the only provider listed" if sellers == 1 else f"{what}, cheapest of {sellers} providers"


def _fact(model: str, card: RateCard, how: str, at_ms: int) -> RivalFact:
    rates = api_rates(card)
    assert rates is not None, "only usable cards come here"
    return RivalFact(
        model=model,
        record=card.record,
        input_nano_usd=nano_from_usd(rates.input),
        output_nano_usd=nano_from_usd(rates.output),
        cache_read_nano_usd=None if rates.cache_read is None else nano_from_usd(rates.cache_read),
        checked=card.effective_from or card.checked,
        how=how,
        since_ms=at_ms,
    )
