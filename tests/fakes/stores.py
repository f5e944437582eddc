"""Real stores on disk whose connections are closed when the test is over."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest


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
