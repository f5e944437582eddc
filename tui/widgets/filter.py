"""The filter line: one line at the bottom that filters as it is typed."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui import format as fmt


class FilterLine(Input):
    """`enter` keeps the filter, `escape` clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep filter", id="filter.keep"),
        Binding("escape", "clear", "clear filter", id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter's text changed."""

        text: str

    class Closed(Message):
        """The line is not needed any more."""

    def __init__(self, text: str) -> None:
        super().__init__(
            fmt.safe(text),
            placeholder="filter, e.g. model=gpt-* !tenant=acme   enter keep   esc clear",
            restrict=r"[^\x00-\x1f\x7f-\x9f]*",
            max_length=500,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self._typed = self.value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        if event.value != self._typed:
            self._typed = event.value
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self.post_message(self.Closed())

    def action_clear(self) -> None:
        """Filter nothing."""
        self.post_message(self.Typed(""))
        self.post_message(self.Closed())
