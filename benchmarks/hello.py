"""The smallest Textual app: what a terminal program of this kind costs before it does anything.

With `pages` it opens a page of text over its line and closes it again, as screens of a larger program do; with `lines` it
opens a line to type in at the bottom, and closes it.
"""

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input, Static


class Hello(App[None]):
    """One line of text, which every key changes."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("hello, world")

    def on_key(self) -> None:
        """Say something else, so that an answer to a key can be timed."""
        self._keys = getattr(self, "_keys", 0) + 1
        self.query_one(Static).update(f"hello, world, {self._keys}")


class Page(Screen[None]):
    """As much text as a terminal of 200 by 50 holds."""

    def compose(self) -> ComposeResult:
        """All of it in one widget."""
        yield Static("\n".join(f"line {number:2} of a page " + "of text " * 20 for number in range(48)))


class Pages(Hello):
    """The same with a page over it."""

    BINDINGS: ClassVar[list[BindingType]] = [("question_mark,b", "turn", "open"), ("q", "close", "close")]

    def action_turn(self) -> None:
        """Open the page."""
        self.push_screen(Page())

    def action_close(self) -> None:
        """Close it."""
        self.pop_screen()


class Lines(Hello):
    """The same with a line to type in."""

    BINDINGS: ClassVar[list[BindingType]] = [("slash", "ask", "ask")]

    def action_ask(self) -> None:
        """Open the line."""
        line = Input("m", select_on_focus=False, compact=True)
        line.cursor_blink = False
        line.styles.dock = "bottom"
        self.mount(line)
        line.focus()

    def on_input_submitted(self) -> None:
        """Close it."""
        self.query_one(Input).remove()


_KINDS = {"pages": Pages, "lines": Lines}

if __name__ == "__main__":
    _KINDS.get(sys.argv[-1], Hello)().run(mouse=False)
