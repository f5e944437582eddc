"""A source of requests as its configuration wants it: under other names, and late when it is silent for too long."""

import msgspec

from collectors.formats.dimensions import DimensionMap
from collectors.source import Around, Poll, Source


class ConfiguredSource(Around):
    """Hands over what a source saw, its dimensions taken from where the configuration says."""

    def __init__(self, source: Source, dimensions: DimensionMap, *, expect_seconds: float | None = None) -> None:
        """`expect_seconds` is how long it may say nothing before it counts as late."""
        super().__init__(source)
        self._dimensions = dimensions
        self._expect_seconds = expect_seconds
        self._heard_ms: int | None = None

    async def poll(self, now_ms: int) -> Poll:
        """What the source saw."""
        poll = await self._source.poll(now_ms)
        if poll.events:
            poll = msgspec.structs.replace(poll, events=self._dimensions.apply(poll.events))
        if poll.events or self._heard_ms is None:
            self._heard_ms = now_ms
        silent_ms = now_ms - self._heard_ms
        if self._expect_seconds is None or silent_ms <= self._expect_seconds * 1_000:
            return poll
        why = f"silent for {silent_ms // 1_000} s; expect_every is {self._expect_seconds:g} s"
        return msgspec.structs.replace(poll, late=poll.late or why)
