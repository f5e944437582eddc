"""Rates of token classes as a person writes them, with context tiers, and what a variant or a window makes of them."""

from collections.abc import Mapping
from decimal import Decimal

from pricing.books.keys import PriceError, Table, amount, refuse_unknown, tables, whole
from pricing.books.listing import ListedPrice, Prices

RATE_KEYS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "cache_write_30m": "cache_write_30m_tokens",
    "cache_write_12h": "cache_write_12h_tokens",
    "reasoning": "output_reasoning_tokens",
    "input_audio": "input_audio_tokens",
    "output_audio": "output_audio_tokens",
    "input_image": "input_image_tokens",
    "output_image": "output_image_tokens",
    "input_video": "input_video_tokens",
    "output_video": "output_video_tokens",
    "cache_audio_read": "cache_audio_read_tokens",
    "cache_image_read": "cache_image_read_tokens",
    "cache_video_read": "cache_video_read_tokens",
}
"""Rates as a person writes them -> the keys of a listing; all are dollars per million tokens."""

OVERLAY_KEYS = (*RATE_KEYS, "multiplier", "tier")
"""What a variant or a window of an entry may say about its rates."""

_WRITTEN = {listed: key for key, listed in RATE_KEYS.items()}
_TIER_KEYS = (*RATE_KEYS, "above_input_tokens")
_NOT_OF_THE_PROMPT = frozenset({"output", "reasoning", "output_audio", "output_image", "output_video"})
_TIER = "[[price.tier]]"


def read_rates(raw: Table, where: str, *, graduated: bool = False) -> Prices:
    """The rates of a table and of its tiers, each of which reprices the same classes; raise PriceError.

    A graduated tier reprices the classes of the prompt only: output has no place before or after a threshold.
    """
    rates = {key: amount(raw[key], where, key) for key in RATE_KEYS if key in raw}
    tiered = {key for key in rates if not (graduated and key in _NOT_OF_THE_PROMPT)}
    tiers = _tiers(raw, tiered, where, graduated=graduated)
    if graduated and not tiers:
        raise PriceError(f"{where}: graduated = true needs a tier; write {_TIER} below its entry.")
    return {
        RATE_KEYS[key]: ListedPrice(usd=usd, tiers=tuple((start, tier[key]) for start, tier in tiers if key in tiered))
        for key, usd in rates.items()
    }


def overlay(raw: Table, base: Prices, where: str, *, graduated: bool = False) -> Prices:
    """The prices of an entry under a variant or in a window: its rates by a multiplier, or rates of their own.

    Fees and units stay as they are: providers discount tokens, not searches.
    """
    rates = {key: price for key, price in base.items() if key in _WRITTEN}
    if "multiplier" in raw:
        return {**base, **_multiplied(raw, rates, where)}
    own = read_rates(raw, where, graduated=graduated and "tier" in raw)
    if different := sorted(_WRITTEN[key] for key in own.keys() ^ rates.keys()):
        raise PriceError(
            f"{where}: it must price the same classes as its entry; {different[0]} is in only one of them."
        )
    if any(price.tiers for price in rates.values()) and not any(price.tiers for price in own.values()):
        raise PriceError(f"{where}: its entry has tiers and it has none; write them below it, or a multiplier.")
    return {**base, **own}


def _multiplied(raw: Table, rates: Prices, where: str) -> Prices:
    factor = amount(raw["multiplier"], where, "multiplier", "what the rates are multiplied by")
    if not factor:
        raise PriceError(f"{where}: multiplier is 0; if that is meant, write an entry with free = true instead.")
    for key in (*RATE_KEYS, "tier"):
        if key in raw:
            raise PriceError(f"{where}: multiplier and {key} contradict each other; keep one of them.")
    return {
        key: ListedPrice(
            usd=price.usd * factor, per=price.per, tiers=tuple((start, usd * factor) for start, usd in price.tiers)
        )
        for key, price in rates.items()
    }


def _tiers(raw: Table, classes: set[str], where: str, *, graduated: bool) -> list[tuple[int, Mapping[str, Decimal]]]:
    """Tiers in ascending order of their threshold."""
    tiers: list[tuple[int, Mapping[str, Decimal]]] = []
    for position, tier in enumerate(tables(raw, "tier", where, _TIER), start=1):
        at = f"{where}, tier {position}"
        refuse_unknown(tier, _TIER_KEYS, at)
        start = whole(tier, "above_input_tokens", at, 200000)
        if tiers and start <= tiers[-1][0]:
            raise PriceError(f"{at}: above_input_tokens must be more than the {tiers[-1][0]} of the tier before it.")
        if different := sorted(classes ^ (tier.keys() - {"above_input_tokens"})):
            of_prompt = " (a graduated tier prices what a prompt is made of, no output)" if graduated else ""
            raise PriceError(
                f"{at}: it must price the same classes as its entry; {different[0]} is in only one of them{of_prompt}."
            )
        tiers.append((start, {key: amount(tier[key], at, key) for key in classes}))
    return tiers
