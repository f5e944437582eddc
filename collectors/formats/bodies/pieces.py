"""Streams that are logged piece by piece, each under its call's own id: what nothing ends is told in the end.

Usage stands in the last piece, if the client asked for it. A stream that breaks off before, or that never says what it
used, is a call all the same: it is told when the log ends, after a quiet while, or when too many are open.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from collectors.formats.format import LineFormat, Rest
from collectors.formats.memory import kept, recalling
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

_MOST_OPEN, _MOST_ENDED = 64, 8
"""So many calls are waited for, and so many whose answer has ended: streams may be mixed, and usage follows at once."""


class Piece(NamedTuple):
    """A line of such a log: a whole answer, or a piece of one."""

    call: str
    """The id of its call; empty where the piece does not say."""
    event: Callable[[], UsageEvent]
    """The call as far as this piece tells of it."""
    is_last: bool
    """Nothing of the call comes after it."""
    tells_usage: bool = False
    has_ended: bool = False
    """It says why the answer ends, so that only the usage may come after it."""


Read = Callable[[bytes], Piece | None]
"""How a format reads a line: None for one that tells nothing of a call."""


class _Memory(msgspec.Struct, tag="pieces"):
    """The calls that are open, the oldest first."""

    format_name: str = ""
    calls: dict[str, UsageEvent] = {}


_recall = recalling(_Memory)


class Pieces:
    """Follows the streams of one log."""

    def __init__(self, name: str, read: Read, memory: bytes = b"") -> None:
        known = _recall(memory)
        self._name, self._read = name, read
        self._open = known.calls if known.format_name == name else {}

    def memory(self) -> bytes:
        """The calls that are open; nothing where none is."""
        return kept(_Memory(self._name, self._open)) if self._open else b""

    def parse(self, line: bytes) -> Sequence[UsageEvent]:
        """The call that a line ends, and one that was open for too long."""
        piece = self._read(line)
        if piece is None:
            return ()
        if piece.is_last:
            self._open.pop(piece.call, None)
            return (piece.event(),)
        return self._keep(piece) if piece.call else ()

    def _keep(self, piece: Piece) -> Sequence[UsageEvent]:
        before = self._open.get(piece.call)
        if before is None or piece.tells_usage or piece.has_ended:
            event = piece.event()
            known = event if piece.tells_usage or before is None else before
            outcome = event.outcome if piece.has_ended else before.outcome if before else Outcome.CUT
            self._open[piece.call] = msgspec.structs.replace(
                known, outcome=outcome, error=event.error, usage_missing=known.usage == NOTHING and not outcome.failed
            )
        return [self._open.pop(call) for call in self._overdue()]

    def _overdue(self) -> list[str]:
        """The calls that are waited for no more: the oldest, where there are too many."""
        ended = [call for call, event in self._open.items() if event.outcome is not Outcome.CUT]
        if len(ended) > _MOST_ENDED:
            return ended[:1]
        return list(self._open)[:1] if len(self._open) > _MOST_OPEN else []

    def rest(self) -> Sequence[UsageEvent]:
        """All calls that are open, as they stand; should one go on after all, its later pieces say more."""
        calls, self._open = tuple(self._open.values()), {}
        return calls


def pieces_format(name: str, recognises: Callable[[frozenset[str]], bool], read: Read) -> LineFormat:
    """The format of such a log; a line that stands alone tells of its call where it is the last of it."""

    def parse(line: bytes) -> Sequence[UsageEvent]:
        piece = read(line)
        return (piece.event(),) if piece is not None and piece.is_last else ()

    def follow(memory: bytes) -> Pieces:
        return Pieces(name, read, memory)

    def rest(memory: bytes) -> Rest | None:
        events = Pieces(name, read, memory).rest()
        return Rest(events, b"") if events else None

    return LineFormat(name, recognises, parse, follow, rest)
