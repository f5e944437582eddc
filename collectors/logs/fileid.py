"""Which file is which: knowing a log again after it was renamed, copied, truncated or replaced."""

import os
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from store.facts import Position

WINDOW_BYTES = 1024
"""How much is looked at on either end of what was read."""

Key: TypeAlias = tuple[int, int]
"""(device, inode): the same file, as long as the inode was not given to another one."""


class Fingerprint(NamedTuple):
    """Digests of the first and the last window of what was read of a file."""

    head: bytes
    tail: bytes


def digest(data: bytes) -> bytes:
    """Eight bytes that stand for `data`: enough to tell one log from another."""
    return blake2b(data, digest_size=8).digest()


UNREAD = Fingerprint(digest(b""), digest(b""))
"""Of a file of which nothing was read; every file has it."""


def fingerprint(descriptor: int, offset: int) -> Fingerprint | None:
    """The fingerprint of the first `offset` bytes, or None when the file is shorter than that."""
    window = min(WINDOW_BYTES, offset)
    head = os.pread(descriptor, window, 0)
    tail = os.pread(descriptor, window, offset - window)
    if len(head) < window or len(tail) < window:
        return None
    return Fingerprint(digest(head), digest(tail))


def key_of(position: Position) -> Key:
    """The identity under which a position was stored."""
    return position.device, position.inode


def recognises(position: Position, descriptor: int) -> bool:
    """Whether the open file begins with what this position has read; a position at 0 takes any file."""
    if position.offset == 0:
        return True
    return fingerprint(descriptor, position.offset) == (position.head_digest, position.tail_digest)


def begins_with(descriptor: int, other: int) -> bool:
    """Whether a file begins with the whole of another one, which is not empty."""
    length = os.fstat(other).st_size
    seen = fingerprint(other, length)
    return length > 0 and seen is not None and seen == fingerprint(descriptor, length)
