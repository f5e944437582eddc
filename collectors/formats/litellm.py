"""LiteLLM's StandardLoggingPayload: one JSON object per attempt, written by callbacks and log shippers.

Source of the format: `litellm/types/utils.py` (StandardLoggingPayload) of LiteLLM 1.109. Counts are normalised by
LiteLLM for every provider: `prompt_tokens` contains cache reads and writes, `completion_tokens` contains reasoning.
"""

from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Annotated

import msgspec

from collectors.door import cut, milliseconds, names, reported_nano
from collectors.formats.doubts import CAPPED, CONVENTION, note
from collectors.formats.format import LineFormat
from collectors.formats.modality import Modal, Units, all_units, of_prompt
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "litellm.slp"

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
"""Four thousand million tokens in one request are no request."""


_NO_TAGS = msgspec.Raw(b"[]")
_UNSAID = msgspec.Raw(b"null")


class _Lifetimes(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None
    ephemeral_30m_input_tokens: Count | None = None
    ephemeral_12h_input_tokens: Count | None = None


class _CachedDetails(msgspec.Struct, gc=False):
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cache_creation_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_creation_token_details: _Lifetimes | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    video_tokens: Count | None = None
    cached_tokens_details: _CachedDetails | None = None
    web_search_requests: Count | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _ServerTools(msgspec.Struct, gc=False):
    web_search_requests: Count | None = None


class UsageObject(msgspec.Struct, gc=False):
    """What the provider said that the call used, as LiteLLM normalises it."""

    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    server_tool_use: _ServerTools | None = None
    speed: str | None = None
    inference_geo: str | None = None


class Metadata(msgspec.Struct, gc=False):
    """Who asked, and the details of the usage; a database row carries the same."""

    user_api_key_alias: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_team_id: str | None = None
    user_api_key_org_alias: str | None = None
    user_api_key_org_id: str | None = None
    user_api_key_user_id: str | None = None
    user_api_key_end_user_id: str | None = None
    usage_object: UsageObject | None = None


class CostBreakdown(msgspec.Struct, gc=False):
    """The basis of the price; its amounts are not read, since the whole cost stands beside it."""

    service_tier: str | None = None


class Parameters(msgspec.Struct, gc=False):
    """What the caller asked for."""

    service_tier: str | None = None


class ErrorInformation(msgspec.Struct, gc=False):
    """Why a call failed."""

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
    session_id: str | None = None
    end_user: str | None = None
    request_tags: msgspec.Raw = _NO_TAGS
    call_type: str | None = None
    stream: bool | None = None
    cache_hit: bool | None = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    response_cost: msgspec.Raw = _UNSAID
    saved_cache_cost: msgspec.Raw = _UNSAID
    metadata: Metadata | None = None
    cost_breakdown: CostBreakdown | None = None
    model_parameters: Parameters | None = None
    error_information: ErrorInformation | None = None


_decode = msgspec.json.Decoder(Payload).decode
_decode_tags = msgspec.json.Decoder(list[str] | None).decode
_decode_usd = msgspec.json.Decoder(Decimal | None).decode

_NO_METADATA = Metadata()
_NO_CACHED = _CachedDetails()
_NO_PROMPT = _PromptDetails()
_NO_COMPLETION = _CompletionDetails()
_SURE_NANO_USD, _SURELY_NEAREST = 1e12, 0.499
"""Below this a float's error is far less than what is missing here to a half."""
_KEPT_TAGS_BYTES = 1_000
_DISCONNECTED = "ClientDisconnected"
_HIT_MARK = "_cache_hit"
_AGENT_TAG = "User-Agent: "

BATCH = "batch"
BATCHES = frozenset({"aretrieve_batch", "retrieve_batch"})
"""Types of call under which a finished batch is logged, with what all of its requests used."""

US = "us"
"""Anthropic's inference in the United States alone, which has prices of its own."""


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
    usage = usage_of(payload.prompt_tokens, payload.completion_tokens, metadata.usage_object)
    error = payload.error_information.error_class if payload.error_information else None
    first = payload.completionStartTime if payload.stream else None
    # By position, which is four times as fast as by name.
    return UsageEvent(
        record_id(payload.id, payload.litellm_call_id) if payload.cache_hit else payload.id,
        milliseconds(ended),
        payload.litellm_call_id or None,
        payload.trace_id or None,
        _elapsed_ms(payload.startTime, ended),
        None if first is None or first >= ended else _elapsed_ms(payload.startTime, first),
        cut(payload.custom_llm_provider),
        cut(payload.model),
        cut(payload.model_group),
        tenant_of(metadata),
        cut(metadata.user_api_key_alias),
        cut(payload.call_type),
        outcome_of(payload.status, error, payload.cache_hit),
        usage,
        payload.status == "success" and usage == NOTHING,
        BATCH
        if payload.call_type in BATCHES
        else variant_of(metadata.usage_object, payload.cost_breakdown, payload.model_parameters),
        None if payload.response_cost is _UNSAID else _reported(bytes(payload.response_cost)),
        _saved(bytes(payload.saved_cache_cost)) if payload.cache_hit else None,
        cut(error) if error else None,
        cut(metadata.user_api_key_user_id),
        cut(payload.end_user) if payload.end_user else cut(metadata.user_api_key_end_user_id),
        cut(payload.session_id) if payload.session_id else None,
        () if payload.request_tags is _NO_TAGS else _tags_of(bytes(payload.request_tags)),
    )


def record_id(said: str, call_id: str | None) -> str:
    """The id of an answer from the gateway's cache as every view of it can say it.

    Each view ends it in `_cache_hit` and a time of its own; the call id tells the hits of one answer apart, so without
    one the tail stays.
    """
    return said.partition(_HIT_MARK)[0] if call_id else said


def tags_of(said: list[str]) -> tuple[str, ...]:
    """The tags of the caller, without those that LiteLLM makes of the client's name."""
    return names([tag for tag in said if not tag.startswith(_AGENT_TAG)])


def _tags_of(raw: bytes) -> tuple[str, ...]:
    """The same list of tags comes again and again, so it is decoded once; a long one is not kept."""
    return _known_tags(raw) if len(raw) <= _KEPT_TAGS_BYTES else _decoded_tags(raw)


def _decoded_tags(raw: bytes) -> tuple[str, ...]:
    return tags_of(_decode_tags(raw) or [])


_known_tags = lru_cache(maxsize=1_024)(_decoded_tags)


def tenant_of(metadata: Metadata) -> str | None:
    """The team, else the organisation."""
    return cut(
        metadata.user_api_key_team_alias
        or metadata.user_api_key_team_id
        or metadata.user_api_key_org_alias
        or metadata.user_api_key_org_id
    )


def outcome_of(status: str, error: str | None, from_cache: bool | None) -> Outcome:
    """How a call ended; a client that hung up is no failure, though LiteLLM names an error class."""
    if from_cache:
        return Outcome.CACHE
    if status != "success":
        return Outcome.ERROR
    return Outcome.CUT if error == _DISCONNECTED else Outcome.OK


def usage_of(prompt_tokens: int | None, completion_tokens: int | None, reported: UsageObject | None) -> Usage:
    """Split the prompt into its classes; the cache counts are mirrored in several places, so the first one counts."""
    prompt, output = prompt_tokens or 0, completion_tokens or 0
    if not prompt and not output:
        return NOTHING
    if reported is None:
        return Usage(prompt, 0, 0, 0, 0, 0, 0, output)
    inside = reported.prompt_tokens_details or _NO_PROMPT
    outside = reported.completion_tokens_details or _NO_COMPLETION
    read = reported.cache_read_input_tokens or inside.cached_tokens or 0
    written = reported.cache_creation_input_tokens or inside.cache_creation_tokens or inside.cache_write_tokens or 0
    lifetimes = _lifetimes(written, inside.cache_creation_token_details)
    written = sum(lifetimes)
    if read + written > prompt:
        if read > prompt or written > prompt:
            # This source follows the convention in which the prompt leaves the cache out.
            note(CONVENTION)
            prompt += read + written
        else:
            # OpenAI's writes are not adjusted by what of them was read.
            note(CAPPED)
            lifetimes = capped(lifetimes, prompt - read)
            written = prompt - read
    fresh = prompt - read - written
    units, audio_in, made = _units(reported, inside, outside, fresh, read, output)
    return Usage(
        fresh - audio_in,
        read,
        *lifetimes,
        output - made,
        min(outside.reasoning_tokens or 0, output - made),
        units,
    )


def capped(lifetimes: tuple[int, int, int, int, int], most: int) -> tuple[int, int, int, int, int]:
    """The same writes, no more than so many of them: those whose lifetime is not said go first."""
    kept = []
    for said in lifetimes:
        kept.append(min(said, most))
        most -= kept[-1]
    short, hour, half_hour, half_day, unsaid = kept
    return short, hour, half_hour, half_day, unsaid


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
    reported: UsageObject, inside: _PromptDetails, outside: _CompletionDetails, fresh: int, read: int, output: int
) -> tuple[tuple[tuple[str, int], ...], int, int]:
    """What is no plain text, and how many tokens of it stand beside the fresh prompt and the answer."""
    searches = inside.web_search_requests or 0
    if reported.server_tool_use is not None:
        searches = reported.server_tool_use.web_search_requests or searches
    audio_in, audio_out, image_out = inside.audio_tokens or 0, outside.audio_tokens or 0, outside.image_tokens or 0
    seen = inside.image_tokens or inside.video_tokens or inside.cached_tokens_details
    if not (searches or audio_in or audio_out or image_out or seen):
        return (), 0, 0
    audio_in, heard_and_seen = _heard_and_seen(inside, fresh, read)
    # An answer has no more of anything than it has tokens.
    audio_out = min(audio_out, output)
    image_out = min(image_out, output - audio_out)
    named = (("output_audio_tokens", audio_out), ("output_image_tokens", image_out), ("web_searches", searches))
    beside = tuple(unit for unit in named if unit[1])
    return all_units(heard_and_seen, beside), audio_in, audio_out + image_out


