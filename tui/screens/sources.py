"""Sources: which speak, how far behind they are, and what they sent that could not be read."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace
from textual.binding import Binding
from textual.widget import Widget

from store.allowed import OFFER
from tui import format as fmt
from tui.acts.keys import AllowKey
from tui.feed import Feed, FeedError
from tui.pictures.explain import Explanation
from tui.pictures.sources import DriftNote, SourceRow, SourcesPicture
from tui.pictures.view import View
from tui.questions.sources import SourcesQuestion
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting
from tui.widgets.columns import Column
from tui.widgets.lines import Line
from tui.widgets.paper import Paper
from tui.widgets.rule import Rule
from tui.widgets.table import Row, Table

COLUMNS = (
    Column(title="SOURCE", width=14, right=False, grows_to=40),
    Column(title="STATE", width=8, right=False),
    Column(title="KIND", width=9, rank=3, right=False, grows_to=16),
    Column(title="READ UP TO", width=10, rank=1),
    Column(title="BEHIND", width=8, rank=2),
    Column(title="EV/MIN", width=6, rank=4),
    Column(title="EVENTS", width=6, rank=2),
    Column(title="REJECTED", width=8, rank=1),
    Column(title="DRIFT", width=7, rank=3),
    Column(title="REPEATED", width=8, rank=6),
    Column(title="UNREAD", width=10, rank=5),
    Column(title="LOST", width=10, rank=7),
)
_STATE_ROLES = {"ok": "", "late": "warn", "failing": "bad", "absent": "dim"}
_STATES = ("ok", "absent", "late", "failing")
ORDERS = (
    Order[SourceRow]("", said="as they are configured"),
    Order[SourceRow]("SOURCE", lambda row: row.name.casefold()),
    Order[SourceRow]("STATE", lambda row: _STATES.index(row.state) if row.state in _STATES else None),
    Order[SourceRow]("KIND", lambda row: row.kind),
    Order[SourceRow]("READ UP TO", lambda row: row.watermark_ms),
    Order[SourceRow]("BEHIND", lambda row: row.lag_ms),
    Order[SourceRow]("EV/MIN", lambda row: row.events_per_minute),
    Order[SourceRow]("EVENTS", lambda row: row.events),
    Order[SourceRow]("REJECTED", lambda row: row.rejected),
    Order[SourceRow]("DRIFT", lambda row: None if row.drift is None else row.drift.percent),
    Order[SourceRow]("REPEATED", lambda row: row.duplicates),
    Order[SourceRow]("UNREAD", lambda row: row.backlog_bytes),
    Order[SourceRow]("LOST", lambda row: row.gap_bytes),
)

_MOST_MODELS = 5
"""Whose drift is told; the command tells all."""


class SourcesScreen(SortedScreen[SourcesPicture]):
    """Every source; under the table what is known of the one at the cursor."""

    CSS_PATH = Path(__file__).with_name("sources.tcss")
    BINDINGS = [
        Binding(
            "u",
            "use_key",
            "use key",
            id="sources.use_key",
            tooltip="read this provider's own figures with the key found",
        ),
    ]
    FILTERS = False
    ALWAYS_OF_NOW = True

    def __init__(self) -> None:
        super().__init__()
        self._sorting = Sorting(ORDERS)
        self._offers_key = False

    @property
    def sorting(self) -> Sorting[SourceRow]:
        """As they are configured until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """The table over the details."""
        return Table(COLUMNS, opens=False), Rule(), Paper()

    def read(self, feed: Feed, view: View) -> SourcesPicture:
        """Every source and its state, which is always that of now."""
        return feed.read(SourcesQuestion(replace(view, until_ms=None)))

    def doubts(self, picture: SourcesPicture) -> Sequence[str]:  # noqa: ARG002 (the same for every picture)
        """In the past: that this is not of then."""
        in_the_past = self.monitor.view.until_ms is not None and not self.monitor.paused
        return ("what sources said then is not kept: this is their state now",) if in_the_past else ()

    def draw_body(self, picture: SourcesPicture) -> None:
        """The rows, and the details of one."""
        empty = ("No source is configured or was found.",)
        rows = [draw_row(row) for row in self._sorting.of(picture.rows)]
        self.query_one(Table).show(rows, empty=empty, sorted_by=self._sorting.order.title)
        self.on_table_moved()

    def explain(self, picture: SourcesPicture) -> Iterator[Explanation]:
        """The source under the cursor."""
        from tui.explaining.sources import source_figures

        row = self._row
        if row is not None:
            yield from source_figures(picture.header, row)

    def action_use_key(self) -> None:
        """Let the collector use the key that was found for the provider at the cursor."""
        row = self._row
        if row is not None:
            self.run_worker(self._allow(row.name), exclusive=True)

    async def _allow(self, name: str) -> None:
        try:
            self.say(await asyncio.to_thread(self.monitor.feed.do, AllowKey(name)))
        except FeedError as error:
            self.say(str(error))

    def on_table_moved(self) -> None:
        """Other details for another row, and its own keys."""
        picture, row = self.shown, self._row
        if picture is not None:
            self.query_one(Paper).show(lambda width: list(detail_lines(row, picture.found, width)))
        offers = row is not None and has_key(row) and not self.monitor.is_copy
        if offers != self._offers_key:
            self._offers_key = offers
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to use a key only at the row of one that was found and can be used."""
        return self._offers_key if action == "use_key" else super().check_action(action, parameters)

    @property
    def _row(self) -> SourceRow | None:
        """The source under the cursor."""
        at = self.query_one(Table).cursor_key
        return next((row for row in self.shown.rows if row.name == at), None) if self.shown is not None else None


def has_key(row: SourceRow) -> bool:
    """Whether a key was found for this source that waits for a yes."""
    return row.kind == "provider" and row.state == "absent" and OFFER in row.detail


def draw_row(row: SourceRow) -> Row:
    """One source as texts."""
    state = row.state if row.state in ("ok", "absent") else row.state.upper()
    cells = (
        fmt.safe(row.name, 60),
        fmt.safe(state, 10),
        fmt.safe(row.kind, 20),
        fmt.clock(row.watermark_ms) if row.watermark_ms is not None else fmt.UNKNOWN,
        fmt.UNKNOWN if row.lag_ms is None else fmt.age(row.lag_ms) or "current",
        fmt.count(row.events_per_minute),
        fmt.count(row.events),
        fmt.count(row.rejected),
        "" if row.drift is None else percent(row.drift.percent),
        fmt.count(row.duplicates),
        fmt.size(row.backlog_bytes),
        fmt.size(row.gap_bytes) if row.gap_bytes else "0",
    )
    return Row(key=row.name, cells=cells, role=_STATE_ROLES.get(row.state, "warn"), opens=False)


def percent(value: float | None) -> str:
    """A difference in percent with its sign."""
    if value is None:
        return fmt.UNKNOWN
    return f"{value:+.1f}%" if abs(value) < 1_000 else f"{value:+.0f}%"[:7]


def drift_lines(drift: DriftNote, at_ms: int | None, width: int) -> Iterator[Line]:
    """What the provider's own figures say of ours: the whole, and each model that differs with the likely reason."""
    total = f"{drift.nano_usd / 1e9:+,.4f} USD, {percent(drift.percent)} of ours"
    yield ((f"   {fmt.safe(f'drift of 7 days by its {drift.by}: {total}', width - 4)}", "strong"),)
    yield (
        (
            f"   {fmt.safe(f'as of {fmt.moment(drift.until_ms, at_ms)}; usdtop reconcile shows it all', width - 4)}",
            "dim",
        ),
    )
    for model, nano_usd, of_ours, reason in drift.models[:_MOST_MODELS]:
        text = f"{fmt.safe(model, 40)} {nano_usd / 1e9:+,.4f} USD ({percent(of_ours)}): {reason}"
        yield from (((f"   {part}", "warn"),) for part in fmt.wrap(fmt.safe(text, 300), max(20, width - 4)))


