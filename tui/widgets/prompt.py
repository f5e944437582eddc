"""A question of one line above the keys."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui import format as fmt


class Prompt(Input):
    """`enter` answers, `escape` leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "answer", id="prompt.answer"),
        Binding("escape", "leave", "leave it", id="prompt.leave"),
    ]

    def __init__(self, question: str, answer: Callable[[str], None], *, text: str = "") -> None:
        super().__init__(
            fmt.safe(text),
            placeholder=question,
            restrict=r"[^\x00-\x1f\x7f-\x9f]*",
            max_length=500,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self._answer = answer

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer."""
        event.stop()
        self.remove()
        if event.value.strip():
            self._answer(event.value.strip())

    def action_leave(self) -> None:
        """No answer."""
        self.remove()
