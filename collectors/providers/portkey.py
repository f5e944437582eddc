"""Portkey's own figures: what went through the gateway cost by day.

Format: `GET /v1/analytics/graphs/cost` (Portkey-AI/openapi): the total of a span of time in **cents**. Each UTC day is asked about by
itself, since how fine the points of a graph are is the server's choice. By model nothing is documented in which amounts are.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from collectors.providers.answers import cents, day_ms, instant
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS
from store.provider_facts import CostBucket


class _Summary(msgspec.Struct):
    total: Decimal


class _Graph(msgspec.Struct):
    summary: _Summary


_graph = msgspec.json.Decoder(_Graph).decode


def ask(span: Span) -> Sequence[Ask]:
    """One question for each day; the workspace is the configured account."""
    workspace = (("workspace_slug", span.account),) if span.account else ()
    return [
        Ask(
            "/analytics/graphs/cost",
            (
                ("time_of_generation_min", instant(begins_ms)),
                ("time_of_generation_max", instant(begins_ms + DAY_MS - 1_000)),
                *workspace,
            ),
        )
        for begins_ms in range(span.since_ms, span.until_ms, DAY_MS)
    ]


def read(body: bytes, _span: Span, ask: Ask) -> Page:
    """What the day cost."""
    begins_ms = day_ms(dict(ask.query)["time_of_generation_min"])
    cost = CostBucket(
        begins_ms=begins_ms, width_seconds=DAY, provider=PROVIDER.name, nano_usd=cents(_graph(body).summary.total)
    )
    return Page(costs=[cost] if cost.nano_usd else ())


def _headers(key: str) -> Mapping[str, str]:
    return {"x-portkey-api-key": key}


PROVIDER = Provider(
    name="portkey",
    base_url="https://api.portkey.ai/v1",
    key_variables=("PORTKEY_API_KEY",),
    headers=_headers,
    is_gateway=True,
    endpoints=(
        Endpoint(
            dataset="costs",
            asks=ask,
            read=read,
            permission="a Portkey API key that may read analytics (analytics.view) of its workspace",
            width_seconds=DAY,
            most_buckets=31,
            lag_ms=DAY_MS,
            every_seconds=900.0,
        ),
    ),
)