def detail_lines(row: SourceRow | None, found: Sequence[str], width: int) -> Iterator[Line]:
    """What the source says of itself, what it sent that was refused, and what discovery found."""
    if row is not None:
        since = (
            ""
            if row.state_since_ms is None
            else f" since {fmt.moment(row.state_since_ms, row.watermark_ms or row.state_since_ms)}"
        )
        yield ((f" {fmt.safe(row.name, 60)}: {fmt.safe(row.state, 12)}{since}", "strong"),)
        yield from (((f"   {part}", ""),) for part in fmt.wrap(row.detail[:600], max(20, width - 4)))
        if row.drift is not None:
            yield from drift_lines(row.drift, row.watermark_ms, width)
        for reject in row.rejects:
            how, style = ("taken in doubt", "") if reject.taken else ("rejected", "warn")
            text = f"{fmt.count(reject.count)} {how}: {reject.reason} (last {fmt.clock(reject.seen_ms)})"
            yield ((f"   {fmt.safe(text, width - 4)}", style),)
            if reject.example:
                yield ((f"     {fmt.safe(reject.example, max(8, width - 6))}", "dim"),)
        if row.gap_bytes:
            yield ((f"   {fmt.size(row.gap_bytes)} were gone before they could be read: totals are too low", "bad"),)
    if found:
        yield ()
        yield ((" FOUND ON THIS MACHINE", "title"),)
    for sentence in found:
        yield from (((f"   {part}", ""),) for part in fmt.wrap(sentence[:400], max(20, width - 4)))
