"""Real stores on disk: made quickly, and their connections closed when the test is over."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from store.schema import migrate
from store.writer import Writer


def own_places(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of a test's own for what commands read and write, and every connection closed when it is over."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(folder / "home"))
    for name in ("USDTOP_STORE", "USDTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield from closing_connections(monkeypatch)


def closing_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every connection that is opened meanwhile, so that tests may open stores in passing."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    yield
    for connection in opened:
        with suppress(sqlite3.ProgrammingError):  # opened, and closed already, in a thread of its own
            connection.close()


def quick_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make new stores in a thirtieth of the time: only the first one is migrated, every further one gets its pages.

    A store that already has tables is migrated as ever. None waits for the disk: what that guards against, a machine
    that loses power, no test can see; processes that are killed are tested as real ones.
    """
    taken, sure = sqlite3.connect(":memory:", check_same_thread=False), Lock()
    prepare = Writer._prepare

    def migrated(connection: sqlite3.Connection) -> None:
        if _has_tables(connection):
            migrate(connection)
            return
        with sure:
            if _has_tables(taken):
                taken.backup(connection)
            else:
                migrate(connection)
                connection.backup(taken)

    def prepared(writer: Writer) -> None:
        writer._connection.execute("PRAGMA synchronous = OFF")
        prepare(writer)
        writer._connection.execute("PRAGMA synchronous = OFF")

    monkeypatch.setattr("store.schema.migrate", migrated)
    monkeypatch.setattr(Writer, "_prepare", prepared)
    yield
    taken.close()


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None
