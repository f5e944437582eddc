"""What is bound at once is stored as it is."""

import sqlite3
from contextlib import closing

import pytest

from store.requests.binding import bind_at_once


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff", "", "text", 0, -(2**63), 2**63 - 1, 0.5, bytearray(b"\x00")])
def test_a_value_comes_back_as_it_was_bound(value: object) -> None:
    bind_at_once()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE kept (value)")
        connection.executemany("INSERT INTO kept VALUES (?)", [(value,), (None,)])
        assert connection.execute("SELECT value FROM kept").fetchall() == [(value,), (None,)]
