"""One gzip file of log lines, read once as the stream that it holds."""

import gzip
import os
import zlib
from typing import Protocol

import msgspec

from collectors.logs.fileid import WINDOW_BYTES, Fingerprint, digest
from collectors.logs.lines import LineSplitter
from collectors.logs.logfile import BLOCK_BYTES, LogFile, Look
from store.facts import Position


class PackedStream(Protocol):
    """Unpacks a file from where it stands."""

    def read1(self, size_bytes: int, /) -> bytes:
        """The next bytes, empty at the end; raises EOFError where the file breaks off."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class GzipLog(LogFile):
    """A finished log whose offsets count the bytes that were compressed, not those on disk.

    To take up a stored position is to read up to it again; where other bytes stand, it starts from 0.
    """

    _ended: bool

    def __init__(
        self,
        log: str,
        descriptor: int,
        position: Position | None,
        *,
        max_line_bytes: int,
        splitter: type[LineSplitter] = LineSplitter,
    ) -> None:
        super().__init__(log, descriptor, None, max_line_bytes=max_line_bytes, splitter=splitter)
        self._raw = os.fdopen(descriptor, "rb", closefd=False)
        self._rewind()
        if position is not None and position.offset > 0:
            self._take_up(position)

    @property
    def backlog_bytes(self) -> int:
        """Compressed bytes that were not taken yet, at least 1 until the end was seen."""
        return 0 if self._ended else max(1, self.look.size_bytes - self._raw.tell())

    @property
    def unread_bytes(self) -> int:
        """Of what a packed file held nothing is known before it is unpacked."""
        return 0

    def first_bytes(self) -> bytes:
        """The first window of what is packed; read it before anything else."""
        while len(self._head) < WINDOW_BYTES and self._block(WINDOW_BYTES):
            pass
        return self._head

    def position(self) -> Position:
        """Where the lines that were returned end; finished once that is the end of a whole stream."""
        self.finished = self._ended and self.damage is None and self.read_bytes == self.offset
        # Its size on the disk says nothing of the bytes that its offset counts.
        return msgspec.structs.replace(super().position(), size_bytes=0)

    def is_intact(self) -> bool:
        """Whether the stream goes on from where it was read, should it have broken off, or ended, and changed since."""
        look = Look.of(os.fstat(self._descriptor))
        if self._ended and look != self.look:
            is_longer = look.size_bytes > self.look.size_bytes
            self.look = look
            if self.damage is None and is_longer:
                self._ended = False  # another stream was put behind those that were read
            elif self.damage is not None or look.size_bytes < self._raw.tell():
                self._rewind()
                self._take_up(self.position())
        return self.recognised

    def begin_again(self) -> None:
        """Read the stream from its start."""
        super().begin_again()
        self._rewind()
        self.recognised = True

    def close(self) -> None:
        """Give the descriptor back."""
        self._stream.close()
        self._raw.close()
        super().close()

    def _open_stream(self) -> PackedStream:
        return gzip.GzipFile(fileobj=self._raw)

    def _rewind(self) -> None:
        self.damage: str | None = None
        """Why the stream broke off, or None."""
        self._ended = False
        self._raw.seek(0)
        self._stream = self._open_stream()
        self._head = self._tail = self._recent = b""

    def _take_up(self, position: Position) -> None:
        left = position.offset
        while left > 0 and (block := self._block(min(BLOCK_BYTES, left))):
            left -= len(block)
        seen = Fingerprint(position.head_digest, position.tail_digest)
        self.recognised = left == 0 and self._fingerprint(position.offset, self._recent) == seen
        if self.recognised:
            self._tail, self.memory = self._recent, position.memory
            self._stand_at(position.offset, seen)
        else:
            self._rewind()

    def _wanted_bytes(self, limit_bytes: int) -> int:
        return 0 if self._ended else limit_bytes

    def _block(self, size_bytes: int) -> bytes:
        try:
            block = self._stream.read1(size_bytes)  # read() would drop what stands before a break
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.damage, block = str(error), b""
        self._ended = not block
        self._head = (self._head + block[:WINDOW_BYTES])[:WINDOW_BYTES]
        if complete := block.rfind(b"\n") + 1:
            self._tail = (self._recent + block[:complete])[-WINDOW_BYTES:]
        self._recent = (self._recent + block[-WINDOW_BYTES:])[-WINDOW_BYTES:]
        return block

    def _still_holds(self, before: int) -> bool:  # noqa: ARG002  a finished log does not change
        self._at_offset = self._fingerprint(self.offset, self._tail)
        self._at_end = self._fingerprint(self.read_bytes, self._recent)
        return True

    def _fingerprint(self, offset: int, tail: bytes) -> Fingerprint:
        return Fingerprint(digest(self._head[: min(WINDOW_BYTES, offset)]), digest(tail))
