"""A collector in small that follows files, and the lines that are written into them."""

import os
from pathlib import Path
from typing import Any

from collectors.logs.chunk import Chunk
from collectors.logs.fileid import Key, key_of
from collectors.logs.tail import Tail
from store.facts import Position


class Reader:
    """A collector in small: keeps lines and positions together, and can die at any moment."""

    def __init__(self, pattern: Path | str, **options: Any) -> None:
        self.pattern, self.options = str(pattern), options
        self.lines: list[bytes] = []
        self.positions: dict[Key, Position] = {}
        self.gap_bytes = self.too_long = 0
        self.notes: list[str] = []
        self.tail = self.new_tail()

    def new_tail(self) -> Tail:
        return Tail(self.pattern, list(self.positions.values()), **self.options)

    def restart(self) -> None:
        self.tail.close()
        self.tail = self.new_tail()

    def commit(self, chunk: Chunk) -> None:
        self.lines += chunk.lines
        self.positions |= {key_of(position): position for position in chunk.positions}
        self.gap_bytes += chunk.gap_bytes
        self.too_long += chunk.too_long
        self.notes += chunk.notes

    def read(self, limit_bytes: int = 1 << 22) -> list[bytes]:
        """Everything that is there; returns what this read added."""
        before = len(self.lines)
        for _ in range(1000):
            chunk = self.tail.read(limit_bytes)
            self.commit(chunk)
            if not chunk.more:
                return self.lines[before:]
        raise AssertionError("reading did not come to an end")

    def finish(self) -> list[bytes]:
        chunk = self.tail.finish()
        self.commit(chunk)
        return chunk.lines


def put(path: Path, *lines: str, at: int | None = None) -> None:
    """Append whole lines; `at` sets the file's time, in seconds."""
    with path.open("ab") as file:
        file.writelines(f"{line}\n".encode() for line in lines)
    if at is not None:
        os.utime(path, (at, at))


def numbered(first: int, last: int) -> list[str]:
    """Lines of some length that no other file has."""
    return [f'{{"id": {number}, "pad": "{"x" * 60}"}}' for number in range(first, last)]


def as_bytes(lines: list[str]) -> list[bytes]:
    return [line.encode() for line in lines]
