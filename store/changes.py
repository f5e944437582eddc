"""What changed in a store: by it a reader knows which of its answers still hold, and reads again only what may differ.

Every transaction that changes sums notes from which minute on; triggers count the changes of facts, which are few, whoever
makes them. What changes with every reading of a machine or a source is in neither.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable

from store.asking import Ask

_KEPT_NOTES = 1_000
"""A reader that has not looked for more transactions than that reads everything again."""

_EVERY_MINUTE = -(2**62)


def note_changed_sums(connection: sqlite3.Connection, since: int = 0) -> None:
    """Say in the transaction that changes sums that those of minutes from `since` (epoch seconds) on may differ."""
    connection.execute("INSERT INTO changed_sums (since) VALUES (?)", (since,))


def prune_changes(connection: sqlite3.Connection) -> None:
    """Forget old notes; the newest stay, so that no number comes again."""
    connection.execute(
        "DELETE FROM changed_sums WHERE number <= (SELECT max(number) FROM changed_sums) - ?", (_KEPT_NOTES,)
    )


class Changes:
    """The changes of one store as one reader has seen them; stamps of what has not changed are equal."""

    def __init__(self) -> None:
        self._facts: dict[str, int] = {}
        self._newest = 0
        self._since: list[int] = [_EVERY_MINUTE]
        self._numbers: list[int] = [0]
        """Of all notes those that no later one outdoes, by the minute from which on they are: numbers rise with it."""

    def look(self, ask: Ask) -> None:
        """See what changed since the last look."""
        self._facts = dict(ask("SELECT name, changes FROM changed_facts", ()))
        notes = ask("SELECT number, since FROM changed_sums WHERE number >= ? ORDER BY number", (self._newest,))
        if not self._newest or not notes or notes[0][0] != self._newest:
            # Nothing was seen before, or what was seen last is forgotten by now: anything may have changed.
            self._note(notes[-1][0] if notes else 0, _EVERY_MINUTE)
            return
        for number, since in notes[1:]:
            self._note(number, since)

    def facts(self, tables: Iterable[str]) -> tuple[int, ...]:
        """Stamp of all facts in these tables; of every fact where none is named."""
        return tuple([self._facts[table] for table in tables] or self._facts.values())

    def sums(self, until_ms: int) -> int:
        """Stamp of all sums of minutes that begin before an instant."""
        return self._numbers[bisect_left(self._since, -(-until_ms // 1_000)) - 1]

    def _note(self, number: int, since: int) -> None:
        while self._since and self._since[-1] >= since:
            self._since.pop()
            self._numbers.pop()
        self._since.append(since)
        self._numbers.append(number)
        self._newest = number
