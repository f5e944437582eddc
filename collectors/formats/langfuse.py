"""Observations of Langfuse, as its API and its exports give them: one object per generation.

Source of the format: `fern/apis/server/definition` of langfuse/langfuse. The buckets of `usageDetails` do not overlap:
reasoning stands beside `output`, and reads and writes of the cache beside `input`. `total` is their sum.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product

import msgspec

from collectors.door import cut, names, reported_nano, text_milliseconds
from collectors.formats.doubts import MISMATCH, note
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "langfuse.observation"

CALLS = ("GENERATION", "EMBEDDING")
_AUDIO = {"input_audio_tokens", "output_audio_tokens"}
_INPUTS, _OUTPUTS = ("input", "prompt"), ("output", "completion")
_WRITES = ("cache_write_5m_tokens", "cache_write_1h_tokens", "cache_write_tokens")


class _OlderUsage(msgspec.Struct, gc=False):
    input: Count | None = None
    output: Count | None = None
    unit: str | None = None


class _Observation(msgspec.Struct, gc=False):
    id: str
    startTime: str  # noqa: N815 - the format's own name
    type: str = "GENERATION"
    traceId: str | None = None  # noqa: N815 - the format's own name
    endTime: str | None = None  # noqa: N815 - the format's own name
    completionStartTime: str | None = None  # noqa: N815 - the format's own name
    providedModelName: str | None = None  # noqa: N815 - the format's own name
    model: str | None = None
    usageDetails: dict[str, Count | None] | None = None  # noqa: N815 - the format's own name
    usage: _OlderUsage | None = None
    totalCost: Decimal | None = None  # noqa: N815 - the format's own name
    calculatedTotalCost: Decimal | None = None  # noqa: N815 - the format's own name
    level: str | None = None
    environment: str | None = None
    userId: str | None = None  # noqa: N815 - the format's own name
    sessionId: str | None = None  # noqa: N815 - the format's own name
    tags: list[str] | None = None


_decode = msgspec.json.Decoder(_Observation).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an observation."""
    return "usageDetails" in keys or {"usage", "calculatedTotalCost"} <= keys


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One observation as its event; nothing for agents and chains, which repeat the sums of their generations, and for a
    call that is under way.
    """
    seen = _decode(line)
    is_under_way = seen.endTime is None and seen.level != "ERROR" and not _buckets(seen)
    return (_event(seen),) if seen.type in CALLS and not is_under_way else ()


def _buckets(seen: _Observation) -> Mapping[str, int | None]:
    """What was used, in the older form, too, whose unit may be another than tokens."""
    if seen.usageDetails or seen.usage is None or seen.usage.unit not in (None, "TOKENS"):
        return seen.usageDetails or {}
    older = {"input": seen.usage.input, "output": seen.usage.output}
    return {name: amount for name, amount in older.items() if amount is not None}


def _event(seen: _Observation) -> UsageEvent:
    started_ms = text_milliseconds(seen.startTime)
    ended_ms = text_milliseconds(seen.endTime) if seen.endTime else started_ms
    first_ms = text_milliseconds(seen.completionStartTime) if seen.completionStartTime else None
    buckets = _buckets(seen)
    usage = usage_of(buckets)
    failed = seen.level == "ERROR"
    cost = seen.calculatedTotalCost if seen.totalCost is None else seen.totalCost
    return UsageEvent(
        id=seen.id,
        trace_id=seen.traceId or None,
        ended_at_ms=ended_ms,
        duration_ms=max(0, ended_ms - started_ms) if seen.endTime else None,
        first_token_ms=None if first_ms is None else max(0, first_ms - started_ms),
        model=cut(seen.providedModelName or seen.model),
        call_type=cut(seen.type.lower()),
        outcome=Outcome.ERROR if failed else Outcome.OK,
        usage=usage,
        usage_missing=not failed and usage == NOTHING and all(said is None for said in buckets.values()),
        reported_nano_usd=None if cost is None else reported_nano(cost),
        error="error" if failed else None,
        user=cut(seen.userId),
        session=cut(seen.sessionId),
        tags=names(_tags(seen)),
    )


def _tags(seen: _Observation) -> Iterator[str]:
    if seen.environment:
        yield f"environment:{seen.environment}"
    yield from seen.tags or ()


def usage_of(buckets: Mapping[str, int | None]) -> Usage:
    """Every bucket in the class that its name tells; names are free, so an unknown one counts by its beginning."""
    found: Counter[str] = Counter()
    units: Counter[str] = Counter()
    total = summed = 0
    for name, said in buckets.items():
        amount, known = said or 0, name.lower()
        fields = _fields(known)
        if "total" in known:
            total = max(total, amount)
        elif known in _AUDIO:
            units[known] += amount
            summed += amount
        elif fields:
            found.update(dict.fromkeys(fields, amount))
            summed += amount
    if total and summed > total:
        _take_out(found, summed - total)
    return Usage(**found, units=tuple(sorted((unit, amount) for unit, amount in units.items() if amount)))


def _take_out(found: Counter[str], twice: int) -> None:
    """What stands in two buckets: some clients leave the cache in the input, or the reasoning in the output.

    The total, which they say as it was, tells how much that is; what no buckets explain stays.
    """
    read, reasoning = found["cache_read_tokens"], found["reasoning_tokens"]
    written = sum(found[name] for name in _WRITES)
    for cached, thought in product((read + written, written, read, 0), (0, reasoning)):
        fits = cached <= found["input_tokens"] and thought <= found["output_tokens"] - reasoning
        if cached + thought == twice and fits:
            found["input_tokens"] -= cached
            found["output_tokens"] -= thought
            break
    note(MISMATCH)


def _fields(name: str) -> tuple[str, ...]:
    """The fields of `Usage` that a bucket adds to; `total` and what is neither input nor output add to none."""
    if "total" in name:
        return ()
    if "cache_creation" in name or "cache_write" in name:
        lifetime = next((f"_{said}" for said in ("5m", "1h") if f"_{said}" in name), "")
        return (f"cache_write{lifetime}_tokens",)
    if "cache" in name:
        return ("cache_read_tokens",)
    if name.startswith(_OUTPUTS):
        return ("output_tokens", "reasoning_tokens") if "reasoning" in name else ("output_tokens",)
    return ("input_tokens",) if name.startswith(_INPUTS) else ()


FORMAT = LineFormat(NAME, recognises, parse)
