"""Vertex AI: tokens and calls by minute and model, out of Google Cloud Monitoring.

Format: `GET /v3/projects/{project}/timeSeries` (Cloud Monitoring REST reference) of the metrics `publisher/online_serving/token_count` and
`.../model_invocation_count`. Counts are text, the newest point is first, cached tokens are not told apart, and there is no money.
"""

from collections.abc import Sequence
from functools import partial

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import grouped_facts, instant
from collectors.providers.provider import HOUR, MINUTE, Ask, Endpoint, Page, Provider, Span
from pricing.times import MINUTE_MS
from pricing.usage import NOTHING, Usage
from store.provider_facts import UsageBucket

_METRICS = ("token_count", "model_invocation_count")
_PREFIX = "aiplatform.googleapis.com/publisher/online_serving/"


class _Metric(msgspec.Struct):
    labels: dict[str, object] = {}


class _Interval(msgspec.Struct):
    endTime: str  # noqa: N815 (the answer's own name)


class _Value(msgspec.Struct):
    int64Value: int  # noqa: N815 (the answer's own name)


class _Point(msgspec.Struct):
    interval: _Interval
    value: _Value


class _Series(msgspec.Struct):
    points: list[msgspec.Raw]
    metric: _Metric
    resource: _Metric


class _Answer(msgspec.Struct):
    timeSeries: list[_Series] = []  # noqa: N815 (the answer's own name)
    nextPageToken: str = ""  # noqa: N815 (the answer's own name)
    error: msgspec.Raw | None = None


_answer = msgspec.json.Decoder(_Answer).decode
_point = msgspec.json.Decoder(_Point, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """Each metric in sums of a bucket's width."""
    return [
        Ask(
            f"/v3/projects/{span.account}/timeSeries",
            (
                (
                    "filter",
                    f'metric.type="{_PREFIX}{metric}" AND resource.type="aiplatform.googleapis.com/PublisherModel"',
                ),
                ("interval.startTime", instant(span.since_ms)),
                ("interval.endTime", instant(span.until_ms)),
                ("aggregation.alignmentPeriod", f"{span.width_seconds}s"),
                ("aggregation.perSeriesAligner", "ALIGN_SUM"),
            ),
        )
        for metric in _METRICS
    ]


def read(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of one metric; a point is the sum of the bucket that ends with it."""
    answer = _answer(body)
    if answer.error is not None:
        raise ValueError("an error instead of time series")
    counts_calls = "model_invocation_count" in dict(ask.query)["filter"]
    rows = ((series.points, partial(_bucket, series, span.width_seconds, counts_calls)) for series in answer.timeSeries)
    found, rejects = grouped_facts(rows, _point)
    more = [ask.having(pageToken=answer.nextPageToken)] if answer.nextPageToken else ()
    return Page(usage=found, rejects=rejects, more=more)


def _bucket(series: _Series, width_seconds: int, counts_calls: bool, point: _Point) -> UsageBucket | None:
    amount = point.value.int64Value
    if amount < 0:
        raise ValueError("a count that cannot be")
    if not amount:
        return None
    kind = "calls" if counts_calls else _text(series.metric.labels.get("type"))
    labels = series.resource.labels
    rest = (
        kind,
        labels.get("location"),
        labels.get("model_version_id"),
        *sorted(map(str, series.metric.labels.values())),
    )
    return UsageBucket(
        begins_ms=text_milliseconds(point.interval.endTime) - width_seconds * 1_000,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(_text(labels.get("model_user_id"))),
        rest=" / ".join(_text(part) for part in rest if part)[:256],
        usage=NOTHING if counts_calls else _tokens(kind, amount),
        requests=amount if counts_calls else None,
    )


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _tokens(kind: str, amount: int) -> Usage:
    if kind == "input":
        return Usage(input_tokens=amount)
    if kind == "output":
        return Usage(output_tokens=amount)
    raise ValueError("tokens of a kind that is not known")


PROVIDER = Provider(
    name="vertex",
    base_url="https://monitoring.googleapis.com",
    key_variables=("GOOGLE_MONITORING_TOKEN",),
    needs_account="the project's id",
    endpoints=(
        Endpoint(
            dataset="usage",
            asks=ask,
            read=read,
            permission="an OAuth access token with monitoring.read (role Monitoring Viewer) of the project",
            width_seconds=MINUTE,
            coarse_seconds=HOUR,
            lag_ms=4 * MINUTE_MS,
            every_seconds=60.0,
        ),
    ),
)
