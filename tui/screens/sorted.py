"""Screens whose table stands in an order of one's choice: the same keys and the same mark on all of them."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tui.screens.monitor import MonitorScreen
from tui.screens.section import P
from tui.sorting import Sorting
from tui.widgets.table import Table


class SortedScreen(MonitorScreen[P]):
    """`s` goes on to the next column that is shown, `S` turns the order around, the palette knows every column."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort", id="screen.sort", show=False, tooltip="sort by the next column"),
        Binding("S", "reverse", "reverse the order", id="screen.reverse", show=False, tooltip="turn the order around"),
    ]

    TELLS_ORDER = False
    """Whether a line of the screen says in which order its table stands."""

    @property
    def sorting(self) -> Sorting[Any]:
        """In which order its table stands."""
        raise NotImplementedError

    def action_sort(self) -> None:
        """Sort by the next column that there is room for."""
        self.sorting.go_on(self.query_one(Table).titles_shown)
        self.sorted_anew()

    def sort_by(self, title: str) -> None:
        """Sort by this column."""
        self.sorting.sort_by(title)
        self.sorted_anew()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.sorting.turn()
        self.sorted_anew()

    def sorted_anew(self) -> None:
        """Draw in the new order, and say it where no line of the screen does."""
        self.query_one(Table).stay_or_start_over()
        if self.TELLS_ORDER:
            self.draw()
        else:
            self.say(self.sorting.said)
