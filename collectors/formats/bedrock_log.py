"""Amazon Bedrock's model invocation log, as CloudWatch Logs and S3 hold it.

Source of the format: "Model invocation logging" of the Bedrock user guide. The input's count leaves the cache out. By how
long a cache is written stands only in the answer's body, where bodies are logged.
"""

from typing import Any

import msgspec

from collectors.door import cut, names, pairs, text_milliseconds
from collectors.formats.bodies.anthropic_usage import MessageUsage, lifetimes_of
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from collectors.formats.split import Written, exclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "bedrock.invocation"

_SCHEMA = "ModelInvocationLog"


class _Lifetime(msgspec.Struct, gc=False):
    ttl: str | None = None
    inputTokens: Count | None = None  # noqa: N815 - the format's own name


class _BodyUsage(MessageUsage, gc=False):
    cacheDetails: list[_Lifetime] | None = None  # noqa: N815 - the format's own name


class _Body(msgspec.Struct, gc=False):
    usage: _BodyUsage | None = None


class _Input(msgspec.Struct, gc=False):
    inputTokenCount: Count | None = None  # noqa: N815 - the format's own name
    cacheReadInputTokenCount: Count | None = None  # noqa: N815 - the format's own name
    cacheWriteInputTokenCount: Count | None = None  # noqa: N815 - the format's own name


class _Output(msgspec.Struct, gc=False):
    outputTokenCount: Count | None = None  # noqa: N815 - the format's own name
    outputBodyJson: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815 - the format's own name


class _Identity(msgspec.Struct, gc=False):
    arn: str | None = None


class _Record(msgspec.Struct, gc=False):
    schemaType: str  # noqa: N815 - the format's own name
    timestamp: str
    requestId: str  # noqa: N815 - the format's own name
    operation: str | None = None
    modelId: str | None = None  # noqa: N815 - the format's own name
    region: str | None = None
    errorCode: str | None = None  # noqa: N815 - the format's own name
    identity: _Identity | None = None
    requestMetadata: dict[str, Any] | None = None  # noqa: N815 - the format's own name
    input: _Input | None = None
    output: _Output | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_body = msgspec.json.Decoder(_Body | None).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such a record."""
    return {"schemaType", "requestId", "modelId"} <= keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One record as its event; NotUsageError for one of another schema."""
    record = _decode(line)
    if record.schemaType != _SCHEMA:
        raise NotUsageError("a log of Bedrock that is no model invocation log")
    usage = _usage(record.input or _Input(), record.output or _Output())
    metadata = record.requestMetadata or {}
    tenant = metadata.get("tenant")
    event = UsageEvent(
        id=record.requestId,
        ended_at_ms=text_milliseconds(record.timestamp),
        provider="bedrock",
        model=cut(record.modelId),
        tenant=cut(tenant) if isinstance(tenant, str) else None,
        key=cut(record.identity.arn) if record.identity else None,
        call_type=cut(record.operation),
        outcome=Outcome.ERROR if record.errorCode else Outcome.OK,
        usage=usage,
        usage_missing=not record.errorCode and usage == NOTHING,
        error=cut(record.errorCode),
        tags=names(pairs(metadata)),
    )
    return (event,)


def _usage(asked: _Input, answered: _Output) -> Usage:
    return exclusive(
        asked.inputTokenCount,
        answered.outputTokenCount,
        read=asked.cacheReadInputTokenCount,
        written=_written(asked.cacheWriteInputTokenCount or 0, bytes(answered.outputBodyJson)),
    )


def _written(whole: int, body: bytes) -> Written:
    """What was written to the cache, by lifetime where the body says it and says the same amount."""
    if not whole:
        return Written()
    try:
        decoded = _decode_body(body)
    except msgspec.MsgspecError:  # a stream's body is a list of chunks
        return Written(unsaid=whole)
    said = decoded.usage if decoded else None
    if said is None:
        return Written(unsaid=whole)
    for_5m, for_1h = _lifetimes(said)
    return (
        Written(for_5m, for_1h, max(0, whole - for_5m - for_1h)) if for_5m + for_1h <= whole else Written(unsaid=whole)
    )


def _lifetimes(said: _BodyUsage) -> tuple[int, int]:
    """As Converse and as Anthropic's own body write them."""
    if said.cacheDetails is not None:
        by = {one.ttl: one.inputTokens or 0 for one in said.cacheDetails}
        return by.get("5m", 0), by.get("1h", 0)
    return lifetimes_of(said.cache_creation)


FORMAT = LineFormat(NAME, recognises, parse)