def _heard_and_seen(inside: _PromptDetails, fresh: int, read: int) -> tuple[int, Units]:
    """Of Gemini's prompts LiteLLM says what was not cached, of OpenAI's all of it, and of which what is cached."""
    cached = inside.cached_tokens_details or _NO_CACHED
    return of_prompt(
        fresh,
        read,
        audio=Modal(inside.audio_tokens, cached.audio_tokens),
        image=Modal(inside.image_tokens, cached.image_tokens),
        video=Modal(inside.video_tokens),
    )


def variant_of(reported: UsageObject | None, breakdown: CostBreakdown | None, asked: Parameters | None = None) -> str:
    """What was billed: by speed, by the service tier of the breakdown or the one asked for, and by where the model ran."""
    tier = ""
    if reported is not None and reported.speed == "fast":
        tier = "fast"
    elif breakdown is not None and breakdown.service_tier:
        tier = breakdown.service_tier
    elif asked is not None:
        tier = asked.service_tier or ""
    return in_us(tier) if reported is not None and reported.inference_geo == US else tier


def in_us(tier: str) -> str:
    """The price of a tier where inference stays in the United States."""
    return US if tier in ("", "standard") else f"{tier}-{US}"


def _reported(raw: bytes) -> int | None:
    """What the gateway says that the call cost. Where a float says surely which nano-dollar is nearest, it decides: that
    is quicker than a Decimal, and no other."""
    try:
        nano_usd = float(raw) * 1e9
    except ValueError:
        nano_usd = inf
    if 0 <= nano_usd < _SURE_NANO_USD and abs(nano_usd - (nearest := round(nano_usd))) < _SURELY_NEAREST:
        return nearest
    usd = _decode_usd(raw)
    return None if usd is None else reported_nano(usd)


def _saved(raw: bytes) -> int | None:
    """What an answer from the cache would have cost; nothing is what LiteLLM says where it knows no price."""
    try:
        saved = _decode_usd(raw)
        return reported_nano(saved) if saved is not None and saved > 0 else None
    except (msgspec.MsgspecError, ValueError, ArithmeticError):
        return None


def _elapsed_ms(start: float, end: float) -> int:
    return round((end - start) * 1000) if end > start else 0


FORMAT = LineFormat(NAME, recognises, parse)
