"""Claude Code: what each person's sessions used and are estimated to cost, by day and model.

Format: `GET /v1/organizations/usage_report/claude_code` (Claude Code Analytics API): one UTC day at a time, token classes that
are disjoint, estimates in cents as numbers. What customers of the API used stands in the usage report of the messages, too, and
what a subscription pays for is on no bill: so these figures add nothing of themselves. `account` keeps one of the two.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import msgspec

from collectors.door import cut
from collectors.providers.answers import cents, check_usd, day_ms, facts, grouped_facts, instant, merged
from collectors.providers.anthropic import headers
from collectors.providers.paged import read_rows
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, HOUR_MS
from pricing.usage import Usage
from store.provider_facts import CostBucket, UsageBucket

_LIMIT = "1000"
_BILLED_BY = "anthropic"


class _Actor(msgspec.Struct):
    email_address: str | None = None
    api_key_name: str | None = None


class _Tokens(msgspec.Struct):
    input: int
    output: int
    cache_read: int = 0
    cache_creation: int = 0


class _Estimate(msgspec.Struct):
    amount: Decimal
    currency: str = "USD"


class _Model(msgspec.Struct):
    model: str
    tokens: _Tokens
    estimated_cost: _Estimate


class _Record(msgspec.Struct):
    date: str
    actor: _Actor
    model_breakdown: list[msgspec.Raw]
    customer_type: str | None = None
    terminal_type: str | None = None


_record = msgspec.json.Decoder(_Record).decode
_model = msgspec.json.Decoder(_Model).decode


def ask(span: Span) -> Sequence[Ask]:
    """One question for each day."""
    return [
        Ask("/v1/organizations/usage_report/claude_code", (("starting_at", instant(day)[:10]), ("limit", _LIMIT)))
        for day in range(span.since_ms, span.until_ms, DAY_MS)
    ]


def read(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of people's days; of all customers, or of the kind that is configured."""
    page = read_rows(body)
    records, rejects = facts(page.data, _record, lambda record: record if _wanted(record, span) else None)
    found, refused = grouped_facts(((one.model_breakdown, partial(_buckets, one)) for one in records), _model)
    return Page(
        usage=[usage for usage, _ in found],
        costs=[cost for _, cost in found],
        rejects=merged([*rejects, *refused]),
        more=ask.following(page.next_page, more=page.has_more),
    )


def _wanted(record: _Record, span: Span) -> bool:
    return record.customer_type == span.account if span.account else True


def _buckets(record: _Record, one: _Model) -> tuple[UsageBucket, CostBucket]:
    begins_ms, person = day_ms(record.date), cut(record.actor.email_address or record.actor.api_key_name)
    where = " / ".join(part for part in (record.customer_type, record.terminal_type) if part)[:256]
    check_usd(one.estimated_cost.currency, "estimate")
    usage = UsageBucket(
        begins_ms=begins_ms,
        width_seconds=DAY,
        provider=_BILLED_BY,
        model=cut(one.model),
        key=person,
        call_type="claude_code",
        rest=where,
        usage=Usage(
            input_tokens=one.tokens.input,
            cache_read_tokens=one.tokens.cache_read,
            cache_write_tokens=one.tokens.cache_creation,
            output_tokens=one.tokens.output,
        ),
    )
    cost = CostBucket(
        begins_ms=begins_ms, width_seconds=DAY, provider=_BILLED_BY, model=cut(one.model), key=person, item=where,
        nano_usd=cents(one.estimated_cost.amount),
    )  # fmt: skip
    return usage, cost


PROVIDER = Provider(
    name="claude_code",
    base_url="https://api.anthropic.com",
    key_variables=("ANTHROPIC_ADMIN_KEY",),
    headers=headers,
    stands_alone=True,
    endpoints=(
        Endpoint(
            dataset="claude code",
            asks=ask,
            read=read,
            permission="an Anthropic admin key (sk-ant-admin...) of an organization that uses Claude Code",
            width_seconds=DAY,
            most_buckets=31,
            first_look_ms=31 * DAY_MS,
            lag_ms=HOUR_MS,
            every_seconds=900.0,
        ),
    ),
)
