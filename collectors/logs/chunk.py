"""What one read of followed files hands over."""

from dataclasses import dataclass, field

from collectors.logs.fileid import Key
from store.facts import Position

MAX_NOTES = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one file that follow each other, without their newlines."""

    key: Key
    offset: int
    """Where the first of them begins; nothing stands before 0."""
    memory: bytes
    """What a format has remembered of the lines before them."""
    lines: list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one read took: commit `positions` with what the lines say, or take up the stored ones in a new Tail."""

    pieces: list[Piece]
    """In the order of each file."""
    positions: list[Position]
    """Where the lines end, for each file that moved; (device, inode) is what tells them apart, not the path."""
    gap_bytes: int
    """Bytes known to have been lost unread since the last chunk."""
    notes: tuple[str, ...]
    """Sentences: once for what happened, in every chunk for what lasts (a file that cannot be opened)."""
    too_long: int
    """Lines left out for their length."""
    more: bool
    """Whether to read again at once."""
    backlog_bytes: int
    """What stood in the files at this look and was not read."""
    troubles: tuple[str, ...] = ()
    """Those of the notes that say that a log which is followed cannot be read now."""

    @property
    def lines(self) -> list[bytes]:
        """The lines of all pieces."""
        return [line for piece in self.pieces for line in piece.lines]


@dataclass(slots=True)
class Draft:
    """A chunk while it is put together."""

    pieces: list[Piece] = field(default_factory=list)
    positions: dict[Key, Position] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    """As keys: each sentence once, in order."""
    troubles: dict[str, None] = field(default_factory=dict)
    gap_bytes: int = 0
    too_long: int = 0
    waiting_bytes: int = 0
    """Of files that are not open, because enough others are."""

    def chunk(self, backlog_bytes: int) -> Chunk:
        """The finished chunk, `backlog_bytes` being those of the open files."""
        notes = list(self.notes)
        if len(notes) > MAX_NOTES:
            notes[MAX_NOTES:] = [f"{len(notes) - MAX_NOTES} more notes are left out."]
        backlog_bytes += self.waiting_bytes
        return Chunk(
            pieces=self.pieces,
            positions=list(self.positions.values()),
            gap_bytes=self.gap_bytes,
            notes=tuple(notes),
            too_long=self.too_long,
            more=backlog_bytes > 0,
            backlog_bytes=backlog_bytes,
            troubles=tuple(self.troubles)[:MAX_NOTES],
        )
