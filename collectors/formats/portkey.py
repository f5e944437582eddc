"""Portkey's log export: one JSON object per request.

Source of the format: `openapi.yaml` of Portkey-AI/openapi and the product's page on log exports. `cost` is in US cents.
Whether `req_units` contains tokens of the cache is not documented, so the answer's own usage counts where it is exported.
"""

from decimal import Decimal
from typing import Any

import msgspec

from collectors.door import cut, duration, milliseconds, names, pairs, reported_nano, text_milliseconds
from collectors.formats.bodies.any_body import body_events
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import inclusive
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

NAME = "portkey.export"

_CENTS_PER_USD = 100
_USER = "_user"
_DOLLARS = ("", "USD", "usd", None)


class _Row(msgspec.Struct, gc=False):
    id: str
    created_at: str | float
    req_units: Count | None
    trace_id: str | None = None
    ai_org: str | None = None
    ai_model: str | None = None
    res_units: Count | None = None
    cost: Decimal | None = None
    cost_currency: str | None = None
    response_time: float | None = None
    response_status_code: int | None = None
    is_success: bool | None = None
    cache_status: str | None = None
    metadata: dict[str, Any] | None = None
    response: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(_Row).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a row of an export."""
    return "req_units" in keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One row as its event."""
    row = _decode(line)
    answers = body_events(bytes(row.response))
    # Of an answer that several models worked on, the row knows one.
    answer = answers[0] if len(answers) == 1 else None
    usage = answer.usage if answer and answer.usage != NOTHING else inclusive(row.req_units, row.res_units)
    outcome, metadata = _outcome(row), row.metadata or {}
    user = metadata.get(_USER)
    at = row.created_at
    event = UsageEvent(
        id=row.id,
        trace_id=row.trace_id or None,
        ended_at_ms=text_milliseconds(at) if isinstance(at, str) else milliseconds(at),
        duration_ms=duration(row.response_time),
        provider=cut(row.ai_org),
        model=cut(row.ai_model),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is Outcome.OK and usage == NOTHING,
        variant=answer.variant if answer else "",
        reported_nano_usd=_reported(row),
        error=f"HTTP {row.response_status_code or 'failure'}" if outcome is Outcome.ERROR else None,
        user=cut(user) if isinstance(user, str) else None,
        tags=names(pairs({name: value for name, value in metadata.items() if name != _USER})),
    )
    return (event,)


def _reported(row: _Row) -> int | None:
    """Its cost in nano-dollars; one in another currency than the dollar is not known."""
    if row.cost is None or row.cost_currency not in _DOLLARS:
        return None
    return reported_nano(row.cost / _CENTS_PER_USD)


def _outcome(row: _Row) -> Outcome:
    if row.cache_status in ("HIT", "SEMANTIC HIT"):
        return Outcome.CACHE
    failed = row.is_success is False or (row.response_status_code or 200) >= 400
    return Outcome.ERROR if failed else Outcome.OK


FORMAT = LineFormat(NAME, recognises, parse)
