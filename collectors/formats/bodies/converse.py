"""Answers of Amazon Bedrock's Converse, whose input count leaves both kinds of cached tokens out.

Source of the format: botocore's service model of `bedrock-runtime`. The answer itself names neither model nor time; a
gateway that logs it may write `modelId` beside it, and boto3 adds `ResponseMetadata`.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import UsageEvent

NAME = "bedrock.converse"


class _CacheDetail(msgspec.Struct, gc=False, rename="camel"):
    ttl: str | None = None
    input_tokens: Count | None = None


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_write_input_tokens: Count | None = None
    cache_details: list[_CacheDetail] | None = None


class _Metrics(msgspec.Struct, gc=False, rename="camel"):
    latency_ms: Count | None = None


class _Tier(msgspec.Struct, gc=False):
    type: str | None = None


class _Metadata(msgspec.Struct, gc=False, rename="pascal"):
    request_id: str | None = None


class _Answer(msgspec.Struct, gc=False, rename="camel"):
    usage: _Usage | None = None
    metrics: _Metrics | None = None
    service_tier: _Tier | None = None
    model_id: str | None = None
    response_metadata: _Metadata | None = msgspec.field(default=None, name="ResponseMetadata")


_decode = msgspec.json.Decoder(_Answer).decode
_NO_METRICS, _NO_TIER, _NO_METADATA = _Metrics(), _Tier(), _Metadata()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such an answer."""
    return {"output", "stopReason", "usage"} <= keys or {"usage", "metrics"} <= keys


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The call that one answer ends.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    answer = _decode(line)
    said = answer.usage
    if said is None or (said.input_tokens is None and said.output_tokens is None):
        raise NotUsageError("no answer of Converse with its usage")
    return (
        UsageEvent(
            id=own_id((answer.response_metadata or _NO_METADATA).request_id, line),
            ended_at_ms=RECEIVED_NOW,
            duration_ms=(answer.metrics or _NO_METRICS).latency_ms,
            provider="bedrock",
            model=cut(answer.model_id),
            call_type="converse",
            usage=_usage(said),
            variant=(answer.service_tier or _NO_TIER).type or "",
        ),
    )


def _usage(said: _Usage) -> Usage:
    lifetimes: Counter[str | None] = Counter()
    for detail in said.cache_details or ():
        lifetimes[detail.ttl] += detail.input_tokens or 0
    short, long = lifetimes["5m"], lifetimes["1h"]
    usage = Usage(
        input_tokens=said.input_tokens or 0,
        cache_read_tokens=said.cache_read_input_tokens or 0,
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        cache_write_tokens=max(0, (said.cache_write_input_tokens or 0) - short - long),
        output_tokens=said.output_tokens or 0,
    )
    return NOTHING if usage == NOTHING else usage


FORMAT = LineFormat(NAME, recognises, parse)
