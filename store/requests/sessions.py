"""Sessions of kept requests, named once for each day on which requests of theirs were stored."""

import sqlite3

_REMEMBERED = 50_000


class SessionWriter:
    """Gives sessions their ids through somebody else's transaction; `forget` after that was rolled back.

    A session that was forgotten in between gets another row of the same name: readers go by the name.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}
        self._day = 0

    def forget(self) -> None:
        """Drop remembered ids, which may have been rolled back."""
        self._ids.clear()

    def of(self, name: str, stored_day: int) -> int:
        """The id of a session whose requests are stored on this day (days since the epoch)."""
        if stored_day != self._day or len(self._ids) >= _REMEMBERED:
            self._ids.clear()
            self._day = stored_day
        found = self._ids.get(name)
        if found is None:
            new = self._connection.execute("INSERT INTO sessions (name, stored_day) VALUES (?, ?)", (name, stored_day))
            found = self._ids[name] = int(new.lastrowid or 0)
        return found


def prune_sessions(connection: sqlite3.Connection, before_day: int) -> None:
    """Forget the sessions of requests that were stored before this day (days since the epoch)."""
    kept = "SELECT id FROM sessions WHERE stored_day >= ? ORDER BY id LIMIT 1"
    connection.execute(
        f"DELETE FROM sessions WHERE stored_day < ? AND id < coalesce(({kept}), 9223372036854775807)",
        (before_day, before_day),
    )
