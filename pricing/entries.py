"""One [[price]] entry of the configuration, checked and turned into exact figures."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pricing.book import STANDARD, normal_variant
from pricing.listing import ListedPrice, Prices

RATE_KEYS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "reasoning": "output_reasoning_tokens",
}
"""Rates as a person writes them -> the keys of a listing; all are dollars per million tokens."""

_TEXT_KEYS = ("model", "provider", "variant", "source", "checked")
_ENTRY_KEYS = (*RATE_KEYS, *_TEXT_KEYS, "free", "effective_from", "tier")
_TIER_KEYS = (*RATE_KEYS, "above_input_tokens")

_AMOUNT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")


class PriceError(ValueError):
    """A price that cannot be taken; the sentence names the entry, the key and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """One checked entry; `prices` is empty when the model is free on purpose."""

    where: str
    model: str
    provider: str | None
    variant: str
    prices: Prices
    effective_from: date | None
    checked: str | None


def read_entry(raw: Mapping[str, object], position: int) -> PriceEntry:
    """Check one entry as TOML gave it; raise PriceError. `position` counts from 1 in the file's order."""
    model = raw.get("model")
    where = f'[[price]] {position} ("{model}")' if isinstance(model, str) and model else f"[[price]] {position}"
    _refuse_unknown(raw, _ENTRY_KEYS, where)
    if not isinstance(model, str) or not model.strip():
        raise PriceError(f'{where}: model is missing; write model = "..." (a name, or a pattern with *).')
    texts = {key: _text(raw, key, where) for key in _TEXT_KEYS}
    free = raw.get("free", False)
    if not isinstance(free, bool):
        raise PriceError(f"{where}: free must be true or false.")
    return PriceEntry(
        where=where,
        model=model.strip().lower(),
        provider=texts["provider"],
        variant=normal_variant(texts["variant"]) if texts["variant"] else STANDARD,
        prices=_no_prices(raw, where) if free else _prices(raw, where),
        effective_from=_day(raw.get("effective_from"), where),
        checked=", ".join(text for text in (texts["checked"], texts["source"]) if text) or None,
    )


def amount(value: object, where: str, key: str) -> Decimal:
    """Dollars per million tokens from a decimal string or an integer; raise PriceError."""
    if isinstance(value, float):
        raise PriceError(f'{where}: {key} = {value!r} is not exact; write it in quotes: {key} = "{value!r}".')
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text.strip()):
        raise PriceError(
            f'{where}: {key} = {value!r} is no amount; write US dollars per million tokens, e.g. {key} = "2.50" '
            "(at most 999999, and nine decimals)."
        )
    return Decimal(text.strip())


def _refuse_unknown(raw: Mapping[str, object], known: Sequence[str], where: str) -> None:
    for key in raw:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, 1, cutoff=0.5)
            hint = f'did you mean "{nearest[0]}"?' if nearest else f"known keys are {', '.join(known)}."
            raise PriceError(f'{where}: unknown key "{key}"; {hint}')


def _text(raw: Mapping[str, object], key: str, where: str) -> str | None:
    value = raw.get(key)
    if key == "checked" and isinstance(value, date):
        return value.isoformat()
    if value is not None and not isinstance(value, str):
        raise PriceError(f"{where}: {key} must be a text in quotes.")
    return value.strip() or None if value else None


def _day(value: object, where: str) -> date | None:
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise PriceError(
            f"{where}: effective_from must be a day such as 2026-07-01 (it begins at 00:00 UTC)."
        ) from None


def _no_prices(raw: Mapping[str, object], where: str) -> Prices:
    for key in (*RATE_KEYS, "tier"):
        if key in raw:
            raise PriceError(f"{where}: free = true and {key} contradict each other; keep one of them.")
    return {}


def _prices(raw: Mapping[str, object], where: str) -> Prices:
    rates = {key: amount(raw[key], where, key) for key in RATE_KEYS if key in raw}
    if "input" not in rates and "output" not in rates:
        raise PriceError(f"{where}: it has no input and no output price; write them, or free = true.")
    if not any(rates.values()):
        raise PriceError(f"{where}: input and output are 0; if that is meant, write free = true instead.")
    tiers = _tiers(raw.get("tier", ()), rates, where)
    return {
        RATE_KEYS[key]: ListedPrice(usd=usd, tiers=tuple((start, tier[key]) for start, tier in tiers))
        for key, usd in rates.items()
    }


def _tiers(raw: object, rates: Mapping[str, Decimal], where: str) -> list[tuple[int, dict[str, Decimal]]]:
    """Tiers in ascending order of their threshold; each reprices every class that the entry prices."""
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        raise PriceError(f"{where}: a tier is written as [[price.tier]] below its entry.")
    tiers: list[tuple[int, dict[str, Decimal]]] = []
    for position, tier in enumerate(raw, start=1):
        at = f"{where}, tier {position}"
        if not isinstance(tier, Mapping):
            raise PriceError(f"{where}: a tier is written as [[price.tier]] below its entry.")
        _refuse_unknown(tier, _TIER_KEYS, at)
        start = tier.get("above_input_tokens")
        if not isinstance(start, int) or isinstance(start, bool) or start < 1:
            raise PriceError(f"{at}: above_input_tokens must be a whole number above 0, e.g. 200000.")
        if tiers and start <= tiers[-1][0]:
            raise PriceError(f"{at}: above_input_tokens must be more than the {tiers[-1][0]} of the tier before it.")
        if different := sorted(rates.keys() ^ (tier.keys() - {"above_input_tokens"})):
            raise PriceError(
                f"{at}: it must price the same classes as its entry; {different[0]} is in only one of them."
            )
        tiers.append((start, {key: amount(tier[key], at, key) for key in rates}))
    return tiers
