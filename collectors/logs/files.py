"""A log that a gateway writes, read to its end at every poll."""

import asyncio
import glob
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import ClassVar

import msgspec

from collectors.formats.fieldmap import FieldMap
from collectors.formats.format import LineFormat
from collectors.formats.generic import CSV, mapped_format
from collectors.formats.lines import LineReader
from collectors.logs.chunk import Chunk
from collectors.logs.devices import renumbered
from collectors.logs.fileid import Key, key_of
from collectors.logs.gathered import Gathered
from collectors.logs.tail import Tail
from collectors.source import Poll
from store.facts import Position, Reject, UsageEvent

POLL_SECONDS = 0.5
FORGET_AFTER_MS = 7 * 86_400_000
"""A file that has been gone for so long is forgotten."""
CUT_AFTER_MS = 60_000
"""A stream of which a log says nothing more for so long was cut off."""
_TIDY_EVERY_MS = 86_400_000
_PIECE_BYTES = 1024 * 1024
"""Read and parsed while it is still in the processor's cache."""
_MOST_PIECES = 16
_HEADER_BYTES = 65_536
_NEVER = "Nothing was ever read of it: is the path right?"
_ENOUGH_EVENTS = 4_096
"""A poll hands over about so many at most, for one transaction."""


class FileSource:
    """Follows one path or pattern from the positions that are stored for it; parses off the event loop.

    `fields` maps the fields of a home-made log. `whole` files are one JSON document each, read at the finish.
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
        fields: FieldMap | None = None,
        not_before_ms: int = 0,
        from_end: bool = False,
        poll_seconds: float = POLL_SECONDS,
        whole: bool = False,
    ) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        expanded = str(Path(pattern).expanduser())
        self._moved = renumbered(positions)
        positions = self._moved.positions
        self._tail = Tail(expanded, positions, start="end" if from_end else "beginning", whole=whole)
        self._lines = LineReader(format_name, _mapped(format_name, fields, expanded, positions))
        self._not_before_ms = not_before_ms
        self._format = format_name or ""
        self._gathered = Gathered()
        self._troubles: frozenset[str] = frozenset()
        """As the last poll saw them."""
        self._unsettled = {key_of(position): None for position in positions if position.memory}
        """Files whose lines may have left something open."""
        self._tidy_at_ms = 0

    async def poll(self, now_ms: int) -> Poll:
        """The next chunk of complete lines as events."""
        poll = await asyncio.to_thread(self.read, now_ms)
        if now_ms >= self._tidy_at_ms and not poll.more:
            poll = await asyncio.to_thread(self._tidied, poll, now_ms)
        return poll

    def read(self, now_ms: int = 0) -> Poll:
        """The same, blocking; `now_ms` tells how long the files have been quiet."""
        for _ in range(_MOST_PIECES):
            self._gather(self._tail.read(_PIECE_BYTES))
            if not self._gathered.more or len(self._gathered.events) >= _ENOUGH_EVENTS:
                break
        if self._unsettled and not self._gathered.more:
            self._settle(self._quiet(now_ms))
        return self._hand_over()

    def finish(self) -> Poll:
        """What stands after the last newline, for a log that nobody writes any more."""
        self._gather(self._tail.finish())
        self._settle(list(self._unsettled))
        return self._hand_over()

    def close(self) -> None:
        """Let go of the files."""
        self._tail.close()

    def _tidied(self, poll: Poll, now_ms: int) -> Poll:
        self._tidy_at_ms = now_ms + _TIDY_EVERY_MS
        tidied = self._tail.tidy(now_ms, FORGET_AFTER_MS)
        gone = (*poll.gone, *tidied.forgotten)
        return msgspec.structs.replace(poll, positions=(*poll.positions, *tidied.changed), gone=gone)

    def _gather(self, chunk: Chunk) -> None:
        events: list[UsageEvent] = []
        rejects: list[Reject] = []
        memories: dict[Key, bytes] = {}
        for piece in chunk.pieces:
            memory = memories.get(piece.key, piece.memory) if piece.offset else b""
            parsed = self._lines.read(piece.lines, memory)
            events += self._wanted(parsed.events)
            rejects += parsed.rejects
            if parsed.memory or memory:
                memories[piece.key] = parsed.memory
                self._unsettled[piece.key] = None
                self._tail.remember(piece.key, parsed.memory)
            self._format = parsed.format_name or ""
        self._gathered.add(chunk, events, rejects, memories)

    def _quiet(self, now_ms: int) -> Sequence[Key]:
        """Files in which nothing was written for so long that what is open in them was cut off."""
        return [
            key
            for key in self._unsettled
            if (position := self._tail.position(key)) is None or now_ms - position.modified_ms >= CUT_AFTER_MS
        ]

    def _settle(self, keys: Sequence[Key]) -> None:
        """Count what these files leave open, and remember with their positions that it was counted."""
        for key in keys:
            del self._unsettled[key]
            position = self._tail.position(key)
            rest = self._lines.rest(position.memory) if position is not None else None
            if position is not None and rest is not None and rest.events:
                self._tail.remember(key, rest.memory)
                position = msgspec.structs.replace(position, memory=rest.memory)
                self._gathered.settle(position, self._wanted(rest.events))

    def _hand_over(self) -> Poll:
        gathered, self._gathered = self._gathered, Gathered()
        # What is gone at the next poll was a rotation under way.
        poll = gathered.poll(self._format)
        troubles = gathered.troubles if self._tail.has_met_a_file else (f"{poll.detail} {_NEVER}",)
        lasting = [sentence for sentence in troubles if sentence in self._troubles]
        self._troubles = frozenset(troubles)
        if self._moved.changed:
            positions = (*self._moved.changed, *poll.positions)
            poll = msgspec.structs.replace(poll, positions=positions, gone=tuple(self._moved.before))
            self._moved = renumbered(())
        return msgspec.structs.replace(poll, late=" ".join(lasting)) if lasting else poll

    def _wanted(self, events: Sequence[UsageEvent]) -> Sequence[UsageEvent]:
        if not self._not_before_ms:
            return events
        return [event for event in events if event.ended_at_ms >= self._not_before_ms]


def _mapped(
    format_name: str | None, fields: FieldMap | None, pattern: str, positions: Sequence[Position]
) -> LineFormat | None:
    """The format that a field map makes; of CSV that is read on from its middle, the header stands at its start."""
    if not format_name or not fields:
        return None
    if format_name != CSV:
        return mapped_format(format_name, fields)
    mine = [position for position in positions if position.path == pattern or fnmatch(position.path, pattern)]
    newest = max(mine, key=lambda position: position.modified_ms, default=None)
    path = newest.path if newest else max(glob.glob(pattern, recursive=True), default=None)  # noqa: PTH207 - a pattern may be absolute
    return mapped_format(format_name, fields, header=_first_line(path) if path else None)


def _first_line(path: str) -> bytes | None:
    """Of a plain file: to open a pipe would wait for its writer."""
    if not Path(path).is_file():
        return None
    try:
        with Path(path).open("rb") as file:
            return file.readline(_HEADER_BYTES)
    except OSError:
        return None
