"""When a screen under test has come to rest: its event loop says so at once.

Textual's own pilot watches the processor for a fiftieth of a second instead, several times for each key.
"""

import asyncio
from asyncio.base_events import BaseEventLoop
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from textual._context import active_app
from textual.app import ScreenStackError

_ERRAND_SECONDS = 0.02
"""For so long an errand in a thread is waited for, as Textual's pilot does: a test may well hold one up."""

_errands: WeakKeyDictionary[BaseEventLoop, set[asyncio.Future[Any]]] = WeakKeyDictionary()


def resting_screens(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let pilots go on as soon as nothing is left to be done."""
    run_in_executor = BaseEventLoop.run_in_executor

    def noted(loop: BaseEventLoop, executor: Any, function: Any, *arguments: Any) -> asyncio.Future[Any]:
        errand = run_in_executor(loop, executor, function, *arguments)
        under_way = _errands.setdefault(loop, set())
        under_way.add(errand)
        errand.add_done_callback(under_way.discard)
        return errand

    monkeypatch.setattr(BaseEventLoop, "run_in_executor", noted)
    monkeypatch.setattr("textual.pilot.wait_for_idle", _at_rest)
    monkeypatch.setattr("textual.app.wait_for_idle", _at_rest)
    yield


async def _at_rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until the loop has nothing to do, no thread is on an errand, and the screen has painted what changed."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, BaseEventLoop)
    ends = loop.time() + max_sleep
    while loop.time() < ends:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined] # what else its next round runs
            continue
        await asyncio.sleep(0)  # the round in which it looks at its sockets
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if errands := _errands.get(loop):
            done, _ = await asyncio.wait(errands, timeout=_ERRAND_SECONDS)
            if not done:
                return
        elif not _paint():
            return


def _paint() -> bool:
    """What timers would do within a sixtieth of a second: take a new size, and draw; whether there was anything."""
    with suppress(LookupError, ScreenStackError):
        app = active_app.get()
        if app._resize_timer is not None:
            app._check_resize()
            return True
        if app.screen._update_timer._active.is_set():
            app.screen._on_timer_update()
            return True
    return False
