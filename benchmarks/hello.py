"""The smallest Textual app: what a terminal program of this kind costs before it does anything.

With `pages` it opens a page of text over its line and closes it again, as screens of a larger program do.
"""

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static


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


if __name__ == "__main__":
    (Pages if "pages" in sys.argv else Hello)().run(mouse=False)
