"""The monitor: wiring only. A timer asks, a thread reads the picture for the screen in front, one message brings it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace
from textual import on
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui import format as fmt
from tui.feed import Feed, FeedError
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.screens.burn import BurnScreen
from tui.screens.monitor import MonitorScreen
from tui.widgets.sparse import SparseUpdate

WINDOWS_SECONDS = (60, 300, 900, 3600, 86_400)
"""What `t` steps through."""

DEMO = "demo"
"""The result of an app that was left to start the demo."""

_SLOW_TICKS = 5
_HUNG_UP = 129
_SWITCH_SECONDS = 0.008


@dataclass(frozen=True, slots=True)
class Step:
    """A place to come back to: a screen, what it showed, and the row under its cursor."""

    mode: str
    view: View
    cursor: object


@dataclass
class PictureRead(Message):
    """A picture was read; only the newest matters."""

    screen: MonitorScreen[Any]
    view: View
    picture: object

    def can_replace(self, message: Message) -> bool:
        """Fold a flood into the newest."""
        return isinstance(message, PictureRead)


@dataclass
class ReadFailed(Message):
    """The picture could not be read; `reason` is a sentence."""

    screen: MonitorScreen[Any]
    view: View
    reason: str


def _gpus() -> Screen[Any]:
    from tui.screens.gpus import GpusScreen

    return GpusScreen()


def _requests() -> Screen[Any]:
    from tui.screens.requests import RequestsScreen

    return RequestsScreen()


def _sources() -> Screen[Any]:
    from tui.screens.sources import SourcesScreen

    return SourcesScreen()


def _commands() -> type[Any]:
    from tui.palette import MonitorCommands

    return MonitorCommands


class MonitorApp(App[str]):
    """Live cost monitor; its result is `DEMO` when the person asked for the demo, else None."""

    TITLE = "usdtop"
    CSS_PATH = [Path(__file__).with_name("app.tcss"), Path(__file__).parent / "screens" / "burn.tcss"]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "burn": BurnScreen,
        "gpus": _gpus,
        "requests": _requests,
        "sources": _sources,
    }
    DEFAULT_MODE = "burn"
    COMMANDS = {_commands}
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall"), (36, "-roomy"), (48, "-large")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_window", "window", id="app.window", tooltip="next time window: 1m 5m 15m 1h 24h"),
        Binding("space", "pause", "pause", id="app.pause", tooltip="freeze or go on: the picture, never the recording"),
        Binding("question_mark", "help", "help", id="app.help", tooltip="help: keys, doubts, words"),
        Binding("1", "show('burn')", "burn", id="app.burn", tooltip="go to Burn: who spends what"),
        Binding("2", "show('gpus')", "gpus", id="app.gpus", tooltip="go to GPUs: hosts, engines, idle tax"),
        Binding("4", "show('requests')", "requests", id="app.requests", tooltip="go to Requests: newest or dearest"),
        Binding("6", "show('sources')", "sources", id="app.sources", tooltip="go to Sources: states, lags, rejects"),
        Binding(
            "ctrl+p,colon",
            "command_palette",
            "commands",
            id="app.palette",
            tooltip="find a command or a row by name",
            show=False,
        ),
        Binding("q", "leave", "back or quit", id="app.quit", show=False),
        Binding("Q", "quit_with_frame", "quit, leave this picture", id="app.quit_with_frame", show=False),
        Binding("ctrl+c,ctrl+q", "quit", "quit at once", id="app.quit_now", show=False, priority=True),
    ]

    def __init__(
        self,
        feed: Feed,
        *,
        view: View | None = None,
        refresh_seconds: float = 1.0,
        demo: bool = False,
        ascii_only: bool = False,
        theme: str | None = None,
    ) -> None:
        # Textual picks its filter for NO_COLOR before a theme is set, and the one for RGB themes draws black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.theme = theme or "ansi-dark"
        self.feed = feed
        self.view = view or View()
        self.paused = False
        self.demo = demo
        self.ascii_only = ascii_only
        self.colourless = "NO_COLOR" in os.environ
        self.trail: list[Step] = []
        self.last_frame: str | None = None
        self.last_filter = ""
        self._refresh_seconds = refresh_seconds
        self._reading = False
        self._ticks_waited = 0
        self._terminal_title = ""

    def on_mount(self) -> None:
        """Ask once, then every refresh; leave cleanly when the terminal goes."""
        self.ask()
        self.set_interval(self._refresh_seconds, self._tick)
        if not self.is_headless:
            self._listen_to_signals()

    def ask(self) -> None:
        """Read the picture of the screen in front, unless a read is under way."""
        screen = self.screen
        if isinstance(screen, MonitorScreen) and not self._reading:
            self._reading, self._ticks_waited = True, 0
            work = partial(self._read, screen, self.view)
            self.run_worker(work, thread=True, group="read", exit_on_error=False)

    @property
    def is_reading(self) -> bool:
        """Whether a read is under way."""
        return self._reading

    def _tick(self) -> None:
        if self._reading:
            self._ticks_waited += 1
            screen = self.screen
            if self._ticks_waited == _SLOW_TICKS and isinstance(screen, MonitorScreen):
                screen.failure = "the store does not answer; the figures are of the time above"
        elif not self.paused:
            self.ask()

    def _read(self, screen: MonitorScreen[Any], view: View) -> None:
        """Read in a thread, post, touch no widget."""
        try:
            picture = screen.read(self.feed, view)
        except FeedError as error:
            self.post_message(ReadFailed(screen, view, str(error)))
        except Exception as error:  # noqa: BLE001 (a monitor outlives its bugs: the failure is shown instead)
            self.post_message(ReadFailed(screen, view, f"this screen failed to read: {error!r}"))
        else:
            self.post_message(PictureRead(screen, view, picture))

    @on(PictureRead)
    def take_picture(self, message: PictureRead) -> None:
        """Hand the picture to its screen, unless somebody looks elsewhere by now."""
        if self._still_wanted(message.screen, message.view) and (message.screen.outdated or not self.paused):
            message.screen.failure, message.screen.outdated = None, False
            message.screen.picture = message.picture
            if isinstance(message.picture, BurnPicture):
                self._name_terminal(message.picture)

    @on(ReadFailed)
    def take_failure(self, message: ReadFailed) -> None:
        """A failure is a state of the screen; the last picture stays under it."""
        if self._still_wanted(message.screen, message.view):
            message.screen.failure = message.reason

    @on(Worker.StateChanged)
    def take_worker_error(self, event: Worker.StateChanged) -> None:
        """A reader that died without a word must not stop the reading."""
        if event.worker.group == "read" and event.state in (WorkerState.ERROR, WorkerState.CANCELLED):
            self._reading = False

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

    def descend(self, mode: str, view: View, cursor: object) -> None:
        """Go deeper and remember where from."""
        self.trail.append(Step(self.current_mode, self.view, cursor))
        self.view = view
        self._to_mode(mode)

    def pass_on(self, mode: str, view: View) -> None:
        """Go deeper through a level that is not worth coming back to."""
        self.view = view
        self._to_mode(mode)

    def ascend(self) -> bool:
        """Go back to where the last descent began; False at the top."""
        if not self.trail:
            return False
        step = self.trail.pop()
        self.view = replace(step.view, window_seconds=self.view.window_seconds)
        self._to_mode(step.mode)
        screen = self.screen
        if isinstance(screen, MonitorScreen):
            screen.return_to(step.cursor)
        return True

    def _to_mode(self, mode: str) -> None:
        if mode != self.current_mode:
            self.switch_mode(mode)
        self.renew()

    def action_show(self, mode: str) -> None:
        """Go to a section."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._to_mode(mode)

    def action_next_window(self) -> None:
        """The next wider time window, then the narrowest again."""
        wider = [seconds for seconds in WINDOWS_SECONDS if seconds > self.view.window_seconds]
        self.look(replace(self.view, window_seconds=wider[0] if wider else WINDOWS_SECONDS[0]))

    def action_pause(self) -> None:
        """Freeze the picture, never the recording; the same key goes on."""
        self.paused = not self.paused
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, MonitorScreen):
                    screen.draw()
        if not self.paused:
            self.ask()

    def action_help(self) -> None:
        """The keys that work here."""
        from tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    @on(CommandPalette.Opened)
    def steady_cursor(self) -> None:
        """A blinking cursor costs bytes for as long as it blinks."""
        for line in self.screen.query(Input):
            line.cursor_blink = False

    def action_leave(self) -> None:
        """Back, and at the top out."""
        if not self.go_back():
            self.exit()

    def go_back(self) -> bool:
        """One place back; False when there is none."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
            return True
        if self.ascend():
            return True
        if self.current_mode != "burn":
            self._to_mode("burn")
            return True
        return False

    def action_quit_with_frame(self) -> None:
        """Leave, with this picture in the scrollback."""
        self.last_frame = frame_text(self.screen)
        self.exit()

    def delay_update(self, delay: float = 0.05) -> None:
        """Show another screen at once: ours draw in a few milliseconds, Textual waits fifty."""
        super().delay_update(min(delay, _SWITCH_SECONDS))

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        """Send changed cells instead of changed lines (Textual's own hook, which every partial update passes)."""
        if isinstance(renderable, ChopsUpdate):
            renderable = SparseUpdate(renderable)
        super()._display(screen, renderable)  # type: ignore[arg-type]  # what it was called with, or as good

    def _name_terminal(self, picture: BurnPicture) -> None:
        headline = picture.headline
        title = f"usdtop {fmt.usd_rough(headline.usd_per_hour, lower_bound=headline.lower_bound)}/h"
        if title != self._terminal_title and self._driver is not None and not self.is_headless:
            self._terminal_title = title
            self._driver.write(f"\x1b]0;{fmt.ascii_text(title) if self.ascii_only else title}\x07")

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: self.exit(return_code=_HUNG_UP))
        loop.add_signal_handler(signal.SIGTERM, self.exit)


def frame_text(screen: Screen[Any]) -> str:
    """What the screen shows, as plain text."""
    from tui.widgets.lines import Lines

    return "\n".join(widget.text for widget in screen.query(Lines) if widget.display)


def show(app: MonitorApp) -> str | None:
    """Run the monitor in this terminal; its last picture stays in the scrollback when that was asked for."""
    result = app.run(mouse=False)
    if app.last_frame is not None:
        sys.stdout.write(app.last_frame + "\n")
    return result
