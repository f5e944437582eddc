"""The arithmetic of Anthropic's usage, in one place: bodies, streams, transcripts and logs of clouds carry it.

Source: `types/usage.py` and `types/beta/beta_usage.py` of anthropic-sdk-python. The input leaves both kinds of cached
tokens out, the output contains the thinking. Tokens of a compaction are billed and stand only among the iterations, so
the iterations count where there are some.
"""

from collections.abc import Iterable
from operator import add

import msgspec

from collectors.formats.doubts import MISMATCH, note
from collectors.formats.litellm import US, Count, in_us
from pricing.usage import NOTHING, Usage


class Lifetimes(msgspec.Struct, gc=False):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Count | None = None


class ServerTools(msgspec.Struct, gc=False):
    """Tools that the provider runs, by how often they were called."""

    web_search_requests: Count | None = None


class _Counts(msgspec.Struct, gc=False):
    input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: Lifetimes | None = None
    output_tokens: Count | None = None
    output_tokens_details: _OutputDetails | None = None


class _Iteration(_Counts, gc=False):
    model: str | None = None


class MessageUsage(_Counts, gc=False):
    """The usage of a message, as whoever logs one holds it."""

    server_tool_use: ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: list[_Iteration] | None = None


_NO_DETAILS = _OutputDetails()
_WRITES = slice(2, 7)
"""Where writes to the cache stand among the classes."""


def by_model(said: MessageUsage, model: str | None) -> dict[str | None, Usage]:
    """What each model used, the message's own first; no class of the whole is below what the message says."""
    used: dict[str | None, Usage] = {model: NOTHING}
    for entry in said.iterations or ():
        name = entry.model or model
        used[name] = _plus(used.get(name, NOTHING), _classes(entry))
    missing = _missing(_classes(said), used.values())
    if said.iterations and any(missing.tokens):
        note(MISMATCH)
    own = _plus(used[model], missing)
    searches = said.server_tool_use.web_search_requests if said.server_tool_use else None
    used[model] = own._replace(
        reasoning_tokens=min(own.reasoning_tokens, own.output_tokens),
        units=(("web_searches", searches),) if searches else (),
    )
    return used


def _missing(whole: Usage, parts: Iterable[Usage]) -> Usage:
    """What the whole has beyond its parts; of writes all or nothing, since a part may not say for how long they stay."""
    summed = NOTHING
    for usage in parts:
        summed = _plus(summed, usage)
    missing = [max(0, one - other) for one, other in zip(whole[:9], summed[:9], strict=True)]
    if whole.cache_write_any_tokens <= summed.cache_write_any_tokens:
        missing[_WRITES] = [0] * len(missing[_WRITES])
    return Usage.of(missing)


def variant_of(said: MessageUsage) -> str:
    """The price that was billed: by tier or speed, and by where the model ran."""
    tier = "fast" if said.speed == "fast" else said.service_tier or ""
    return in_us(tier) if said.inference_geo == US else tier


def provider_of(message_id: str | None, model: str | None) -> str | None:
    """Who sends the bill: others speak this dialect, too, and the clouds that sell Claude mark their ids."""
    marked = message_id or ""
    if marked.startswith("msg_bdrk_"):
        return "bedrock"
    if marked.startswith("msg_vrtx_"):
        return "vertex_ai"
    return "anthropic" if (model or "").startswith("claude") else None


def lifetimes_of(said: Lifetimes | None) -> tuple[int, int]:
    """What was written for five minutes, and for an hour."""
    return (said.ephemeral_5m_input_tokens or 0, said.ephemeral_1h_input_tokens or 0) if said else (0, 0)


def _classes(said: _Counts) -> Usage:
    short, long = lifetimes_of(said.cache_creation)
    # Writes of which no lifetime is said are of the default one.
    short += max(0, (said.cache_creation_input_tokens or 0) - short - long)
    output = said.output_tokens or 0
    return Usage(
        input_tokens=said.input_tokens or 0,
        cache_read_tokens=said.cache_read_input_tokens or 0,
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        output_tokens=output,
        reasoning_tokens=min((said.output_tokens_details or _NO_DETAILS).thinking_tokens or 0, output),
    )


def _plus(left: Usage, right: Usage) -> Usage:
    return Usage.of(map(add, left[:9], right[:9]))
