"""A store that is open for questions, and what the small integers in its rows stand for."""

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import quote

from pricing.card import CardStatus
from store.changes import Changes
from store.facts import Dimensions
from store.records import SERIES_COLUMNS, dimensions
from store.sums import CardNote, SumKey
from store.tables import SCHEMA_VERSION, StoreError

Answer = TypeVar("Answer")

_BUSY_SECONDS = 2.0
_MOST_KEPT = 64
"""Answers of one kind; the oldest makes room."""


class OpenStore:
    """A read-only connection, asked by one thread at a time. Raises StoreError with a sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection, version = _open(path)
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {path}: {error}.") from error
        if version > SCHEMA_VERSION:
            raise StoreError(f"{path} was written by a newer usdtop (schema {version}); please update usdtop.")
        if version == 0:
            raise StoreError(f"nothing is recorded in {path} yet.")
        if version < SCHEMA_VERSION:
            raise StoreError(f"{path} is from an older usdtop; run `usdtop collect` once to bring it up to date.")
        self._series: dict[int, Dimensions] = {}
        self._cards: dict[int, CardNote] = {}
        self._keys: dict[tuple[int, int], SumKey] = {}
        self._changes = Changes()
        self._kept: dict[str, dict[Hashable, tuple[object, object]]] = {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def at_one_instant(self) -> Iterator[None]:
        """Answer every question inside as the store stood at the first of them, whatever is written meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self.ask("BEGIN", ())
        try:
            self._changes.look(self.ask)
            yield
        finally:
            self._connection.rollback()  # it has only read

    def facts_stamp(self, *tables: str) -> object:
        """Equal for as long as no fact in these tables changes; no fact at all where none is named."""
        return self._changes.facts(tables) if self._connection.in_transaction else None

    def sums_stamp(self, until_ms: int) -> object:
        """Equal for as long as no sum of a minute that begins before an instant changes."""
        return self._changes.sums(until_ms)

    def kept(
        self, kind: str, asked: Hashable, stamp: object, answer: Callable[[], Answer], most: int = _MOST_KEPT
    ) -> Answer:
        """The answer to what is asked, looked for again only when the stamp of what it follows from has changed.

        `most` of a kind are kept, and nobody may change what is. Outside of one instant nothing is: nobody has looked
        what changed.
        """
        if not self._connection.in_transaction:
            return answer()
        kept = self._kept.setdefault(kind, {})
        found = kept.get(asked)
        if found is not None and found[0] == stamp:
            return cast("Answer", found[1])
        value = answer()
        kept.pop(asked, None)
        while len(kept) >= most:
            del kept[next(iter(kept))]
        kept[asked] = stamp, value
        return value

    def ask(self, question: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]  # rows of any shape
        """Ask in SQL, for the questions about single tables that stand in files of their own."""
        try:
            return self._connection.execute(question, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {self.path}: {error}.") from error

    def series(self) -> Sequence[Dimensions]:
        """Everything that was ever seen."""
        return list(self.series_by_id().values())

    def series_by_id(self) -> dict[int, Dimensions]:
        """Every series by its id."""
        self._load_series()
        return dict(self._series)

    def key(self, series: int, card: int) -> SumKey:
        """What a series and a card stand for."""
        found = self._keys.get((series, card))
        if found is None:
            if series not in self._series:
                self._load_series()
            if card not in self._cards:
                self._load_cards()
            found = self._keys[series, card] = SumKey(self._series[series], self._cards[card])
        return found

    def _load_series(self) -> None:
        newest = max(self._series, default=0)
        for row in self.ask(
            f"SELECT id, {SERIES_COLUMNS} FROM series WHERE id > ?",
            (newest,),
        ):
            self._series[row[0]] = dimensions(row[1:])

    def _load_cards(self) -> None:
        newest = max(self._cards, default=0)
        for row in self.ask("SELECT id, card_id, status, record FROM cards WHERE id > ?", (newest,)):
            self._cards[row[0]] = CardNote(row[1], CardStatus(row[2]), row[3])


def _open(path: Path) -> tuple[sqlite3.Connection, int]:
    """A read-only connection and the schema's version.

    Where we may not write beside the store and nobody else has it open, SQLite cannot share it; then nobody changes it
    either, and it is read as it stands.
    """
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError:
        if not path.is_file() or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, how: str) -> tuple[sqlite3.Connection, int]:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{how}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection, connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        connection.close()
        raise
