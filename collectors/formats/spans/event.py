"""What a span of one model call says, in disjoint token classes."""

import msgspec

from collectors.door import cut, reported_nano
from collectors.formats.bodies.openai_usage import billed_output, in_total, modal_units, whole_prompt
from collectors.formats.doubts import CONVENTION, note
from collectors.formats.litellm import UsageObject, record_id, usage_of
from collectors.formats.modality import Modal, all_units, of_prompt
from collectors.formats.spans import names
from collectors.formats.spans.span import Attributes, Span, count, decimal, text
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, Rank, UsageEvent

_TICKS_PER_USD = 10_000_000_000
_MOST_USD = 1_000_000
_NS_PER_MS = 1_000_000
_EARLIEST_MS = 100_000_000_000
_LEAVE_CACHE_OUT = ("anthropic.", "vertex.anthropic.", "amazon-bedrock")
_CACHE_HIT = "_cache_hit"

_decode_usage = msgspec.json.Decoder(UsageObject).decode


def event_from(span: Span) -> UsageEvent:
    """The event of one span; nothing in a span's attributes makes it unreadable, so nothing is raised."""
    said = span.attributes
    call_id, answer = text(said, names.CALL_ID), text(said, names.RESPONSE_ID)
    usage = _usage(said)
    ended_ms = _milliseconds(span.ended_ns)
    started_ms = _milliseconds(span.started_ns)
    return UsageEvent(
        id=record_id(answer, call_id) if call_id and answer else span.trace_id + span.span_id,
        call_id=call_id if answer else None,
        trace_id=span.trace_id or None,
        ended_at_ms=ended_ms,
        duration_ms=max(0, ended_ms - started_ms) if ended_ms and started_ms else None,
        provider=cut(_provider(said)),
        model=cut(text(said, names.MODEL)),
        deployment=cut(text(said, names.DEPLOYMENT)),
        tenant=cut(text(said, names.TEAM) or (None if call_id else text(said, names.SERVICE))),
        key=cut(text(said, names.KEY)),
        call_type=cut((call_id and text(said, names.REQUEST_TYPE)) or text(said, names.OPERATION)),
        outcome=_outcome(span, answer),
        usage=usage,
        usage_missing=not span.failed and usage == NOTHING and count(said, names.USAGE) is None,
        variant=(text(said, names.TIER) or "").lower(),
        reported_nano_usd=_reported(said),
        error=cut((text(said, names.ERROR) or "").rpartition(".")[2]) if span.failed else None,
        rank=Rank.SPAN,
        user=cut(text(said, names.USER)),
        end_user=cut(text(said, names.END_USER)),
        session=cut(text(said, names.SESSION)),
    )


def _outcome(span: Span, answer: str | None) -> Outcome:
    if answer and _CACHE_HIT in answer:
        return Outcome.CACHE
    return Outcome.ERROR if span.failed else Outcome.OK


def _provider(said: Attributes) -> str | None:
    """The provider's name, else what stands before the model in LiteLLM's own name for it."""
    if named := text(said, names.PROVIDER):
        return named
    head, slash, _ = (text(said, names.LITELLM_MODEL) or "").partition("/")
    return head if slash else None


def _usage(said: Attributes) -> Usage:
    prompt, output = count(said, names.INPUT), count(said, names.OUTPUT)
    if not prompt and not output:
        return NOTHING
    if (details := _gateway_usage(said)) is not None:
        return usage_of(prompt, output, details)
    said_prompt, completion, total = prompt or 0, output or 0, count(said, names.TOTAL)
    read, written = count(said, names.CACHE_READ) or 0, count(said, names.CACHE_WRITE) or 0
    reasoning, thinks = count(said, names.REASONING), "gemini" in (text(said, names.MODEL) or "")
    prompt = whole_prompt(said_prompt, completion, read, written, total, reasoning)
    if read + written > prompt:
        note(CONVENTION)
        # An instrumentation from before the convention, whose input leaves the cache out.
        prompt += read + written
    elif prompt == said_prompt and _is_older_vercel(said):
        prompt += read + written
    summed = in_total(said_prompt, prompt, completion, total)
    output = billed_output(summed, completion, reasoning, total, unsaid=thinks)
    fresh = prompt - read - written
    audio_in, heard_and_seen = of_prompt(
        fresh,
        read,
        audio=Modal(count(said, names.INPUT_AUDIO), count(said, names.CACHED_AUDIO)),
        image=Modal(count(said, names.INPUT_IMAGE), count(said, names.CACHED_IMAGE)),
    )
    audio_out = min(count(said, names.OUTPUT_AUDIO) or 0, output)
    image_out = min(count(said, names.OUTPUT_IMAGE) or 0, output - audio_out)
    text_out = output - audio_out - image_out
    return Usage(
        input_tokens=fresh - audio_in,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=text_out,
        reasoning_tokens=min(reasoning or output - completion, text_out),
        units=all_units(heard_and_seen, modal_units(output_audio=audio_out, output_image=image_out)),
    )


def _is_older_vercel(said: Attributes) -> bool:
    """Whether the Vercel AI SDK took over Claude's input as it came, without the cache: so it did before version 6."""
    if count(said, names.VERCEL_CACHED) is None or count(said, names.VERCEL_DETAILS) is not None:
        return False
    return (_provider(said) or "").startswith(_LEAVE_CACHE_OUT)


def _gateway_usage(said: Attributes) -> UsageObject | None:
    """LiteLLM's details of the usage, which its spans carry as Python prints them; None where they cannot be read."""
    printed = text(said, names.GATEWAY_USAGE)
    if printed is None or not text(said, names.CALL_ID):
        return None
    written = printed.replace("'", '"').replace(": None", ": null").replace(": True", ": true")
    try:
        return _decode_usage(written.replace(": False", ": false"))
    except (ValueError, RecursionError):
        return None


def _reported(said: Attributes) -> int | None:
    for name, per_usd in (*((name, 1) for name in names.COST), *((name, _TICKS_PER_USD) for name in names.COST_TICKS)):
        value = said.get(name)
        usd = None if value is None or isinstance(value, bool) else decimal(value)
        if usd is not None and 0 <= usd / per_usd <= _MOST_USD:
            return reported_nano(usd / per_usd)
    return None


def _milliseconds(nanoseconds: int | None) -> int:
    """An instant in milliseconds, 0 for one that is not said or cannot be."""
    at_ms = (nanoseconds or 0) // _NS_PER_MS
    return at_ms if _EARLIEST_MS <= at_ms < 2**53 else 0
