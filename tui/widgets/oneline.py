"""A line of text that is typed above the keys: harmless, not endless, and drawn at once."""

from textual.geometry import Size
from textual.reactive import Reactive
from textual.suggester import Suggester
from textual.widgets import Input

from tui import format as fmt


class OneLine(Input):
    """It takes the same room whatever is typed: no letter has the screen laid out again, as it would in Textual's own."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))

    def __init__(self, text: str, placeholder: str, suggester: Suggester | None = None) -> None:
        super().__init__(
            fmt.safe(text),
            suggester=suggester,
            placeholder=placeholder,
            restrict=r"[^\x00-\x1f\x7f-\x9f]*",
            max_length=500,
            select_on_focus=False,
        )
        self.cursor_blink = False
