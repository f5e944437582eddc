"""The table of the Burn screen as a stock DataTable app would draw it: read once a second, every changed cell updated."""

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from collectors.clock import now_ms
from tui.pictures.view import View
from tui.questions.burn import BurnQuestion
from tui.screens.burn_table import COLUMNS, MEASURES, draw_row
from tui.storefeed import StoreFeed


class Stock(App[None]):
    """One DataTable on the same readings as the monitor's."""

    def __init__(self, store: Path) -> None:
        super().__init__()
        self._feed = StoreFeed(store, clock=now_ms, machine="bench")
        self._shown: dict[str, tuple[str, ...]] = {}

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable[str]()

    def on_mount(self) -> None:
        """Read at once, and then every second."""
        table = self.query_one(DataTable)
        for column in COLUMNS:
            table.add_column(column.title, key=column.title)
        self.draw()
        self.set_interval(1.0, self.draw)

    def draw(self) -> None:
        """Update what changed, cell by cell."""
        table = self.query_one(DataTable)
        for group in self._feed.read(BurnQuestion(View())).rows:
            name, cells = repr(group.key), draw_row(group, "model", MEASURES).cells
            if name not in self._shown:
                table.add_row(*cells, key=name)
            else:
                for column, before, after in zip(COLUMNS, self._shown[name], cells, strict=True):
                    if before != after:
                        table.update_cell(name, column.title, after)
            self._shown[name] = tuple(cells)


if __name__ == "__main__":
    Stock(Path(sys.argv[1])).run(mouse=False)
