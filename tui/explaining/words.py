"""Sentences that several screens' explanations share."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import TypeAlias

from pricing.money import decimal_text, usd_from_nano
from pricing.totals import Totals
from tui import format as fmt
from tui.pictures.explain import Explanation
from tui.pictures.header import Header

COUNTED = "exact: counted"
BILLED = "all token classes: uncached input, cache reads and writes, output; not what a gateway's own cache served"

AT_THE_MOMENT = "the last 60 s whatever t chose, unless it says otherwise: what machines do at the moment"

_FEW, _PLENTY = 5, 400
"""Below the first nobody calls it a rate; from the second on chance moves it by 5 % or less, where all cost the same."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Explains figures of one row, or of a whole screen."""

    header: Header
    of: str = ""
    confidence: str = ""
    window: str = ""

    def tell(
        self, figure: str, value: str, meaning: str, *arithmetic: str, basis: str = "", confidence: str = ""
    ) -> Explanation:
        """One figure; its confidence is the row's unless it is said."""
        return Explanation(
            figure=figure,
            of=self.of,
            value=value,
            meaning=meaning,
            arithmetic=arithmetic,
            basis=basis,
            window=self.window,
            confidence=confidence or self.confidence,
            header=self.header,
        )


Tell: TypeAlias = Callable[..., Explanation]
"""`Teller.tell` of one row or screen."""


def exact_usd(nano_usd: int | None) -> str:
    """Dollars as they are in the store, to the nano-dollar."""
    if nano_usd is None:
        return fmt.UNKNOWN
    return f"{'-' if nano_usd < 0 else ''}${decimal_text(usd_from_nano(abs(nano_usd)))}"


def exact(value: Decimal | float | None, places: int = 6) -> str:
    """A result with more digits than its figure has."""
    return fmt.UNKNOWN if value is None else f"{value:,.{places}f}"


def confidence(totals: Totals) -> str:
    """How well the dollars of these sums are known."""
    parts = []
    if totals.unpriced_requests:
        parts.append(f"at least: {totals.unpriced_requests:,} requests have no known price")
    if totals.partial_requests:
        parts.append(f"at least: {totals.partial_requests:,} requests used something that has no rate")
    if totals.hosted_tokens and not totals.allocated_nano_usd:
        parts.append("at least: own hosts served tokens and have no price")
    if totals.estimated_requests:
        parts.append(f"{totals.estimated_requests:,} requests at estimated prices")
    return "; ".join(parts) or "exact: every request has a known price"


def chance(requests: int) -> str:
    """How far a rate over so few requests is off through chance alone, at least; "" where that is less than 5 %.

    Requests that come independently are a Poisson count, whose standard deviation is the root of its mean. Requests that
    differ in cost, and such that come in bursts, only add to that: the variance of a sum of them is n E[X²], never less than
    n E[X]² (Ross, Introduction to Probability Models, compound Poisson process).
    """
    if requests >= _PLENTY:
        return ""
    if requests < _FEW:
        return f"too few for a rate: {requests:,} request{'s' if requests != 1 else ''}"
    return f"as a rate off by {100 / sqrt(requests):.0f}% or more through chance alone: 1 / sqrt({requests:,} requests)"


def tokens_by_class(totals: Totals) -> str:
    """How many tokens of each class there are."""
    used = totals.tokens
    written = used.prompt_tokens - used.input_tokens - used.cache_read_tokens
    return (
        f"{used.input_tokens:,} input + {used.cache_read_tokens:,} cache reads + {written:,} cache writes"
        f" + {used.output_tokens:,} output = {used.total_tokens:,}"
    )
