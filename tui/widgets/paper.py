"""Lines longer than the screen, to be scrolled."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType
from textual.geometry import Size

from tui.widgets.lines import Line, Lines

_WHEEL_LINES = 3

Writer: TypeAlias = Callable[[int], Sequence[Line]]
"""Lays its lines out for a width in cells."""


class Paper(Lines, can_focus=True):
    """Draws what a function writes, from the line scrolled to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_by(1)", "down", id="paper.down", show=False),
        Binding("k,up", "scroll_by(-1)", "up", id="paper.up", show=False),
        Binding("g,home", "scroll_by(-1000000)", "top", id="paper.top", show=False),
        Binding("G,end", "scroll_by(1000000)", "end", id="paper.end", show=False),
        Binding("pagedown", "page(1)", "page down", id="paper.page_down", show=False),
        Binding("pageup", "page(-1)", "page up", id="paper.page_up", show=False),
    ]

    def __init__(self, write: Writer | None = None) -> None:
        super().__init__()
        self._write = write
        self._top = 0

    def show(self, write: Writer) -> None:
        """Take another text; the place scrolled to stays."""
        self._write = write
        self.redraw()

    def begin(self, write: Writer) -> None:
        """Take another text, to be read from its top."""
        self._top = 0
        self.show(write)

    def lines(self, size: Size) -> Iterable[Line]:
        """What is visible; the last line says so when there is more below."""
        written = list(self._write(size.width)) if self._write else []
        self._top = max(0, min(self._top, len(written) - size.height))
        visible = written[self._top : self._top + size.height]
        below = len(written) - self._top - size.height
        if below > 0 and visible:
            # Beside a table, which has the keys of its own.
            down = "j" if self.screen.focused in (self, None) else "J"
            visible[-1] = ((f"  ... {below + 1} more lines, {down} down", "dim"),)
        return visible

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by this many lines."""
        self._top = max(0, self._top + lines)
        self.redraw()

    def on_mouse_scroll_down(self) -> None:
        """The wheel scrolls, where the mouse is taken."""
        self.action_scroll_by(_WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        """The wheel scrolls, where the mouse is taken."""
        self.action_scroll_by(-_WHEEL_LINES)

    def action_page(self, pages: int) -> None:
        """Scroll by what fits on the screen."""
        self.action_scroll_by(pages * max(1, self.size.height - 1))
