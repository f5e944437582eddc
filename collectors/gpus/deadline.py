"""Blocking calls that may never come back, kept away from everybody who must not wait."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from collectors.errors import CollectorError

Answer = TypeVar("Answer")
_Work: TypeAlias = tuple["Future[Any]", Callable[[], Any]]


class StillBusy(CollectorError):  # noqa: N818 - it names a state, and the call may yet come back
    """A call has not come back within its time, and holds the only thread until it does."""


class DeadlineThread:
    """Runs one call at a time in a daemon thread of its own, and waits for each no longer than it is told.

    A call that hangs (a wedged driver, a dead network file system) costs its thread and nothing else: callers get
    StillBusy at once until it has come back, its late answer is thrown away, and the process can still end.
    `what` begins the sentence, e.g. "the GPU driver".
    """

    def __init__(self, what: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._monotonic = monotonic
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._in_flight: Future[Any] | None = None
        self._asked_at = 0.0

    def call(self, function: Callable[[], Answer], *, seconds: float) -> Answer:
        """What `function` returns or raises; raises StillBusy after `seconds`, or at once while an older call runs."""
        future = self._submit(function)
        try:
            return future.result(timeout=seconds)
        except TimeoutError:
            if future.done():
                raise
            raise self._still_busy() from None

    async def call_async(self, function: Callable[[], Answer], *, seconds: float) -> Answer:
        """The same for a coroutine, whose event loop goes on meanwhile."""
        future = self._submit(function)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
        except TimeoutError:
            if future.done():
                raise
            raise self._still_busy() from None

    def wait_until_free(self, seconds: float) -> bool:
        """Whether no call is running, having waited up to `seconds`: what to ask before ending what the calls use."""
        if self._in_flight is None:
            return True
        try:
            self._in_flight.exception(timeout=seconds)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """End the thread after its present call; one that hangs is left to die with the process."""
        if self._thread is not None:
            self._work.put(None)
            self._thread = None

    def _submit(self, function: Callable[[], Answer]) -> "Future[Answer]":
        if self._in_flight is not None and not self._in_flight.done():
            raise self._still_busy()
        if self._thread is None:
            self._thread = threading.Thread(target=_run, args=(self._work,), name=self._what, daemon=True)
            self._thread.start()
        future: Future[Answer] = Future()
        future.set_running_or_notify_cancel()
        self._in_flight, self._asked_at = future, self._monotonic()
        self._work.put((future, function))
        return future

    def _still_busy(self) -> StillBusy:
        waited = self._monotonic() - self._asked_at
        return StillBusy(f"{self._what} has not answered for {waited:.0f} s; it is asked again once it has")


def _run(work: SimpleQueue[_Work | None]) -> None:
    while (item := work.get()) is not None:
        future, function = item
        try:
            answer = function()
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller, as with any Future
            future.set_exception(error)
        else:
            future.set_result(answer)
        del item, future, function
