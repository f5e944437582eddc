"""Headline counts of one call as disjoint classes: which count contains which is known per source, never guessed here."""

from typing import NamedTuple

from collectors.formats.bodies.openai_usage import modal_units
from collectors.formats.doubts import CONVENTION, note
from collectors.formats.modality import Modal, all_units, of_prompt
from pricing.usage import NOTHING, Usage


class Written(NamedTuple):
    """Tokens written to a cache: those whose lifetime is said, and those of which it is not."""

    for_5m: int | None = None
    for_1h: int | None = None
    unsaid: int | None = None

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """In the order of the token classes, from the five minutes on."""
        return self.for_5m or 0, self.for_1h or 0, 0, 0, self.unsaid or 0


_NOTHING_WRITTEN = Written()


def inclusive(
    prompt: int | None,
    output: int | None,
    *,
    read: int | None = None,
    written: Written = _NOTHING_WRITTEN,
    reasoning: int | None = None,
) -> Usage:
    """The classes where the prompt's count contains reads and writes of the cache, and the output's the reasoning.

    A prompt that is smaller than what it should contain follows the other convention, so nothing becomes negative.
    """
    inside = (read or 0) + sum(written.counts)
    fresh = (prompt or 0) - inside
    if fresh < 0:
        note(CONVENTION)
    return exclusive(prompt if fresh < 0 else fresh, output, read=read, written=written, reasoning=reasoning)


def exclusive(
    fresh: int | None,
    output: int | None,
    *,
    read: int | None = None,
    written: Written = _NOTHING_WRITTEN,
    reasoning: int | None = None,
) -> Usage:
    """The classes where reads and writes of the cache stand beside the input's count; reasoning is inside the output's."""
    made = output or 0
    usage = Usage(fresh or 0, read or 0, *written.counts, made, min(reasoning or 0, made))
    return NOTHING if usage == NOTHING else usage


def with_sound(usage: Usage, heard: int | None, spoken: int | None) -> Usage:
    """The same usage with the sound, which has prices of its own, taken out of the input and the output."""
    if not heard and not spoken:
        return usage
    audio_in, units = of_prompt(usage.input_tokens, usage.cache_read_tokens, audio=Modal(heard))
    audio_out = min(spoken or 0, usage.output_tokens)
    return usage._replace(
        input_tokens=usage.input_tokens - audio_in,
        output_tokens=usage.output_tokens - audio_out,
        reasoning_tokens=min(usage.reasoning_tokens, usage.output_tokens - audio_out),
        units=all_units(units, modal_units(output_audio=audio_out)),
    )
