"""Answers of Anthropic's Messages API."""

from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.anthropic_usage import MessageUsage, by_model, provider_of, variant_of
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.format import LineFormat, NotUsageError
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

NAME = "anthropic.messages"


class Message(msgspec.Struct, gc=False):
    """An answer, whole or as far as a stream has told it."""

    type: str
    id: str | None = None
    model: str | None = None
    usage: MessageUsage | None = None


_decode = msgspec.json.Decoder(Message).decode


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
    return [
        UsageEvent(
            id=part_id(record_id, position),
            ended_at_ms=RECEIVED_NOW,
            provider=provider_of(message.id, model),
            model=cut(model),
            call_type="messages",
            outcome=outcome,
            usage=usage,
            usage_missing=usage == NOTHING and said.output_tokens is None,
            variant=variant_of(said),
        )
        for position, (model, usage) in enumerate(by_model(said, message.model).items())
    ]


def part_id(record_id: str, position: int) -> str:
    """The id of what one of the models did that worked on a message."""
    return record_id if position == 0 else f"{record_id}#{position}"


FORMAT = LineFormat(NAME, recognises, parse)
