"""Envoy AI Gateway's access log as JSON, with the keys of its documented example.

Source of the format: `site/docs/capabilities/observability/accesslogs.md` of envoyproxy/ai-gateway. An operator chooses
the keys; a log with others is read by `generic.jsonl` and a field map. Counts are unified: the input contains the cache.
"""

from typing import TypeAlias

import msgspec
from msgspec import field

from collectors.door import count, cut, duration, text_milliseconds
from collectors.formats.bodies.body import own_id
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.split import Written, inclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "envoy.access"

_Number: TypeAlias = int | float | str | None
_PREFIX = "gen_ai.usage."
_HUNG_UP = "DC"


class _Line(msgspec.Struct, gc=False):
    start_time: str
    duration: _Number = None
    response_code: _Number = None
    response_flags: str | None = None
    route_name: str | None = None
    request_id: str | None = field(name="x-request-id", default=None)
    asked: str | None = field(name="gen_ai.request.model", default=None)
    answered: str | None = field(name="gen_ai.response.model", default=None)
    backend: str | None = field(name="gen_ai.provider.name", default=None)
    input_tokens: _Number = field(name=f"{_PREFIX}input_tokens", default=None)
    output_tokens: _Number = field(name=f"{_PREFIX}output_tokens", default=None)
    cache_read: _Number = field(name=f"{_PREFIX}cache_read.input_tokens", default=None)
    cached: _Number = field(name=f"{_PREFIX}cached_input_tokens", default=None)
    cache_creation: _Number = field(name=f"{_PREFIX}cache_creation.input_tokens", default=None)
    reasoning: _Number = field(name=f"{_PREFIX}reasoning.output_tokens", default=None)


_decode = msgspec.json.Decoder(_Line).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a line of such a log."""
    return "start_time" in keys and any(key.startswith(_PREFIX) for key in keys)


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One line as its event; nothing for a request that went to no model. NotUsageError for a line of another log."""
    logged = _decode(line)
    usage, asked = _usage(logged), _said(logged.asked)
    if usage == NOTHING and asked is None and _said(logged.answered) is None:
        if not recognises(frozenset(_decode_keys(line))):
            raise NotUsageError("no line of an access log with the gateway's counts")
        return ()
    status, took_ms = count(logged.response_code), duration(count(logged.duration))
    outcome = _outcome(logged, status)
    backend, route = _said(logged.backend), _said(logged.route_name)
    event = UsageEvent(
        id=_id(logged, line),
        ended_at_ms=text_milliseconds(logged.start_time) + (took_ms or 0),
        duration_ms=took_ms,
        model=cut(_said(logged.answered) or asked),
        deployment=cut(asked),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is not Outcome.ERROR and usage == NOTHING,
        error=f"HTTP {status}" if outcome is Outcome.ERROR else None,
        tags=tuple(str(cut(f"{k}:{v}")) for k, v in (("backend", backend), ("route", route)) if v),
    )
    return (event,)


def _id(logged: _Line, line: bytes) -> str:
    """Retries of a client may share their request id, so the start belongs to it; without one, the line names itself."""
    request = _said(logged.request_id)
    return f"{request} {logged.start_time}" if request else own_id(None, line)


def _said(text: str | None) -> str | None:
    return None if text in (None, "", "-") else text


def _outcome(logged: _Line, status: int | None) -> Outcome:
    if _HUNG_UP in (logged.response_flags or "").split(","):
        return Outcome.CUT
    return Outcome.ERROR if status is not None and not 200 <= status < 400 else Outcome.OK


def _usage(logged: _Line) -> Usage:
    read = count(logged.cache_read)
    return inclusive(
        count(logged.input_tokens),
        count(logged.output_tokens),
        read=count(logged.cached) if read is None else read,
        written=Written(unsaid=count(logged.cache_creation)),
        reasoning=count(logged.reasoning),
    )


FORMAT = LineFormat(NAME, recognises, parse)
