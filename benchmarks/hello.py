"""The smallest Textual app: what a terminal program of this kind costs before it does anything."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("hello, world")


if __name__ == "__main__":
    Hello().run(mouse=False)
