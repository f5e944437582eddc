"""What goes to the terminal: as few bytes as possible, its title, and a clean end when it goes away."""

import asyncio
import os
import signal
import time
from typing import Any, TypeVar, cast

from textual._compositor import ChopsUpdate
from textual.events import Event, Key
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widgets import Input

from tui import format as fmt
from tui.screens.page import Page
from tui.sending import HUNG_UP, SendingApp
from tui.themes import COLOUR_BLIND, DARK
from tui.widgets.lines import ROLES
from tui.widgets.sparse import SparseUpdate

K = TypeVar("K", bound=Page[Any])

_WAIT_S = 0.001
_CALM_ROUNDS = 4
"""So many times round without news, a screen that opens is complete: some of what it does takes a round to be heard of."""


class TerminalApp(SendingApp):
    """An app that sends changed cells only, without animations."""

    COMPONENT_CLASSES = set(ROLES)
    LONGEST_HOLD_S = 0.025
    """What a screen that opens does not have by then is sent later."""
    theme: Reactive[str] = Reactive(DARK)
    """From the beginning: a theme that is set later has every sheet parsed again."""

    def __init__(self, *, ascii_only: bool = False, theme: str | None = None) -> None:
        # Textual picks its filter for NO_COLOR before a theme is set, and the one for RGB themes draws black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.ascii_only = ascii_only
        self.colourless = "NO_COLOR" in os.environ
        self._terminal_title = ""
        self._holding: asyncio.Task[None] | None = None
        # Nothing here is told in toasts or tooltips, whose widgets each screen would be given.
        self._disable_tooltips = self._disable_notifications = True
        self.register_theme(COLOUR_BLIND)
        if theme:
            self.theme = theme

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Read the sheets of a new screen (Textual's own hook, which has all of them parsed and all styles found again).

        What they say is of this screen alone.
        """
        unread = [path for path in screen.css_path if not self.stylesheet.has_source(str(path), "")]
        for path in unread:
            self.stylesheet.read(path)
        super()._load_screen_css(screen)
        if unread:
            self.stylesheet.update(screen)
        if screen._css_update_count < 0:
            screen._css_update_count = self._css_update_count

    def _fatal_error(self) -> None:
        """End with the places of an error (Textual's own hook, which prints the variables there, too).

        Names of tenants and what a configuration holds must not land in a scrollback or an error report.
        """
        from rich.segment import Segments
        from rich.traceback import Traceback

        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()

    def kept(self, page: type[K]) -> K:
        """The page of this kind: it is made once and stays when it is left, so that it opens at once the next time."""
        name = page.__name__
        if not self.is_screen_installed(name):
            self.install_screen(page(), name)
        return cast("K", self.get_screen(name))

    def on_mount(self) -> None:
        """Hear of each screen that comes to the front."""
        self.screen_change_signal.subscribe(self, self.screen_changes, immediate=True)

    def screen_changes(self, screen: Screen[Any]) -> None:  # noqa: ARG002 (what the signal sends)
        """Another screen comes to the front: it is sent in one piece."""
        self.delay_update()

    def delay_update(self, delay: float = 0.0) -> None:  # noqa: ARG002 (Textual's signature)
        """Send nothing until the screen in front is complete, and then all of it; Textual waits for a fixed time."""
        if self._holding is None:
            self._begin_batch()
            self._holding = asyncio.create_task(self._show_when_complete(self.LONGEST_HOLD_S))

    @property
    def is_opening(self) -> bool:
        """Whether the screen in front has yet to be sent."""
        return self._holding is not None

    async def _show_when_complete(self, within_s: float) -> None:
        ends_s, calm = time.monotonic() + within_s, 0
        while self._screen_stack and calm < _CALM_ROUNDS and time.monotonic() < ends_s:
            waits = self.waits()
            await asyncio.sleep(_WAIT_S if waits else 0)
            calm = 0 if waits or not self._is_calm() else calm + 1
        self._holding = None
        self._end_batch()
        if not self._screen_stack:
            return
        screen = self.screen
        if isinstance(screen, Page):
            screen.show_at_once()
        else:
            screen.refresh()
        self.screen_shown()

    def screen_shown(self) -> None:
        """What follows when a screen that came to the front has been sent."""

    def waits(self) -> bool:
        """Whether the screen in front waits for something from outside."""
        return False

    def _is_calm(self) -> bool:
        """Whether the screen in front is there, and nothing is on its way to it, its widgets or the app."""
        screen = self.screen
        return screen.is_mounted and not any(
            node.message_queue_size for node in (self, *screen.walk_children(with_self=True))
        )

    async def on_event(self, event: Event) -> None:
        """Act on a key before the next one is looked at: what is typed behind `/` is for the line that it opens.

        Textual hands a key to the focused widget, from where it comes back to be acted on; keys that were typed quickly
        have gone the same way by then.
        """
        acts = (
            isinstance(event, Key) and not event.is_forwarded and self.app_focus and not isinstance(self.focused, Input)
        )
        if acts and await self._check_bindings(cast("Key", event).key):
            return
        await super().on_event(event)

    def name_terminal(self, title: str) -> None:
        """Give the terminal's window or tab this title."""
        if title != self._terminal_title:
            self._terminal_title = title
            self.send_with_cells(f"\x1b]0;{fmt.ascii_text(title) if self.ascii_only else title}\x07")

    def listen_to_signals(self) -> None:
        """Leave cleanly when the terminal hangs up or the process is asked to end."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: self.exit(return_code=HUNG_UP))
            loop.add_signal_handler(signal.SIGTERM, self.exit)

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        """Send changed cells instead of changed lines (Textual's own hook, which every partial update passes)."""
        if isinstance(renderable, ChopsUpdate):
            renderable = SparseUpdate(renderable)
        super()._display(screen, renderable)  # type: ignore[arg-type]  # what it was called with, or as good
