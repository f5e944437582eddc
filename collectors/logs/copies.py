"""Finished files that were read before, themselves or as what they are a copy of: how far, and under which names."""

import os
import zlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from collectors.logs.document import opened
from collectors.logs.fileid import WINDOW_BYTES, digest, key_of, recognises
from collectors.logs.logfile import open_to_read
from collectors.logs.packed import COMPRESSED, packing
from collectors.logs.rotation import originals
from store.facts import Position

IMPORT = "import"
"""The source of finished logs that nobody follows."""

_UNREADABLE = (OSError, EOFError, ValueError, zlib.error)


def names_of(path: Path) -> Iterator[str]:
    """A file's own path, and those of the logs of which it may be a rotation, packed or not."""
    for own in dict.fromkeys((os.fspath(path.absolute()), os.fspath(path.resolve()))):
        plain = next((own.removesuffix(ending) for ending in COMPRESSED if own.endswith(ending)), own)
        for name in dict.fromkeys((own, plain)):
            yield name
            yield from originals(name)


def read_before(path: Path, positions: Sequence[Position]) -> Position | None:
    """How far this file was read: the position of its own, or of one that began with more than a window of the same bytes.

    A copy is known by the first and the last bytes of what was read, as a log is that was rotated; None where none is.
    """
    try:
        status = path.stat()
        with opened(path) as file:
            head = file.read(WINDOW_BYTES)
    except _UNREADABLE:
        return None
    key = (status.st_dev, status.st_ino)
    alike = [
        position
        for position in positions
        if (position.offset >= WINDOW_BYTES or (position.offset and key_of(position) == key))
        and digest(head[: position.offset]) == position.head_digest
    ]
    for position in sorted(alike, key=lambda position: -position.offset):
        if begins_with(path, position):
            return msgspec.structs.replace(
                position, path=os.fspath(path), device=key[0], inode=key[1], modified_ms=0, size_bytes=0, finished=False
            )
    return None


def imported(pattern: str, own: Sequence[Position], imports: Sequence[Position]) -> list[Position]:
    """Those positions of imports at which a source that has not read these files goes on, since they were read from their start."""
    known = {key_of(position) for position in own}
    return [
        position
        for position in imports
        if key_of(position) not in known
        and (position.path == pattern or fnmatch(position.path, pattern.replace("**/", "*")))
    ]


def begins_with(path: Path, position: Position) -> bool:
    """Whether the file there begins with what this position has read; False where it cannot be opened."""
    kind = packing(os.fspath(path))
    try:
        descriptor = open_to_read(os.fspath(path))
        if kind is None:
            try:
                return recognises(position, descriptor)
            finally:
                os.close(descriptor)
        packed = kind(os.fspath(path), descriptor, position, max_line_bytes=1)
        packed.close()
    except _UNREADABLE:
        return False
    return packed.recognised
