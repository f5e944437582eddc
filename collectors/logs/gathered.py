"""Several pieces of a log put together into one poll, so that a transaction is larger than what is read at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from collectors.logs.chunk import Chunk
from collectors.logs.fileid import Key, key_of
from collectors.source import Poll
from store.facts import Position, Reject, UsageEvent

_TOO_LONG = "a line longer than 8 MiB"


@dataclass(slots=True)
class Gathered:
    """What was read and is not handed over yet; a piece that fails leaves what was gathered before it."""

    events: list[UsageEvent] = field(default_factory=list)
    backlog_bytes: int = 0
    more: bool = False
    troubles: tuple[str, ...] = ()
    """Why logs could not be read, as the last chunk saw it."""
    _positions: dict[Key, Position] = field(default_factory=dict)
    _rejects: dict[str, Reject] = field(default_factory=dict)
    _notes: dict[str, None] = field(default_factory=dict)
    _gap_bytes: int = 0

    def add(
        self,
        chunk: Chunk,
        events: Sequence[UsageEvent],
        rejects: Sequence[Reject],
        memories: Mapping[Key, bytes] = MappingProxyType({}),
    ) -> None:
        """Add one chunk: what it says of a file's position and of the backlog replaces what was known.

        `memories` are what the format remembers of files whose lines were read after their position was made.
        """
        self.take(events, rejects)
        for position in chunk.positions:
            key = key_of(position)
            if key in memories:
                position = msgspec.structs.replace(position, memory=memories[key])
            self._positions[key] = position
        if chunk.too_long:
            self._reject(Reject(reason=_TOO_LONG, count=chunk.too_long, example=""))
        self._notes |= dict.fromkeys(chunk.notes)
        self._gap_bytes += chunk.gap_bytes
        self.backlog_bytes, self.more, self.troubles = chunk.backlog_bytes, chunk.more, chunk.troubles

    def settle(self, position: Position, events: Sequence[UsageEvent]) -> None:
        """Add what was left open up to a position, at which it is known now that it was counted."""
        self.events += events
        self._positions[key_of(position)] = position

    def take(self, events: Sequence[UsageEvent], rejects: Sequence[Reject]) -> None:
        """Add what lines say that have no position."""
        self.events += events
        for reject in rejects:
            self._reject(reject)

    def poll(self, detail: str) -> Poll:
        """All of it; `detail` stands where no note has anything to say."""
        return Poll(
            events=self.events,
            positions=tuple(self._positions.values()),
            rejects=tuple(self._rejects.values()),
            gap_bytes=self._gap_bytes,
            backlog_bytes=self.backlog_bytes,
            detail=" ".join(self._notes) or detail,
            more=self.more,
        )

    def _reject(self, reject: Reject) -> None:
        before = self._rejects.get(reject.reason)
        count = reject.count + (before.count if before else 0)
        self._rejects[reject.reason] = msgspec.structs.replace(reject, count=count)
