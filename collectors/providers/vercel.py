"""Vercel AI Gateway: what is left of the credits, and usage with its cost by hour and model.

Formats: `GET /v1/credits` and `/v1/report` (vercel/ai, packages/gateway). Amounts are dollars; what a key of one's own paid stands at
its list price in `market_cost`, which is not read. Whether input tokens include the cached ones is not documented: they are
taken to, as at the providers behind it, and a row in which that cannot be is refused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import facts, usd
from collectors.providers.provider import HOUR, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, HOUR_MS
from pricing.usage import Usage
from store.provider_facts import BalanceReading, CostBucket, UsageBucket

_PERMISSION = "a Vercel AI Gateway key of the team"


class _Credits(msgspec.Struct):
    balance: Decimal


class _Report(msgspec.Struct):
    results: list[msgspec.Raw]


class _Row(msgspec.Struct):
    hour: str
    total_cost: Decimal
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_tokens: int = 0
    request_count: int | None = None


_credits = msgspec.json.Decoder(_Credits, strict=False).decode
_report = msgspec.json.Decoder(_Report).decode
_row = msgspec.json.Decoder(_Row, strict=False).decode


def read_credits(body: bytes, span: Span, _ask: Ask) -> Page:
    """What is left of the credits."""
    left = BalanceReading(account="credits", at_ms=span.until_ms, nano=usd(_credits(body).balance))
    return Page(balances=[left])


def ask_report(span: Span) -> Sequence[Ask]:
    """Hours by model; days are asked for whole, and the hours beyond the span are left out."""
    days = (("start_date", _day(span.since_ms)), ("end_date", _day(span.until_ms - 1)))
    return [Ask("/v1/report", (*days, ("date_part", "hour"), ("group_by", "model")))]


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d")


def read_report(body: bytes, _span: Span, _ask: Ask) -> Page:
    """Usage and cost of each hour."""
    found, rejects = facts(_report(body).results, _row, _hour)
    return Page(usage=[usage for usage, _ in found], costs=[cost for _, cost in found], rejects=rejects)


def _hour(row: _Row) -> tuple[UsageBucket, CostBucket]:
    begins_ms = text_milliseconds(row.hour) // HOUR_MS * HOUR_MS
    uncached = row.input_tokens - row.cached_input_tokens - row.cache_creation_input_tokens
    if uncached < 0:
        raise ValueError("usage with more cached tokens than input tokens")
    usage = UsageBucket(
        begins_ms=begins_ms,
        width_seconds=HOUR,
        provider=PROVIDER.name,
        model=cut(row.model),
        usage=Usage(
            input_tokens=uncached,
            cache_read_tokens=row.cached_input_tokens,
            cache_write_tokens=row.cache_creation_input_tokens,
            output_tokens=row.output_tokens,
            reasoning_tokens=min(row.reasoning_tokens, row.output_tokens),
        ),
        requests=row.request_count,
    )
    cost = CostBucket(
        begins_ms=begins_ms, width_seconds=HOUR, provider=PROVIDER.name, model=cut(row.model),
        nano_usd=usd(row.total_cost),
    )  # fmt: skip
    return usage, cost


PROVIDER = Provider(
    name="vercel",
    base_url="https://ai-gateway.vercel.sh",
    key_variables=("AI_GATEWAY_API_KEY",),
    endpoints=(
        Endpoint(dataset="credits", asks=lambda _: [Ask("/v1/credits")], read=read_credits, permission=_PERMISSION),
        Endpoint(
            dataset="report",
            asks=ask_report,
            read=read_report,
            permission=_PERMISSION,
            optional=True,
            width_seconds=HOUR,
            reread_ms=DAY_MS,
            most_buckets=31 * 24,
            lag_ms=HOUR_MS,
            every_seconds=900.0,
        ),
    ),
)
