"""A log that a gateway writes, read to its end at every poll."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from collectors.formats.lines import LineReader
from collectors.source import Poll
from collectors.tail import Tail
from store.facts import Position, Reject, UsageEvent

POLL_SECONDS = 0.5
_TOO_LONG = "a line longer than 8 MiB"


class FileSource:
    """Follows one path or pattern from the positions that are stored for it; parses off the event loop.

    `not_before_ms` leaves out older events (`start = "24h"`), `from_end` everything that stood there before.
    """

    kind: ClassVar[str] = "file"

    def __init__(
        self,
        name: str,
        pattern: str,
        positions: Sequence[Position],
        *,
        format_name: str | None = None,
        not_before_ms: int = 0,
        from_end: bool = False,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        expanded = str(Path(pattern).expanduser())
        self._tail = Tail(expanded, positions, start="end" if from_end else "beginning")
        self._lines = LineReader(format_name)
        self._not_before_ms = not_before_ms

    async def poll(self, _now_ms: int) -> Poll:
        """The next chunk of complete lines as events."""
        return await asyncio.to_thread(self.read)

    def read(self) -> Poll:
        """The same, blocking."""
        chunk = self._tail.read()
        parsed = self._lines.read(chunk.lines)
        rejects = parsed.rejects
        if chunk.too_long:
            rejects = (*rejects, Reject(reason=_TOO_LONG, count=chunk.too_long, example=""))
        return Poll(
            events=self._wanted(parsed.events),
            positions=chunk.positions,
            rejects=rejects,
            gap_bytes=chunk.gap_bytes,
            backlog_bytes=chunk.backlog_bytes,
            detail=" ".join(chunk.notes) or parsed.format_name or "",
            more=chunk.more,
        )

    def finish(self) -> Poll:
        """What stands after the last newline, for a log that nobody writes any more."""
        chunk = self._tail.finish()
        parsed = self._lines.read(chunk.lines)
        return Poll(events=self._wanted(parsed.events), positions=chunk.positions, rejects=parsed.rejects)

    def close(self) -> None:
        """Let go of the files."""
        self._tail.close()

    def _wanted(self, events: Sequence[UsageEvent]) -> Sequence[UsageEvent]:
        if not self._not_before_ms:
            return events
        return [event for event in events if event.ended_at_ms >= self._not_before_ms]
