"""Pictures read from a store, for the monitor; the plain twins read the same functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from store.reader import Reader
from store.tables import StoreError
from tui.feed import Act, FeedError, OpenStore, Prices, Question
from tui.pictures.header import Header

P = TypeVar("P")


class StoreFeed:
    """One reading connection, asked by one thread at a time; opened when first asked and again after it failed."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int],
        machine: str,
        demo: bool = False,
        notices: Callable[[], tuple[str, ...]] = tuple,
        prices: Prices | None = None,
        read_only: bool = False,
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._clock = clock
        self._machine = machine
        self._demo = demo
        self._notices = notices
        self._prices = prices
        self._lock = Lock()
        self._reader: Reader | None = None

    def read(self, question: Question[P]) -> P:
        """The answer as of now."""
        with self._reading() as reader:
            answer = question.answer(
                OpenStore(
                    reader=reader,
                    now_ms=self._clock(),
                    machine=self._machine,
                    demo=self._demo,
                    prices=self._prices,
                )
            )
            return cast("P", self._noticed(answer))

    def _noticed(self, answer: object) -> object:
        """A picture with the sentences that its header must not hide, whatever it is of."""
        header, notices = getattr(answer, "header", None), self._notices()
        if not notices or not isinstance(answer, Struct) or not isinstance(header, Header):
            return answer
        return replace(answer, header=replace(header, notices=notices))

    def do(self, act: Act) -> str:
        """Write it, through a connection of its own."""
        if self._read_only:
            raise FeedError(f"{act.REFUSED}this monitor watches only.")
        try:
            return act.do(self._path, self._clock())
        except (StoreError, ValueError, OSError) as error:
            raise FeedError(f"{act.REFUSED}{error}") from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        with self._lock:
            try:
                if self._reader is None:
                    self._reader = self._open()
                with self._reader.at_one_instant():
                    yield self._reader
            except StoreError as error:
                self._drop()
                raise FeedError(str(error)) from error

    def _open(self) -> Reader:
        if not self._path.exists():
            raise StoreError("Nothing is recorded yet: the collector is starting.")
        return Reader(self._path)

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
