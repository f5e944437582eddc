"""Burn: the three figures, and one table by the chosen dimension that opens down to single requests."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.burn import BurnPicture, GroupRow
from tui.pictures.explain import Explanation
from tui.pictures.view import DRILL_ORDER, View
from tui.screens.monitor import MonitorScreen
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.headline import HeadlineFigures
from tui.widgets.rule import Rule
from tui.widgets.table import Column, Row, Table
from tui.widgets.timechart import TimeChart

_NAME = 0
_ROOM_FOR_CHART = 36
"""Lines of a terminal that has room for the chart beside everything else."""

COLUMNS = (
    Column(title="NAME", width=14, right=False, grows_to=48, is_name=True),
    Column(title="$/H", width=8),
    Column(title="SHARE", width=5, rank=2),
    Column(title="$/M", width=7),
    Column(title="CACHE", width=5, rank=4),
    Column(title="ERR", width=5, rank=5),
    Column(title="RETRY", width=5, rank=9),
    Column(title="TOK/S", width=6, rank=3),
    Column(title="REQ", width=6, rank=7),
    Column(title="TOK IN", width=6, rank=8),
    Column(title="TOK OUT", width=7, rank=8),
    Column(title="$/REQ", width=9, rank=10),
    Column(title="MEAN", width=8, rank=11),
    Column(title="TREND", width=8, rank=6, right=False, grows_to=40, keeps_end=True),
)
_SORTS: tuple[tuple[int, Callable[[GroupRow], float | str]], ...] = (
    (1, lambda row: float(row.usd_per_hour or 0)),
    (2, lambda row: row.share or 0),
    (3, lambda row: float(row.totals.usd_per_million_tokens or 0)),
    (4, lambda row: row.totals.cache_hit_ratio or 0),
    (5, lambda row: _ratio(row.totals.errors, row.totals.requests) or 0),
    (7, lambda row: row.tokens_per_second),
    (8, lambda row: row.totals.requests),
    (_NAME, lambda row: (row.key or "").casefold()),
)


class BurnScreen(MonitorScreen[BurnPicture]):
    """What is spent, by whom."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "group_by", "by", id="burn.by", tooltip="group by another dimension"),
        Binding("s", "sort", "sort", id="burn.sort", show=False, tooltip="sort by the next column"),
        Binding("S", "reverse", "reverse the order", id="burn.reverse", show=False),
        Binding("v", "chart", "chart", id="burn.chart", show=False, tooltip="show or hide the chart over time"),
        Binding("d", "demo", "demo", id="burn.demo", tooltip="start the demo: a recorded launch"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sort = 0
        self._reversed = False
        self._descending = False
        self._offers_demo = False
        self._asked_for_chart: bool | None = None
        self._charted = False

    def compose_body(self) -> Sequence[Widget]:
        """The figures over the table."""
        return HeadlineFigures(), Rule(), TimeChart(), Breadcrumb(), Table(COLUMNS)

    def read(self, feed: Feed, view: View) -> BurnPicture:
        """The figures and the rows of this view, and the chart when it is shown."""
        picture = feed.burn(view)
        return replace(picture, chart=feed.chart(view)) if self._charted else picture

    def on_resize(self) -> None:
        """A terminal with room for the chart has it, unless the person said otherwise."""
        self._chart_if_asked()

    def _chart_if_asked(self) -> None:
        room = self.size.height >= _ROOM_FOR_CHART
        wanted = room if self._asked_for_chart is None else self._asked_for_chart
        self.query_one(TimeChart).display = wanted and not self._offers_demo
        if wanted != self._charted:
            self._charted = wanted
            self.monitor.renew()

    def action_chart(self) -> None:
        """Show the chart, or hide it."""
        self._asked_for_chart = not self._charted
        self._chart_if_asked()

    def doubts(self, picture: BurnPicture) -> Sequence[str]:
        """As the picture has them."""
        return picture.doubts

    def draw_body(self, picture: BurnPicture) -> None:
        """Draw what was asked for last, or pass through a level with one member on the way down."""
        view = self.monitor.view
        if (picture.path, picture.by) != (view.path, view.by):
            return
        if self._descending and self._pass_through(picture):
            return
        self.query_one(HeadlineFigures).show(picture.headline, picture.header.as_of_ms)
        if self._offers_demo != bool(picture.nothing_found):
            self._offers_demo = bool(picture.nothing_found)
            self.refresh_bindings()
        chart = self.query_one(TimeChart)
        chart.display = self._charted and not self._offers_demo
        chart.show(picture.chart, empty="reading ..." if picture.chart is None else "Nothing was spent in this time.")
        members = sum(not row.aside for row in picture.rows)
        column, _ = _SORTS[self._sort]
        order = f"sorted by {COLUMNS[column].title}{' reversed' if self._reversed else ''}"
        named = f"{members} {picture.by}{'' if members == 1 else 's'}"
        self.query_one(Breadcrumb).show([*steps(picture.path), f"by {picture.by}"], self.remarks(named, order))
        self.query_one(Table).show(
            [draw_row(row, picture.by) for row in self._in_order(picture)],
            empty=_empty(picture, self.monitor.view.filter),
            sorted_by=column,
        )

    def explain(self, picture: BurnPicture) -> Iterator[Explanation]:
        """The row under the cursor, the column it is sorted by first; then the headline."""
        from tui.explaining.burn import headline_figures, row_figures

        at = self.query_one(Table).cursor_key
        row = next((row for row in picture.rows if _row_key(row) == at), None)
        if row is not None:
            title = COLUMNS[_SORTS[self._sort][0]].title
            yield from sorted(row_figures(picture, row), key=lambda one: one.figure != title)
        yield from headline_figures(picture)

    def return_to(self, cursor: object) -> None:
        """Put the cursor back on the row that was opened."""
        self._descending = False
        self.query_one(Table).go_to(cursor)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the demo only when there is nothing to show."""
        if action == "demo":
            return self._offers_demo
        return super().check_action(action, parameters)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Go into a row."""
        picture = self.shown
        if picture is not None:
            self.open_member(picture, message.key)

    def open_member(self, picture: BurnPicture, row_key: object) -> None:
        """Group what this row holds by the next dimension, and show its requests below the last."""
        if (picture.path, picture.by) != (self.monitor.view.path, self.monitor.view.by):
            return
        row = next((row for row in picture.rows if not row.aside and _row_key(row) == row_key), None)
        if row is not None:
            mode, view = deeper(self.monitor.view, picture.by, row.key)
            self._descending = mode == "burn"
            self.monitor.descend(mode, view, row_key)

    def _pass_through(self, picture: BurnPicture) -> bool:
        self._descending = False
        members = [row for row in picture.rows if not row.aside]
        if len(members) != 1 or len(picture.rows) != 1 or not picture.path:
            return False
        mode, view = deeper(self.monitor.view, picture.by, members[0].key)
        self._descending = mode == "burn"
        self.monitor.pass_on(mode, view)
        return True

    def _in_order(self, picture: BurnPicture) -> list[GroupRow]:
        column, value = _SORTS[self._sort]
        largest_first = (column != _NAME) != self._reversed
        ordered = sorted(picture.rows, key=value, reverse=largest_first)
        return sorted(ordered, key=lambda row: row.aside)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort = (self._sort + 1) % len(_SORTS)
        self.draw()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self._reversed = not self._reversed
        self.draw()

    def action_group_by(self) -> None:
        """Pick the dimension of the table."""
        from tui.screens.group_by import GroupByScreen

        self.app.push_screen(GroupByScreen(self.monitor.view.by), self._group_by)

    def _group_by(self, dimension: str | None) -> None:
        if dimension:
            self.monitor.look(replace(self.monitor.view, by=dimension))

    def action_demo(self) -> None:
        """Leave, so that the command line starts the demo."""
        self.app.exit("demo")


def deeper(view: View, by: str, key: str | None) -> tuple[str, View]:
    """The section and view one level below a row: the next dimension that is not in the path, requests after the last.

    A provider is wider than a model, so it is never gone into on the way down.
    """
    path = (*view.path, (by, key))
    known = {dimension for dimension, _ in path}
    following = [dimension for dimension in DRILL_ORDER[1:] if dimension not in known]
    if by == "key" or not following:
        return "requests", replace(view, path=path)
    return "burn", replace(view, path=path, by=following[0])


def draw_row(row: GroupRow, by: str) -> Row:
    """One group as texts."""
    totals, at_least = row.totals, row.totals.is_lower_bound
    unknown = at_least and not totals.nano_usd
    cells = (
        fmt.safe(row.key or "", 60) if row.aside else fmt.safe(fmt.member(by, row.key), 60),
        _no_price(row) if unknown else fmt.dollars(row.usd_per_hour, lower_bound=at_least),
        fmt.percent(None if unknown else row.share),
        fmt.dollars(None if unknown else totals.usd_per_million_tokens, lower_bound=at_least),
        fmt.percent(totals.cache_hit_ratio),
        fmt.percent(_ratio(totals.errors, totals.requests)),
        fmt.percent(_ratio(totals.retries, totals.requests)),
        fmt.count(row.tokens_per_second),
        fmt.count(totals.requests),
        fmt.count(totals.tokens.prompt_tokens),
        fmt.count(totals.tokens.output_tokens),
        fmt.mean_request_usd(None if unknown else totals.usd_per_request, lower_bound=at_least),
        fmt.whole(totals.mean_duration_ms, " ms"),
        fmt.sparkline(row.trend),
    )
    return Row(key=_row_key(row), cells=cells, role="dim" if row.aside else "", opens=not row.aside)


def _no_price(row: GroupRow) -> str:
    """A word in the place of dollars where none of them are known."""
    return "unpriced" if row.totals.unpriced_requests else "no price"


def _row_key(row: GroupRow) -> tuple[bool, str | None]:
    return row.aside, row.key


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _empty(picture: BurnPicture, filtered: str) -> tuple[str, ...]:
    if picture.nothing_found:
        return (*picture.nothing_found, "", "Press d for the demo: a recorded launch, no key and no GPU needed.")
    if filtered:
        return (f"Nothing in the last {fmt.window(picture.header.window_seconds)} matches the filter.",)
    return (f"No requests in the last {fmt.window(picture.header.window_seconds)}. Press t for a wider window.",)
