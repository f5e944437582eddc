"""A consistent copy of the store in one file, which opens read-only anywhere: for the post-mortem, on a laptop."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import msgspec

from store.errors import plain_errors
from store.notes import SNAPSHOT, read_note, write_note
from store.tables import StoreError

_PAGES = 2_000
_OWNER_ALONE, _NOBODY_WRITES = 0o600, 0o400


class Snapshot(msgspec.Struct, frozen=True):
    """Where and when a copy was taken."""

    machine: str
    taken_ms: int


def take_snapshot(store: Path, copy: Path, taken: Snapshot, progress: Callable[[int, int], None] | None = None) -> None:
    """Copy a store while it is being written; `progress` hears how many pages of how many are done.

    Raises StoreError with a sentence, and leaves no half copy. An existing file is never replaced.
    """
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ALONE))
    except FileExistsError:
        raise StoreError(f"{copy} exists already; a copy never replaces a file.") from None
    except OSError as error:
        raise StoreError(f"cannot write {copy}: {error}.") from None
    try:
        with (
            plain_errors(store),
            closing(sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            heard = None if progress is None else lambda _, left, pages: progress(pages - left, pages)
            source.backup(target, pages=_PAGES, progress=heard)
            write_note(target, SNAPSHOT, msgspec.json.encode(taken).decode())
            # One file, that can be read where nothing can be written beside it.
            target.execute("PRAGMA journal_mode = DELETE")
        copy.chmod(_NOBODY_WRITES)
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise


def copy_of(store: Path) -> Snapshot | None:
    """Where and when a store was copied; None for one that is no copy, or cannot be read yet."""
    if not store.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True, timeout=1.0)) as connection:
            note = read_note(connection, SNAPSHOT)
    except sqlite3.Error:
        return None
    return None if note is None else msgspec.json.decode(note, type=Snapshot)
