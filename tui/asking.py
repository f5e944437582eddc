"""How pictures come to screens: a timer asks, a thread reads for the screen in front, one message brings it."""

import asyncio
import gc
import time
from contextvars import copy_context
from functools import partial
from typing import Any

from textual import on
from textual.message import Message
from textual.screen import Screen

from tui.feed import Feed, FeedError
from tui.forkedfeed import SELDOM
from tui.looking import LookingApp
from tui.pictures.view import View
from tui.screens.monitor import MonitorScreen

_SLOW_TICKS = 5
_QUICK_READ_S = 0.05
_RESTS = 4.0
"""After a read that was not quick it rests for so many times as long: a wide history never takes a core for itself."""


class PictureRead(Message):
    """A picture was read; only the newest matters."""

    def __init__(self, screen: MonitorScreen[Any], view: View, picture: object) -> None:
        super().__init__()
        self.screen, self.view, self.picture = screen, view, picture

    def can_replace(self, message: Message) -> bool:
        """Fold a flood into the newest."""
        return isinstance(message, PictureRead)


class ReadFailed(Message):
    """The picture could not be read; `reason` is a sentence."""

    def __init__(self, screen: MonitorScreen[Any], view: View, reason: str) -> None:
        super().__init__()
        self.screen, self.view, self.reason = screen, view, reason


class AskingApp(LookingApp):
    """Keeps the screen in front up to date with one view; at most one read is under way."""

    def __init__(
        self, feed: Feed, view: View, *, refresh_seconds: float, ascii_only: bool = False, theme: str | None = None
    ) -> None:
        super().__init__(feed, view, ascii_only=ascii_only, theme=theme)
        self._refresh_seconds = refresh_seconds
        self._reading = False
        self._ticks_waited = 0
        self._rests_until_s = 0.0
        self._ticks = 0

    def on_mount(self) -> None:
        """Ask once, then every refresh."""
        self.ask()
        self.set_interval(self._refresh_seconds, self._tick)
        self.listen_to_signals()

    def ask(self) -> None:
        """Read the picture of the screen in front, unless a read is under way."""
        screen = self.screen
        if isinstance(screen, MonitorScreen) and not self._reading:
            self._reading, self._ticks_waited = True, 0
            # What a screen that opens has yet to learn of its size, it knows a round later.
            asyncio.get_running_loop().call_soon(self._begin_reading, screen, self.view)

    def _begin_reading(self, screen: MonitorScreen[Any], view: View) -> None:
        """Read in a thread; a worker of Textual's would say three times to all how it fares, and nobody asks."""
        reads = partial(copy_context().run, self._read, screen, view)
        asyncio.get_running_loop().run_in_executor(None, reads).add_done_callback(self._read_ended)

    def _read_ended(self, read: "asyncio.Future[PictureRead | ReadFailed]") -> None:
        """Say what was read; a reader that died without a word must not stop the reading."""
        if read.cancelled() or read.exception() is not None:
            self._reading = False
        else:
            self.post_message(read.result())

    def screen_changes(self, screen: Screen[Any]) -> None:
        """A screen that has no picture of what is looked at waits a moment for one."""
        super().screen_changes(screen)
        if isinstance(screen, MonitorScreen) and screen.seen != self.view:
            self.ask()

    def waits(self) -> bool:
        """Whether the picture of what is looked at is being read."""
        screen = self.screen
        return self._reading and isinstance(screen, MonitorScreen) and screen.seen != self.view

    def screen_shown(self) -> None:
        """In front again: the figures are old, and the screen has been sent without waiting for others."""
        super().screen_shown()
        self.ask()

    @property
    def is_reading(self) -> bool:
        """Whether a read is under way."""
        return self._reading

    def _tick(self) -> None:
        if not gc.isenabled():
            # All that was loaded at the start stays: it need not be looked through for garbage ever again.
            gc.freeze()
            gc.set_threshold(*SELDOM)
            gc.enable()
        self.measure_rate()
        if self._reading:
            self._ticks_waited += 1
            screen = self.screen
            if self._ticks_waited == _SLOW_TICKS and isinstance(screen, MonitorScreen):
                screen.failure = "the store does not answer; the figures are of the time above"
        elif self.moves_on and time.monotonic() >= self._rests_until_s and self._is_due():
            self.ask()

    def _is_due(self) -> bool:
        """Whether the screen in front wants to be read again; what costs much is read more seldom."""
        self._ticks += 1
        return self._ticks % getattr(self.screen, "EVERY_TICKS", 1) == 0

    def _read(self, screen: MonitorScreen[Any], view: View) -> PictureRead | ReadFailed:
        """Read in a thread, touch no widget."""
        began_s = time.thread_time()
        try:
            return PictureRead(screen, view, screen.read(self.feed, view))
        except FeedError as error:
            return ReadFailed(screen, view, str(error))
        except Exception as error:  # noqa: BLE001 (a monitor outlives its bugs: the failure is shown instead)
            return ReadFailed(screen, view, f"this screen failed to read: {error!r}")
        finally:
            took_s = time.thread_time() - began_s
            self._rests_until_s = time.monotonic() + _RESTS * took_s if took_s > _QUICK_READ_S else 0.0

    @on(PictureRead)
    def take_picture(self, message: PictureRead) -> None:
        """Hand the picture to its screen, unless somebody looks elsewhere by now."""
        if self._still_wanted(message.screen, message.view) and (message.screen.outdated or not self.paused):
            message.screen.failure, message.screen.outdated = None, False
            message.screen.seen = message.view
            message.screen.picture = message.picture
            self.picture_taken(message.picture)

    def picture_taken(self, picture: object) -> None:
        """What else a new picture leads to."""

    @on(ReadFailed)
    def take_failure(self, message: ReadFailed) -> None:
        """A failure is a state of the screen; the last picture stays under it."""
        if self._still_wanted(message.screen, message.view):
            message.screen.failure = message.reason

    def _still_wanted(self, screen: MonitorScreen[Any], view: View) -> bool:
        self._reading = False
        if screen is self.screen and view == self.view:
            return True
        self.ask()
        return False

    def look(self, view: View) -> None:
        """Look at something else, at once, paused or not."""
        if view == self.view:
            return
        self.view = view
        self.renew()

    def renew(self) -> None:
        """Read the screen in front again, also when paused."""
        screen = self.screen
        if isinstance(screen, MonitorScreen):
            screen.outdated = True
            self.ask()
