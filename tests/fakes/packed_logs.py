"""What tests of packed logs share: lines that pack badly, and reading a log to its end."""

import random

from collectors.logs.tail import Tail
from store.facts import Position

LINES = [b"line %d %s" % (number, random.Random(number).randbytes(20).hex().encode()) for number in range(2_000)]
TEXT = b"".join(line + b"\n" for line in LINES)


def everything(tail: Tail, limit_bytes: int = 1 << 20) -> tuple[list[bytes], list[Position], list[str]]:
    """Its lines, where they end, and what was said on the way."""
    lines: list[bytes] = []
    notes: list[str] = []
    positions: list[Position] = []
    more = True
    while more:
        chunk = tail.read(limit_bytes)
        lines += chunk.lines
        positions = chunk.positions or positions
        notes += chunk.notes
        more = chunk.more
    return lines, positions, notes
