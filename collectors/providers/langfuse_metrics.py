"""Langfuse's own figures: what its observations cost by hour and model.

Format: `GET /api/public/v2/metrics?query=JSON` (langfuse/langfuse, fern/apis/server). Amounts are dollars as Langfuse prices them. The
names of the columns are the measure behind its aggregation, the hour stands in `time_dimension`. Tokens are not read here: its
observations have them by class, and are a source of their own.
"""

import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import facts, instant, usd
from collectors.providers.provider import HOUR, Ask, Endpoint, Page, Provider, Span
from pricing.books.names import split_provider
from pricing.times import HOUR_MS, MINUTE_MS
from store.provider_facts import CostBucket


class _Row(msgspec.Struct):
    time_dimension: str
    sum_totalCost: Decimal | None = None  # noqa: N815 (the answer's own name)
    providedModelName: str | None = None  # noqa: N815 (the answer's own name)


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]


_answer = msgspec.json.Decoder(_Answer).decode
_row = msgspec.json.Decoder(_Row, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """Dollars by hour and model."""
    query = {
        "view": "observations",
        "dimensions": [{"field": "providedModelName"}],
        "metrics": [{"measure": "totalCost", "aggregation": "sum"}],
        "timeDimension": {"granularity": "hour"},
        "filters": [],
        "fromTimestamp": instant(span.since_ms),
        "toTimestamp": instant(span.until_ms),
    }
    return [Ask("/api/public/v2/metrics", (("query", msgspec.json.encode(query).decode()),))]


def read(body: bytes, _span: Span, _ask: Ask) -> Page:
    """What each hour cost."""
    found, rejects = facts(_answer(body).data, _row, _cost)
    return Page(costs=found, rejects=rejects)


def _cost(row: _Row) -> CostBucket | None:
    if row.sum_totalCost is None or row.providedModelName is None:
        return None  # Observations that are no calls have neither a model nor a price.
    provider, name = split_provider(None, row.providedModelName)
    return CostBucket(
        begins_ms=text_milliseconds(row.time_dimension) // HOUR_MS * HOUR_MS,
        width_seconds=HOUR,
        provider=provider or PROVIDER.name,
        model=cut(name),
        nano_usd=usd(row.sum_totalCost),
    )


def _headers(key: str) -> Mapping[str, str]:
    """The key is the public and the secret key with a colon between them."""
    return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}


PROVIDER = Provider(
    name="langfuse_metrics",
    base_url="https://cloud.langfuse.com",
    key_variables=("LANGFUSE_KEYS",),
    headers=_headers,
    is_gateway=True,
    endpoints=(
        Endpoint(
            dataset="metrics",
            asks=ask,
            read=read,
            permission="a project's public and secret key of Langfuse with a colon between them (pk-lf-...:sk-lf-...)",
            width_seconds=HOUR,
            most_buckets=31 * 24,
            lag_ms=5 * MINUTE_MS,
            every_seconds=300.0,
        ),
    ),
)
