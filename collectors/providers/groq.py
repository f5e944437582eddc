"""Groq: tokens and requests by model, out of the metrics that enterprise accounts may query.

Format: Prometheus' query interface below `/v1/metrics/prometheus` (console.groq.com/docs/prometheus-metrics). What is kept there are
rates per second over the five minutes before an instant, so that a rate times 300 is what those five minutes held: rounded to
whole tokens, and no money.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import msgspec

from collectors.door import cut
from collectors.providers.answers import facts, merged, seconds_text, whole
from collectors.providers.provider import Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import NOTHING, Usage
from store.facts import Reject
from store.provider_facts import UsageBucket

FIVE_MINUTES = 300
_METRICS = {
    "model_project_id:tokens_in:rate5m": "input",
    "model_project_id:tokens_out:rate5m": "output",
    "model_project_id_status_code:requests:rate5m": "requests",
}
"""Each recorded rate, and what it is of."""


class _Labels(msgspec.Struct):
    model: str | None = None
    project_id: str | None = None
    status_code: str | None = None


class _Series(msgspec.Struct):
    metric: _Labels
    values: list[tuple[Decimal, Decimal]]


class _Matrix(msgspec.Struct):
    result: list[msgspec.Raw]


class _Answer(msgspec.Struct):
    data: _Matrix
    status: str = "success"


_answer = msgspec.json.Decoder(_Answer).decode
_series = msgspec.json.Decoder(_Series, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """Each rate at the end of every five minutes of the span."""
    ends = (("start", seconds_text(span.since_ms + FIVE_MINUTES * 1_000)), ("end", seconds_text(span.until_ms)))
    path = "/v1/metrics/prometheus/api/v1/query_range"
    return [Ask(path, (("query", metric), *ends, ("step", str(FIVE_MINUTES)))) for metric in _METRICS]


def read(body: bytes, _span: Span, ask: Ask) -> Page:
    """The buckets of one metric."""
    of = _METRICS[dict(ask.query)["query"]]
    found: list[UsageBucket] = []
    rejects: list[Reject] = []
    taken, refused = facts(_answer(body).data.result, _series, partial(_buckets, of))
    for one in taken:
        found += one
    rejects += refused
    return Page(usage=found, rejects=merged(rejects))


def _buckets(of: str, series: _Series) -> list[UsageBucket]:
    labels, found = series.metric, []
    for at, rate in series.values:
        if not rate.is_finite() or rate < 0:
            raise ValueError("a rate that cannot be")
        if not (amount := whole(rate * FIVE_MINUTES)):
            continue
        found.append(
            UsageBucket(
                begins_ms=(int(at) - FIVE_MINUTES) * 1_000,
                width_seconds=FIVE_MINUTES,
                provider=PROVIDER.name,
                model=cut(labels.model),
                tenant=cut(labels.project_id),
                rest=f"{of} {labels.status_code or ''}".rstrip()[:64],
                usage=_usage(of, amount),
                requests=amount if of == "requests" else None,
            )
        )
    return found


def _usage(of: str, amount: int) -> Usage:
    if of == "requests":
        return NOTHING
    return Usage(input_tokens=amount) if of == "input" else Usage(output_tokens=amount)


PROVIDER = Provider(
    name="groq",
    base_url="https://api.groq.com",
    key_variables=("GROQ_API_KEY",),
    endpoints=(
        Endpoint(
            dataset="usage",
            asks=ask,
            read=read,
            permission="a Groq API key of an enterprise organization, which alone may query its metrics",
            width_seconds=FIVE_MINUTES,
            most_buckets=288,
            first_look_ms=DAY_MS,
            lag_ms=5 * MINUTE_MS,
            every_seconds=300.0,
        ),
    ),
)
