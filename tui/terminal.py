"""What goes to the terminal: as few bytes as possible, its title, and a clean end when it goes away."""

import asyncio
import os
import signal
from typing import Any, cast

from textual._compositor import ChopsUpdate
from textual.app import App
from textual.events import Event, Key
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widgets import Input

from tui import format as fmt
from tui.themes import COLOUR_BLIND, DARK
from tui.widgets.sparse import SparseUpdate

_HUNG_UP = 129
_SWITCH_SECONDS = 0.008


class TerminalApp(App[str]):
    """An app that sends changed cells only, without animations."""

    theme: Reactive[str] = Reactive(DARK)
    """From the beginning: a theme that is set later has every sheet parsed again."""

    def __init__(self, *, ascii_only: bool = False, theme: str | None = None) -> None:
        # Textual picks its filter for NO_COLOR before a theme is set, and the one for RGB themes draws black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.ascii_only = ascii_only
        self.colourless = "NO_COLOR" in os.environ
        self._terminal_title = ""
        self.bytes_sent = 0
        self._counts = False
        self.register_theme(COLOUR_BLIND)
        if theme:
            self.theme = theme

    def count_bytes(self) -> None:
        """Count what is sent to the terminal from here on."""
        driver = self._driver
        if driver is not None and not self._counts:
            self._counts = True
            write = driver.write

            def counted(data: str) -> None:
                self.bytes_sent += len(data.encode(errors="replace"))
                write(data)

            driver.write = counted  # type: ignore[method-assign]  # Textual has no hook that sees every byte

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Read the sheets of a new screen (Textual's own hook), which has its styles then: they are not all parsed again."""
        super()._load_screen_css(screen)
        if screen._css_update_count < 0:
            screen._css_update_count = self._css_update_count

    def delay_update(self, delay: float = 0.05) -> None:
        """Show another screen at once: ours draw in a few milliseconds, Textual waits fifty."""
        super().delay_update(min(delay, _SWITCH_SECONDS))

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

    def write_to_terminal(self, sequence: str) -> None:
        """Send a control sequence of our own, where there is a terminal."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def name_terminal(self, title: str) -> None:
        """Give the terminal's window or tab this title."""
        if title != self._terminal_title:
            self._terminal_title = title
            self.write_to_terminal(f"\x1b]0;{fmt.ascii_text(title) if self.ascii_only else title}\x07")

    def listen_to_signals(self) -> None:
        """Leave cleanly when the terminal hangs up or the process is asked to end."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: self.exit(return_code=_HUNG_UP))
            loop.add_signal_handler(signal.SIGTERM, self.exit)

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        """Send changed cells instead of changed lines (Textual's own hook, which every partial update passes)."""
        if isinstance(renderable, ChopsUpdate):
            renderable = SparseUpdate(renderable)
        super()._display(screen, renderable)  # type: ignore[arg-type]  # what it was called with, or as good
