"""xAI: what is billed by the day, and what the prepaid balance was when it was last settled.

Formats: `POST /v1/billing/teams/{team}/usage` and `GET /v1/billing/teams/{team}/prepaid/balance` (docs.x.ai, management API). The times in
the question have no `T` and no zone; the zone is a field of its own. Usage is in dollars. The balance is in cents, as text, with
its sign turned around, and is posted when a billing cycle closes: it is not live.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import cents, facts, usd
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS
from store.facts import Reject
from store.provider_facts import BalanceCounts, BalanceReading, CostBucket

_PERMISSION = "an xAI management key with Billing: Read Only (console.x.ai, Settings, Management Keys); a key for inference may not"


class _Point(msgspec.Struct):
    timestamp: str
    values: list[Decimal]


class _Series(msgspec.Struct):
    dataPoints: list[msgspec.Raw]  # noqa: N815 (the answer's own name)
    group: list[str] = []
    groupLabels: list[str] = []  # noqa: N815 (the answer's own name)


class _Usage(msgspec.Struct):
    timeSeries: list[_Series]  # noqa: N815 (the answer's own name)
    limitReached: bool = False  # noqa: N815 (the answer's own name)


class _Total(msgspec.Struct):
    val: Decimal


class _Balance(msgspec.Struct):
    total: _Total


_usage = msgspec.json.Decoder(_Usage).decode
_point = msgspec.json.Decoder(_Point, strict=False).decode
_balance = msgspec.json.Decoder(_Balance, strict=False).decode


def ask_usage(span: Span) -> Sequence[Ask]:
    """Dollars by day and line item."""
    question = {
        "analyticsRequest": {
            "timeRange": {"startTime": _text(span.since_ms), "endTime": _text(span.until_ms), "timezone": "Etc/GMT"},
            "timeUnit": "TIME_UNIT_DAY",
            "values": [{"name": "usd", "aggregation": "AGGREGATION_SUM"}],
            "groupBy": ["description"],
            "filters": [],
        }
    }
    return [Ask(f"/v1/billing/teams/{span.account}/usage", body=msgspec.json.encode(question))]


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def read_usage(body: bytes, _span: Span, _ask: Ask) -> Page:
    """One series per line item; an answer that was cut off is none."""
    answer = _usage(body)
    if answer.limitReached:
        raise ValueError("an answer that was cut off")
    costs: list[CostBucket] = []
    rejects: list[Reject] = []
    for series in answer.timeSeries:
        item = " / ".join(series.groupLabels or series.group)
        found, refused = facts(series.dataPoints, _point, lambda point, item=item: _cost(item, point))  # type: ignore[misc]  # bound at once
        costs += found
        rejects += refused
    return Page(costs=costs, rejects=rejects)


def _cost(item: str, point: _Point) -> CostBucket | None:
    (dollars,) = point.values
    if not dollars:
        return None
    return CostBucket(
        begins_ms=text_milliseconds(point.timestamp) // DAY_MS * DAY_MS,
        width_seconds=DAY,
        provider=PROVIDER.name,
        model=cut(next(_models(item), None)),
        item=item[:256],
        nano_usd=usd(dollars),
    )


def _models(item: str) -> Iterator[str]:
    """Names of models in a description such as "Chat grok-4-0709"."""
    return (word for word in item.split() if word.startswith("grok-"))


def read_balance(body: bytes, span: Span, _ask: Ask) -> Page:
    """What was left of prepaid credits when the last cycle closed."""
    left = -cents(_balance(body).total.val)
    settled = BalanceReading(account="prepaid", at_ms=span.until_ms, nano=left, counts=BalanceCounts.SETTLED)
    return Page(balances=[settled])


PROVIDER = Provider(
    name="xai",
    base_url="https://management-api.x.ai",
    key_variables=("XAI_MANAGEMENT_KEY", "XAI_MANAGEMENT_API_KEY"),
    needs_account="the team's id (console.x.ai, Settings)",
    endpoints=(
        Endpoint(
            dataset="costs",
            asks=ask_usage,
            read=read_usage,
            permission=_PERMISSION,
            width_seconds=DAY,
            most_buckets=31,
            first_look_ms=31 * DAY_MS,
            lag_ms=DAY_MS,
            every_seconds=900.0,
        ),
        Endpoint(
            dataset="prepaid",
            asks=lambda span: [Ask(f"/v1/billing/teams/{span.account}/prepaid/balance")],
            read=read_balance,
            permission=_PERMISSION,
            optional=True,
            every_seconds=900.0,
        ),
    ),
)
