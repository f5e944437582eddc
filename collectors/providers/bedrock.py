"""Amazon Bedrock: tokens and calls by minute and model, out of CloudWatch.

Format: namespace `AWS/Bedrock`, sums by `ModelId` ("Monitoring the performance of Amazon Bedrock", Bedrock user guide), read with
ListMetrics and GetMetricData (botocore's service model of `cloudwatch`). The input leaves out both kinds of cached tokens; for how long
a cache was written is not told. An inference profile is a `ModelId` of its own. No money; CloudWatch itself is paid by the metric
that is asked for, so only those are that it lists.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from collectors.door import cut
from collectors.errors import CollectorError, KeyRefusedError
from collectors.providers.answers import instant
from collectors.providers.cloudwatch import CloudWatch
from collectors.providers.provider import HOUR, MINUTE, Ask, Endpoint, Page, Provider, Span
from pricing.times import MINUTE_MS
from pricing.usage import NOTHING, Usage
from store.facts import Reject
from store.provider_facts import UsageBucket

_NAMESPACE, _MODEL = "AWS/Bedrock", "ModelId"
_CALLS = "Invocations"
_TOKENS: Mapping[str, Callable[[int], Usage]] = {
    "InputTokenCount": lambda amount: Usage(input_tokens=amount),
    "CacheReadInputTokenCount": lambda amount: Usage(cache_read_tokens=amount),
    "CacheWriteInputTokenCount": lambda amount: Usage(cache_write_tokens=amount),
    "OutputTokenCount": lambda amount: Usage(output_tokens=amount),
}
_MOST_QUERIES = 500
_MOST_AMOUNT = 2**53

PERMISSION = "AWS credentials that are allowed cloudwatch:ListMetrics and cloudwatch:GetMetricData"


class _Dimension(msgspec.Struct):
    Name: str
    Value: str


class _Metric(msgspec.Struct):
    MetricName: str
    Dimensions: list[_Dimension] = []


class _Listed(msgspec.Struct):
    Metrics: list[_Metric]
    NextToken: str | None = None


class _Result(msgspec.Struct):
    Id: str
    Timestamps: list[datetime] = []
    Values: list[float | None] = []
    StatusCode: str = "Complete"


class _Data(msgspec.Struct):
    MetricDataResults: list[_Result]
    NextToken: str | None = None


class _Stat(msgspec.Struct):
    Metric: _Metric


class _Query(msgspec.Struct):
    Id: str
    MetricStat: _Stat


class _Asked(msgspec.Struct):
    MetricDataQueries: list[_Query]


_listed = msgspec.json.Decoder(_Listed).decode
_data = msgspec.json.Decoder(_Data).decode
_asked = msgspec.json.Decoder(_Asked).decode


def ask(_span: Span) -> Sequence[Ask]:
    """Which metrics there are; what each counted is asked when that is known."""
    arguments = {"Namespace": _NAMESPACE, "Dimensions": [{"Name": _MODEL}]}
    return [Ask("/ListMetrics", body=msgspec.json.encode(arguments))]


def read(body: bytes, span: Span, ask: Ask) -> Page:
    """The list of metrics, which only leads on, or a page of what they counted."""
    return _values(body, span, ask) if ask.path == "/GetMetricData" else _metrics(body, span, ask)


def _metrics(body: bytes, span: Span, ask: Ask) -> Page:
    answer = _listed(body)
    # What has more dimensions than the model counts the same calls again, split.
    wanted = [
        one
        for one in answer.Metrics
        if (one.MetricName in _TOKENS or one.MetricName == _CALLS) and [by.Name for by in one.Dimensions] == [_MODEL]
    ]
    parts = [wanted[at : at + _MOST_QUERIES] for at in range(0, len(wanted), _MOST_QUERIES)]
    return Page(more=[*(_ask_for(part, span) for part in parts), *_next(ask, answer.NextToken)])


def _ask_for(metrics: Sequence[_Metric], span: Span) -> Ask:
    arguments = {
        "StartTime": instant(span.since_ms),
        "EndTime": instant(span.until_ms),
        "ScanBy": "TimestampAscending",
        "MetricDataQueries": [
            {"Id": f"q{number}", "MetricStat": {"Metric": _named(one), "Period": span.width_seconds, "Stat": "Sum"}}
            for number, one in enumerate(metrics)
        ],
    }
    return Ask("/GetMetricData", body=msgspec.json.encode(arguments))


def _named(metric: _Metric) -> dict[str, Any]:
    return {"Namespace": _NAMESPACE, "MetricName": metric.MetricName, "Dimensions": metric.Dimensions}


def _next(ask: Ask, token: str | None) -> list[Ask]:
    """The same question for its next page."""
    if not token:
        return []
    arguments = {**msgspec.json.decode(ask.body or b"{}"), "NextToken": token}
    return [msgspec.structs.replace(ask, body=msgspec.json.encode(arguments))]


def _values(body: bytes, span: Span, ask: Ask) -> Page:
    answer = _data(body)
    metrics = {query.Id: query.MetricStat.Metric for query in _asked(ask.body or b"").MetricDataQueries}
    found: list[UsageBucket] = []
    refused = 0
    for result in answer.MetricDataResults:
        _check(result.StatusCode, bool(answer.NextToken))
        metric = metrics[result.Id] if result.Id in metrics else _unasked()
        for at, value in zip(result.Timestamps, result.Values, strict=True):
            if value is None or not 0 <= value < _MOST_AMOUNT:
                refused += 1
            elif value:
                found.append(_bucket(metric, round(at.timestamp() * 1_000), round(value), span.width_seconds))
    rejects = [Reject(reason="a count that cannot be", count=refused, example="")] if refused else ()
    return Page(usage=found, rejects=rejects, more=_next(ask, answer.NextToken))


def _check(status: str, goes_on: bool) -> None:
    """Raises CollectorError for figures that are not whole: what was read before stays as it is."""
    if status == "Forbidden":
        raise KeyRefusedError(f"CloudWatch refuses one of the metrics: it wants {PERMISSION}")
    if status != "Complete" and not (status == "PartialData" and goes_on):
        raise CollectorError("CloudWatch answers with a part of the figures only; they are asked for again")


def _unasked() -> _Metric:
    raise ValueError("an answer to what was not asked")


def _bucket(metric: _Metric, begins_ms: int, amount: int, width_seconds: int) -> UsageBucket:
    """What one metric counted; each stands by itself, since pages may divide what is of one model."""
    tokens = _TOKENS.get(metric.MetricName)
    return UsageBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(metric.Dimensions[0].Value),
        rest=metric.MetricName,
        usage=tokens(amount) if tokens else NOTHING,
        requests=None if tokens else amount,
    )


PROVIDER = Provider(
    name="bedrock",
    base_url="https://monitoring.{account}.amazonaws.com",
    key_variables=(),
    transport=CloudWatch,
    needs_account='the region, e.g. "us-east-1"',
    endpoints=(
        Endpoint(
            dataset="usage",
            asks=ask,
            read=read,
            permission=PERMISSION,
            width_seconds=MINUTE,
            coarse_seconds=HOUR,
            lag_ms=3 * MINUTE_MS,
            every_seconds=60.0,
            usual_seconds=300.0,
        ),
    ),
)
