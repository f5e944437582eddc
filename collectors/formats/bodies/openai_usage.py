"""The arithmetic of OpenAI-shaped usage, in one place: cached tokens are in the prompt, reasoning mostly in the answer.

Source: the OpenAI OpenAPI document; DeepSeek, Groq, Mistral, Moonshot, OpenRouter, Together, Fireworks and vLLM follow
it. xAI's chat completions count reasoning beside the completion.
"""

from typing import NamedTuple

from collectors.formats.doubts import CAPPED, CONVENTION, MISMATCH, note
from pricing.usage import NOTHING, Usage


class Counts(NamedTuple):
    """What a body says, each count None where it says nothing."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    written: int | None = None
    written_30m: int | None = None
    written_12h: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None


def openai_usage(counts: Counts, *, reasoning_outside: bool = False) -> Usage:
    """The disjoint classes of an OpenAI-shaped usage; `reasoning_outside` is what the provider does when sums are mute.

    Where more is cached than was prompted, the source leaves the cache out of the prompt. Where reads and writes
    together exceed the prompt, writes are unadjusted and capped. No class ever falls below zero.
    """
    if not counts.prompt and not counts.completion:
        return NOTHING
    prompt, read = counts.prompt or 0, counts.cached or 0
    if read > prompt:
        note(CONVENTION)
        prompt += read
    if (counts.written or 0) > prompt - read:
        note(CAPPED)
    written = min(counts.written or 0, prompt - read)
    written_30m = min(counts.written_30m or 0, written)
    written_12h = min(counts.written_12h or 0, written - written_30m)
    output = billed_output(
        counts.prompt or 0, counts.completion or 0, counts.reasoning, counts.total, outside=reasoning_outside
    )
    fresh = prompt - read - written
    audio_in, audio_out = min(counts.input_audio or 0, fresh), min(counts.output_audio or 0, output)
    return Usage(
        input_tokens=fresh - audio_in,
        cache_read_tokens=read,
        cache_write_30m_tokens=written_30m,
        cache_write_12h_tokens=written_12h,
        cache_write_tokens=written - written_30m - written_12h,
        output_tokens=output - audio_out,
        reasoning_tokens=min(counts.reasoning or 0, output - audio_out),
        units=audio_units(audio_in, audio_out),
    )


def billed_output(
    prompt: int, completion: int, reasoning: int | None, total: int | None, *, outside: bool = False
) -> int:
    """Output tokens with reasoning in them once: the total tells whether the completion contains it.

    Where no total fits, `outside` decides; more reasoning than completion can only stand beside it.
    """
    if not reasoning:
        return completion
    if total == prompt + completion:
        return completion
    if total is not None and total != prompt + completion + reasoning:
        note(MISMATCH)
    if total == prompt + completion + reasoning or outside or reasoning > completion:
        return completion + reasoning
    return completion


def audio_units(audio_in: int, audio_out: int) -> tuple[tuple[str, int], ...]:
    """Audio tokens, which have prices of their own; the text classes must not hold them, too."""
    named = (("input_audio_tokens", audio_in), ("output_audio_tokens", audio_out))
    return tuple(unit for unit in named if unit[1])
