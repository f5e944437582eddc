"""What every source looks like to the runner: a name, a kind, and one coroutine that asks."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from collectors.errors import SourceAbsentError
from store.facts import EngineReading, GpuReading, Position, ProcessorReading, Reject, UsageEvent
from store.provider_facts import ProviderReading


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll saw; the runner prices it and writes it in one transaction."""

    events: Sequence[UsageEvent] = ()
    positions: Sequence[Position] = ()
    rejects: Sequence[Reject] = ()
    gpus: Sequence[GpuReading] = ()
    engines: Sequence[EngineReading] = ()
    processors: Sequence[ProcessorReading] = ()
    readings: Sequence[ProviderReading] = ()
    watermark_ms: int | None = None
    """Up to when everything is known, where that is not the instant of the poll: what is asked for comes late."""
    gap_bytes: int = 0
    gone: Sequence[tuple[int, int]] = ()
    """Files whose positions are of no use any more."""
    backlog_bytes: int | None = None
    detail: str = ""
    late: str | None = None
    """Why the source counts as late although it could be read: it is silent for longer than it should be."""
    more: bool = False
    """There is more to read at once; the watermark does not move yet."""


class Source(Protocol):
    """Asks one place what happened since it was asked last; it does not store, price, draw or sleep."""

    @property
    def name(self) -> str:
        """Unique among the sources of a store."""
        ...

    @property
    def kind(self) -> str:
        """What it is: one of `store.tables.LIVE_KINDS`, "provider" or "power"."""
        ...

    @property
    def poll_seconds(self) -> float:
        """How long to wait after a poll that read to the end."""
        ...

    async def poll(self, now_ms: int, /) -> Poll:
        """What happened since the last poll; raises CollectorError with a sentence, or SourceAbsentError."""
        ...


class Around:
    """What stands around a source and goes by its name, its kind and its pace; `poll` is for those who derive from it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """Of the source."""
        return self._source.name

    @property
    def kind(self) -> str:
        """Of the source."""
        return self._source.kind

    @property
    def poll_seconds(self) -> float:
        """Of the source."""
        return self._source.poll_seconds


class Absent(msgspec.Struct, frozen=True):
    """Something that was looked for in vain: a source that says so, and does nothing else."""

    name: str
    kind: str
    sentence: str
    poll_seconds: float = 60.0

    async def poll(self, _now_ms: int) -> Poll:
        """Say what is absent."""
        raise SourceAbsentError(self.sentence)
