"""Streams of Cohere's chat v2, logged event by event: the first one names the answer, the last one what is billed.

Source of the format: the streaming page of Cohere's documentation (docs.cohere.com/v2/docs/streaming). The events between
say nothing, so a last event that stands alone is a call as well, known by its bytes where it has no id. Streams must not
be mixed in one file: their later events do not say whose they are.
"""

from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import own_id
from collectors.formats.bodies.cohere import BilledUsage, call
from collectors.formats.format import LineFormat, NotUsageError, Rest
from collectors.formats.memory import kept, recalling
from store.facts import Outcome, UsageEvent

NAME = "cohere.stream"

_START, _END = "message-start", "message-end"
_BETWEEN = frozenset({
    "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start", "tool-call-delta",
    "tool-call-end", "citation-start", "citation-end", "debug",
})  # fmt: skip
"""Kinds of events that tell nothing of a call."""

_BESIDE_TYPE: tuple[frozenset[str], ...] = (
    frozenset({"id", "delta"}), frozenset({"delta"}), frozenset({"index", "delta"}), frozenset({"index"}),
    frozenset({"id", "delta", "model"}), frozenset({"delta", "model"}),
)  # fmt: skip
"""Keys of the first event, of the last, and of those between, which are those of some events of Anthropic's. Who logs them may
have put the model beside."""


class _Delta(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    usage: BilledUsage | None = None


class _Event(msgspec.Struct, gc=False):
    type: str
    id: str | None = None
    model: str | None = None
    delta: _Delta | None = None


class _Memory(msgspec.Struct, tag=NAME):
    """The answer that is streamed now."""

    call: str | None = None
    model: str | None = None
    told: bool = False
    """It was handed over as one without an end."""


_decode = msgspec.json.Decoder(_Event).decode
_recall = recalling(_Memory)
_UNSAID = _Delta(usage=BilledUsage())


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an event of such a stream."""
    return "type" in keys and keys - {"type"} in _BESIDE_TYPE


class Stream:
    """Puts the first and the last event of one stream after the other together."""

    def __init__(self, memory: bytes = b"") -> None:
        self._known = _recall(memory)

    def memory(self) -> bytes:
        """The answer that is not at its end."""
        return kept(self._known) if self._known.call else b""

    def parse(self, line: bytes) -> Sequence[UsageEvent]:
        """The call that an event ends; the one before, cut off, where a new stream begins without that."""
        said = _decode(line)
        if said.type == _START:
            cut_off = self.rest()
            self._known = _Memory(said.id, cut(said.model))
            return cut_off
        if said.type == _END:
            delta = said.delta or _UNSAID
            model = cut(said.model) or self._known.model
            event = call(own_id(self._known.call or said.id, line), delta.usage or BilledUsage(), delta.finish_reason)
            self._known = _Memory()
            return (msgspec.structs.replace(event, model=model),)
        if said.type not in _BETWEEN:
            raise NotUsageError("no event of a stream of Cohere's chat")
        return ()

    def rest(self) -> Sequence[UsageEvent]:
        """The call of a stream that has no end: nobody says what it used, unless it goes on after all."""
        if self._known.told or not self._known.call:
            return ()
        self._known.told = True
        event = call(self._known.call, BilledUsage(), None)
        return (msgspec.structs.replace(event, model=self._known.model, outcome=Outcome.CUT),)


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The call of a last event that stands alone."""
    return Stream().parse(line)


def rest(memory: bytes) -> Rest | None:
    """The call of a stream that ends with the log."""
    stream = Stream(memory)
    events = stream.rest()
    return Rest(events, stream.memory()) if events else None


FORMAT = LineFormat(NAME, recognises, parse, Stream, rest)
