"""Events of OpenAI's Realtime API, logged one by one: what each response and each transcription of a session used.

Source of the format: OpenAI's reference of the server's events and its guide to their costs (developers.openai.com/api/docs,
realtime costs). Only the session's own events name its models, so that sessions must not be mixed in one file; without
them a response is of no known model. Cached tokens are in the input, and each kind of token has a price of its own.
"""

from collections.abc import Sequence
from math import ceil

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.bodies.chat import NO_CACHED, CachedDetails
from collectors.formats.bodies.openai_usage import Counts, openai_usage
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from collectors.formats.memory import kept, recalling
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "openai.realtime"

_OF_A_SESSION = (
    "session.",
    "conversation.",
    "response.",
    "input_audio_buffer.",
    "output_audio_buffer.",
    "rate_limits.",
)
_OUTCOMES = {"failed": Outcome.ERROR, "cancelled": Outcome.CUT}
_TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    cached_tokens_details: CachedDetails | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    audio_tokens: Count | None = None
    reasoning_tokens: Count | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    input_token_details: _InputDetails | None = None
    output_token_details: _OutputDetails | None = None
    seconds: float | None = None


class _Response(msgspec.Struct, gc=False):
    id: str | None = None
    status: str | None = None
    usage: _Usage | None = None


class _Model(msgspec.Struct, gc=False):
    model: str | None = None


class _Input(msgspec.Struct, gc=False):
    transcription: _Model | None = None


class _Audio(msgspec.Struct, gc=False):
    input: _Input | None = None


class _Session(msgspec.Struct, gc=False):
    model: str | None = None
    audio: _Audio | None = None
    input_audio_transcription: _Model | None = None
    """Where the beta of the interface named the model of transcriptions."""


class _Event(msgspec.Struct, gc=False):
    type: str
    item_id: str | None = None
    response: _Response | None = None
    session: _Session | None = None
    usage: _Usage | None = None


class _Memory(msgspec.Struct, tag=NAME):
    """The models of the session that is logged now."""

    model: str | None = None
    transcribes: str | None = None


_decode = msgspec.json.Decoder(_Event).decode
_recall = recalling(_Memory)
_NO_INPUT, _NO_OUTPUT = _InputDetails(), _OutputDetails()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an event of such a session."""
    return {"type", "event_id"} <= keys


class Session:
    """Follows the events of one session after the other."""

    def __init__(self, memory: bytes = b"") -> None:
        self._models = _recall(memory)

    def memory(self) -> bytes:
        """The models of the session."""
        return kept(self._models)

    def parse(self, line: bytes) -> Sequence[UsageEvent]:
        """The call that an event ends; raises NotUsageError for an event of something else."""
        said = _decode(line)
        if said.session is not None:
            self._learn(said.session)
        if said.type == "response.done" and said.response is not None:
            return (self._response(said.response, line),)
        if said.type == _TRANSCRIBED and said.usage is not None:
            return (self._transcription(said, said.usage, line),)
        if not said.type.startswith(_OF_A_SESSION) and said.type != "error":
            raise NotUsageError("no event of the Realtime API")
        return ()

    def _learn(self, session: _Session) -> None:
        heard = session.audio.input if session.audio else None
        transcribes = heard.transcription if heard else session.input_audio_transcription
        self._models.model = cut(session.model) or self._models.model
        self._models.transcribes = cut(transcribes.model) if transcribes else self._models.transcribes

    def _response(self, response: _Response, line: bytes) -> UsageEvent:
        outcome = _OUTCOMES.get(response.status or "", Outcome.OK)
        usage = NOTHING if response.usage is None else _usage(response.usage)
        return UsageEvent(
            id=own_id(response.id, line),
            ended_at_ms=RECEIVED_NOW,
            model=self._models.model,
            call_type="realtime",
            outcome=outcome,
            usage=usage,
            usage_missing=not outcome.failed and response.usage is None,
        )

    def _transcription(self, said: _Event, usage: _Usage, line: bytes) -> UsageEvent:
        seconds = ceil(usage.seconds) if usage.seconds is not None and 0 < usage.seconds < 2**32 else 0
        return UsageEvent(
            id=own_id(said.item_id, line),
            ended_at_ms=RECEIVED_NOW,
            model=self._models.transcribes,
            call_type="transcription",
            usage=Usage(units=(("audio_seconds", seconds),)) if seconds else _usage(usage),
        )


def _usage(said: _Usage) -> Usage:
    inside = said.input_token_details or _NO_INPUT
    outside = said.output_token_details or _NO_OUTPUT
    cached = inside.cached_tokens_details or NO_CACHED
    return openai_usage(
        Counts(
            prompt=said.input_tokens,
            completion=said.output_tokens,
            total=said.total_tokens,
            cached=inside.cached_tokens,
            reasoning=outside.reasoning_tokens,
            input_audio=inside.audio_tokens,
            output_audio=outside.audio_tokens,
            input_image=inside.image_tokens,
            cached_audio=cached.audio_tokens,
            cached_image=cached.image_tokens,
        )
    )


def parse(line: bytes) -> Sequence[UsageEvent]:
    """An event that stands alone, of a model that nobody names."""
    return Session().parse(line)


FORMAT = LineFormat(NAME, recognises, parse, Session)
