"""Requests: the newest or the dearest, one row each; `enter` opens the bill."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.requests import RequestRow, RequestsPicture
from tui.pictures.view import View
from tui.questions.requests import RequestsQuestion
from tui.screens.monitor import MonitorScreen
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.table import Column, Row, Table

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

_NEWEST, _DEAREST = "newest first", "dearest first"
_VALUES: dict[str, tuple[Callable[[RequestRow], int | str | None], bool]] = {
    "by TOOK": (lambda row: row.duration_ms, True),
    "by IN": (lambda row: row.prompt_tokens, True),
    "by OUT": (lambda row: row.output_tokens, True),
    "by MODEL": (lambda row: row.model, False),
    "by TENANT": (lambda row: row.tenant, False),
    "by KEY": (lambda row: row.key, False),
    "by PROVIDER": (lambda row: row.provider, False),
    "by OUTCOME": (lambda row: row.outcome, False),
    "by COST IS": (lambda row: row.status, False),
    "by ERROR": (lambda row: row.error, False),
}
"""Orders of the newest requests by a column, and whether the largest comes first."""
_ORDERS = (_NEWEST, _DEAREST, *_VALUES)


class RequestsScreen(MonitorScreen[RequestsPicture]):
    """Single requests of the present scope."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s", "sort", "sort", id="requests.sort", tooltip="newest first, dearest first, then by each other column"
        ),
        Binding(
            "S", "reverse", "reverse the order", id="requests.reverse", show=False, tooltip="turn the order around"
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._reversed = False

    def compose_body(self) -> Sequence[Widget]:
        """One table."""
        return Breadcrumb(), Table(COLUMNS)

    def read(self, feed: Feed, view: View) -> RequestsPicture:
        """The newest or dearest requests of this view."""
        return feed.read(RequestsQuestion(view, dearest=_ORDERS[self._order] == _DEAREST))

    def doubts(self, picture: RequestsPicture) -> Sequence[str]:
        """What the list does not hold."""
        unknown = sum(row.nano_usd is None for row in picture.rows)
        return (f"{unknown} of these {len(picture.rows)} have no known price",) if unknown else ()

    def draw_body(self, picture: RequestsPicture) -> None:
        """The rows as they were read, the newest or the dearest, or these in the order of a column."""
        order = f"{_ORDERS[self._order]}{' reversed' if self._reversed else ''}"
        self.query_one(Breadcrumb).show(
            [*steps(picture.path), "requests"], self.remarks(f"{len(picture.rows)} shown", order)
        )
        self.query_one(Table).show([draw_row(row) for row in self._in_order(picture.rows)], empty=_empty(picture))

    def _in_order(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """What a row does not know stands behind the rows that know it, whichever way they are turned."""
        name = _ORDERS[self._order]
        if name not in _VALUES:
            return list(reversed(rows)) if self._reversed else list(rows)
        value, largest_first = _VALUES[name]
        known = [row for row in rows if value(row) is not None]
        ordered = sorted(known, key=value, reverse=largest_first != self._reversed)  # type: ignore[arg-type]  # one column, one type
        return [*ordered, *(row for row in rows if value(row) is None)]

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
            neighbours = tuple(row.id for row in self._in_order(self.shown.rows))
            self.app.push_screen(BillScreen(message.key, neighbours, moved=self.return_to))

    def action_sort(self) -> None:
        """The next order: the newest, the dearest, then the newest by each column."""
        self._order, self._reversed = (self._order + 1) % len(_ORDERS), False
        self.query_one(Table).start_over()
        self.monitor.renew()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self._reversed = not self._reversed
        self.draw()


def draw_row(row: RequestRow) -> Row:
    """One request as texts."""
    failed = row.outcome not in ("success", "ok")
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
        fmt.safe(row.outcome, 20),
        fmt.safe(row.status, 12),
        fmt.safe(row.error or "", 80),
    )
    return Row(key=row.id, cells=cells, role="bad" if failed else "")


def _empty(picture: RequestsPicture) -> tuple[str, ...]:
    window = fmt.window(picture.header.window_seconds)
    kept = (
        ""
        if picture.kept_since_ms is None
        else f" Single requests are kept since {fmt.moment(picture.kept_since_ms, None)}."
    )
    return (f"No single request here in the last {window}.{kept} Press t for a wider window.",)
