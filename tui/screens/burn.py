"""Burn: the three figures, and one table by the chosen dimension that opens down to single requests."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.burn import BurnPicture, GroupRow
from tui.pictures.explain import Explanation
from tui.pictures.view import DRILL_ORDER, View
from tui.questions.burn import BurnQuestion
from tui.screens.burn_table import COLUMNS, MEASURES, asides_last, draw_row, measures, orders, row_key
from tui.screens.sorted import SortedScreen
from tui.sorting import Sorting
from tui.summary import incident_line
from tui.widgets.alert import AlertRows, later_figures
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.headline import HeadlineFigures
from tui.widgets.rule import Rule
from tui.widgets.table import Drawn, Table
from tui.widgets.timechart import TimeChart

DEMO = "demo"
"""The result of an app that was left to start the demo."""

_ROOM_FOR_CHART = 36
"""Lines of a terminal that has room for the chart beside everything else."""


_BEGINNINGS = (
    "Press d for the demo: a recorded launch, no key and no GPU needed.",
    "For your own: usdtop doctor says what is missing and what to do, usdtop init writes a configuration.",
)
"""What to do where nothing was found."""


class BurnScreen(SortedScreen[BurnPicture]):
    """What is spent, by whom."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "group_by", "by", id="burn.by", tooltip="group by another dimension"),
        Binding("v", "chart", "chart", id="burn.chart", show=False, tooltip="show or hide the chart over time"),
        Binding("d", "demo", "demo", id="burn.demo", tooltip="start the demo: a recorded launch"),
    ]
    TELLS_ORDER = True

    def __init__(self) -> None:
        super().__init__()
        self._sorting = Sorting(orders(), first=MEASURES[1].title)
        self._descending = False
        self._offers_demo = False
        self._asked_for_chart: bool | None = None
        self._charted = False

    @property
    def sorting(self) -> Sorting[GroupRow]:
        """By dollars until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """The figures over the table."""
        return HeadlineFigures(), Rule(), TimeChart(), Breadcrumb(), Table(COLUMNS), AlertRows()

    def read(self, feed: Feed, view: View) -> BurnPicture:
        """The figures and the rows of this view, and the chart when it is shown."""
        return feed.read(BurnQuestion(view, self._charted))

    def on_resize(self) -> None:
        """A terminal with room for the chart has it, unless the person said otherwise."""
        self._chart_if_asked()

    def _chart_if_asked(self) -> None:
        room = self.size.height >= _ROOM_FOR_CHART and not self.monitor.low_bandwidth
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
        """As the picture has them, and what the alerts do not say of the past."""
        return (*later_figures(picture.alerts, picture.header), *picture.doubts)

    def draw_body(self, picture: BurnPicture) -> None:
        """Draw what was asked for last, or pass through a level with one member on the way down."""
        view = self.monitor.view
        if (picture.path, picture.by) != (view.path, view.by):
            return
        if self._descending and self._pass_through(picture):
            return
        headline = picture.headline
        if self.monitor.low_bandwidth:
            headline = replace(headline, burn_trend=(), per_million_trend=())
        self.query_one(HeadlineFigures).show(headline, picture.header.as_of_ms)
        if self._offers_demo != bool(picture.nothing_found):
            self._offers_demo = bool(picture.nothing_found)
            self.refresh_bindings()
        chart = self.query_one(TimeChart)
        chart.display = self._charted and not self._offers_demo
        chart.show(picture.chart, empty="reading ..." if picture.chart is None else "Nothing was spent in this time.")
        members = sum(not row.aside for row in picture.rows)
        shown = measures(picture, curves=not self.monitor.low_bandwidth)
        self._sorting.keep_to(measure.title for measure in shown)
        named = f"{members} {picture.by}{'' if members == 1 else 's'}"
        self.query_one(Breadcrumb).show(
            [*steps(picture.path), f"by {picture.by}"], self.remarks(named, self._sorting.said)
        )
        rows = asides_last(self._sorting.of(picture.rows))
        self.query_one(Table).show(
            Drawn([row_key(row) for row in rows], lambda place: draw_row(rows[place], picture.by, shown)),
            columns=[measure.column for measure in shown],
            empty=_empty(picture, self.monitor.view.filter),
            sorted_by=self._sorting.order.title,
        )
        # In a small terminal the chart has the place of the alerts; the header counts them.
        alerts = () if self._charted and self.size.height < _ROOM_FOR_CHART else picture.alerts
        self.query_one(AlertRows).show(alerts, picture.header.read_at_ms)

    def explain(self, picture: BurnPicture) -> Iterator[Explanation]:
        """The row under the cursor, the column it is sorted by first; then the headline."""
        from tui.explaining.burn import headline_figures, row_figures

        row = self._at_cursor(picture)
        if row is not None:
            yield from sorted(row_figures(picture, row), key=lambda one: one.figure != self._sorting.order.title)
        yield from headline_figures(picture)

    def summary(self, picture: BurnPicture) -> str:
        """The three figures and the row under the cursor."""
        return incident_line(picture, self._at_cursor(picture))

    def _at_cursor(self, picture: BurnPicture) -> GroupRow | None:
        at = self.query_one(Table).cursor_key
        return next((row for row in picture.rows if row_key(row) == at), None)

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

    def open_member(self, picture: BurnPicture, key: object) -> None:
        """Group what this row holds by the next dimension, and show its requests below the last."""
        if (picture.path, picture.by) != (self.monitor.view.path, self.monitor.view.by):
            return
        row = next((row for row in picture.rows if not row.aside and row_key(row) == key), None)
        if row is not None:
            mode, view = deeper(self.monitor.view, picture.by, row.key)
            self._descending = mode == "burn"
            self.monitor.descend(mode, view, key)

    def _pass_through(self, picture: BurnPicture) -> bool:
        self._descending = False
        members = [row for row in picture.rows if not row.aside]
        if len(members) != 1 or len(picture.rows) != 1 or not picture.path:
            return False
        mode, view = deeper(self.monitor.view, picture.by, members[0].key)
        self._descending = mode == "burn"
        self.monitor.pass_on(mode, view)
        return True

    def action_group_by(self) -> None:
        """Pick the dimension of the table."""
        from tui.screens.group_by import GroupByScreen

        page = self.monitor.kept(GroupByScreen)
        page.offer(self.monitor.view.by)
        self.app.push_screen(page, self._group_by)

    def _group_by(self, dimension: str | None) -> None:
        if dimension:
            self.monitor.look(replace(self.monitor.view, by=dimension))

    def action_demo(self) -> None:
        """Leave, so that the command line starts the demo."""
        self.app.exit(DEMO)


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


def _empty(picture: BurnPicture, filtered: str) -> tuple[str, ...]:
    if picture.nothing_found:
        return (*picture.nothing_found, "", *_BEGINNINGS)
    if filtered:
        return (f"Nothing in the last {fmt.window(picture.header.window_seconds)} matches the filter.",)
    return (f"No requests in the last {fmt.window(picture.header.window_seconds)}. Press t for a wider window.",)
