"""Requests: the newest or the dearest, one row each; `enter` opens the bill."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.requests import RequestRow, RequestsPicture
from tui.pictures.view import View
from tui.questions.requests import RequestsQuestion
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.columns import Column
from tui.widgets.table import Row, Table

COLUMNS = (
    Column(title="TIME", width=9, right=False),
    Column(title="MODEL", width=14, right=False, grows_to=40, is_name=True),
    Column(title="TENANT", width=11, rank=3, right=False, grows_to=24),
    Column(title="KEY", width=10, rank=5, right=False, grows_to=24),
    Column(title="PROVIDER", width=10, rank=6, right=False),
    Column(title="IN", width=6, rank=1),
    Column(title="OUT", width=6, rank=1),
    Column(title="TOOK", width=8, rank=4),
    Column(title="$", width=10),
    Column(title="OUTCOME", width=9, rank=2, right=False, grows_to=16),
    Column(title="COST IS", width=9, rank=7, right=False),
    Column(title="ERROR", width=10, rank=8, right=False, grows_to=60),
)

_DEAREST = Order[RequestRow]("$", lambda row: row.nano_usd, said="dearest first")
ORDERS = (
    Order[RequestRow]("TIME", lambda row: row.ended_at_ms, said="newest first"),
    _DEAREST,
    Order[RequestRow]("MODEL", lambda row: row.model),
    Order[RequestRow]("TENANT", lambda row: row.tenant),
    Order[RequestRow]("KEY", lambda row: row.key),
    Order[RequestRow]("PROVIDER", lambda row: row.provider),
    Order[RequestRow]("IN", lambda row: row.prompt_tokens),
    Order[RequestRow]("OUT", lambda row: row.output_tokens),
    Order[RequestRow]("TOOK", lambda row: row.duration_ms),
    Order[RequestRow]("OUTCOME", lambda row: row.outcome),
    Order[RequestRow]("COST IS", lambda row: row.status),
    Order[RequestRow]("ERROR", lambda row: row.error),
)
"""The newest requests, the dearest, or the newest by another column."""


_OUTCOMES = {"error-retried": "retried", "error-fallback": "fallback"}
"""Shorter words for failed attempts that another one followed."""


class RequestsScreen(SortedScreen[RequestsPicture]):
    """Single requests of the present scope."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s", "sort", "sort", id="screen.sort", tooltip="newest first, dearest first, then by each other column"
        ),
    ]
    TELLS_ORDER = True

    def __init__(self) -> None:
        super().__init__()
        self._sorting = Sorting(ORDERS)
        self._are_dearest = False

    @property
    def sorting(self) -> Sorting[RequestRow]:
        """The newest first until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """One table."""
        return Breadcrumb(), Table(COLUMNS)

    def read(self, feed: Feed, view: View) -> RequestsPicture:
        """The newest or dearest requests of this view."""
        return feed.read(RequestsQuestion(view, dearest=self._are_dearest))

    def doubts(self, picture: RequestsPicture) -> Sequence[str]:
        """As the picture has them."""
        return picture.doubts

    def draw_body(self, picture: RequestsPicture) -> None:
        """The rows as they were read, the newest or the dearest, or these in the order of a column."""
        self.query_one(Breadcrumb).show(
            [*steps(picture.path), "requests"], self.remarks(f"{len(picture.rows)} shown", self._sorting.said)
        )
        rows = [draw_row(row) for row in self._sorting.of(picture.rows)]
        self.query_one(Table).show(rows, empty=_empty(picture), sorted_by=self._sorting.order.title)

    def explain(self, picture: RequestsPicture) -> Iterator[Explanation]:
        """The request under the cursor."""
        from tui.explaining.requests import request_figures

        at = self.query_one(Table).cursor_key
        for row in picture.rows:
            if row.id == at:
                yield from request_figures(picture.header, row)

    def return_to(self, cursor: object) -> None:
        """Put the cursor back on a request."""
        self.query_one(Table).go_to(cursor)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Open the bill."""
        from tui.screens.bill import BillScreen

        if self.shown is not None and isinstance(message.key, int):
            neighbours = tuple(row.id for row in self._sorting.of(self.shown.rows))
            self.app.push_screen(BillScreen(message.key, neighbours, moved=self.return_to))

    def sorted_anew(self) -> None:
        """The dearest are other requests than the newest: they are read, and the cursor stands on the first."""
        is_dearest = self._sorting.order is _DEAREST
        if is_dearest == self._are_dearest:
            super().sorted_anew()
        else:
            self._are_dearest = is_dearest
            self.query_one(Table).start_over()
            self.monitor.renew()


def draw_row(row: RequestRow) -> Row:
    """One request as texts."""
    cells = (
        fmt.clock(row.ended_at_ms),
        fmt.safe(fmt.member("model", row.model), 60),
        fmt.safe(fmt.member("tenant", row.tenant), 40),
        fmt.safe(fmt.member("key", row.key), 40),
        fmt.safe(fmt.member("provider", row.provider), 20),
        fmt.count(row.prompt_tokens),
        fmt.count(row.output_tokens),
        fmt.duration(row.duration_ms),
        fmt.request_usd(row.nano_usd, lower_bound=row.status == "partial"),
        fmt.safe(_OUTCOMES.get(row.outcome, row.outcome), 20),
        fmt.safe(row.status, 12),
        fmt.safe(row.error or "", 80),
    )
    role = "bad" if row.outcome.startswith("error") else "warn" if row.outcome == "cut" else ""
    return Row(key=row.id, cells=cells, role=role)


def _empty(picture: RequestsPicture) -> tuple[str, ...]:
    window = fmt.window(picture.header.window_seconds)
    kept = (
        ""
        if picture.kept_since_ms is None
        else f" Single requests are kept since {fmt.moment(picture.kept_since_ms, None)}."
    )
    return (f"No single request here in the last {window}.{kept} Press t for a wider window.",)
