"""Where we are: all > model gpt-4o > tenant acme > by key."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.geometry import Size

from tui import format as fmt
from tui.widgets.lines import Line, Lines, spread

_NAME_CELLS = 24


class Breadcrumb(Lines):
    """The path on the left, what is listed on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._left: tuple[str, ...] = ()
        self._right = ""

    def show(self, left: Sequence[str], right: str = "") -> None:
        """Take the steps of the path, outermost first, and a remark."""
        self._left, self._right = tuple(left), right
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """One line; when there is no room the outer steps go first."""
        steps = [fmt.safe(step, _NAME_CELLS + 10) for step in self._left]
        text = " > ".join(steps)
        while len(steps) > 1 and cell_len(text) > size.width:
            steps.pop(0)
            text = " > ".join(["...", *steps])
        yield spread(text, fmt.safe(self._right), size.width)


def steps(path: Sequence[tuple[str, str | None]]) -> list[str]:
    """A drilled-down path as the breadcrumb's steps."""
    named = [
        fmt.member(dimension, key) if key is None else f"{dimension} {fmt.safe(key, _NAME_CELLS)}"
        for dimension, key in path
    ]
    return ["all", *named]
