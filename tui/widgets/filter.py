"""The filter line: one line at the bottom that filters as it is typed."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui import format as fmt


class FilterLine(Input):
    """Hidden until opened; `enter` keeps the filter, `escape` clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep filter", id="filter.keep"),
        Binding("escape", "clear", "clear filter", id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter's text changed."""

        text: str

    class Closed(Message):
        """The line is gone."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="filter, e.g. model=gpt-* !tenant=acme   enter keep   esc clear",
            restrict=r"[^\x00-\x1f\x7f-\x9f]*",
            max_length=500,
            select_on_focus=False,
            disabled=True,
        )
        self.cursor_blink = False

    def open(self, text: str) -> None:
        """Show the line with this text."""
        self.disabled = False
        self.add_class("-open")
        self.value = text = fmt.safe(text)
        self.cursor_position = len(text)
        self.focus()

    def close(self) -> None:
        """Hide the line; what it filters stays."""
        self.remove_class("-open")
        self.disabled = True
        self.post_message(self.Closed())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        if not self.disabled:
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self.close()

    def action_clear(self) -> None:
        """Filter nothing."""
        self.close()
        self.value = ""
        self.post_message(self.Typed(""))
