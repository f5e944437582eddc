"""Streams of Anthropic's Messages API, logged event by event: the first one names the message, the last one its counts.

Source of the format: the streaming page of Anthropic's documentation. Counts are cumulative and never added: the last one
of each field holds. Some who speak this dialect say the whole prompt first and how much of it was cached only at the end,
so the input is taken from the event that knows of more cached tokens. Streams must not be mixed in one file: their later
events do not say whose they are.
"""

from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.anthropic import Message, events_of
from collectors.formats.bodies.anthropic_usage import Lifetimes, MessageUsage, lifetimes_of
from collectors.formats.bodies.body import own_id
from collectors.formats.format import LineFormat, NotUsageError, Rest
from collectors.formats.memory import kept, recalling
from store.facts import Outcome, UsageEvent

NAME = "anthropic.stream"

_KINDS = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
    "ping", "error",
)  # fmt: skip
_BESIDE_TYPE: tuple[frozenset[str], ...] = (
    frozenset({"message"}), frozenset({"delta", "usage"}), frozenset({"index", "content_block"}),
    frozenset({"index", "delta"}), frozenset({"index"}), frozenset({"error"}), frozenset(),
    frozenset({"delta", "usage", "context_management"}),
)  # fmt: skip


class _Error(msgspec.Struct, gc=False):
    type: str | None = None


class _Event(msgspec.Struct, gc=False):
    type: str
    error: _Error | None = None
    message: Message | None = None
    usage: MessageUsage | None = None


class _Memory(msgspec.Struct, tag=NAME):
    """The message that is streamed now."""

    message: Message | None = None
    told: bool = False
    """Its counts were handed over."""


_decode = msgspec.json.Decoder(_Event).decode
_recall = recalling(_Memory)


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an event of such a stream."""
    return "type" in keys and keys - {"type"} in _BESIDE_TYPE


class Stream:
    """Puts the events of one stream after the other together."""

    def __init__(self, memory: bytes = b"") -> None:
        self._known = _recall(memory)

    def memory(self) -> bytes:
        """The message that is not at its end."""
        return kept(self._known)

    def parse(self, line: bytes) -> Sequence[UsageEvent]:
        """The call whose counts an event ends; the one before, cut off, where a new message begins without that."""
        said = _decode(line)
        if said.type not in _KINDS:
            raise NotUsageError("no event of a stream of the Messages API")
        if said.type == "message_start" and said.message is not None:
            cut_off = self.rest()
            self._known = _Memory(message=said.message)
            return cut_off
        if said.type == "error":
            name = (said.error.type if said.error else None) or "error"
            return [msgspec.structs.replace(event, error=cut(name)) for event in self.rest(Outcome.ERROR)]
        if said.type == "message_delta" and said.usage is not None and self._known.message is not None:
            self._merge(said.usage)
            self._known.told = True
            return self._call(Outcome.OK)
        return ()

    def rest(self, outcome: Outcome = Outcome.CUT) -> Sequence[UsageEvent]:
        """The call of the message that has not ended; should it go on after all, its later counts say more."""
        if self._known.told or self._known.message is None:
            return ()
        self._known.told = True
        return self._call(outcome)

    def _call(self, outcome: Outcome) -> Sequence[UsageEvent]:
        message = self._known.message
        if message is None or message.usage is None:
            return ()
        return events_of(message, message.usage, own_id(message.id, kept(message)), outcome)

    def _merge(self, later: MessageUsage) -> None:
        """Take over what the later counts say."""
        message = self._known.message
        assert message is not None, "an event without its message is left out"
        first = message.usage or MessageUsage()
        if _cached(later) < _cached(first):
            later.input_tokens = later.cache_read_input_tokens = later.cache_creation_input_tokens = None
            later.cache_creation = None
        said = {name: value for name, value in msgspec.structs.asdict(later).items() if value is not None}
        merged = msgspec.structs.replace(first, **said)
        if later.cache_creation is None and later.cache_creation_input_tokens is not None:
            merged.cache_creation = _still_fits(first.cache_creation, later.cache_creation_input_tokens)
        message.usage = merged


def _cached(said: MessageUsage) -> int:
    return (said.cache_read_input_tokens or 0) + (said.cache_creation_input_tokens or 0)


def _still_fits(split: Lifetimes | None, whole: int) -> Lifetimes | None:
    """The lifetimes that were said first, where they add up to what is said now."""
    return split if sum(lifetimes_of(split)) == whole else None


def parse(line: bytes) -> Sequence[UsageEvent]:
    """An event that stands alone tells of no call."""
    return Stream().parse(line)


def rest(memory: bytes) -> Rest | None:
    """The call of a message that ends with the log."""
    stream = Stream(memory)
    events = stream.rest()
    return Rest(events, stream.memory()) if events else None


FORMAT = LineFormat(NAME, recognises, parse, Stream, rest)
