"""Bifrost's table `logs` as JSON, from a query of its database or from its HTTP API.

Source of the format: `framework/logstore/tables.go` of maximhq/bifrost. The prompt contains reads and writes of the cache.
A row begins as `processing` and is updated in place; the names of counts in the API's description differ from the table's.
"""

from decimal import Decimal

import msgspec

from collectors.door import cut, duration, names, reported_nano, text_milliseconds
from collectors.formats.bodies.openai_usage import Counts, openai_usage, with_units
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import inclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "bifrost.logs"


class _Lifetimes(msgspec.Struct, gc=False):
    cached_write_tokens_5m: Count | None = None
    cached_write_tokens_1h: Count | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_read_tokens: Count | None = None
    cached_tokens: Count | None = None
    cached_write_tokens: Count | None = None
    cached_write_token_details: _Lifetimes | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    num_search_queries: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _CacheDebug(msgspec.Struct, gc=False):
    cache_hit: bool | None = None


class _Row(msgspec.Struct, gc=False):
    id: str
    timestamp: str
    object_type: str | None
    parent_request_id: str | None = None
    fallback_index: int | None = None
    provider: str | None = None
    model: str | None = None
    alias: str | None = None
    virtual_key_name: str | None = None
    team_id: str | None = None
    customer_id: str | None = None
    user_id: str | None = None
    latency: float | None = None
    token_usage: _Usage | str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_read_tokens: Count | None = None
    cost: Decimal | None = None
    cache_debug: _CacheDebug | str | None = None
    status: str | None = None


_decode = msgspec.json.Decoder(_Row).decode
_decode_usage = msgspec.json.Decoder(_Usage | None).decode
_decode_debug = msgspec.json.Decoder(_CacheDebug | None).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a row of the log."""
    return {"token_usage", "object_type"} <= keys


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One row as its event; nothing while the request is under way."""
    row = _decode(line)
    if row.status == "processing":
        return ()
    outcome = _outcome(row)
    usage = _usage(row)
    took_ms = duration(row.latency)
    event = UsageEvent(
        id=row.id,
        # A fallback is an attempt of the call that its parent began, which is known by its own id.
        call_id=row.parent_request_id if row.fallback_index and row.parent_request_id else row.id,
        trace_id=row.parent_request_id or None,
        ended_at_ms=text_milliseconds(row.timestamp) + (took_ms or 0),
        duration_ms=took_ms,
        provider=cut(row.provider),
        model=cut(row.model),
        deployment=cut(row.alias),
        tenant=cut(row.team_id or row.customer_id),
        key=cut(row.virtual_key_name),
        call_type=cut(row.object_type),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is Outcome.OK and usage == NOTHING,
        reported_nano_usd=None if row.cost is None else reported_nano(row.cost),
        error="error" if outcome is Outcome.ERROR else None,
        user=cut(row.user_id),
        tags=names((f"customer:{row.customer_id}",)) if row.customer_id and row.team_id else (),
    )
    return (event,)


def _outcome(row: _Row) -> Outcome:
    """An answer from the gateway's own cache repeats the counts of the first one."""
    debug = row.cache_debug
    if isinstance(debug, str):
        debug = _decode_debug(debug) if debug else None
    if debug is not None and debug.cache_hit:
        return Outcome.CACHE
    return Outcome.ERROR if row.status == "error" else Outcome.OK


def _usage(row: _Row) -> Usage:
    """The detailed usage, else the columns that repeat its sums."""
    said = row.token_usage
    if isinstance(said, str):
        said = _decode_usage(said) if said else None
    if said is None:
        return inclusive(row.prompt_tokens, row.completion_tokens, read=row.cached_read_tokens)
    inside = said.prompt_tokens_details or _PromptDetails()
    outside = said.completion_tokens_details or _OutputDetails()
    lifetimes = inside.cached_write_token_details or _Lifetimes()
    usage = openai_usage(
        Counts(
            prompt=said.input_tokens if said.prompt_tokens is None else said.prompt_tokens,
            completion=said.output_tokens if said.completion_tokens is None else said.completion_tokens,
            total=said.total_tokens,
            cached=inside.cached_read_tokens or inside.cached_tokens,
            written=inside.cached_write_tokens,
            written_5m=lifetimes.cached_write_tokens_5m,
            written_1h=lifetimes.cached_write_tokens_1h,
            reasoning=outside.reasoning_tokens,
            input_audio=inside.audio_tokens,
            output_audio=outside.audio_tokens,
            output_image=outside.image_tokens,
            input_image=inside.image_tokens,
        )
    )
    return with_units(usage, ("web_searches", outside.num_search_queries or 0))


FORMAT = LineFormat(NAME, recognises, parse)
