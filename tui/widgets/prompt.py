"""A question of one line above the keys."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.widgets.oneline import OneLine


class Prompt(OneLine):
    """`enter` answers, `escape` leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "answer", id="prompt.answer"),
        Binding("escape", "leave", "leave it", id="prompt.leave"),
    ]

    def __init__(self, question: str, answer: Callable[[str], None], *, text: str = "") -> None:
        super().__init__(text, question)
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
