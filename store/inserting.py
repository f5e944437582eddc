"""New requests put into their table: what nearly all of them lack isn't bound for each, which is a third of the work of a row."""

import sqlite3
from collections.abc import Sequence

from store.identity import RECORD_BITS
from store.ready import REQUEST_COLUMNS, Row

_AT = REQUEST_COLUMNS.index
_WRITES = slice(_AT("cache_write_5m"), _AT("output"))
"""Tokens written to caches, which few providers bill."""
_REMARKS = slice(_AT("partial"), _AT("series"))
"""What is said of a request that is not the usual one."""
_NO_WRITES = (0,) * (_WRITES.stop - _WRITES.start)
_NO_REMARKS = (None,) * (_REMARKS.stop - _REMARKS.start)


def _insert(constants: dict[str, str]) -> str:
    values = [constants.get(name, "?") for name in REQUEST_COLUMNS]
    return f"INSERT INTO requests ({', '.join(REQUEST_COLUMNS)}) VALUES ({', '.join(values)})"


_ANY = _insert({})
_PLAIN = _insert(dict.fromkeys(REQUEST_COLUMNS[_WRITES], "0") | dict.fromkeys(REQUEST_COLUMNS[_REMARKS], "NULL"))


def insert_requests(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Insert rows in the order of REQUEST_COLUMNS; records of one call keep their order, which says what was a retry."""
    if len({row[0] >> RECORD_BITS for row in rows}) < len(rows):
        connection.executemany(_ANY, rows)
        return
    plain = [
        row[: _WRITES.start] + row[_WRITES.stop : _REMARKS.start] + row[_REMARKS.stop :]
        for row in rows
        if row[_REMARKS] == _NO_REMARKS and row[_WRITES] == _NO_WRITES
    ]
    connection.executemany(_PLAIN, plain)
    if len(plain) < len(rows):
        connection.executemany(
            _ANY, [row for row in rows if row[_REMARKS] != _NO_REMARKS or row[_WRITES] != _NO_WRITES]
        )
