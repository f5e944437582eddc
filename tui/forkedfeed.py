"""A feed in a process of its own: no reading holds up a key press, and both sides load what they need at the same time."""

import gc
import os
import pickle
import signal
import socket
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, cast

import msgspec

from tui.feed import Act, Feed, FeedError, Question

P = TypeVar("P")

_KINDS_KEPT = 2
"""Where names are hidden, they are asked for in between."""

SELDOM = (10_000, 20, 20)
"""Of what a second makes, nearly all is gone by itself in the next: it is looked through for garbage less often."""

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
        self._answers = _Answers()
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
            self._answers.whole(self._ahead.popleft(), received(self._stream))
        if self._ahead:
            self._ahead.popleft()
        else:
            send(self._stream, wanted)
        answer = self._answers.whole(wanted, received(self._stream))
        if isinstance(answer, _Failure):
            raise FeedError(answer.reason)
        return answer


class _Failure(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    reason: str


class _Changed(msgspec.Struct, frozen=True):
    """The fields of an answer that are other than in the one before."""

    fields: dict[str, object]


class _Answers:
    """The last answers to the last kinds of questions, alike at both ends: only what is new in the next one is sent."""

    def __init__(self) -> None:
        self._last: OrderedDict[type[object], object] = OrderedDict()

    def news(self, wanted: object, answer: object) -> object:
        """What to send of an answer: all of it, or those fields that are not the very values of the answer before."""
        before = self._keep(wanted, answer)
        if type(before) is not type(answer) or not isinstance(answer, msgspec.Struct) or isinstance(answer, _Failure):
            return answer
        fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
        return _Changed({name: value for name, value in fields.items() if value is not getattr(before, name)})

    def whole(self, wanted: object, news: object) -> object:
        """The answer that this was sent of."""
        if not isinstance(news, _Changed):
            self._keep(wanted, news)
            return news
        answer = self._last[type(wanted)]
        if news.fields:
            answer = msgspec.structs.replace(cast("msgspec.Struct", answer), **news.fields)
        self._keep(wanted, answer)
        return answer

    def _keep(self, wanted: object, answer: object) -> object:
        before = self._last.pop(type(wanted), None)
        self._last[type(wanted)] = answer
        if len(self._last) > _KINDS_KEPT:
            self._last.popitem(last=False)
        return before


def send(stream: BinaryIO, value: object) -> None:
    """Put one value through."""
    pickle.dump(value, stream, _HIGHEST)
    stream.flush()


def received(stream: BinaryIO) -> object:
    """The next value that comes through; EOFError when none will."""
    return pickle.load(stream)  # noqa: S301 (from our own process, through a socket that nobody else has)


def serve(stream: BinaryIO, open_feed: Callable[[], Feed]) -> None:
    """Answer questions and do acts until nobody asks any more."""
    feed, answers = open_feed(), _Answers()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()
    with suppress(*_GONE):
        while True:
            wanted = received(stream)
            send(stream, answers.news(wanted, _answer(feed, wanted)))


def _answer(feed: Feed, wanted: object) -> object:
    """The answer, or why there is none."""
    try:
        return feed.read(wanted) if isinstance(wanted, Question) else feed.do(cast("Act", wanted))
    except FeedError as error:
        return _Failure(str(error))
    except Exception as error:  # noqa: BLE001 (a monitor outlives its bugs: the failure is shown instead)
        return _Failure(f"this screen failed to read: {error!r}")


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
