"""Answers of OpenAI's Responses API (and of Azure's and xAI's), bare or in the last event of their stream.

Source of the format: the OpenAI OpenAPI document. Cached tokens and cache writes are in `input_tokens`, reasoning is in
`output_tokens`. Searches are billed by the call, and stand only among the items of the answer.
"""

from collections import Counter
from decimal import Decimal

import msgspec

from collectors.door import cut, reported_nano
from collectors.formats.bodies.body import ended_ms, own_id
from collectors.formats.bodies.chat import NO_CACHED, TICKS_PER_USD, CachedDetails, Ticks
from collectors.formats.bodies.openai_usage import Counts, openai_usage, with_units
from collectors.formats.bodies.pieces import Piece, pieces_format
from collectors.formats.format import NotUsageError
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "openai.responses"

_ABSENT = msgspec.Raw(b"null")


class _Lifetimes(msgspec.Struct, gc=False):
    ttl_30m_tokens: Count | None = None
    ttl_12h_tokens: Count | None = None


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_write_tokens_details: _Lifetimes | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    cached_tokens_details: CachedDetails | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: Count | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens: Count | None = None
    output_tokens_details: _OutputDetails | None = None
    total_tokens: Count | None = None
    cost_in_usd_ticks: Ticks | None = None


class _Error(msgspec.Struct, gc=False):
    code: str | None = None


class _Item(msgspec.Struct, gc=False):
    type: str | None = None
    action: msgspec.Raw = _ABSENT


class _Action(msgspec.Struct, gc=False):
    type: str | None = None


class _Answer(msgspec.Struct, gc=False):
    id: str | None = None
    object: str | None = None
    created_at: float | None = None
    completed_at: float | None = None
    status: str | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: _Usage | None = None
    error: _Error | None = None
    output: msgspec.Raw = _ABSENT


class _Body(_Answer, gc=False):
    type: str | None = None
    response: _Answer | None = None


_decode = msgspec.json.Decoder(_Body).decode
_decode_items = msgspec.json.Decoder(list[_Item] | None).decode
_decode_action = msgspec.json.Decoder(_Action | None).decode
_NO_INPUT = _InputDetails()
_NO_OUTPUT = _OutputDetails()
_UNFINISHED = frozenset({"queued", "in_progress"})
_OUTCOMES = {"failed": Outcome.ERROR, "cancelled": Outcome.CUT}
_WEB_SEARCH, _SEARCH = "web_search_call", "search"
_CALLS = {_WEB_SEARCH: "web_searches", "file_search_call": "storage_searches"}
"""Calls of tools that are billed one by one."""


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an answer, or an event of a stream that may carry one."""
    return {"object", "output", "status"} <= keys or {"type", "sequence_number"} <= keys


def _read(line: bytes) -> Piece | None:
    """One answer, bare or in an event of its stream; None while it goes on in the background, since it is repeated at
    every look, and for the pieces of a stream.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    body = _decode(line)
    if body.response is None and body.object is None and _is_piece(body.type):
        return None
    answer = body.response or body
    if answer.object != "response":
        raise NotUsageError("no answer of the Responses API")
    is_open = answer.status in _UNFINISHED
    if is_open and body.response is None:
        return None
    return Piece(answer.id or "", lambda: _event(answer, line), is_last=not is_open)


def _is_piece(kind: str | None) -> bool:
    """Whether an event of a stream is one without an answer: a piece of it, or an error that the answer repeats."""
    return kind is not None and (kind.startswith("response.") or kind in ("error", "keepalive"))


def _event(answer: _Answer, line: bytes) -> UsageEvent:
    said = answer.usage
    usage = NOTHING if said is None else _usage(said, bytes(answer.output))
    outcome = _OUTCOMES.get(answer.status or "", Outcome.OK)
    ticks = said.cost_in_usd_ticks if said else None
    return UsageEvent(
        id=own_id(answer.id, line),
        ended_at_ms=ended_ms(answer.completed_at or answer.created_at),
        provider=None if ticks is None else "xai",
        model=cut(answer.model),
        call_type="responses",
        outcome=outcome,
        usage=usage,
        usage_missing=not outcome.failed and usage == NOTHING and (said is None or said.total_tokens is None),
        variant=answer.service_tier or "",
        reported_nano_usd=None if ticks is None else reported_nano(Decimal(ticks) / TICKS_PER_USD),
        error=cut(answer.error.code) if outcome.failed and answer.error else None,
    )


def _usage(said: _Usage, output: bytes) -> Usage:
    inside = said.input_tokens_details or _NO_INPUT
    outside = said.output_tokens_details or _NO_OUTPUT
    lifetimes = inside.cache_write_tokens_details or _Lifetimes()
    cached = inside.cached_tokens_details or NO_CACHED
    usage = openai_usage(
        Counts(
            prompt=said.input_tokens,
            completion=said.output_tokens,
            total=said.total_tokens,
            cached=inside.cached_tokens,
            written=inside.cache_write_tokens,
            written_30m=lifetimes.ttl_30m_tokens,
            written_12h=lifetimes.ttl_12h_tokens,
            reasoning=outside.reasoning_tokens,
            input_audio=inside.audio_tokens,
            output_audio=outside.audio_tokens,
            output_image=outside.image_tokens,
            input_image=inside.image_tokens,
            cached_audio=cached.audio_tokens,
            cached_image=cached.image_tokens,
        )
    )
    return with_units(usage, *_calls(output).items())


def _calls(output: bytes) -> Counter[str]:
    """The calls of billed tools among the items of an answer; of what a web search does only searching is billed."""
    try:
        items = _decode_items(output) or ()
    except msgspec.MsgspecError:
        return Counter()
    return Counter(_CALLS[item.type] for item in items if item.type in _CALLS and not _only_reads(item))


def _only_reads(item: _Item) -> bool:
    if item.type != _WEB_SEARCH:
        return False
    try:
        action = _decode_action(item.action)
    except msgspec.MsgspecError:
        return False
    return action is not None and action.type not in (None, _SEARCH)


FORMAT = pieces_format(NAME, recognises, _read)
parse = FORMAT.parse
