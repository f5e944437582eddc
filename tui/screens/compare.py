"""Compare: savings by dollars per hour, the same traffic on other models, and own engines against prices by the token."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.compare import ComparePicture, Conditions, OfferedRow, SavingRow
from tui.pictures.explain import Explanation
from tui.pictures.machines import EngineRow
from tui.pictures.view import View
from tui.questions.compare import CompareQuestion
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting
from tui.summary import opening
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.columns import Column
from tui.widgets.curve import curve_lines
from tui.widgets.lines import Line
from tui.widgets.paper import Paper
from tui.widgets.rule import Rule
from tui.widgets.table import Row, Table

SAVINGS, MODELS, CURVES = "savings", "other models", "own engines"
_PARTS = (SAVINGS, MODELS, CURVES)
SAVING_COLUMNS = (
    Column(title="SAVES $/H", width=9),
    Column(title="HOW", width=40, right=False, grows_to=120),
)
MODEL_COLUMNS = (
    Column(title="MODEL", width=24, right=False, grows_to=44, is_name=True),
    Column(title="$/H", width=9),
    Column(title="SAVES $/H", width=10),
    Column(title="COST IS", width=9, rank=1, right=False),
    Column(title="BECAUSE", width=14, rank=2, right=False, grows_to=80),
)
ENGINE_COLUMNS = (
    Column(title="ENGINE", width=16, right=False, grows_to=40),
    Column(title="USED", width=5),
    Column(title="$/M", width=7),
    Column(title="FULL", width=7),
    Column(title="API $/M", width=8),
    Column(title="EVEN AT", width=7),
    Column(title="SAVES $/H", width=10),
)
SAVING_ORDERS = (
    Order[tuple[int, SavingRow]]("SAVES $/H", lambda saving: saving[1].usd_per_hour),
    Order[tuple[int, SavingRow]]("HOW", lambda saving: saving[1].title.casefold()),
)
MODEL_ORDERS = (
    Order[OfferedRow](
        "$/H", lambda row: None if row.usd_per_hour is None else -row.usd_per_hour, said="cheapest first"
    ),
    Order[OfferedRow]("MODEL", lambda row: row.name.casefold()),
    Order[OfferedRow]("SAVES $/H", lambda row: row.saved_usd_per_hour),
    Order[OfferedRow]("COST IS", lambda row: row.status),
    Order[OfferedRow]("BECAUSE", lambda row: row.why.casefold() or None),
)
ENGINE_ORDERS = (
    Order[tuple[int, EngineRow]]("ENGINE", lambda engine: engine[1].source.casefold()),
    Order[tuple[int, EngineRow]]("USED", lambda engine: engine[1].utilisation),
    Order[tuple[int, EngineRow]]("$/M", lambda engine: engine[1].blended_usd_per_million),
    Order[tuple[int, EngineRow]]("FULL", lambda engine: engine[1].at_full_usd_per_million),
    Order[tuple[int, EngineRow]]("API $/M", lambda engine: engine[1].rival and engine[1].rival.usd_per_million),
    Order[tuple[int, EngineRow]]("EVEN AT", lambda engine: engine[1].rival and engine[1].rival.break_even),
    Order[tuple[int, EngineRow]]("SAVES $/H", lambda engine: engine[1].rival and engine[1].rival.saves_usd_per_hour),
)
_BESIDE_HOW = 14
"""Cells of a line that are not for how to save."""
_CACHE = (None, Decimal("0.5"), Decimal("0.8"), Decimal("0.95"))
_BATCH = (None, Decimal("0.5"), Decimal(1))
_EASY = (None, Decimal("0.3"), Decimal("0.5"), Decimal("0.7"))
_BOUNDS = {">=": fmt.AT_LEAST, "<=": "≤", "": ""}


class CompareScreen(SortedScreen[ComparePicture]):
    """One question at a time; `v` goes on to the next."""

    CSS_PATH = Path(__file__).with_name("compare.tcss")
    EVERY_TICKS = 30
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v,tab", "part", "next part", id="compare.part", tooltip="savings, other models, own engines"),
        Binding("c", "cache", "cache", id="compare.cache", tooltip="suppose 50, 80, 95 % of prompts were cached"),
        Binding(
            "x", "batch", "batch", id="compare.batch", tooltip="suppose half or all went through the batch interface"
        ),
        Binding("r", "route", "route", id="compare.route", tooltip="suppose a smaller model answered 30, 50, 70 %"),
    ]

    OWN_WINDOW = "a shorter one proves little"

    def __init__(self) -> None:
        super().__init__()
        self._part = 0
        self._sortings: dict[str, Sorting[Any]] = {
            SAVINGS: Sorting(SAVING_ORDERS),
            MODELS: Sorting(MODEL_ORDERS),
            CURVES: Sorting(ENGINE_ORDERS),
        }
        self._conditions = Conditions()

    @property
    def part(self) -> str:
        """Which question is answered."""
        return _PARTS[self._part]

    @property
    def sorting(self) -> Sorting[Any]:
        """Each part has an order of its own."""
        return self._sortings[self.part]

    def compose_body(self) -> Sequence[Widget]:
        """The table of answers, and what is known of the one at the cursor."""
        return Breadcrumb(), Table(SAVING_COLUMNS, opens=False), Rule(), Paper()

    def read(self, feed: Feed, view: View) -> ComparePicture:
        """Everything, under the conditions supposed."""
        return feed.read(CompareQuestion(view, self._conditions))

    def doubts(self, picture: ComparePicture) -> Sequence[str]:
        """What is left out, and what rules would need."""
        return (*picture.left_out, *(one.sentence for one in picture.missing))

    def draw_body(self, picture: ComparePicture) -> None:
        """The part that is looked at."""
        spent = f"{picture.requests:,} requests, {fmt.usd(picture.usd_per_hour, lower_bound=picture.lower_bound)}/h"
        self.query_one(Breadcrumb).show(
            [*steps(picture.path), self.part], self.remarks(*_supposed(picture.conditions), spent)
        )
        rows, columns, empty = self._table(picture)
        self.query_one(Table).show(rows, columns=columns, empty=(empty,), sorted_by=self.sorting.order.title)
        self.on_table_moved()

    def _table(self, picture: ComparePicture) -> tuple[list[Row], tuple[Column, ...], str]:
        if self.part == SAVINGS:
            savings = self.sorting.of([*enumerate(picture.savings)])
            return [_saving(row, place) for place, row in savings], SAVING_COLUMNS, (
                "No rule found anything that would cost less in this traffic."
                if picture.requests or picture.engines
                else "There is no traffic here yet that could cost less."
            )  # fmt: skip
        if self.part == MODELS:
            return [_offered(row) for row in self.sorting.of(picture.offered)], MODEL_COLUMNS, (
                "There is no traffic with tokens here to price on other models."
            )  # fmt: skip
        engines = self.sorting.of([*enumerate(picture.engines)])
        return (
            [_engine(engine, place) for place, engine in engines],
            ENGINE_COLUMNS,
            "No own engine has a host with a price and a capacity.",
        )

    def on_table_moved(self) -> None:
        """Other details for another row."""
        picture = self.shown
        if picture is not None:
            at = self.query_one(Table).cursor_key
            paper = self.query_one(Paper)
            paper.show(lambda width: list(self._details(picture, at, width, paper.size.height)))

    def _details(self, picture: ComparePicture, at: object, width: int, height: int) -> Iterator[Line]:
        if not isinstance(at, int) and self.part != MODELS:
            return
        if self.part == SAVINGS and isinstance(at, int) and at < len(picture.savings):
            saving = picture.savings[at]
            beside = "" if saving.beside is None else str(saving.beside)
            how = saving.title if fmt.cells(saving.title) > width - _BESIDE_HOW else ""
            yield from _paragraphs(width, ("HOW", how), ("SEEN", saving.evidence), ("BESIDE", beside))
            yield from _paragraphs(width, ("ASSUMED", saving.assumption), ("RISK", saving.risk))
            yield from _paragraphs(width, ("", "Several savings may be about the same dollars: they do not add up."))
        elif self.part == MODELS:
            row = next((row for row in picture.offered if row.name == at), None)
            if row is not None:
                yield from _paragraphs(width, ("BECAUSE", row.why), *(("ASSUMED", said) for said in row.assumptions))
            for said in picture.assumptions:
                yield from _paragraphs(width, ("ASSUMED", said))
        elif self.part == CURVES and isinstance(at, int) and at < len(picture.engines):
            yield from curve_lines(picture.engines[at], width, height, plain=self.monitor.ascii_only)

    def explain(self, picture: ComparePicture) -> Iterator[Explanation]:
        """Every saving, model and engine."""
        from tui.explaining.compare import compare_figures

        return compare_figures(picture)

    def summary(self, picture: ComparePicture) -> str:
        """The largest saving."""
        best = (
            f"{fmt.usd(picture.savings[0].usd_per_hour)}/h: {picture.savings[0].title}" if picture.savings else "none"
        )
        return f"{opening(picture.header)}: largest saving {fmt.safe(best, 200)}"

    def action_part(self) -> None:
        """The next question."""
        self._part = (self._part + 1) % len(_PARTS)
        self.draw()

    def action_cache(self) -> None:
        """Suppose another share of prompts from the cache."""
        self._suppose(replace(self._conditions, cache_hit=_next(_CACHE, self._conditions.cache_hit)))

    def action_batch(self) -> None:
        """Suppose another share of batched requests."""
        self._suppose(replace(self._conditions, batch=_next(_BATCH, self._conditions.batch)))

    def action_route(self) -> None:
        """Suppose another share of requests on a smaller model."""
        self._suppose(replace(self._conditions, easy=_next(_EASY, self._conditions.easy)))

    def _suppose(self, conditions: Conditions) -> None:
        self._conditions, self._part = conditions, _PARTS.index(MODELS)
        self.monitor.renew()


def _next(shares: Sequence[Decimal | None], share: Decimal | None) -> Decimal | None:
    return shares[(shares.index(share) + 1) % len(shares)]


def _supposed(conditions: Conditions) -> Iterator[str]:
    names = (("cache", conditions.cache_hit), ("batch", conditions.batch), ("routed", conditions.easy))
    yield from (f"{name} {fmt.percent(float(share))}" for name, share in names if share is not None)


def _saving(row: SavingRow, place: int) -> Row:
    return Row(key=place, cells=(fmt.dollars(row.usd_per_hour), fmt.safe(row.title, 120)), opens=False)


def _offered(row: OfferedRow) -> Row:
    saved = row.saved_usd_per_hour
    cells = (
        fmt.safe(row.name, 100),
        fmt.dollars(row.usd_per_hour, lower_bound=row.at_least),
        fmt.UNKNOWN if saved is None else _BOUNDS.get(row.saved_bound, "") + fmt.change(saved).replace("$", ""),
        fmt.safe(row.status, 12),
        fmt.safe(row.why, 80),
    )
    role = "good" if saved is not None and saved > 0 else "dim" if row.usd_per_hour is None else ""
    return Row(key=row.name, cells=cells, role=role, opens=False)


def _engine(engine: EngineRow, place: int) -> Row:
    rival = engine.rival
    even = None if rival is None or rival.break_even is None else float(rival.break_even)
    cells = (
        f"{fmt.safe(engine.source, 20)}  {fmt.safe(engine.model or '', 40)}",
        fmt.percent(engine.utilisation),
        fmt.dollars(engine.blended_usd_per_million),
        fmt.dollars(engine.at_full_usd_per_million),
        fmt.dollars(None if rival is None else rival.usd_per_million),
        "never" if even is not None and even > 1 else fmt.percent(even),
        fmt.change(None if rival is None else rival.saves_usd_per_hour).replace("$", ""),
    )
    return Row(key=place, cells=cells, opens=False)


def _paragraphs(width: int, *said: tuple[str, str]) -> Iterator[Line]:
    for title, text in said:
        if not text:
            continue
        for number, part in enumerate(fmt.wrap(text[:600], max(20, width - 12))):
            yield (f" {'' if number else title:<10}", "title"), (part, "")
