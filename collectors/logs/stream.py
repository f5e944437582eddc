"""Lines that somebody pipes in, as a source: what was taken once cannot be read again, so nothing is left behind."""

import asyncio
import os
import select
from typing import ClassVar

from collectors.errors import SourceAbsentError
from collectors.formats.lines import LineReader
from collectors.logs.chunk import Chunk
from collectors.logs.gathered import Gathered
from collectors.logs.lines import LineSplitter
from collectors.logs.tail import MAX_LINE_BYTES
from collectors.logs.wrapped import Unwrapper
from collectors.source import Poll

STDIN = 0
_PIECE_BYTES = 1024 * 1024
_MOST_PIECES = 16
_ENOUGH_EVENTS = 4_096
_WAIT_SECONDS = 0.5


class StreamSource:
    """Reads a descriptor (a pipe, a terminal, a file) until its end; `ended` when all of it was handed over."""

    kind: ClassVar[str] = "stdin"
    poll_seconds: ClassVar[float] = 0.2

    def __init__(
        self,
        name: str = "stdin",
        descriptor: int = STDIN,
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        self.name = name
        self.ended = False
        """Nothing more will come, and the last of it was handed over before this turned true."""
        self._descriptor = descriptor
        self._split = LineSplitter(max_line_bytes, at_start=True)
        self._wrapped = Unwrapper(max_line_bytes)
        self._lines = LineReader()
        self._is_over = False

    async def poll(self, _now_ms: int) -> Poll:
        """What has come since the last poll; who asks again has recorded what came before.

        Raises SourceAbsentError once nothing more can come: a pipe that has ended is missed by nobody.
        """
        poll = await asyncio.to_thread(self.read, 0.0)
        if self.ended:
            raise SourceAbsentError(poll.detail)
        return poll

    def read(self, wait_seconds: float = _WAIT_SECONDS) -> Poll:
        """The same, blocking; waits so long for the first bytes."""
        gathered, format_name = Gathered(), ""
        for _ in range(_MOST_PIECES):
            block = self._block(wait_seconds)
            if block is None:
                break
            parsed = self._lines.read(self._whole(block))
            format_name = parsed.format_name or ""
            gathered.add(self._chunk(more=not self._is_over), parsed.events, parsed.rejects)
            if self._is_over:
                gathered.take(self._lines.rest().events, ())
            wait_seconds = 0.0
            if self._is_over or len(gathered.events) >= _ENOUGH_EVENTS:
                break
        return gathered.poll("the input has ended" if self._is_over else format_name)

    def _block(self, wait_seconds: float) -> bytes | None:
        """The next bytes, empty at the end; None while there are none, and for ever after the end."""
        if self._is_over:
            self.ended = True
            return None
        readable, _, _ = select.select([self._descriptor], [], [], wait_seconds)
        return os.read(self._descriptor, _PIECE_BYTES) if readable else None

    def _whole(self, block: bytes) -> list[bytes]:
        if block:
            return self._wrapped.feed(self._split.feed(block))
        self._is_over = True
        return [*self._wrapped.feed(self._split.take_rest()), *self._wrapped.take_rest()]

    def _chunk(self, *, more: bool) -> Chunk:
        too_long = self._split.too_long + self._wrapped.too_long
        self._split.too_long = self._wrapped.too_long = 0
        return Chunk(pieces=[], positions=[], gap_bytes=0, notes=(), too_long=too_long, more=more, backlog_bytes=0)
