"""LiteLLM's StandardLoggingPayload: one JSON object per attempt, written by callbacks and log shippers.

Source of the format: `litellm/types/utils.py` (StandardLoggingPayload) of LiteLLM 1.109. Counts are normalised by
LiteLLM for every provider: `prompt_tokens` contains cache reads and writes, `completion_tokens` contains reasoning.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

from collectors.door import cut, milliseconds, reported_nano
from collectors.formats.format import LineFormat
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "litellm.slp"

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
"""Four thousand million tokens in one request are no request."""


class _Lifetimes(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None
    ephemeral_30m_input_tokens: Count | None = None
    ephemeral_12h_input_tokens: Count | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cache_creation_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_creation_token_details: _Lifetimes | None = None
    audio_tokens: Count | None = None
    web_search_requests: Count | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None


class _ServerTools(msgspec.Struct, gc=False):
    web_search_requests: Count | None = None


class _UsageObject(msgspec.Struct, gc=False):
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    server_tool_use: _ServerTools | None = None
    speed: str | None = None


class _Metadata(msgspec.Struct, gc=False):
    user_api_key_alias: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_team_id: str | None = None
    user_api_key_org_alias: str | None = None
    user_api_key_org_id: str | None = None
    usage_object: _UsageObject | None = None


class _CostBreakdown(msgspec.Struct, gc=False):
    service_tier: str | None = None


class _Parameters(msgspec.Struct, gc=False):
    service_tier: str | None = None


class _Error(msgspec.Struct, gc=False):
    error_class: str | None = None


class Payload(msgspec.Struct, gc=False):
    """The fields that are read; prompts and answers are skipped without being decoded."""

    id: str
    status: str
    startTime: float  # noqa: N815 - LiteLLM's own name
    endTime: float | None = None  # noqa: N815 - LiteLLM's own name
    completionStartTime: float | None = None  # noqa: N815 - LiteLLM's own name
    litellm_call_id: str | None = None
    trace_id: str | None = None
    call_type: str | None = None
    stream: bool | None = None
    cache_hit: bool | None = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    response_cost: Decimal | None = None
    metadata: _Metadata | None = None
    cost_breakdown: _CostBreakdown | None = None
    model_parameters: _Parameters | None = None
    error_information: _Error | None = None


_decode = msgspec.json.Decoder(Payload).decode

_NO_METADATA = _Metadata()
_NO_USAGE = _UsageObject()
_NO_PROMPT = _PromptDetails()
_NO_COMPLETION = _CompletionDetails()
_DISCONNECTED = "ClientDisconnected"


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a payload."""
    return "model_map_information" in keys or {"response_cost", "startTime", "status"} <= keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One line as its event; raises msgspec.MsgspecError or ValueError when it is not a payload."""
    return (event_from(_decode(line)),)


def event_from(payload: Payload) -> UsageEvent:
    """A decoded payload as an event, in disjoint token classes."""
    metadata = payload.metadata or _NO_METADATA
    ended = payload.startTime if payload.endTime is None else payload.endTime
    usage = _usage(payload, metadata.usage_object or _NO_USAGE)
    error = payload.error_information.error_class if payload.error_information else None
    first = payload.completionStartTime if payload.stream else None
    cost = payload.response_cost
    return UsageEvent(
        id=payload.id,
        call_id=payload.litellm_call_id or None,
        trace_id=payload.trace_id or None,
        ended_at_ms=milliseconds(ended),
        duration_ms=_elapsed_ms(payload.startTime, ended),
        first_token_ms=None if first is None or first >= ended else _elapsed_ms(payload.startTime, first),
        provider=cut(payload.custom_llm_provider),
        model=cut(payload.model),
        deployment=cut(payload.model_group),
        tenant=cut(
            metadata.user_api_key_team_alias
            or metadata.user_api_key_team_id
            or metadata.user_api_key_org_alias
            or metadata.user_api_key_org_id
        ),
        key=cut(metadata.user_api_key_alias),
        call_type=cut(payload.call_type),
        outcome=_outcome(payload, error),
        usage=usage,
        usage_missing=payload.status == "success" and usage == NOTHING,
        variant=_variant(payload, metadata),
        reported_nano_usd=None if cost is None else reported_nano(cost),
        error=cut(error) if error else None,
    )


def _outcome(payload: Payload, error: str | None) -> Outcome:
    if payload.cache_hit:
        return Outcome.CACHE
    if payload.status != "success":
        return Outcome.ERROR
    return Outcome.CUT if error == _DISCONNECTED else Outcome.OK


def _usage(payload: Payload, reported: _UsageObject) -> Usage:
    """Split the prompt into its classes; the cache counts are mirrored in several places, so the first one counts."""
    prompt, output = payload.prompt_tokens or 0, payload.completion_tokens or 0
    if not prompt and not output:
        return NOTHING
    inside = reported.prompt_tokens_details or _NO_PROMPT
    outside = reported.completion_tokens_details or _NO_COMPLETION
    read = reported.cache_read_input_tokens or inside.cached_tokens or 0
    written = reported.cache_creation_input_tokens or inside.cache_creation_tokens or inside.cache_write_tokens or 0
    lifetimes = _lifetimes(written, inside.cache_creation_token_details)
    written = sum(lifetimes)
    if read + written > prompt:
        # This source follows the convention in which the prompt leaves the cache out.
        prompt += read + written
    units, audio_in, audio_out = _units(reported, inside, outside)
    return Usage(
        prompt - read - written - audio_in,
        read,
        *lifetimes,
        output - audio_out,
        min(outside.reasoning_tokens or 0, output - audio_out),
        units,
    )


def _lifetimes(written: int, split: _Lifetimes | None) -> tuple[int, int, int, int, int]:
    """Cache writes by lifetime, and after them those of which none is said."""
    if split is None:
        return 0, 0, 0, 0, written
    said = (
        split.ephemeral_5m_input_tokens or 0,
        split.ephemeral_1h_input_tokens or 0,
        split.ephemeral_30m_input_tokens or 0,
        split.ephemeral_12h_input_tokens or 0,
    )
    return *said, max(0, written - sum(said))


def _units(
    reported: _UsageObject, inside: _PromptDetails, outside: _CompletionDetails
) -> tuple[tuple[tuple[str, int], ...], int, int]:
    """What is billed beside text tokens, and how many tokens of it stand inside the prompt and the answer."""
    searches = inside.web_search_requests or 0
    if reported.server_tool_use is not None:
        searches = reported.server_tool_use.web_search_requests or searches
    audio_in, audio_out = inside.audio_tokens or 0, outside.audio_tokens or 0
    if not (searches or audio_in or audio_out):
        return (), 0, 0
    named = (("input_audio_tokens", audio_in), ("output_audio_tokens", audio_out), ("web_searches", searches))
    return tuple(unit for unit in named if unit[1]), audio_in, audio_out


def _variant(payload: Payload, metadata: _Metadata) -> str:
    """The service tier that was billed, as the breakdown says, else as it was asked for."""
    if metadata.usage_object is not None and metadata.usage_object.speed == "fast":
        return "fast"
    breakdown = payload.cost_breakdown
    if breakdown is not None and breakdown.service_tier:
        return breakdown.service_tier
    parameters = payload.model_parameters
    return parameters.service_tier or "" if parameters is not None else ""


def _elapsed_ms(start: float, end: float) -> int:
    return max(0, round((end - start) * 1000))


FORMAT = LineFormat(NAME, recognises, parse)
