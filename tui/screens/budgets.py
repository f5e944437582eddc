"""Budgets: what is left of each, how fast it goes, where it ends; and one of them over its period, against its plan."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.acts.launches import StartLaunch, StopLaunch
from tui.feed import Act, Feed
from tui.pictures.budgets import BudgetLine, BudgetPicture, BudgetsPicture
from tui.pictures.explain import Explanation
from tui.pictures.view import View
from tui.questions.budgets import BudgetQuestion, BudgetsQuestion
from tui.screens.monitor import MonitorScreen
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.budget import LaunchStrip, budget_details, role_of, run_out
from tui.widgets.columns import Column
from tui.widgets.paper import Paper
from tui.widgets.rule import Rule
from tui.widgets.table import Row, Table
from tui.widgets.timechart import TimeChart

_BAR_CELLS = 12
_WINDOWS = ("5m", "1h", "6h", "3d")
_ROOM_FOR_CHART = 36
COLUMNS = (
    Column(title="BUDGET", width=12, right=False, grows_to=40, is_name=True),
    Column(title="SPENT", width=_BAR_CELLS, rank=1, right=False),
    Column(title="LEFT", width=8),
    Column(title="OF", width=8, rank=4),
    Column(title="PERIOD", width=7, rank=6, right=False),
    Column(title="PACE", width=5, rank=1),
    Column(title="5M", width=5, rank=5),
    Column(title="1H", width=5, rank=2),
    Column(title="6H", width=5, rank=5),
    Column(title="3D", width=5, rank=7),
    Column(title="AT END", width=8, rank=3),
    Column(title="FROM", width=8, rank=8),
    Column(title="TO", width=8, rank=8),
    Column(title="RUNS OUT", width=16),
)


def _burn_rate(window: str, line: BudgetLine) -> float | None:
    return dict(line.burns).get(window)


ORDERS = (
    Order[BudgetLine]("RUNS OUT", said="the first to run out first"),
    Order[BudgetLine]("BUDGET", lambda line: line.name.casefold()),
    Order[BudgetLine]("SPENT", lambda line: line.spent_share),
    Order[BudgetLine]("LEFT", lambda line: line.left_usd),
    Order[BudgetLine]("OF", lambda line: line.limit_usd),
    Order[BudgetLine]("PERIOD", lambda line: line.period),
    Order[BudgetLine]("PACE", lambda line: line.pace),
    *(Order[BudgetLine](window.upper(), partial(_burn_rate, window)) for window in _WINDOWS),
    Order[BudgetLine]("AT END", lambda line: line.projected_usd),
    Order[BudgetLine]("FROM", lambda line: line.low_usd),
    Order[BudgetLine]("TO", lambda line: line.high_usd),
)
_NONE = (
    "No budget is in force.",
    "",
    "Write one under [[budget]] in the configuration, or press l to begin a launch.",
)


class BudgetsScreen(SortedScreen[BudgetsPicture]):
    """Every budget; under the table all that is known of the one at the cursor, and its curve where there is room."""

    CSS_PATH = Path(__file__).with_name("budgets.tcss")
    FILTERS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "launch", "launch", id="budgets.launch", tooltip="begin a launch, or end the one that is on"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sorting = Sorting(ORDERS)
        self._charted = False
        self._at: str | None = None

    @property
    def sorting(self) -> Sorting[BudgetLine]:
        """The first to run out first until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """The launch over the table over the details."""
        return LaunchStrip(), Table(COLUMNS), Rule(), TimeChart(), Paper()

    def read(self, feed: Feed, view: View) -> BudgetsPicture:
        """Every budget, and the curve of the one at the cursor when it is drawn."""
        picture = feed.read(BudgetsQuestion(view))
        names = [line.name for line in self._sorting.of(picture.lines)]
        if not self._charted or not names:
            return picture
        at = self._at if self._at in names else names[0]
        return replace(picture, curve_of=at, curve=feed.read(BudgetQuestion(view, at)).curve)

    def on_resize(self) -> None:
        """A terminal with room for the curve has it."""
        charted = self.size.height >= _ROOM_FOR_CHART
        if charted != self._charted:
            self._charted = charted
            self.query_one(TimeChart).display = charted
            self.monitor.renew()

    def doubts(self, picture: BudgetsPicture) -> Sequence[str]:
        """As the picture has them."""
        return picture.doubts

    def draw_body(self, picture: BudgetsPicture) -> None:
        """The rows, and the details of one."""
        self.query_one(LaunchStrip).show(picture.launch)
        now_ms = picture.header.as_of_ms
        rows = [draw_row(line, now_ms) for line in self._sorting.of(picture.lines)]
        self.query_one(Table).show(rows, empty=_NONE, sorted_by=self._sorting.order.title)
        self.query_one(Rule).display = self.query_one(Paper).display = bool(rows)
        self._draw_details(picture)

    def on_table_moved(self) -> None:
        """Other details for another row, and another curve."""
        picture = self.shown
        if picture is None:
            return
        self._draw_details(picture)
        if self._charted and self._at != picture.curve_of:
            self.monitor.renew()

    def _draw_details(self, picture: BudgetsPicture) -> None:
        line = self._line(picture)
        self._at = None if line is None else line.name
        now_ms = picture.header.as_of_ms
        self.query_one(Paper).show(lambda width: [] if line is None else list(budget_details(line, now_ms, width)))
        chart = self.query_one(TimeChart)
        chart.display = self._charted and line is not None
        chart.show(picture.curve if self._at == picture.curve_of else None, empty="reading ...")

    def _line(self, picture: BudgetsPicture) -> BudgetLine | None:
        at = self.query_one(Table).cursor_key
        return next((line for line in picture.lines if line.name == at), None)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Open one over its period."""
        picture = self.shown
        if picture is not None and isinstance(message.key, str):
            names = tuple(line.name for line in self._sorting.of(picture.lines))
            self.app.push_screen(BudgetScreen(message.key, names, moved=self.return_to))

    def return_to(self, cursor: object) -> None:
        """Put the cursor back on the budget that was opened."""
        self.query_one(Table).go_to(cursor)

    def action_launch(self) -> None:
        """Ask for a budget, a length and a name; or whether the launch that is on shall end."""
        picture = self.shown
        if picture is not None and picture.launch is not None:
            name = fmt.safe(picture.launch.name, 24)
            self.question(f"type end to end the launch {name}   esc leave it", self._end_launch)
        else:
            self.question("budget, length and name of the launch, e.g. 5000 6h 1.0   esc leave it", self._begin_launch)

    def _begin_launch(self, words: str) -> None:
        self._do(StartLaunch(words))

    def _end_launch(self, word: str) -> None:
        if word.casefold() == "end":
            self._do(StopLaunch())
        else:
            self.say("The launch goes on.")

    def _do(self, act: Act) -> None:
        async def errand() -> None:
            said = await asyncio.to_thread(self.monitor.feed.do, act)
            self.monitor.renew()
            self.say(said)

        self.monitor.errand(errand)

    def explain(self, picture: BudgetsPicture) -> Iterator[Explanation]:
        """The budget under the cursor, then the launch."""
        from tui.explaining.budgets import budget_figures, launch_figures

        line = self._line(picture)
        if line is not None:
            yield from budget_figures(picture.header, line)
        if picture.launch is not None:
            yield from launch_figures(picture.header, picture.launch)


class BudgetScreen(MonitorScreen[BudgetPicture]):
    """One budget over its period: the curve of what was spent beside its plan, with marks."""

    CSS_PATH = Path(__file__).with_name("budgets.tcss")
    FILTERS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "neighbour(1)", "next budget", id="budget.next"),
        Binding("p", "neighbour(-1)", "previous budget", id="budget.previous"),
    ]

    def __init__(
        self, name: str, neighbours: Sequence[str] = (), moved: Callable[[object], None] | None = None
    ) -> None:
        super().__init__()
        self._budget = name
        self._neighbours = tuple(neighbours)
        self._moved = moved

    def compose_body(self) -> Sequence[Widget]:
        """Where we are, the launch, the curve and the figures."""
        return Breadcrumb(), LaunchStrip(), TimeChart(), Paper()

    def read(self, feed: Feed, view: View) -> BudgetPicture:
        """The budget that is open."""
        return feed.read(BudgetQuestion(view, self._budget))

    def doubts(self, picture: BudgetPicture) -> Sequence[str]:
        """As the picture has them."""
        return picture.doubts

    def draw_body(self, picture: BudgetPicture) -> None:
        """The curve over the figures."""
        if picture.line.name != self._budget:
            return
        self.query_one(Breadcrumb).show(["budgets", fmt.safe(self._budget, 40)], self._place())
        self.query_one(LaunchStrip).show(picture.launch)
        self.query_one(TimeChart).show(picture.curve, empty="Nothing is known of this period yet.")
        now_ms = picture.header.as_of_ms
        self.query_one(Paper).show(lambda width: list(budget_details(picture.line, now_ms, width)))

    def _place(self) -> str:
        if self._budget not in self._neighbours:
            return ""
        return f"{self._neighbours.index(self._budget) + 1} of {len(self._neighbours)}"

    def action_neighbour(self, step: int) -> None:
        """The next or previous budget of the list; stay at its ends."""
        if self._budget in self._neighbours:
            place = self._neighbours.index(self._budget) + step
            if 0 <= place < len(self._neighbours):
                self._budget = self._neighbours[place]
                if self._moved is not None:
                    self._moved(self._budget)
                self.monitor.renew()

    def explain(self, picture: BudgetPicture) -> Iterator[Explanation]:
        """This budget, then the launch."""
        from tui.explaining.budgets import budget_figures, launch_figures

        yield from budget_figures(picture.header, picture.line)
        if picture.launch is not None:
            yield from launch_figures(picture.header, picture.launch)


def draw_row(line: BudgetLine, now_ms: int | None) -> Row:
    """One budget as texts."""
    rates, bound = dict(line.burns), line.lower_bound
    cells = (
        fmt.safe(line.name, 60),
        fmt.bar(line.spent_share, _BAR_CELLS, line.mark_share),
        ("≤" if bound else "") + fmt.dollars(line.left_usd),
        fmt.dollars(line.limit_usd),
        fmt.safe(line.period, 7),
        fmt.factor(line.pace),
        *(fmt.factor(rates.get(window)) for window in _WINDOWS),
        fmt.dollars(line.projected_usd, lower_bound=bound),
        fmt.dollars(line.low_usd, lower_bound=bound),
        fmt.dollars(line.high_usd, lower_bound=bound),
        run_out(line, now_ms, short=True),
    )
    return Row(key=line.name, cells=cells, role=role_of(line))
