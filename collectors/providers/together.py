"""Together: billed line items by the hour.

Format: `GET /v1/billing/usage` (togethercomputer/together-python; beta, enabled per organization, 404 elsewhere): one month at a
time, amounts as decimal strings in dollars, through the last completed hour. Names of products are for people and may change.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import check_usd, facts, usd
from collectors.providers.provider import HOUR, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, HOUR_MS
from store.facts import Reject
from store.provider_facts import CostBucket

_LIMIT = 1_000


class _Credit(msgspec.Struct):
    type: str | None = None


class _Item(msgspec.Struct):
    product_name: str
    cost: Decimal
    unit_price: Decimal | None = None
    attributes: dict[str, object] | None = None
    pricing_dimensions: dict[str, object] | None = None
    applied_credit: _Credit | None = None


class _Window(msgspec.Struct):
    start_time: str
    line_items: list[msgspec.Raw]


class _Page(msgspec.Struct):
    data: list[_Window]
    currency: str = "USD"
    next_cursor: str | None = None
    latest_window_end: str | None = None


_page = msgspec.json.Decoder(_Page, strict=False).decode
_item = msgspec.json.Decoder(_Item, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """One question for each month that the span touches."""
    return [
        Ask("/v1/billing/usage", (("month", month), ("granularity", "hour"), ("limit", str(_LIMIT))))
        for month in _months(span)
    ]


def _months(span: Span) -> list[str]:
    days = range(span.since_ms // DAY_MS, (span.until_ms - 1) // DAY_MS + 1)
    return sorted({datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m") for day in days})


def read(body: bytes, _span: Span, ask: Ask) -> Page:
    """A page of hours with their line items."""
    page = _page(body)
    check_usd(page.currency, "bill")
    costs: list[CostBucket] = []
    rejects: list[Reject] = []
    for window in page.data:
        found, refused = facts(window.line_items, _item, partial(_cost, text_milliseconds(window.start_time)))
        costs += found
        rejects += refused
    return Page(
        costs=costs,
        rejects=rejects,
        more=[ask.having(after=page.next_cursor)] if page.next_cursor else (),
        complete_until_ms=text_milliseconds(page.latest_window_end) if page.latest_window_end else None,
    )


def _cost(begins_ms: int, item: _Item) -> CostBucket:
    """One line item; whatever distinguishes it from another of its hour is part of its name."""
    said = {**(item.attributes or {}), **(item.pricing_dimensions or {})}
    model = said.get("model") or said.get("model_name")
    parts = [
        item.product_name,
        *(f"{name}={value}" for name, value in sorted(said.items()) if isinstance(value, str | int | float)),
    ]
    if item.unit_price is not None:
        parts.append(f"at {item.unit_price}")
    if item.applied_credit is not None:
        parts.append(f"credit {item.applied_credit.type or 'applied'}")
    return CostBucket(
        begins_ms=begins_ms,
        width_seconds=HOUR,
        provider=PROVIDER.name,
        model=cut(model) if isinstance(model, str) else None,
        item=" / ".join(parts)[:512],
        nano_usd=usd(item.cost),
    )


PROVIDER = Provider(
    name="together",
    base_url="https://api.together.ai",
    key_variables=("TOGETHER_API_KEY",),
    endpoints=(
        Endpoint(
            dataset="costs",
            asks=ask,
            read=read,
            permission="any Together API key of an organization for which Together has enabled the billing API (beta)",
            width_seconds=HOUR,
            reread_ms=DAY_MS,
            most_buckets=31 * 24,
            first_look_ms=31 * DAY_MS,
            lag_ms=HOUR_MS,
            every_seconds=900.0,
        ),
    ),
)
