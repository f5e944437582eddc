"""A feed in a process of its own: no reading holds up a key press, and both sides load what they need at the same time."""

import gc
import os
import pickle
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, cast

from tui.feed import Act, Feed, FeedError, Question

P = TypeVar("P")

_HIGHEST = pickle.HIGHEST_PROTOCOL
_GONE = (OSError, EOFError, pickle.UnpicklingError, ValueError)
"""What says that nobody is at the other end any more."""


class ForkedFeed:
    """Asks the feed of another process, one question at a time; should that process die, goes on without it.

    It is made before threads are started and the screen is loaded: those do not survive a fork. The other process ends when
    this one does, however that ends.
    """

    def __init__(self, open_feed: Callable[[], Feed]) -> None:
        self._open_feed = open_feed
        self._lock = Lock()
        self._ahead: deque[Question[Any]] = deque()
        """Questions whose answers are on their way."""
        self._instead: Feed | None = None
        self._is_closed = False
        ours, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            ours.close()
            _live(theirs, open_feed)
        theirs.close()
        self._stream = cast("BinaryIO", ours.makefile("rwb"))
        ours.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask_ahead(self, *questions: Question[Any]) -> None:
        """Have these answered meanwhile; whoever asks them next, in this order, has the answers at once."""
        with self._lock, suppress(*_GONE):
            for question in questions:
                send(self._stream, question)
                self._ahead.append(question)

    def read(self, question: Question[P]) -> P:
        """The answer as of now."""
        return cast("P", self._passed_on(question, lambda feed: feed.read(question)))

    def do(self, act: Act) -> str:
        """What was done, in a sentence."""
        return cast("str", self._passed_on(act, lambda feed: feed.do(act)))

    def close(self) -> None:
        """End the other process, also in the middle of a question."""
        self._is_closed = True
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGTERM)
        with suppress(ChildProcessError):
            os.waitpid(self._child, 0)

    def _passed_on(self, wanted: Question[Any] | Act, ask: Callable[[Feed], object]) -> object:
        with self._lock:
            if self._instead is None:
                try:
                    return self._answered(wanted)
                except _GONE:
                    if self._is_closed:
                        raise FeedError("nothing is read any more.") from None
                    self._instead = self._open_feed()
        return ask(self._instead)

    def _answered(self, wanted: Question[Any] | Act) -> object:
        while self._ahead and self._ahead[0] != wanted:
            self._ahead.popleft()
            received(self._stream)
        if self._ahead:
            self._ahead.popleft()
        else:
            send(self._stream, wanted)
        failure, answer = cast("tuple[str | None, object]", received(self._stream))
        if failure is not None:
            raise FeedError(failure)
        return answer


def send(stream: BinaryIO, value: object) -> None:
    """Put one value through."""
    pickle.dump(value, stream, _HIGHEST)
    stream.flush()


def received(stream: BinaryIO) -> object:
    """The next value that comes through; EOFError when none will."""
    return pickle.load(stream)  # noqa: S301 (from our own process, through a socket that nobody else has)


def serve(stream: BinaryIO, open_feed: Callable[[], Feed]) -> None:
    """Answer questions and do acts until nobody asks any more."""
    feed = open_feed()
    gc.freeze()
    gc.enable()
    with suppress(*_GONE):
        while True:
            send(stream, _answer(feed, received(stream)))


def _answer(feed: Feed, wanted: object) -> tuple[str | None, object]:
    """(None, the answer) or (why there is none, None)."""
    try:
        return None, feed.read(wanted) if isinstance(wanted, Question) else feed.do(cast("Act", wanted))
    except FeedError as error:
        return str(error), None
    except Exception as error:  # noqa: BLE001 (a monitor outlives its bugs: the failure is shown instead)
        return f"this screen failed to read: {error!r}", None


def _live(connection: socket.socket, open_feed: Callable[[], Feed]) -> None:
    """The life of the other process: it has no terminal, and the monitor alone decides when it ends."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nowhere, standard)
        serve(cast("BinaryIO", connection.makefile("rwb")), open_feed)
    finally:
        os._exit(0)
