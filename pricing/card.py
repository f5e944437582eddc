"""A rate card: every rate that one request is billed at, and why these."""

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum

from pricing.usage import TOKEN_CLASSES


class CardStatus(StrEnum):
    """How a card knows its rates; stored with every rollup."""

    PRICED = "priced"
    ESTIMATED = "estimated"
    FREE = "free"
    HOSTED = "hosted"
    """Served by our own GPUs: no metered cost, the host's dollars pay for it."""
    CACHED = "cached"
    """Answered by the gateway's own response cache: no cost, tokens stand apart."""
    UNUSED = "unused"
    """The request used nothing that anybody bills (a call refused before it began)."""
    UNPRICED = "unpriced"
    """No rate is known: the cost is unknown, never zero."""
    INVALID = "invalid"
    """The source's counts contradict themselves: kept, counted, not priced."""


UNKNOWN_COST = frozenset({CardStatus.UNPRICED, CardStatus.INVALID})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRate:
    """The price of something that is not a plain text token, e.g. 1,000 web searches."""

    unit: str
    nano_usd: int
    per: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """Linear rates for one model under one set of conditions.

    `rates` are nano-dollars per million tokens, in the order of TOKEN_CLASSES; None means that the class has no
    rate. Whatever breaks linearity (date, context tier, batch, service tier, hours) was decided before the card
    was chosen and is named in `conditions`. `reasoning_rate` is set only where reasoning has a rate of its own.
    """

    book: str
    record: str
    status: CardStatus
    rates: tuple[int | None, ...] = (None,) * len(TOKEN_CLASSES)
    reasoning_rate: int | None = None
    unit_rates: tuple[UnitRate, ...] = ()
    match_rule: str = ""
    conditions: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    """Classes billed at another class's rate because the provider bills them so, e.g. "cache_read as input"."""
    effective_from: str | None = None
    checked: str | None = None

    @property
    def id(self) -> str:
        """A short name that changes with anything the card says."""
        digest = hashlib.blake2b(repr(sorted(asdict(self).items())).encode(), digest_size=6).hexdigest()
        return f"{self.book}:{self.record}:{digest}"


def _pseudo(status: CardStatus, why: str) -> RateCard:
    zero_rates = (None,) * len(TOKEN_CLASSES) if status in UNKNOWN_COST else (0,) * len(TOKEN_CLASSES)
    return RateCard(book="none", record=status.value, status=status, match_rule=why, rates=zero_rates)


HOSTED = _pseudo(CardStatus.HOSTED, "served by our own hosts: paid by the hour, not by the token")
CACHED = _pseudo(CardStatus.CACHED, "answered by the gateway's response cache")
UNUSED = _pseudo(CardStatus.UNUSED, "used nothing that is billed")
INVALID = _pseudo(CardStatus.INVALID, "the counts contradict themselves")

PROMPT_BANDS = (128_000, 200_000, 272_000)
"""Long-context thresholds in use by providers: unpriced sums are kept apart at them, to be priced later."""


def unpriced(prompt_tokens: int, why: str = "no book knows this model") -> RateCard:
    """The card of a request that no book can price, kept apart by prompt size."""
    band = next((f"up to {edge}" for edge in PROMPT_BANDS if prompt_tokens <= edge), f"over {PROMPT_BANDS[-1]}")
    return RateCard(
        book="none", record="unpriced", status=CardStatus.UNPRICED, match_rule=why, conditions=(f"prompt {band}",)
    )
