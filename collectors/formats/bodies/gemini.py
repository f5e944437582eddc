"""Answers of Gemini's generateContent, from the Gemini API or Vertex AI, in the REST or the Python spelling.

Source of the format: `GenerateContentResponseUsageMetadata` in googleapis/python-genai. The total is prompt,
candidates, tool-use prompt and thoughts; cached tokens are in the prompt. Searches are billed as the price page says
(ai.google.dev/gemini-api/docs/pricing).
"""

import re
from typing import Any

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.bodies.openai_usage import modal_units, with_units
from collectors.formats.bodies.pieces import Piece, pieces_format
from collectors.formats.doubts import CONVENTION, MISMATCH, note
from collectors.formats.litellm import Count
from collectors.formats.modality import Modal, all_units, of_prompt
from pricing.usage import NOTHING, Usage
from store.facts import UsageEvent

NAME = "gemini.generate"

_AUDIO, _IMAGE, _VIDEO = "AUDIO", "IMAGE", "VIDEO"
_UNSPECIFIED = "unspecified"
_TRAFFIC = {
    "ON_DEMAND": "",
    "ON_DEMAND_PRIORITY": "priority",
    "ON_DEMAND_FLEX": "flex",
    "ON_DEMAND_OFFPEAK": "offpeak",
    "PROVISIONED_THROUGHPUT": "provisioned",
}


class _Modality(msgspec.Struct, gc=False):
    modality: str | None = None
    token_count: Count | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_token_count: Count | None = None
    cached_content_token_count: Count | None = None
    candidates_token_count: Count | None = None
    response_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    tool_use_prompt_token_count: Count | None = None
    total_token_count: Count | None = None
    prompt_tokens_details: list[_Modality] | None = None
    cache_tokens_details: list[_Modality] | None = None
    candidates_tokens_details: list[_Modality] | None = None
    response_tokens_details: list[_Modality] | None = None
    traffic_type: str | None = None
    service_tier: str | None = None


class _Grounding(msgspec.Struct, gc=False, rename="camel"):
    web_search_queries: list[str] | None = None


class _Candidate(msgspec.Struct, gc=False, rename="camel"):
    finish_reason: str | None = None
    grounding_metadata: _Grounding | None = None


class _SnakeGrounding(msgspec.Struct, gc=False):
    web_search_queries: list[str] | None = None


class _SnakeCandidate(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    grounding_metadata: _SnakeGrounding | None = None


class _Body(msgspec.Struct, gc=False, rename="camel"):
    usage_metadata: dict[str, Any]
    response_id: str | None = None
    model_version: str | None = None
    service_tier: str | None = None
    candidates: list[_Candidate] | None = None


class _SnakeBody(msgspec.Struct, gc=False):
    usage_metadata: dict[str, Any]
    response_id: str | None = None
    model_version: str | None = None
    service_tier: str | None = None
    candidates: list[_SnakeCandidate] | None = None


_decode = msgspec.json.Decoder(_Body).decode
_decode_snake = msgspec.json.Decoder(_SnakeBody).decode
_BILLED_BY_PROMPT = re.compile(r"gemini-[12]\b")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such an answer."""
    return "usageMetadata" in keys or "usage_metadata" in keys


def _read(line: bytes) -> Piece:
    """One body, or a piece of a stream, whose counts are not whole before the last.

    Raises msgspec.MsgspecError or ValueError for a body of another kind.
    """
    body = _decoded(line)
    is_last = not body.candidates or any(candidate.finish_reason for candidate in body.candidates)
    return Piece(body.response_id or "", lambda: _event(body, line), is_last, tells_usage=True)


def _event(body: _Body | _SnakeBody, line: bytes) -> UsageEvent:
    said = msgspec.convert(_snaked(body.usage_metadata), _Usage)
    usage = with_units(_usage(said), ("web_searches", _searches(body)))
    tier = said.traffic_type or said.service_tier or body.service_tier or ""
    return UsageEvent(
        id=own_id(body.response_id, line),
        ended_at_ms=RECEIVED_NOW,
        provider="vertex_ai" if said.traffic_type else "gemini",
        model=cut(body.model_version),
        call_type="generate_content",
        usage=usage,
        usage_missing=usage == NOTHING and said.total_token_count is None,
        variant="" if tier.lower().endswith(_UNSPECIFIED) else _TRAFFIC.get(tier, tier),
    )


def _searches(body: _Body | _SnakeBody) -> int:
    """Searches that are billed: each different query, and up to Gemini 2.5 one for all of a prompt's."""
    grounded = (candidate.grounding_metadata for candidate in body.candidates or ())
    asked = {query for grounding in grounded if grounding for query in grounding.web_search_queries or () if query}
    return min(len(asked), 1) if _BILLED_BY_PROMPT.search(body.model_version or "") else len(asked)


def _decoded(line: bytes) -> _Body | _SnakeBody:
    try:
        return _decode(line)
    except msgspec.ValidationError:
        return _decode_snake(line)


def _snaked(value: object) -> object:
    """The same object with the names that the Python library gives its keys."""
    if isinstance(value, dict):
        return {_HUMP.sub("_", key).lower(): _snaked(item) for key, item in value.items()}
    return [_snaked(item) for item in value] if isinstance(value, list) else value


def _usage(said: _Usage) -> Usage:
    prompt, read = said.prompt_token_count or 0, said.cached_content_token_count or 0
    tools, thoughts = said.tool_use_prompt_token_count or 0, said.thoughts_token_count or 0
    answered = said.candidates_token_count
    candidates = (said.response_token_count if answered is None else answered) or 0
    if not prompt and not candidates and not thoughts:
        return NOTHING
    output = candidates + thoughts
    if thoughts and prompt + candidates + tools == said.total_token_count:
        output = candidates  # a few answers count their thoughts among the candidates
    if read > prompt:
        note(CONVENTION)
    fresh = (prompt if read > prompt else prompt - read) + tools
    audio_in, heard_and_seen = of_prompt(
        fresh,
        read,
        audio=_asked(_AUDIO, said),
        image=_asked(_IMAGE, said),
        video=_asked(_VIDEO, said),
    )
    made = said.response_tokens_details if said.candidates_tokens_details is None else said.candidates_tokens_details
    audio_out, image_out, video_out = (_of(modality, made) for modality in (_AUDIO, _IMAGE, _VIDEO))
    if audio_out + image_out + video_out > output:
        note(MISMATCH)
        audio_out = image_out = video_out = 0
    text_out = output - audio_out - image_out - video_out
    return Usage(
        input_tokens=fresh - audio_in,
        cache_read_tokens=read,
        output_tokens=text_out,
        reasoning_tokens=min(thoughts, text_out),
        units=all_units(
            heard_and_seen, modal_units(output_audio=audio_out, output_image=image_out, output_video=video_out)
        ),
    )


def _asked(modality: str, said: _Usage) -> Modal:
    """What was asked with, of one modality: the cache is in the prompt, and told apart or not."""
    cached = said.cache_tokens_details
    return Modal(_of(modality, said.prompt_tokens_details), None if cached is None else _of(modality, cached))


def _of(modality: str, details: list[_Modality] | None) -> int:
    return sum(one.token_count or 0 for one in details or () if one.modality == modality)


FORMAT = pieces_format(NAME, recognises, _read)
parse = FORMAT.parse
