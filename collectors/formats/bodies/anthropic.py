"""Answers of Anthropic's Messages API, whose input count leaves both kinds of cached tokens out.

Source of the format: `types/usage.py` and `types/beta/beta_usage.py` of anthropic-sdk-python. Tokens of a compaction
are billed and stand only among the iterations, so the iterations count where there are some.
"""

from collections.abc import Sequence
from operator import add

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.doubts import MISMATCH, note
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "anthropic.messages"


class Lifetimes(msgspec.Struct, gc=False):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Count | None = None


class _ServerTools(msgspec.Struct, gc=False):
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
    """The usage of a message, as bodies and transcripts hold it."""

    server_tool_use: _ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    iterations: list[_Iteration] | None = None


class Message(msgspec.Struct, gc=False):
    """An answer, whole or as far as a stream has told it."""

    type: str
    id: str | None = None
    model: str | None = None
    usage: MessageUsage | None = None


_decode = msgspec.json.Decoder(Message).decode
_NO_DETAILS = _OutputDetails()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a message."""
    return {"type", "model", "usage"} <= keys and "object" not in keys


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The calls behind one message: one for each model that worked on it, the asked one first.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    message = _decode(line)
    if message.type != "message" or message.usage is None:
        raise NotUsageError("no whole message of the Messages API")
    return events_of(message, message.usage, own_id(message.id, line))


def events_of(message: Message, said: MessageUsage, record_id: str, outcome: Outcome = Outcome.OK) -> list[UsageEvent]:
    """One call for each model that worked on a message, the asked one first."""
    used = by_model(said, message.model)
    return [
        UsageEvent(
            id=record_id if position == 0 else f"{record_id}#{position}",
            ended_at_ms=RECEIVED_NOW,
            provider=_provider(message.id or "", model or ""),
            model=cut(model),
            call_type="messages",
            outcome=outcome,
            usage=usage,
            usage_missing=usage == NOTHING and said.output_tokens is None,
            variant=variant_of(said),
        )
        for position, (model, usage) in enumerate(used.items())
    ]


def by_model(said: MessageUsage, model: str | None) -> dict[str | None, Usage]:
    """What each model used, the message's own first; no class of the whole is below what the message says."""
    own = _classes(said)
    used: dict[str | None, Usage] = {model: NOTHING}
    for entry in said.iterations or ():
        name = entry.model or model
        used[name] = _plus(used.get(name, NOTHING), _classes(entry))
    summed = NOTHING
    for usage in used.values():
        summed = _plus(summed, usage)
    missing = Usage.of(max(0, whole - part) for whole, part in zip(own[:9], summed[:9], strict=True))
    if said.iterations and any(missing[:8]):
        note(MISMATCH)
    searches = said.server_tool_use.web_search_requests if said.server_tool_use else None
    units = (("web_searches", searches),) if searches else ()
    used[model] = _plus(used[model], missing)._replace(units=units)
    return used


def variant_of(said: MessageUsage) -> str:
    """The price tier that was billed."""
    return "fast" if said.speed == "fast" else said.service_tier or ""


def _classes(said: _Counts) -> Usage:
    split = said.cache_creation
    short = split.ephemeral_5m_input_tokens or 0 if split else 0
    long = split.ephemeral_1h_input_tokens or 0 if split else 0
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


def _provider(message_id: str, model: str) -> str | None:
    """Others speak this dialect, too; the clouds that sell Claude mark their ids."""
    if message_id.startswith("msg_bdrk_"):
        return "bedrock"
    if message_id.startswith("msg_vrtx_"):
        return "vertex_ai"
    return "anthropic" if model.startswith("claude") else None


FORMAT = LineFormat(NAME, recognises, parse)
