"""The monitor: sections, the way down and back, help and palette. What it reads and sends is said in its bases."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace
from textual import on
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widgets import Input

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.privacy import PrivateFeed
from tui.screens.burn import BurnScreen
from tui.screens.monitor import MonitorScreen
from tui.tracekeys import TraceKeysApp
from tui.trail import Trail


def _gpus() -> Screen[Any]:
    from tui.screens.gpus import GpusScreen

    return GpusScreen()


def _budgets() -> Screen[Any]:
    from tui.screens.budgets import BudgetsScreen

    return BudgetsScreen()


def _requests() -> Screen[Any]:
    from tui.screens.requests import RequestsScreen

    return RequestsScreen()


def _compare() -> Screen[Any]:
    from tui.screens.compare import CompareScreen

    return CompareScreen()


def _sources() -> Screen[Any]:
    from tui.screens.sources import SourcesScreen

    return SourcesScreen()


def _alerts() -> Screen[Any]:
    from tui.screens.alerts import AlertsScreen

    return AlertsScreen()


def _commands() -> type[Any]:
    from tui.palette import MonitorCommands

    return MonitorCommands


class MonitorApp(TraceKeysApp):
    """Live cost monitor; its result is `DEMO` when the person asked for the demo, else None."""

    TITLE = "usdtop"
    CSS_PATH = [Path(__file__).with_name("app.tcss"), Path(__file__).parent / "screens" / "burn.tcss"]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "burn": BurnScreen,
        "gpus": _gpus,
        "budgets": _budgets,
        "requests": _requests,
        "compare": _compare,
        "sources": _sources,
        "alerts": _alerts,
    }
    DEFAULT_MODE = "burn"
    COMMANDS = {_commands}
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall"), (36, "-roomy"), (48, "-large")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="app.help", tooltip="help: keys, doubts, words"),
        Binding("1", "show('burn')", "burn", id="app.burn", tooltip="go to Burn: who spends what"),
        Binding("2", "show('gpus')", "gpus", id="app.gpus", tooltip="go to GPUs: hosts, engines, idle tax"),
        Binding(
            "3", "show('budgets')", "budgets", id="app.budgets", tooltip="go to Budgets: left, pace, run-out, launch"
        ),
        Binding("4", "show('requests')", "requests", id="app.requests", tooltip="go to Requests: newest or dearest"),
        Binding("5", "show('compare')", "compare", id="app.compare", tooltip="go to Compare: what would cost less"),
        Binding("6", "show('sources')", "sources", id="app.sources", tooltip="go to Sources: states, lags, rejects"),
        Binding("7", "show('alerts')", "alerts", id="app.alerts", tooltip="go to Alerts: what fires, and why"),
        Binding(
            "ctrl+p,colon",
            "command_palette",
            "commands",
            id="app.palette",
            tooltip="find a command or a row by name",
            show=False,
        ),
        Binding("P", "privacy", "private", id="app.private", show=False, tooltip="tenants, keys, users as numbers"),
        Binding("B", "rate", "bytes", id="app.rate", show=False, tooltip="bytes per second sent to the terminal"),
        Binding("q", "leave", "back or quit", id="app.quit", show=False),
        Binding("ctrl+c,ctrl+q", "quit", "quit at once", id="app.quit_now", show=False, priority=True),
    ]

    def __init__(
        self,
        feed: Feed,
        *,
        view: View | None = None,
        refresh_seconds: float = 1.0,
        demo: bool = False,
        is_copy: bool = False,
        rings: bool = True,
        ascii_only: bool = False,
        theme: str | None = None,
        private_names: bool = False,
        low_bandwidth: bool = False,
    ) -> None:
        super().__init__(feed, view or View(), refresh_seconds=refresh_seconds, ascii_only=ascii_only, theme=theme)
        self._plain_feed = feed
        self.low_bandwidth = low_bandwidth
        if private_names:
            self.feed = PrivateFeed(feed)
        self.demo = demo
        self.is_copy = is_copy
        self.rings = rings
        self._rung: int | None = None
        self.trail = Trail()
        self.last_filter = ""

    def picture_taken(self, picture: object) -> None:
        """The terminal's title carries the burn, and a sign while something fires; the bell rings once for each alert."""
        super().picture_taken(picture)
        header = self.header
        if header is not None and not header.past:
            self._ring(header.newest_alert)
        if isinstance(picture, BurnPicture):
            burn = fmt.usd_rough(picture.headline.usd_per_hour, lower_bound=picture.headline.lower_bound)
            self.name_terminal(f"! {burn}/h" if picture.header.alerts_firing else f"usdtop {burn}/h")

    def _ring(self, newest_alert: int) -> None:
        """Ring for an alert that opened since the monitor was started; what fired before is on the screen."""
        if self._rung is not None and newest_alert > self._rung and self.rings:
            self.bell()
        self._rung = max(newest_alert, self._rung or 0)

    def descend(self, mode: str, view: View, cursor: object) -> None:
        """Go deeper and remember where from."""
        self.trail.remember(self.current_mode, self.view, cursor)
        self.view = view
        self._to_mode(mode)

    def pass_on(self, mode: str, view: View) -> None:
        """Go deeper through a level that is not worth coming back to."""
        self.view = view
        self._to_mode(mode)

    def ascend(self) -> bool:
        """Go back to where the last descent began; False at the top."""
        step = self.trail.back(self.view)
        if step is None:
            return False
        self.view = step.view
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

    def action_privacy(self) -> None:
        """Show tenants, keys and users as numbers, or by name again; from the top, where no name is in the path."""
        hidden = self.feed is self._plain_feed
        self.feed = PrivateFeed(self._plain_feed) if hidden else self._plain_feed
        self.trail = Trail()
        self.last_filter = ""
        self.view = replace(self.view, path=(), filter="")
        self.action_show("burn")
        self.say("tenants, keys and users are shown as numbers" if hidden else "names are shown again")

    def action_help(self) -> None:
        """The keys that work here."""
        from tui.screens.help import HelpScreen

        page = self.kept(HelpScreen)
        if page not in self.screen_stack:
            page.tell_of(self.screen)
            self.push_screen(page)

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


def show(app: MonitorApp, *, mouse: bool = False) -> str | None:
    """Run the monitor in this terminal; its last picture stays in the scrollback when that was asked for."""
    result = app.run(mouse=mouse)
    if app.last_frame is not None:
        sys.stdout.write(app.last_frame + "\n")
    return result
