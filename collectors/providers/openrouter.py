"""OpenRouter: what a key and the account have spent so far, and usage with its cost by minute, where there is no such by day.

Formats: `GET /api/v1/key` (any key), `/credits` and `/activity` (management keys; the last 30 completed UTC days), which is
read where the beta `/analytics/query` (openrouter_analytics.py) does not answer. Amounts are dollars. Prompt tokens include what was read from a cache; what one's own keys at other providers paid is not in them.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from collectors.door import cut
from collectors.providers.answers import day_ms, facts, usd
from collectors.providers.openrouter_analytics import NAME, analytics
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS
from pricing.usage import Usage
from store.provider_facts import BalanceCounts, BalanceReading, CostBucket, UsageBucket

_PERMISSION = "any OpenRouter API key"
_MANAGEMENT = "an OpenRouter management key (Settings, Management keys); a key for inference may not"


class _Key(msgspec.Struct):
    usage: Decimal
    limit_remaining: Decimal | None = None


class _Credits(msgspec.Struct):
    total_credits: Decimal
    total_usage: Decimal


class _KeyPage(msgspec.Struct):
    data: _Key


class _CreditsPage(msgspec.Struct):
    data: _Credits


class _ActivityPage(msgspec.Struct):
    data: list[msgspec.Raw]


class _Activity(msgspec.Struct):
    date: str
    usage: Decimal
    prompt_tokens: int
    completion_tokens: int
    model: str | None = None
    endpoint_id: str | None = None
    provider_name: str | None = None
    requests: int | None = None
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    byok_usage_inference: Decimal = Decimal(0)


_key_page = msgspec.json.Decoder(_KeyPage).decode
_credits_page = msgspec.json.Decoder(_CreditsPage).decode
_activity_page = msgspec.json.Decoder(_ActivityPage).decode
_activity = msgspec.json.Decoder(_Activity).decode


def read_key(body: bytes, span: Span, _ask: Ask) -> Page:
    """What this key has used so far, and what is left of its limit."""
    key = _key_page(body).data
    spent = BalanceReading(account="key", at_ms=span.until_ms, nano=usd(key.usage), counts=BalanceCounts.SPENT)
    if key.limit_remaining is None:
        return Page(balances=[spent])
    left = BalanceReading(account="key limit", at_ms=span.until_ms, nano=usd(key.limit_remaining))
    return Page(balances=[spent, left])


def read_credits(body: bytes, span: Span, _ask: Ask) -> Page:
    """What is left of the account's credits."""
    account = _credits_page(body).data
    left = usd(account.total_credits) - usd(account.total_usage)
    return Page(balances=[BalanceReading(account="credits", at_ms=span.until_ms, nano=left)])


def read_activity(body: bytes, _span: Span, _ask: Ask) -> Page:
    """Usage and cost of whole days."""
    found, rejects = facts(_activity_page(body).data, _activity, _day)
    return Page(usage=[usage for usage, _ in found], costs=[cost for _, cost in found], rejects=rejects)


def _day(row: _Activity) -> tuple[UsageBucket, CostBucket]:
    begins_ms, rest = day_ms(row.date), " / ".join(part for part in (row.provider_name, row.endpoint_id) if part)
    if row.cached_tokens > row.prompt_tokens:
        raise ValueError("usage with more cached tokens than prompt tokens")
    usage = UsageBucket(
        begins_ms=begins_ms,
        width_seconds=DAY,
        provider=NAME,
        model=cut(row.model),
        rest=rest[:256],
        usage=Usage(
            input_tokens=row.prompt_tokens - row.cached_tokens,
            cache_read_tokens=row.cached_tokens,
            output_tokens=row.completion_tokens,
            reasoning_tokens=min(row.reasoning_tokens, row.completion_tokens),
        ),
        requests=row.requests,
    )
    cost = CostBucket(
        begins_ms=begins_ms, width_seconds=DAY, provider=NAME, model=cut(row.model), item=rest[:256],
        nano_usd=usd(row.usage),
    )  # fmt: skip
    return usage, cost


def _only(path: str) -> Sequence[Ask]:
    return [Ask(path)]


_ACTIVITY = Endpoint(
    dataset="activity",
    asks=lambda _: _only("/activity"),
    read=read_activity,
    permission=_MANAGEMENT,
    optional=True,
    width_seconds=DAY,
    first_look_ms=30 * DAY_MS,
    most_buckets=31,
    lag_ms=DAY_MS,
    every_seconds=900.0,
)

PROVIDER = Provider(
    name=NAME,
    base_url="https://openrouter.ai/api/v1",
    key_variables=("OPENROUTER_API_KEY",),
    endpoints=(
        Endpoint(dataset="key", asks=lambda _: _only("/key"), read=read_key, permission=_PERMISSION),
        Endpoint(
            dataset="credits",
            asks=lambda _: _only("/credits"),
            read=read_credits,
            permission=_MANAGEMENT,
            optional=True,
        ),
        analytics(_MANAGEMENT, otherwise=_ACTIVITY),
    ),
)
