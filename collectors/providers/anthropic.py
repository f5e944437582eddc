"""Anthropic: the usage report by minute and hour; money by minute where the key may read analytics, else the cost report.

Formats: `GET /v1/organizations/usage_report/messages` and `/cost_report` (Usage and Cost API), and the beta
`/v1/organizations/analytics/cost`. Token classes are disjoint and requests are not counted. Amounts are cents as decimal
strings: "123.45" is $1.2345. Usage appears within five minutes; sustained polling is once a minute at most.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import cents, check_usd, facts, instant
from collectors.providers.paged import WIDTHS, read_buckets, read_rows
from collectors.providers.provider import DAY, HOUR, MINUTE, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import Usage
from store.provider_facts import CostBucket, UsageBucket

_PERMISSION = "an Anthropic admin key (sk-ant-admin..., made by an admin of the organization in the Console)"
_ANALYTICS_PERMISSION = "an Anthropic admin key (sk-ant-admin...) or a key with read:analytics"
_ANALYTICS = (("anthropic-beta", "analytics-usage-cost-2026-08-24"),)
_LONG_CONTEXT = {"200k-1M": 200_001, "0-200k": 0}
_TOKEN_CLASSES = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}


class _Written(msgspec.Struct):
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class _Tools(msgspec.Struct):
    web_search_requests: int = 0


class _Usage(msgspec.Struct):
    uncached_input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation: _Written | None = None
    server_tool_use: _Tools | None = None
    model: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None
    service_tier: str | None = None
    context_window: str | None = None


class _Cost(msgspec.Struct):
    amount: Decimal
    currency: str = "USD"
    workspace_id: str | None = None
    description: str | None = None
    cost_type: str | None = None
    token_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None


class _Group(msgspec.Struct):
    model: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None
    cost_type: str | None = None
    token_type: str | None = None


class _Amount(msgspec.Struct):
    amount: Decimal
    currency: str = "USD"


class _AnalyticsCost(msgspec.Struct):
    starting_at: str
    cost: _Amount
    group: _Group = msgspec.field(default_factory=_Group)


_usage = msgspec.json.Decoder(_Usage).decode
_cost = msgspec.json.Decoder(_Cost).decode
_analytics_cost = msgspec.json.Decoder(_AnalyticsCost).decode


def ask_usage(span: Span) -> Sequence[Ask]:
    """The usage report, split by everything that it can be priced and grouped by."""
    groups = ("model", "workspace_id", "api_key_id", "service_tier", "context_window")
    return [
        _ask("/v1/organizations/usage_report/messages", span, "bucket_width", WIDTHS[span.width_seconds][1], groups)
    ]


def ask_costs(span: Span) -> Sequence[Ask]:
    """The cost report; there are only days."""
    return [_ask("/v1/organizations/cost_report", span, "bucket_width", 31, ("workspace_id", "description"))]


def ask_analytics(span: Span) -> Sequence[Ask]:
    """Money by minute, for keys that may."""
    groups = ("model", "workspace_id", "api_key_id", "cost_type", "token_type")
    ask = _ask("/v1/organizations/analytics/cost", span, "time_bucket_width", 1_000, groups)
    return [msgspec.structs.replace(ask, headers=_ANALYTICS)]


def _ask(path: str, span: Span, width_name: str, limit: int, groups: Sequence[str]) -> Ask:
    window = ("starting_at", instant(span.since_ms)), ("ending_at", instant(span.until_ms))
    width = WIDTHS[span.width_seconds][0]
    return Ask(path, (*window, (width_name, width), ("limit", str(limit)), *(("group_by[]", one) for one in groups)))


def read_usage(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of usage buckets."""
    found, rejects, more = read_buckets(body, ask, _usage, partial(_usage_bucket, span.width_seconds))
    return Page(usage=found, rejects=rejects, more=more)


