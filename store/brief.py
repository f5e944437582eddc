"""A short write from any process beside the collector: one immediate transaction, with the standard library alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from store.errors import plain_errors
from store.notes import SNAPSHOT, read_note
from store.tables import SCHEMA_VERSION, StoreError

_BUSY_SECONDS = 5.0


@contextmanager
def brief_transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """An immediate transaction on a store that exists; nothing is written when anything goes wrong.

    Raises StoreError with a sentence: no store, another version, a copy, not writable, locked for over five seconds.
    A copy is refused by what it says of itself: the mode of its file does not stop root.
    """
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet; `usdtop collect` or `usdtop import FILE` begins one.")
    with plain_errors(path), closing(_connect(path)) as connection:
        _check_version(connection, path)
        if read_note(connection, SNAPSHOT) is not None:
            raise StoreError(f"{path} is a copy of a store, which nobody changes.")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreError(f"{path} was written by a newer usdtop (schema {version}); please update usdtop.")
    if version < SCHEMA_VERSION:
        raise StoreError(f"{path} is from an older usdtop; run `usdtop collect` once to bring it up to date.")
