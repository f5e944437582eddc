"""The list of dimensions that the Burn table can be grouped by."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.pictures.view import DIMENSIONS
from tui.screens.page import Page
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.columns import Column
from tui.widgets.footer import Keys
from tui.widgets.table import Row, Table

_MEANINGS = {
    "provider": "who is paid",
    "model": "the name as its source wrote it",
    "tenant": "team, else organisation",
    "key": "API key, by its alias",
    "deployment": "where a gateway sent it",
    "host": "machine that served it",
    "source": "log or engine it was read from",
    "call_type": "chat, embedding, ...",
    "outcome": "success, or how it failed",
    "priced_as": "the price record that matched",
}
_COLUMNS = (
    Column(title="BY", width=12, right=False),
    Column(title="WHAT IT IS", width=32, right=False, rank=1, grows_to=50),
)


class GroupByScreen(Page[str | None], inherit_bindings=False):
    """An opaque pick list; its result is a dimension, or None."""

    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,q", "dismiss(None)", "back", id="group_by.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._path, self._table = Breadcrumb(), Table(_COLUMNS)

    def compose(self) -> ComposeResult:
        """The list and the keys."""
        yield self._path
        yield self._table
        yield Keys()

    def offer(self, current: str) -> None:
        """Every dimension; the cursor stands on the present one."""
        self._path.show(["group by"], f"now by {current}")
        self._table.show([Row(key=name, cells=(name, _MEANINGS.get(name, ""))) for name in DIMENSIONS])
        self._table.go_to(current)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Take the dimension."""
        self.dismiss(str(message.key))
