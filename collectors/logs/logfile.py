"""One open log file, read from a stored position as complete lines."""

import os
import stat
import weakref
from dataclasses import dataclass
from typing import Self

from collectors.logs.fileid import UNREAD, WINDOW_BYTES, Fingerprint, Key, fingerprint, recognises
from collectors.logs.lines import LineSplitter
from collectors.logs.wrapped import Unwrapper
from store.facts import Position

BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the file system said of a file when it was last looked at."""

    key: Key
    size_bytes: int
    modified_ns: int
    links: int = 1

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The part of a stat result that tells whether there is something to read."""
        return cls(
            key=(status.st_dev, status.st_ino),
            size_bytes=status.st_size,
            modified_ns=status.st_mtime_ns,
            links=status.st_nlink,
        )


def open_to_read(path: str) -> int:
    """A descriptor of the regular file at `path`; never waits, whatever lies there; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a regular file")
    return descriptor


class LogFile:
    """A descriptor, how far it was read, and what the file looked like there.

    `log` is the path under which the file is followed; it stays when the file is renamed.
    """

    def __init__(
        self,
        log: str,
        descriptor: int,
        position: Position | None,
        *,
        max_line_bytes: int,
        splitter: type[LineSplitter] = LineSplitter,
    ) -> None:
        self.log = log
        self._descriptor = descriptor
        self._close = weakref.finalize(self, os.close, descriptor)
        self.recognised = position is None or recognises(position, descriptor)
        """False when other bytes stand where this position was: the file is then read from its start."""
        start = position if position is not None and self.recognised else None
        self.offset = start.offset if start else 0
        self.memory = start.memory if start else b""
        """What the format of its lines has remembered of those before the offset."""
        self.finished = False
        self.look = Look.of(os.fstat(descriptor))
        self._after: LogFile | None = None
        """Where a line goes on that was cut at its end."""
        self._splitter = splitter
        self._lines = splitter(max_line_bytes, at_start=self.offset == 0)
        self._wrapped = Unwrapper(max_line_bytes)
        self._max_line_bytes = max_line_bytes
        self._at_offset = Fingerprint(start.head_digest, start.tail_digest) if self.offset and start else UNREAD
        self._at_end = self._at_offset

    @property
    def key(self) -> Key:
        """The identity of the open file."""
        return self.look.key

    @property
    def read_bytes(self) -> int:
        """How far the bytes were taken, a last line without newline (or without its last part) included."""
        return self.offset + self._wrapped.held_bytes + self._lines.pending_bytes

    @property
    def backlog_bytes(self) -> int:
        """What stood in the file at the last look and was not taken yet."""
        return max(0, self.look.size_bytes - self.read_bytes)

    @property
    def unread_bytes(self) -> int:
        """What stood in the file at the last look and is in no line that was returned."""
        return max(0, self.look.size_bytes - self.offset)

    def is_intact(self) -> bool:
        """Look again: whether the file still begins with what was read of it. Keeps the last look when not."""
        look = Look.of(os.fstat(self._descriptor))
        if 0 < self.offset <= look.size_bytes < self.read_bytes:
            # A writer that has taken back half a line, or one that begins with the same lines: what follows tells.
            self._stand_at(self.offset, self._at_offset)
        if look.size_bytes < (self.read_bytes or self.look.size_bytes):
            return False
        if fingerprint(self._descriptor, self.read_bytes) != self._at_end:
            return False
        self.look = look
        return True

    def begin_again(self) -> None:
        """Read what stands there now from its start."""
        self.look = Look.of(os.fstat(self._descriptor))
        self.finished = False
        self.memory = b""
        self._stand_at(0, UNREAD)

    def skip_to_end(self) -> None:
        """Leave out what stands there now, save a last line that is not complete."""
        end = self.look.size_bytes
        while end > 0:
            start = max(0, end - BLOCK_BYTES)
            newline = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                offset = start + newline + 1
                self._stand_at(offset, fingerprint(self._descriptor, offset) or UNREAD)
                return
            end = start

    def read(self, limit_bytes: int) -> list[bytes]:
        """The next complete lines, from at most `limit_bytes` bytes of what the last look showed."""
        offset, before = self.offset, self.read_bytes
        lines: list[bytes] = []
        wanted = self._wanted_bytes(limit_bytes)
        while wanted > 0:
            try:
                block = self._block(min(BLOCK_BYTES, wanted))
            except OSError:
                if self.read_bytes == before:
                    raise
                break
            if not block:
                break
            end = self.read_bytes + len(block)
            lines += self._wrapped.feed(self._lines.feed(block))
            self.offset = end - self._lines.pending_bytes - self._wrapped.held_bytes
            wanted -= len(block)
        holds = False
        try:
            holds = self.read_bytes == before or self._still_holds(before)
        finally:
            if not holds:
                self._stand_at(offset, self._at_offset)
        return lines if holds else []

    def take_rest(self) -> list[bytes]:
        """The last line that has no newline, for when none will come."""
        end = self.read_bytes
        lines = [*self._wrapped.feed(self._lines.take_rest()), *self._wrapped.take_rest()]
        self.offset = end
        self._at_offset = self._at_end
        return lines

    @property
    def is_cut(self) -> bool:
        """Whether it ends within a line that was wrapped in parts, whose rest stands in the file after it."""
        return self._wrapped.held_bytes > 0

    @property
    def holds_a_part(self) -> bool:
        """Whether such a line goes on behind what was read."""
        return self._wrapped.holds_a_part

    def go_on_in(self, after: "LogFile") -> None:
        """Hand over what was begun here to the file after it, of which nothing was read yet."""
        after._wrapped.go_on_from(self._wrapped)
        self._after = after

    @property
    def has_ended(self) -> bool:
        """Whether what was handed over is whole by now: until then nothing of the file after it counts as read."""
        after = self._after
        while after is not None and after.offset == 0:
            after = after._after
        return self.is_cut and after is not None

    def take_too_long(self) -> int:
        """How many lines were left out for their length since the last call."""
        count = self._lines.too_long + self._wrapped.too_long
        self._lines.too_long = self._wrapped.too_long = 0
        return count

    def position(self) -> Position:
        """Where the lines that were returned end."""
        return Position(
            path=self.log,
            device=self.key[0],
            inode=self.key[1],
            offset=self.offset,
            head_digest=self._at_offset.head,
            tail_digest=self._at_offset.tail,
            modified_ms=self.look.modified_ns // 1_000_000,
            size_bytes=self.look.size_bytes,
            finished=self.finished,
            memory=self.memory,
        )

    def close(self) -> None:
        """Give the descriptor back."""
        self._close()

    def _wanted_bytes(self, limit_bytes: int) -> int:
        return min(limit_bytes, self.backlog_bytes)

    def _block(self, size_bytes: int) -> bytes:
        return os.pread(self._descriptor, size_bytes, self.read_bytes)

    def _still_holds(self, before: int) -> bool:
        """Whether it was one and the same file all the while it was read from `before` on."""
        at_end = fingerprint(self._descriptor, self.read_bytes)
        at_offset = fingerprint(self._descriptor, self.offset)
        if at_end is None or at_offset is None:
            return False
        if before >= WINDOW_BYTES:
            is_other = at_end.head != self._at_end.head
        else:
            is_other = before > 0 and fingerprint(self._descriptor, before) != self._at_end
        if not is_other:
            self._at_end, self._at_offset = at_end, at_offset
        return not is_other

    def _stand_at(self, offset: int, seen: Fingerprint) -> None:
        self.offset = offset
        self._at_offset = self._at_end = seen
        self._lines = self._splitter(self._max_line_bytes, at_start=offset == 0)
        self._wrapped = Unwrapper(self._max_line_bytes)
