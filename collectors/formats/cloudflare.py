"""Logs of Cloudflare AI Gateway, as its API gives them.

Source of the format: `types/ai_gateway` of cloudflare/cloudflare-python. Tokens of a provider's cache are not told apart,
and `cost` is the gateway's own estimate.
"""

from decimal import Decimal
from typing import Any

import msgspec

from collectors.door import cut, duration, names, pairs, reported_nano, text_milliseconds
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import inclusive
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

NAME = "cloudflare.aig"


class _Row(msgspec.Struct, gc=False):
    id: str
    created_at: str
    tokens_in: Count | None
    tokens_out: Count | None
    provider: str | None = None
    model: str | None = None
    request_type: str | None = None
    duration: float | None = None
    status_code: int | None = None
    success: bool | None = None
    cached: bool | None = None
    cost: Decimal | None = None
    metadata: str | dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Row).decode
_decode_metadata = msgspec.json.Decoder(dict[str, Any]).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a log of the gateway."""
    return {"tokens_in", "tokens_out"} <= keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One row as its event."""
    row = _decode(line)
    usage = inclusive(row.tokens_in, row.tokens_out)
    failed = row.success is False or (row.status_code or 200) >= 400
    outcome = Outcome.CACHE if row.cached else Outcome.ERROR if failed else Outcome.OK
    event = UsageEvent(
        id=row.id,
        ended_at_ms=text_milliseconds(row.created_at),
        duration_ms=duration(row.duration),
        provider=cut(row.provider),
        model=cut(row.model),
        call_type=cut(row.request_type),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is Outcome.OK and usage == NOTHING,
        reported_nano_usd=None if row.cost is None else reported_nano(row.cost),
        error=f"HTTP {row.status_code or 'failure'}" if outcome is Outcome.ERROR else None,
        tags=names(pairs(_metadata(row.metadata))),
    )
    return (event,)


def _metadata(said: str | dict[str, Any] | None) -> dict[str, Any]:
    """What the caller noted: a text that should be JSON; one that is not takes nothing else with it."""
    if not isinstance(said, str):
        return said or {}
    try:
        return _decode_metadata(said)
    except msgspec.MsgspecError:
        return {}


FORMAT = LineFormat(NAME, recognises, parse)