def read_costs(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of the cost report."""
    found, rejects, more = read_buckets(body, ask, _cost, partial(_cost_bucket, span.width_seconds))
    return Page(costs=found, rejects=rejects, more=more)


def read_analytics(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of money by minute; the provider says up to when it is complete."""
    page = read_rows(body)
    found, rejects = facts(page.data, _analytics_cost, partial(_analytics_bucket, span.width_seconds))
    return Page(
        costs=found,
        rejects=rejects,
        more=ask.following(page.next_page, more=page.has_more),
        complete_until_ms=None if page.data_refreshed_at is None else text_milliseconds(page.data_refreshed_at),
    )


def _usage_bucket(width_seconds: int, begins_ms: int, row: _Usage) -> UsageBucket:
    written = row.cache_creation or _Written()
    searches = row.server_tool_use.web_search_requests if row.server_tool_use else 0
    return UsageBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(row.model),
        tenant=cut(row.workspace_id),
        key=cut(row.api_key_id),
        call_type="messages",
        variant=row.service_tier or "",
        prompt_tokens=_LONG_CONTEXT.get(row.context_window or "", 0),
        usage=Usage(
            input_tokens=row.uncached_input_tokens,
            cache_read_tokens=row.cache_read_input_tokens,
            cache_write_5m_tokens=written.ephemeral_5m_input_tokens,
            cache_write_1h_tokens=written.ephemeral_1h_input_tokens,
            output_tokens=row.output_tokens,
            units=(("web_searches", searches),) if searches else (),
        ),
    )


def _cost_bucket(width_seconds: int, begins_ms: int, row: _Cost) -> CostBucket:
    said = (row.description, row.token_type, row.service_tier, row.context_window)
    return CostBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(row.model),
        tenant=cut(row.workspace_id),
        item=" / ".join(part for part in said if part)[:512],
        token_class=_TOKEN_CLASSES.get(row.token_type or "", ""),
        nano_usd=_us_cents(row.amount, row.currency),
    )


def _analytics_bucket(width_seconds: int, row: _AnalyticsCost) -> CostBucket:
    group = row.group
    return CostBucket(
        begins_ms=text_milliseconds(row.starting_at),
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(group.model),
        tenant=cut(group.workspace_id),
        key=cut(group.api_key_id),
        item=" / ".join(part for part in (group.cost_type, group.token_type) if part)[:512],
        token_class=_TOKEN_CLASSES.get(group.token_type or "", ""),
        nano_usd=_us_cents(row.cost.amount, row.cost.currency),
    )


def _us_cents(amount: Decimal, currency: str) -> int:
    check_usd(currency)
    return cents(amount)


def headers(key: str) -> dict[str, str]:
    """How Anthropic wants its key, and the version of its interface."""
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


_COST_REPORT = Endpoint(
    dataset="costs",
    asks=ask_costs,
    read=read_costs,
    permission=_PERMISSION,
    width_seconds=DAY,
    most_buckets=31,
    first_look_ms=31 * DAY_MS,
    lag_ms=DAY_MS,
    every_seconds=900.0,
)

PROVIDER = Provider(
    name="anthropic",
    base_url="https://api.anthropic.com",
    key_variables=("ANTHROPIC_ADMIN_KEY",),
    headers=headers,
    endpoints=(
        Endpoint(
            dataset="usage",
            asks=ask_usage,
            read=read_usage,
            permission=_PERMISSION,
            width_seconds=MINUTE,
            coarse_seconds=HOUR,
            lag_ms=5 * MINUTE_MS,
            every_seconds=60.0,
        ),
        Endpoint(
            dataset="costs",
            asks=ask_analytics,
            read=read_analytics,
            permission=_ANALYTICS_PERMISSION,
            width_seconds=MINUTE,
            coarse_seconds=HOUR,
            lag_ms=5 * MINUTE_MS,
            every_seconds=300.0,
            otherwise=_COST_REPORT,
        ),
    ),
)
