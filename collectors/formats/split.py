"""Headline counts of one call as disjoint classes: which count contains which is known per source, never guessed here."""

from typing import NamedTuple

import msgspec

from collectors.formats.doubts import CONVENTION, note
from collectors.formats.litellm import Count
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


class _Lifetimes(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _Tools(msgspec.Struct, gc=False):
    web_search_requests: Count | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Count | None = None


class AnthropicUsage(msgspec.Struct, gc=False):
    """Usage as Anthropic's messages say it: the input leaves the cache out, the output contains the thinking."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: _Lifetimes | None = None
    output_tokens_details: _OutputDetails | None = None
    server_tool_use: _Tools | None = None
    service_tier: str | None = None
    speed: str | None = None

    @property
    def usage(self) -> Usage:
        """Disjoint classes; writes whose lifetime is not said at all are of the default one, five minutes."""
        thinking = self.output_tokens_details.thinking_tokens if self.output_tokens_details else None
        usage = exclusive(
            self.input_tokens,
            self.output_tokens,
            read=self.cache_read_input_tokens,
            written=self._written(),
            reasoning=thinking,
        )
        searches = (self.server_tool_use.web_search_requests if self.server_tool_use else None) or 0
        return usage._replace(units=(("web_searches", searches),)) if searches else usage

    @property
    def variant(self) -> str:
        """The service tier that was billed; empty is the standard one."""
        if self.speed == "fast":
            return "fast"
        return "" if self.service_tier in (None, "standard") else str(self.service_tier)

    def _written(self) -> Written:
        said = self.cache_creation
        whole = self.cache_creation_input_tokens or 0
        if said is None:
            return Written(for_5m=whole)
        for_5m, for_1h = said.ephemeral_5m_input_tokens or 0, said.ephemeral_1h_input_tokens or 0
        return Written(for_5m + max(0, whole - for_5m - for_1h), for_1h)
