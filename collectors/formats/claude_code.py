"""Transcripts of Claude Code: one JSON object per line, in which the lines of the assistant carry Anthropic's usage.

The format is documented by its readers only. A message is written once per block of its content while it streams, and
sessions that branch off repeat it under another request: the id of the message names it, whatever wrote it.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from collectors.door import cut, names, reported_nano, text_milliseconds
from collectors.formats.bodies.anthropic import part_id
from collectors.formats.bodies.anthropic_usage import MessageUsage, by_model, provider_of, variant_of
from collectors.formats.format import LineFormat, NotUsageError
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

NAME = "claude_code.jsonl"

_SYNTHETIC = "<synthetic>"
_OTHERS = {"usageDetails", "startTime", "run_type", "token_usage"}


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: MessageUsage | None = None


class _AnyLine(msgspec.Struct, gc=False):
    type: str
    sessionId: str  # noqa: N815 - the format's own name
    message: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: str | None = None
    requestId: str | None = None  # noqa: N815 - the format's own name
    uuid: str | None = None
    cwd: str | None = None
    startTime: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the format's own name
    isApiErrorMessage: bool | None = None  # noqa: N815 - the format's own name
    costUSD: Decimal | None = None  # noqa: N815 - the format's own name


_decode = msgspec.json.Decoder(_AnyLine).decode
_decode_message = msgspec.json.Decoder(_Message | None).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a line of a transcript, of the assistant or not."""
    return {"type", "sessionId"} <= keys and not keys & _OTHERS


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One line as its event; nothing for what people and tools say, and for what no model answered."""
    said = _decode(line)
    if said.startTime is not msgspec.UNSET:
        raise NotUsageError("no line of a transcript, which has no start")
    if said.type != "assistant":
        return ()
    message = _decode_message(said.message)
    if message is None or message.usage is None or message.model == _SYNTHETIC or said.isApiErrorMessage:
        return ()
    return tuple(_events(said, message, message.usage))


def _events(said: _AnyLine, message: _Message, reported: MessageUsage) -> Iterator[UsageEvent]:
    """One call for each model that worked on a message, the asked one first."""
    record = message.id or said.uuid
    if not record or not said.timestamp:
        raise ValueError("an answer without an id or a time")
    cost = None if said.costUSD is None else reported_nano(said.costUSD)
    for position, (model, usage) in enumerate(by_model(reported, message.model).items()):
        name = part_id(record, position)
        yield UsageEvent(
            id=name,
            # Its own id as the call's, too: copies of one message in several transcripts are one request.
            call_id=name if message.id else None,
            trace_id=said.requestId or None,
            ended_at_ms=text_milliseconds(said.timestamp),
            provider=provider_of(message.id, model),
            model=cut(model),
            outcome=Outcome.OK,
            usage=usage,
            usage_missing=usage == NOTHING and reported.output_tokens is None,
            variant=variant_of(reported),
            reported_nano_usd=cost if position == 0 else None,
            session=cut(said.sessionId),
            tags=names((f"directory:{said.cwd}",)) if said.cwd else (),
        )


FORMAT = LineFormat(NAME, recognises, parse)
