"""The arithmetic of OpenAI-shaped usage, in one place: cached tokens are in the prompt, reasoning mostly in the answer.

Source: the OpenAI OpenAPI document; DeepSeek, Groq, Mistral, Moonshot, OpenRouter, Together, Fireworks and vLLM follow
it. xAI's chat completions count reasoning beside the completion. Gateways that translate Claude's counts leave the cache
out of the prompt and in the total (Portkey), and some that translate Gemini's say its thinking in the total alone.
"""

from typing import NamedTuple

from collectors.formats.doubts import CAPPED, CONVENTION, MISMATCH, note
from collectors.formats.litellm import capped
from collectors.formats.modality import Modal, all_units, of_prompt
from pricing.usage import NOTHING, Usage


class Counts(NamedTuple):
    """What a body says, each count None where it says nothing."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    written: int | None = None
    written_5m: int | None = None
    written_1h: int | None = None
    written_30m: int | None = None
    written_12h: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    output_image: int | None = None
    input_image: int | None = None
    cached_audio: int | None = None
    cached_image: int | None = None


def openai_usage(counts: Counts, *, reasoning_outside: bool = False, thinks_unsaid: bool = False) -> Usage:
    """The disjoint classes of an OpenAI-shaped usage.

    `reasoning_outside` is what the provider does when sums are mute, `thinks_unsaid` that its thinking may stand in the
    total alone. Where more is read or written than was prompted, or the total holds the cache beside the prompt, the
    source leaves the cache out of the prompt. Else writes that exceed the prompt are unadjusted and capped. No class falls
    below zero.
    """
    if not counts.prompt and not counts.completion:
        return NOTHING
    said, completion, read = counts.prompt or 0, counts.completion or 0, counts.cached or 0
    written = max(counts.written or 0, (counts.written_5m or 0) + (counts.written_1h or 0))
    prompt = whole_prompt(said, completion, read, written, counts.total, counts.reasoning)
    if written > prompt - read:
        note(CAPPED)
    said_lifetimes = (counts.written_5m or 0, counts.written_1h or 0, counts.written_30m or 0, counts.written_12h or 0)
    split = capped((*said_lifetimes, written), min(written, prompt - read))
    output = billed_output(
        in_total(said, prompt, completion, counts.total),
        completion,
        counts.reasoning,
        counts.total,
        outside=reasoning_outside,
        unsaid=thinks_unsaid,
    )
    fresh = prompt - read - sum(split)
    audio_in, heard_and_seen = of_prompt(
        fresh,
        read,
        audio=Modal(counts.input_audio, counts.cached_audio),
        image=Modal(counts.input_image, counts.cached_image),
    )
    audio_out = min(counts.output_audio or 0, output)
    image_out = min(counts.output_image or 0, output - audio_out)
    text_out = output - audio_out - image_out
    return Usage(
        fresh - audio_in,
        read,
        *split,
        text_out,
        min(counts.reasoning or output - completion, text_out),
        all_units(heard_and_seen, modal_units(output_audio=audio_out, output_image=image_out)),
    )


def whole_prompt(
    prompt: int, completion: int, read: int, written: int, total: int | None, reasoning: int | None = None
) -> int:
    """The prompt with what was read from the cache and written to it, whichever convention the source follows.

    What the total has beyond prompt and completion is the reasoning where that fits as well.
    """
    cached = read + written
    if cached and cached != reasoning and total == prompt + completion + cached:
        return prompt + cached
    if read > prompt or written > prompt:
        note(CONVENTION)
        return prompt + cached
    return prompt


def in_total(said: int, whole: int, completion: int, total: int | None) -> int:
    """Which prompt the total counts: the whole one, or what was said where that is less and the total has no more."""
    return whole if total is not None and total >= whole + completion else said


def billed_output(
    prompt: int,
    completion: int,
    reasoning: int | None,
    total: int | None,
    *,
    outside: bool = False,
    unsaid: bool = False,
) -> int:
    """Output tokens with reasoning in them once: the total tells whether the completion contains it.

    Where no total fits, `outside` decides; more reasoning than completion can only stand beside it. Where nothing is said
    of reasoning and it may be `unsaid`, it is what the total has beyond prompt and completion.
    """
    if not reasoning:
        if unsaid and total is not None and total > prompt + completion:
            note(MISMATCH)
            return total - prompt
        return completion
    if total == prompt + completion:
        return completion
    if total is not None and total != prompt + completion + reasoning:
        note(MISMATCH)
    if total == prompt + completion + reasoning or outside or reasoning > completion:
        return completion + reasoning
    return completion


def modal_units(
    *, input_audio: int = 0, output_audio: int = 0, output_image: int = 0, output_video: int = 0
) -> tuple[tuple[str, int], ...]:
    """Tokens of sound and pictures that stand beside the text classes, which must not hold them, too."""
    named = (
        ("input_audio_tokens", input_audio),
        ("output_audio_tokens", output_audio),
        ("output_image_tokens", output_image),
        ("output_video_tokens", output_video),
    )
    return tuple(unit for unit in named if unit[1])


def with_units(usage: Usage, *units: tuple[str, int]) -> Usage:
    """The same usage with what is billed beside its tokens."""
    more = tuple(unit for unit in units if unit[1])
    return usage._replace(units=tuple(sorted((*usage.units, *more)))) if more else usage
