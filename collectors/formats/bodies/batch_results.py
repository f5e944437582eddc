"""Results of a batch: one line for each request, with the answer as the provider would have sent it at once.

Source of the format: OpenAI's and Anthropic's guides to their batch APIs. A request that failed or ran out of time was
not billed. What a batch as a whole says that it used repeats its lines.
"""

from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.any_body import body_events
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.format import LineFormat, NotUsageError
from store.facts import Outcome, UsageEvent

NAME = "batch.results"

_BATCH = "batch"
_NOTHING = msgspec.Raw(b"null")
_FIRST_ERROR = 400


class _Failure(msgspec.Struct, gc=False):
    code: str | None = None
    type: str | None = None
    error: "_Failure | None" = None


class _Response(msgspec.Struct, gc=False):
    status_code: int | None = None
    body: msgspec.Raw = _NOTHING


class _Result(msgspec.Struct, gc=False):
    type: str | None = None
    message: msgspec.Raw = _NOTHING
    error: _Failure | None = None


class _Line(msgspec.Struct, gc=False):
    custom_id: str
    id: str | None = None
    response: _Response | None = None
    result: _Result | None = None
    error: _Failure | None = None


_decode = msgspec.json.Decoder(_Line).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is the result of one request of a batch."""
    return "custom_id" in keys and bool(keys & {"response", "result"})


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The call of one request; NotUsageError where its answer is of no known kind."""
    said = _decode(line)
    failure = _failure(said)
    if failure is not None:
        return (_failed(said, failure, line),)
    answer = said.response.body if said.response else said.result.message if said.result else _NOTHING
    events = body_events(bytes(answer))
    if not events:
        raise NotUsageError("a result of a batch without an answer that is known")
    return [
        event if event.variant.startswith(_BATCH) else msgspec.structs.replace(event, variant=_BATCH)
        for event in events
    ]


def _failure(said: _Line) -> str | None:
    """Why a request has no answer, or None."""
    if said.result is not None and said.result.type != "succeeded":
        inner = said.result.error and (said.result.error.error or said.result.error)
        return (inner.type if inner else None) or said.result.type or "error"
    if said.error is not None:
        return said.error.code or said.error.type or "error"
    status = said.response.status_code if said.response else None
    return f"HTTP {status}" if status is not None and status >= _FIRST_ERROR else None


def _failed(said: _Line, failure: str, line: bytes) -> UsageEvent:
    return UsageEvent(
        id=own_id(said.id, line),
        ended_at_ms=RECEIVED_NOW,
        outcome=Outcome.ERROR,
        variant=_BATCH,
        error=cut(failure),
    )


FORMAT = LineFormat(NAME, recognises, parse)
