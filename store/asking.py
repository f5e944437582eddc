"""Asking in SQL through a function, so that the collector asks on its writing connection what readers ask on theirs."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Ask: TypeAlias = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


def asking(connection: sqlite3.Connection) -> Ask:
    """Ask on a connection that one already has."""
    return lambda question, values: connection.execute(question, tuple(values)).fetchall()
