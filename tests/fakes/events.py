"""Requests as a gateway might log them, and the batches in which they reach the store."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pricing.card import CardStatus, RateCard
from pricing.usage import Usage
from store.facts import (
    Batch,
    EngineReading,
    GpuReading,
    Position,
    PricedEvent,
    ProcessorReading,
    Reject,
    SourceHealth,
    SourceState,
    UsageEvent,
)

AT_MS = 1_778_941_380_000
"""2026-05-16T14:23:00Z, the beginning of a minute."""

CARD = RateCard(
    book="test", record="gpt-4o", status=CardStatus.PRICED, rates=(2_500_000_000, *(None,) * 6, 10_000_000_000)
)
"""2.5 dollars per million input tokens, 10 per million output tokens."""

USAGE = Usage(input_tokens=1_000, output_tokens=100)
USAGE_NANO_USD = 3_500_000
"""1,000 x 2,500 + 100 x 10,000 nano-dollars."""


def event(record_id: str = "r-1", **changes: Any) -> UsageEvent:
    """One request of 1,000 input and 100 output tokens, ended at AT_MS, with whatever differs from that."""
    plain = UsageEvent(
        id=record_id, ended_at_ms=AT_MS, provider="openai", model="gpt-4o", tenant="acme", key="search", usage=USAGE
    )
    return msgspec.structs.replace(plain, **changes)


def priced(
    record_id: str = "r-1", nano_usd: int | None = USAGE_NANO_USD, card: RateCard = CARD, **changes: Any
) -> PricedEvent:
    """The same with its card and cost."""
    partial = changes.pop("partial", False)
    return PricedEvent(event=event(record_id, **changes), card_id=card.id, nano_usd=nano_usd, partial=partial)


def health(source: str = "gateway", *, at_ms: int = AT_MS, kind: str = "file", **changes: Any) -> SourceHealth:
    """A source that was read to its end at `at_ms` and is read every half second."""
    plain = SourceHealth(
        name=source, kind=kind, state=SourceState.OK, polled_ms=at_ms, watermark_ms=at_ms, poll_every_ms=500
    )
    return msgspec.structs.replace(plain, **changes)


def batch(
    events: Iterable[PricedEvent] = (),
    *,
    source: str = "gateway",
    at_ms: int = AT_MS,
    kind: str = "file",
    positions: Sequence[Position] = (),
    rejects: Sequence[Reject] = (),
    gpus: Sequence[GpuReading] = (),
    engines: Sequence[EngineReading] = (),
    processors: Sequence[ProcessorReading] = (),
    gap_bytes: int = 0,
    gone: Sequence[tuple[int, int]] = (),
    **health_changes: Any,
) -> Batch:
    """What one poll of one source saw."""
    return Batch(
        health=health(source, at_ms=at_ms, kind=kind, **health_changes),
        events=tuple(events),
        positions=positions,
        rejects=rejects,
        gpus=gpus,
        engines=engines,
        processors=processors,
        gap_bytes=gap_bytes,
        gone=gone,
    )
