"""Azure OpenAI: tokens and requests by minute, deployment and model, out of Azure Monitor.

Format: `GET {resource}/providers/Microsoft.Insights/metrics` (MicrosoftDocs/azure-monitor-docs, Microsoft.CognitiveServices/accounts).
Prompt tokens include the cached ones, which pay-as-you-go deployments do not count apart: priced, they are an upper bound. A
minute without traffic has no total. No money; the newer category of metrics for the same traffic is not read.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import facts, instant
from collectors.providers.provider import HOUR, MINUTE, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import Usage
from store.facts import Reject
from store.provider_facts import UsageBucket

_PROMPT, _GENERATED, _REQUESTS = "ProcessedPromptTokens", "GeneratedTokens", "AzureOpenAIRequests"
_DEPLOYMENT, _MODEL = "modeldeploymentname", "modelname"
_INTERVALS = {MINUTE: "PT1M", HOUR: "PT1H"}


class _Name(msgspec.Struct):
    value: str


class _Label(msgspec.Struct):
    name: _Name
    value: str


class _Total(msgspec.Struct):
    timeStamp: str  # noqa: N815 (the answer's own name)
    total: float | None = None


class _Series(msgspec.Struct):
    data: list[msgspec.Raw]
    metadatavalues: list[_Label] = []


class _Metric(msgspec.Struct):
    name: _Name
    timeseries: list[_Series] = []


class _Answer(msgspec.Struct):
    value: list[_Metric]


_answer = msgspec.json.Decoder(_Answer).decode
_total = msgspec.json.Decoder(_Total).decode


class _Place(NamedTuple):
    """What one bucket is of."""

    begins_ms: int
    deployment: str | None
    model: str | None


def ask(span: Span) -> Sequence[Ask]:
    """Every metric at once, split by deployment and model."""
    return [
        Ask(
            f"/{span.account.strip('/')}/providers/Microsoft.Insights/metrics",
            (
                ("api-version", "2023-10-01"),
                ("metricnames", ",".join((_PROMPT, _GENERATED, _REQUESTS))),
                ("timespan", f"{instant(span.since_ms)}/{instant(span.until_ms)}"),
                ("interval", _INTERVALS[span.width_seconds]),
                ("aggregation", "Total"),
                ("$filter", "ModelDeploymentName eq '*' and ModelName eq '*'"),
            ),
        )
    ]


def read(body: bytes, span: Span, _ask: Ask) -> Page:
    """The metrics of each minute put together again."""
    counts: dict[_Place, dict[str, int]] = {}
    rejects: list[Reject] = []
    for metric in _answer(body).value:
        for series in metric.timeseries:
            found, refused = facts(series.data, _total, partial(_amount, _labels(series)))
            rejects += refused
            for place, amount in found:
                of = counts.setdefault(place, {})
                of[metric.name.value] = of.get(metric.name.value, 0) + amount
    return Page(usage=[_bucket(place, of, span.width_seconds) for place, of in counts.items()], rejects=rejects)


def _labels(series: _Series) -> dict[str, str]:
    return {label.name.value.lower(): label.value for label in series.metadatavalues}


def _amount(labels: dict[str, str], one: _Total) -> tuple[_Place, int] | None:
    if not one.total:
        return None
    return _Place(text_milliseconds(one.timeStamp), labels.get(_DEPLOYMENT), labels.get(_MODEL)), _whole(one.total)


def _whole(total: float) -> int:
    if not 0 <= total < 2**53:
        raise ValueError("a count that cannot be")
    return round(total)


def _bucket(place: _Place, of: dict[str, int], width_seconds: int) -> UsageBucket:
    return UsageBucket(
        begins_ms=place.begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(place.model or place.deployment),
        rest=(place.deployment or "")[:256],
        usage=Usage(input_tokens=of.get(_PROMPT, 0), output_tokens=of.get(_GENERATED, 0)),
        requests=of.get(_REQUESTS),
    )


PROVIDER = Provider(
    name="azure",
    base_url="https://management.azure.com",
    key_variables=("AZURE_MONITOR_TOKEN",),
    needs_account="the resource's id, /subscriptions/.../providers/Microsoft.CognitiveServices/accounts/NAME",
    endpoints=(
        Endpoint(
            dataset="usage",
            asks=ask,
            read=read,
            permission="a bearer token for https://management.azure.com/.default of somebody with the role Monitoring Reader",
            width_seconds=MINUTE,
            coarse_seconds=HOUR,
            most_buckets=1_440,
            lag_ms=3 * MINUTE_MS,
            first_look_ms=8 * DAY_MS,
            every_seconds=60.0,
        ),
    ),
)
