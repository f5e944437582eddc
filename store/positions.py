"""How far each file of a source was read, written with what was read of it."""

import sqlite3
from collections.abc import Sequence

from store.facts import Position

_COLUMNS = "device, inode, path, offset, head_digest, tail_digest, modified_ms, size_bytes, finished, memory, gone_ms"
_WRITE = f"INSERT OR REPLACE INTO positions (source, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def read_positions(connection: sqlite3.Connection, source: str) -> list[Position]:
    """How far each file of a source has been read."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM positions WHERE source = ?", (source,)).fetchall()
    return [
        Position(
            device=device, inode=inode, path=path, offset=offset, head_digest=head, tail_digest=tail,
            modified_ms=modified_ms, size_bytes=size_bytes or 0, finished=bool(finished), memory=memory or b"",
            gone_ms=gone_ms or 0,
        )
        for device, inode, path, offset, head, tail, modified_ms, size_bytes, finished, memory, gone_ms in rows
    ]  # fmt: skip


def write_positions(connection: sqlite3.Connection, source: str, positions: Sequence[Position]) -> None:
    """Put these positions in the place of those of the same files, in somebody else's transaction."""
    connection.executemany(
        _WRITE,
        [
            (
                source, p.device, p.inode, p.path, p.offset, p.head_digest, p.tail_digest, p.modified_ms, p.size_bytes,
                p.finished, p.memory or None, p.gone_ms or None,
            )
            for p in positions
        ],
    )  # fmt: skip


def forget_positions(connection: sqlite3.Connection, source: str, files: Sequence[tuple[int, int]]) -> None:
    """Drop the positions of files (device, inode) that are gone for good."""
    connection.executemany(
        "DELETE FROM positions WHERE source = ? AND device = ? AND inode = ?",
        [(source, device, inode) for device, inode in files],
    )


def follower_of(connection: sqlite3.Connection, paths: Sequence[str]) -> str | None:
    """The source that has followed a log of one of these paths; who imports does not follow."""
    followed = "SELECT p.source FROM positions AS p JOIN sources AS s ON s.name = p.source AND s.kind = 'file' WHERE p.path = ?"
    found = (connection.execute(followed, (path,)).fetchone() for path in paths)
    return next((row[0] for row in found if row is not None), None)
