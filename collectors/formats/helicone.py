"""Requests of Helicone, as its query API and its export write them.

Source of the format: REST reference and `packages/cost/usage` of Helicone/helicone. Counts of the cache and of sound stand
beside the prompt's and the completion's. Whether that holds for every provider and date is not documented, so its own cost is kept as reported.
"""

from decimal import Decimal
from typing import Any

import msgspec

from collectors.door import cut, duration, names, pairs, reported_nano, text_milliseconds
from collectors.formats.bodies.openai_usage import modal_units, with_units
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import Written, exclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "helicone.request"

_NOT_CACHED = "00000000-0000-0000-0000-000000000000"


class _Request(msgspec.Struct, gc=False):
    request_id: str
    request_created_at: str
    response_created_at: str | None = None
    response_status: int | None = None
    request_model: str | None = None
    response_model: str | None = None
    model: str | None = None
    provider: str | None = None
    request_user_id: str | None = None
    request_properties: dict[str, Any] | None = None
    delay_ms: int | None = None
    time_to_first_token: int | None = None
    prompt_tokens: Count | None = None
    prompt_cache_read_tokens: Count | None = None
    prompt_cache_write_tokens: Count | None = None
    prompt_audio_tokens: Count | None = None
    completion_tokens: Count | None = None
    completion_audio_tokens: Count | None = None
    costUSD: Decimal | None = None  # noqa: N815 - the format's own name
    cost: Decimal | None = None
    cache_reference_id: str | None = None


_decode = msgspec.json.Decoder(_Request).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a request of Helicone."""
    return {"request_id", "request_created_at"} <= keys


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One request as its event; nothing while it is under way and has used nothing."""
    row = _decode(line)
    usage = _usage(row)
    outcome = _outcome(row)
    if outcome is Outcome.CUT and usage == NOTHING:
        return ()
    started_ms = text_milliseconds(row.request_created_at)
    took_ms = duration(row.delay_ms)
    cost = row.cost if row.costUSD is None else row.costUSD
    event = UsageEvent(
        id=row.request_id,
        ended_at_ms=_ended_ms(row, started_ms, took_ms),
        duration_ms=took_ms,
        first_token_ms=duration(row.time_to_first_token),
        provider=cut(row.provider),
        model=cut(row.response_model or row.model or row.request_model),
        deployment=cut(row.request_model),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is Outcome.OK and usage == NOTHING,
        reported_nano_usd=0 if outcome is Outcome.CACHE else None if cost is None else reported_nano(cost),
        error=f"HTTP {row.response_status}" if outcome is Outcome.ERROR else None,
        user=cut(row.request_user_id),
        tags=names(pairs(row.request_properties or {})),
    )
    return (event,)


def _usage(row: _Request) -> Usage:
    """The counts, none of which contains another."""
    usage = exclusive(
        row.prompt_tokens,
        row.completion_tokens,
        read=row.prompt_cache_read_tokens,
        written=Written(unsaid=row.prompt_cache_write_tokens),
    )
    sound = modal_units(input_audio=row.prompt_audio_tokens or 0, output_audio=row.completion_audio_tokens or 0)
    return with_units(usage, *sound)


def _ended_ms(row: _Request, started_ms: int, took_ms: int | None) -> int:
    if row.response_created_at:
        return text_milliseconds(row.response_created_at)
    return started_ms + (took_ms or 0)


def _outcome(row: _Request) -> Outcome:
    """Negative states are Helicone's own: pending, cancelled, refused before the provider was asked."""
    if row.cache_reference_id not in (None, "", _NOT_CACHED):
        return Outcome.CACHE
    status = row.response_status
    if status is None or 200 <= status < 300:
        return Outcome.OK
    return Outcome.CUT if status < 0 else Outcome.ERROR


FORMAT = LineFormat(NAME, recognises, parse)
