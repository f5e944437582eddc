"""TensorZero's table `ModelInference` as JSON lines (`FORMAT JSONEachRow`), alone or joined with its inference's tags.

Source of the format: `docs/gateway/data-model.mdx` of tensorzero/tensorzero. Input contains tokens of the cache. Counts of
the cache and the cost are columns of newer versions. Do not export `ModelInferenceCache`: it repeats the counts.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from collectors.door import cut, duration, milliseconds, names, pairs, reported_nano, text_milliseconds
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import Written, inclusive
from store.facts import Outcome, UsageEvent

NAME = "tensorzero.clickhouse"

_UUID7 = 7
_TIME_SHIFT = 80
"""The upper 48 of a version 7 UUID's 128 bits are epoch milliseconds."""


class _Row(msgspec.Struct, gc=False):
    id: UUID
    model_provider_name: str | None
    inference_id: str | None = None
    model_name: str | None = None
    function_name: str | None = None
    episode_id: str | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    provider_cache_read_input_tokens: Count | None = None
    provider_cache_write_input_tokens: Count | None = None
    cost: Decimal | None = None
    response_time_ms: int | None = None
    ttft_ms: int | None = None
    timestamp: str | None = None
    cached: bool | None = None
    tags: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Row).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a model inference."""
    return "model_provider_name" in keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One row as its event."""
    row = _decode(line)
    usage = inclusive(
        row.input_tokens,
        row.output_tokens,
        read=row.provider_cache_read_input_tokens,
        written=Written(unsaid=row.provider_cache_write_input_tokens),
    )
    event = UsageEvent(
        id=str(row.id),
        trace_id=row.inference_id or None,
        ended_at_ms=_at_ms(row),
        duration_ms=duration(row.response_time_ms),
        first_token_ms=duration(row.ttft_ms),
        provider=cut(row.model_provider_name),
        model=cut(row.model_name),
        call_type=cut(row.function_name),
        outcome=Outcome.CACHE if row.cached else Outcome.OK,
        usage=usage,
        usage_missing=not row.cached and row.input_tokens is None and row.output_tokens is None,
        reported_nano_usd=None if row.cost is None else reported_nano(row.cost),
        session=cut(row.episode_id),
        tags=names(pairs(row.tags or {})),
    )
    return (event,)


def _at_ms(row: _Row) -> int:
    """When the row was made; without its time, what its id says."""
    if row.timestamp:
        return text_milliseconds(row.timestamp)
    if row.id.version != _UUID7:
        raise ValueError("a record without a time")
    return milliseconds(row.id.int >> _TIME_SHIFT)


FORMAT = LineFormat(NAME, recognises, parse)
