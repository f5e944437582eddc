"""A rate card: every rate that one request is billed at, and why these."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pricing.graduated import Bracket
from pricing.money import TOKENS_PER_MILLION
from pricing.usage import TOKEN_CLASSES


class CardStatus(StrEnum):
    """How a card knows its rates; stored with every rollup."""

    PRICED = "priced"
    ESTIMATED = "estimated"
    FREE = "free"
    HOSTED = "hosted"
    """Served by our own GPUs: no metered cost, the host's dollars pay for it."""
    PREPAID = "prepaid"
    """Under a commitment: provisioned capacity that is paid by the hour, whoever uses it."""
    CACHED = "cached"
    """Answered by the gateway's own response cache: no cost, tokens stand apart."""
    UNUSED = "unused"
    """The request used nothing that anybody bills (a call refused before it began)."""
    UNPRICED = "unpriced"
    """No rate is known: the cost is unknown, never zero."""
    INVALID = "invalid"
    """The source's counts contradict themselves: kept, counted, not priced."""


UNKNOWN_COST = frozenset({CardStatus.UNPRICED, CardStatus.INVALID})
NO_COST = frozenset({CardStatus.FREE, CardStatus.HOSTED, CardStatus.PREPAID, CardStatus.CACHED, CardStatus.UNUSED})
"""Known to cost nothing per request, whatever the request used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRate:
    """The price of something that is not a plain text token, e.g. 1,000 web searches."""

    unit: str
    nano_usd: int
    per: int = 1
    minimum: int = 0
    """What a request that uses the unit at all is billed for at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """Linear rates for one model under one set of conditions.

    `rates` are nano-dollars per million tokens, in the order of TOKEN_CLASSES; None means that the class has no
    rate. Whatever breaks linearity (date, context tier, batch, service tier, hours) was decided before the card
    was chosen and is named in `conditions`. `reasoning_rate` is set only where reasoning has a rate of its own;
    `request_rate` is a fee in nano-dollars that each request pays beside its tokens.
    """

    book: str
    record: str
    status: CardStatus
    rates: tuple[int | None, ...] = (None,) * len(TOKEN_CLASSES)
    reasoning_rate: int | None = None
    request_rate: int | None = None
    unit_rates: tuple[UnitRate, ...] = ()
    match_rule: str = ""
    conditions: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    """Classes billed at another class's rate because the provider bills them so, e.g. "cache_read as input"."""
    effective_from: str | None = None
    checked: str | None = None
    effective_to: str | None = None
    """The first day on which the price holds no more."""
    graduated: tuple[Bracket, ...] = ()
    """Ascending: rates of the part of a prompt that is over a threshold, where a provider bills only that part so."""
    not_covered: tuple[str, ...] = ()
    """What such a request is known to cost besides, without a rate here: its bills are lower bounds."""
    linear: bool = field(init=False, repr=False, compare=False)
    """Whether tokens times `rates` (and `request_rate`) are the whole cost: the quick way of the ingest."""
    per_token: tuple[int, ...] | None = field(init=False, repr=False, compare=False)
    """The rates of a linear card per token, where they are whole nano-dollars, as most are: nothing is to be rounded."""
    unrated: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """The places of the classes without a rate; `per_token` has a 0 there."""

    def __post_init__(self) -> None:
        known = self.status is CardStatus.PRICED or self.status is CardStatus.ESTIMATED
        special = self.reasoning_rate is not None or self.graduated or self.not_covered
        object.__setattr__(self, "linear", known and not special)
        whole = known and not special and not any(rate % TOKENS_PER_MILLION for rate in self.rates if rate)
        per_token = tuple((rate or 0) // TOKENS_PER_MILLION for rate in self.rates)
        unrated = tuple(place for place, rate in enumerate(self.rates) if rate is None)
        object.__setattr__(self, "per_token", per_token if whole else None)
        object.__setattr__(self, "unrated", unrated)

    @property
    def id(self) -> str:
        """A short name that changes with anything the card says; the same after a trip through JSON."""
        return _card_id(self)


@lru_cache(maxsize=4096)
def _card_id(card: RateCard) -> str:
    content = json.dumps(card_to_mapping(card), sort_keys=True, separators=(",", ":"))
    return f"{card.book}:{card.record}:{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}"


_SELDOM_SAID = ("effective_to", "graduated", "not_covered")


def card_to_mapping(card: RateCard) -> dict[str, object]:
    """The card as plain JSON types, for a store: lists for tuples, texts for statuses, nothing for what is not said."""
    plain = asdict(card)
    del plain["linear"], plain["per_token"], plain["unrated"]  # they follow from the rest
    plain["status"] = card.status.value
    plain["unit_rates"] = [
        {key: value for key, value in asdict(rate).items() if key != "minimum" or value} for rate in card.unit_rates
    ]
    for key in _SELDOM_SAID:
        if not plain[key]:
            del plain[key]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def card_from_mapping(mapping: Mapping[str, Any]) -> RateCard:
    """The card that `card_to_mapping` wrote; raise ValueError when it is not one."""
    try:
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in mapping.items()
        }
        plain["status"] = CardStatus(plain["status"])
        plain["unit_rates"] = tuple(UnitRate(**rate) for rate in plain.get("unit_rates", ()))
        plain["graduated"] = tuple(
            Bracket(above_prompt_tokens=step["above_prompt_tokens"], rates=tuple(step["rates"]))
            for step in plain.get("graduated", ())
        )
        card = RateCard(**plain)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a rate card: {error}") from error
    if len(card.rates) != len(TOKEN_CLASSES):
        raise ValueError(f"not a rate card: {len(card.rates)} rates for {len(TOKEN_CLASSES)} token classes")
    return card


def _pseudo(status: CardStatus, why: str) -> RateCard:
    zero_rates = (None,) * len(TOKEN_CLASSES) if status in UNKNOWN_COST else (0,) * len(TOKEN_CLASSES)
    return RateCard(book="none", record=status.value, status=status, match_rule=why, rates=zero_rates)


HOSTED = _pseudo(CardStatus.HOSTED, "served by our own hosts: paid by the hour, not by the token")
PREPAID = _pseudo(CardStatus.PREPAID, "under a commitment: paid by the hour, not by the token")
CACHED = _pseudo(CardStatus.CACHED, "answered by the gateway's response cache")
UNUSED = _pseudo(CardStatus.UNUSED, "used nothing that is billed")
INVALID = _pseudo(CardStatus.INVALID, "the counts contradict themselves")

PROMPT_BANDS = (128_000, 200_000, 272_000)
"""Long-context thresholds in use by providers: unpriced sums are kept apart at them, to be priced later."""


def unpriced(prompt_tokens: int, why: str = "no book knows this model") -> RateCard:
    """The card of a request that no book can price, kept apart by prompt size."""
    return _unpriced(_prompt_band(prompt_tokens), why)


def _prompt_band(prompt_tokens: int) -> str:
    return next((f"up to {edge}" for edge in PROMPT_BANDS if prompt_tokens <= edge), f"over {PROMPT_BANDS[-1]}")


@lru_cache(maxsize=256)
def _unpriced(band: str, why: str) -> RateCard:
    return RateCard(
        book="none", record="unpriced", status=CardStatus.UNPRICED, match_rule=why, conditions=(f"prompt {band}",)
    )
