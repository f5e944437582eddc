"""The smallest Textual app: what a terminal program of this kind costs before it does anything."""

from textual.app import App, ComposeResult
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


if __name__ == "__main__":
    Hello().run(mouse=False)
