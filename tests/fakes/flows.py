"""Traffic as spans of flows, at round rates."""

from typing import Any

from pricing.card import CardStatus, RateCard
from pricing.flow import Flow, Span
from pricing.usage import Usage

CHEAP = RateCard(
    book="test",
    record="small",
    status=CardStatus.PRICED,
    rates=(1_000_000_000, 100_000_000, *(None,) * 5, 4_000_000_000),
)
"""A dollar per million fresh input tokens, ten cents per cached one, four dollars per output."""

DEAR = RateCard(
    book="test",
    record="large",
    status=CardStatus.PRICED,
    rates=(10_000_000_000, 1_000_000_000, *(None,) * 5, 40_000_000_000),
)
"""Ten times as much."""


def flow(
    tenant: str | None = "acme",
    model: str | None = "small",
    *,
    requests: int = 100,
    each: Usage | None = None,
    card: RateCard = CHEAP,
    **others: Any,
) -> Flow:
    """So many requests that each use 1,000 fresh input and 100 output tokens, or as `each` says, at the card's rates."""
    one = each or Usage(input_tokens=1_000, output_tokens=100)
    usage = Usage.of(tuple(count * requests for count in one[:9]))
    nano_usd = sum(count * (rate or 0) for count, rate in zip(usage.tokens, card.rates, strict=True)) // 1_000_000
    plain = {"nano_usd": nano_usd, "usage": usage, **others}
    return Flow(tenant=tenant, model=model, card=card, requests=requests, **plain)


def span(*flows: Flow, seconds: int = 3_600, hosts: tuple[tuple[str, int], ...] = ()) -> Span:
    """These flows over an hour."""
    return Span(seconds=seconds, flows=flows, hosts=hosts)
