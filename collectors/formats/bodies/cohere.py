"""Answers of Cohere: chat v2, and embed and rerank with their `meta`.

Source of the format: `types/usage.py` of cohere-python. Billed units are what is billed; `tokens` beside them is larger
by the templates, so it is not read. Units are floats there. No answer names its model or its time.
"""

from collections.abc import Sequence

import msgspec

from collectors.door import cut
from collectors.formats.bodies.body import RECEIVED_NOW, own_id
from collectors.formats.format import LineFormat, NotUsageError
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "cohere.v2"

_MOST = 2**32
_BROKEN = ("ERROR", "TIMEOUT")
_ABSENT = msgspec.Raw(b"null")


class _Billed(msgspec.Struct, gc=False):
    input_tokens: float | None = None
    output_tokens: float | None = None
    search_units: float | None = None
    classifications: float | None = None
    images: float | None = None
    image_tokens: float | None = None


class BilledUsage(msgspec.Struct, gc=False):
    """What an answer, or the last event of its stream, says that it used."""

    billed_units: _Billed | None = None


class _Answer(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    message: msgspec.Raw = _ABSENT
    usage: BilledUsage | None = None
    meta: BilledUsage | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such an answer."""
    return {"finish_reason", "message", "usage"} <= keys or (
        "meta" in keys and bool(keys & {"results", "embeddings", "generation_id", "classifications"})
    )


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The call that one answer ends.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    answer = _decode(line)
    is_chat = answer.finish_reason is not None and answer.message != _ABSENT
    said = answer.usage if is_chat else answer.meta
    if said is None:
        raise NotUsageError("no answer of Cohere with its usage")
    event = call(own_id(answer.id, line), said, answer.finish_reason)
    return (msgspec.structs.replace(event, model=cut(answer.model), call_type="chat" if is_chat else None),)


def call(record_id: str, said: BilledUsage, finish_reason: str | None) -> UsageEvent:
    """A chat that ended for this reason and used so much; raises ValueError for amounts that cannot be."""
    broke = finish_reason in _BROKEN
    return UsageEvent(
        id=record_id,
        ended_at_ms=RECEIVED_NOW,
        provider="cohere",
        call_type="chat",
        outcome=Outcome.ERROR if broke else Outcome.OK,
        usage=NOTHING if said.billed_units is None else _usage(said.billed_units),
        usage_missing=not broke and said.billed_units is None,
        error=cut(finish_reason) if broke else None,
    )


def _usage(billed: _Billed) -> Usage:
    units = (
        ("classifications", _whole(billed.classifications)),
        ("images", _whole(billed.images)),
        ("input_image_tokens", _whole(billed.image_tokens)),
        ("rerank_searches", _whole(billed.search_units)),
    )
    usage = Usage(
        input_tokens=_whole(billed.input_tokens) + _whole(billed.image_tokens),
        output_tokens=_whole(billed.output_tokens),
        units=tuple(unit for unit in units if unit[1]),
    )
    return NOTHING if usage == NOTHING else usage


def _whole(units: float | None) -> int:
    """A billed unit, which Cohere writes as a float; ValueError for one that is no amount."""
    if units is None:
        return 0
    if not 0 <= units < _MOST:
        raise ValueError("an amount of billed units that cannot be")
    return round(units)


FORMAT = LineFormat(NAME, recognises, parse)
