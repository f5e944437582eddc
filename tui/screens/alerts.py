"""Alerts: what fires, what somebody looks after, what is over; and one of them with all that moved."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from pricing.alerts.finding import Path as Where
from pricing.alerts.names import RULES, State
from pricing.cause import Mover, Part
from tui import format as fmt
from tui.acts.alerts import Acknowledge, FireAgain, Snooze
from tui.feed import Act, Feed
from tui.pictures.alerts import AlertRow, AlertsPicture, per_hour
from tui.pictures.explain import Explanation
from tui.pictures.view import DRILL_ORDER, View
from tui.questions.alerts import AlertsQuestion
from tui.screens.monitor import MonitorScreen
from tui.screens.section import P
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting
from tui.widgets.alert import alert_details, change_line, effect_text, later_figures, role_of
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.columns import Column
from tui.widgets.footer import Keys
from tui.widgets.lines import Line
from tui.widgets.paper import Paper
from tui.widgets.rule import Rule
from tui.widgets.table import Row, Table

COLUMNS = (
    Column(title="STATE", width=7, right=False),
    Column(title="SINCE", width=6, right=False),
    Column(title="ALERT", width=15, rank=2, right=False, grows_to=20),
    Column(title="ABOUT", width=14, right=False, grows_to=26),
    Column(title="WHAT", width=30, right=False, grows_to=48),
    Column(title="EFFECT", width=10),
    Column(title="CAUSE", width=30, rank=3, right=False, grows_to=64, falls=True),
    Column(title="BY", width=8, rank=4, right=False, grows_to=16),
)
MOVERS = (
    Column(title="WHY", width=16, right=False),
    Column(title="$/H", width=12),
    Column(title="TENANT", width=16, right=False, grows_to=40, is_name=True),
    Column(title="MODEL", width=24, right=False, grows_to=48, is_name=True),
)
ORDERS = (
    Order[AlertRow]("STATE", said="most urgent first"),
    Order[AlertRow]("SINCE", lambda row: row.opened_ms),
    Order[AlertRow]("ALERT", lambda row: row.rule),
    Order[AlertRow]("ABOUT", lambda row: row.subject.casefold()),
    Order[AlertRow]("WHAT", lambda row: row.title.casefold()),
    Order[AlertRow]("EFFECT", lambda row: row.effect_usd_per_hour),
    Order[AlertRow]("CAUSE", lambda row: row.first_cause.casefold() or None),
    Order[AlertRow]("BY", lambda row: row.by),
)
_WORDS = {State.FIRING: "FIRING", State.ACKNOWLEDGED: "acked", State.SNOOZED: "snoozed", State.RESOLVED: "over"}
_MOST_MOVERS = 5
_PLACES = {"source": "sources", "host": "gpus", "budget": "budgets"}
"""Sections that know more of a thing than Burn does."""


class _ActsOnAlerts(MonitorScreen[P]):
    """What can be done about the alert that is looked at."""

    FILTERS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", "ack", id="alerts.ack", tooltip="say that you look after it; again: take it back"),
        Binding("Z", "snooze", "snooze 1h", id="alerts.snooze", tooltip="quiet for an hour; again: take it back"),
    ]

    def alert(self) -> AlertRow | None:
        """The alert that is looked at."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to do something about an alert only where there is one."""
        if action in ("acknowledge", "snooze"):
            return self.is_mounted and self.alert() is not None
        return super().check_action(action, parameters)

    @property
    def key_words(self) -> dict[str, str]:
        """What the keys do to the alert that is looked at, where that is not what they are called."""
        row = self.alert()
        acked, snoozed = (
            row is not None and row.state is State.ACKNOWLEDGED,
            row is not None and row.state is State.SNOOZED,
        )
        return {**({"acknowledge": "take ack back"} if acked else {}), **({"snooze": "end snooze"} if snoozed else {})}

    def explain(self, picture: P) -> Iterator[Explanation]:  # noqa: ARG002 (the alert knows)
        """The alert that is looked at, and the parts of its cause."""
        from tui.explaining.alerts import alert_figures

        row, shown = self.alert(), self.shown
        if row is not None and isinstance(shown, AlertsPicture):
            yield from alert_figures(shown.header, row)

    def action_acknowledge(self) -> None:
        """Say that somebody looks after it, or take that back."""
        self._act(Acknowledge, undone_in=State.ACKNOWLEDGED)

    def action_snooze(self) -> None:
        """Keep it quiet for an hour, or take that back."""
        self._act(Snooze, undone_in=State.SNOOZED)

    def _act(self, act: Callable[[int], Act], *, undone_in: State) -> None:
        row = self.alert()
        if row is None:
            return
        if not row.is_open:
            self.say("This alert is over already.")
            return
        self.monitor.errand(self._acting(FireAgain(row.id) if row.state is undone_in else act(row.id)))

    def _acting(self, act: Act) -> Callable[[], Awaitable[Any]]:
        async def acting() -> None:
            from asyncio import to_thread

            said = await to_thread(self.monitor.feed.do, act)
            self.monitor.renew()
            self.say(said)

        return acting


class AlertsScreen(_ActsOnAlerts[AlertsPicture], SortedScreen[AlertsPicture]):
    """Every alert that is open or was today; under the table all that is known of the one at the cursor."""

    CSS_PATH = Path(__file__).with_name("alerts.tcss")

    def __init__(self) -> None:
        super().__init__()
        self._sorting = Sorting(ORDERS)

    @property
    def sorting(self) -> Sorting[AlertRow]:
        """The most urgent first until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """The table over the details."""
        return Table(COLUMNS), Rule(), Paper()

    def read(self, feed: Feed, view: View) -> AlertsPicture:
        """The alerts of now, or of where the view stopped."""
        return feed.read(AlertsQuestion(view))

    def doubts(self, picture: AlertsPicture) -> Sequence[str]:
        """Rules that have seen too little; in the past, that figures are those measured last."""
        waiting = picture.waiting_by_reason.items()
        return [
            *later_figures(picture.rows, picture.header),
            *(f"{len(rules)} of {len(RULES)} rules wait: {why}" for why, rules in waiting),
        ]

    def draw_body(self, picture: AlertsPicture) -> None:
        """The rows, and the details of one."""
        now_ms = picture.header.read_at_ms
        rows = [draw_row(row, now_ms) for row in self._sorting.of(picture.rows)]
        self.query_one(Table).show(rows, empty=list(nothing_fires(picture)), sorted_by=self._sorting.order.title)
        self.query_one(Rule).display = self.query_one(Paper).display = bool(rows)
        self.on_table_moved()

    def on_table_moved(self) -> None:
        """Other details for another row."""
        picture = self.shown
        if picture is not None:
            row, now_ms = self.alert(), picture.header.read_at_ms
            self.query_one(Paper).show(lambda width: [] if row is None else list(alert_details(row, now_ms, width)))
            self.query_one(Keys).redraw()

    def alert(self) -> AlertRow | None:
        """The alert at the cursor."""
        at = self.query_one(Table).cursor_key
        rows = () if self.shown is None else self.shown.rows
        return next((row for row in rows if row.id == at), None)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Open one with all that moved."""
        if isinstance(message.key, int):
            self.app.push_screen(AlertScreen(message.key))

    def return_to(self, cursor: object) -> None:
        """Put the cursor back on the alert that was opened."""
        self.query_one(Table).go_to(cursor)


class AlertScreen(_ActsOnAlerts[AlertsPicture]):
    """One alert: its evidence, and the ranked parts of its cause, each with the tenants and models that moved."""

    CSS_PATH = Path(__file__).with_name("alerts.tcss")
    AUTO_FOCUS = "Table"

    def __init__(self, alert_id: int) -> None:
        super().__init__()
        self._alert_id = alert_id

    def compose_body(self) -> Sequence[Widget]:
        """The evidence over what moved."""
        return Breadcrumb(), Paper(), Rule(), Table(MOVERS)

    def read(self, feed: Feed, view: View) -> AlertsPicture:
        """All alerts, of which one is shown."""
        return feed.read(AlertsQuestion(view))

    def alert(self) -> AlertRow | None:
        """The alert that is open."""
        rows = () if self.shown is None else self.shown.rows
        return next((row for row in rows if row.id == self._alert_id), None)

    def draw_body(self, picture: AlertsPicture) -> None:
        """The evidence and the table."""
        row, now_ms = self.alert(), picture.header.read_at_ms
        name = "not of this time" if row is None else f"{row.rule} {row.subject}"
        self.query_one(Breadcrumb).show(["alerts", fmt.safe(name, 60)], self.remarks("enter goes there"))
        self.query_one(Paper).show(lambda width: [] if row is None else list(_evidence(row, now_ms, width)))
        self._stand()
        rows = [] if row is None else [drawn for drawn, _ in self._places(row)]
        self.query_one(Keys).redraw()
        self.query_one(Table).show(rows, empty=("What moved is not known: there was nothing to compare with.",))

    def on_resize(self) -> None:
        """Another width needs other lines for the same sentences."""
        self._stand()

    def _stand(self) -> None:
        """Give the evidence the lines that it needs, up to half of the screen; what moved has the others."""
        row, shown, (width, height) = self.alert(), self.shown, self.size
        if row is None or shown is None or not width:
            return
        needed = min(height // 2, sum(1 for _ in _evidence(row, shown.header.read_at_ms, width)))
        styles = self.query_one(Paper).styles
        if styles.height is None or styles.height.value != needed:
            styles.height = needed

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Go to the tenant and model, or to the source, host or budgets, that the row is about."""
        row = self.alert()
        found = None if row is None else next((to for drawn, to in self._places(row) if drawn.key == message.key), None)
        if found:
            mode, view = there(self.monitor.view, found)
            self.monitor.descend(mode, view, message.key)

    def return_to(self, cursor: object) -> None:
        """Put the cursor back where it was."""
        self.query_one(Table).go_to(cursor)

    def _places(self, row: AlertRow) -> Iterator[tuple[Row, Where]]:
        """Rows to go to: each part of the cause with its movers, else what the alert is about."""
        if row.cause is None:
            if about := row.path or ((("budget", row.budget),) if row.budget else ()):
                yield Row(key="path", cells=("about", effect_text(row), *_names(about))), about
            return
        for part in row.cause.parts:
            if part.nano_usd_per_hour:
                yield _part_row(part), ()
                for place, mover in enumerate(part.movers[:_MOST_MOVERS]):
                    to: Where = _where(mover)
                    yield _mover_row(part, place, mover), to


def there(view: View, path: Where) -> tuple[str, View]:
    """The section and view that show what a path is about."""
    for dimension, mode in _PLACES.items():
        if any(name == dimension for name, _ in path):
            return mode, view
    known = {dimension for dimension, _ in path}
    following = next(dimension for dimension in (*DRILL_ORDER[1:], "key") if dimension not in known)
    return "burn", replace(view, path=path, by=following, filter="")


def draw_row(row: AlertRow, now_ms: int | None) -> Row:
    """One alert as texts."""
    cells = (
        _WORDS[row.state],
        _since(row.opened_ms, now_ms),
        row.rule,
        fmt.safe(row.subject, 60),
        fmt.safe(row.title, 80),
        effect_text(row),
        fmt.safe(row.first_cause, 200),
        fmt.safe(row.by or "", 24),
    )
    return Row(key=row.id, cells=cells, role=role_of(row))


def _since(opened_ms: int, now_ms: int | None) -> str:
    """The minute within a day from now, else the day: the details have both."""
    text = fmt.day_moment(opened_ms, now_ms)
    return text if len(text) <= len("14:23Z") else text.partition(" ")[0]


def nothing_fires(picture: AlertsPicture) -> Iterator[str]:
    """What the table says without a row."""
    if picture.asked_ms is None:
        yield "No rule has been asked yet: the collector does that every ten seconds."
        return
    yield f"Nothing fires, and nothing did in the last 24 hours. Rules were asked at {fmt.clock(picture.asked_ms)}."
    waiting = picture.waiting_by_reason
    if waiting:
        yield ""
        yield "These have seen too little to judge:"
    for why, rules in waiting.items():
        yield from fmt.wrap(f"{', '.join(rules)}: {why}", 76)


def _evidence(row: AlertRow, now_ms: int | None, width: int) -> Iterator[Line]:
    yield from alert_details(row, now_ms, width, with_cause=False)
    if row.cause is not None:
        yield change_line(row.cause)


def _part_row(part: Part) -> Row:
    return Row(
        key=part.factor, cells=(part.factor, per_hour(part.nano_usd_per_hour), "", ""), role="strong", opens=False
    )


def _mover_row(part: Part, place: int, mover: Mover) -> Row:
    key = (part.factor, place)
    return Row(key=key, cells=("", per_hour(mover.nano_usd_per_hour), *_names(_where(mover))))


def _where(mover: Mover) -> Where:
    if mover.host is not None:
        return (("host", mover.host),)
    return ("model", mover.model), ("tenant", mover.tenant)


def _names(path: Where) -> tuple[str, str]:
    """The texts of the two name columns; what is no tenant and no model stands in the first."""
    names = dict(path)
    tenant = fmt.member("tenant", names["tenant"]) if "tenant" in names else ""
    model = fmt.member("model", names["model"]) if "model" in names else ""
    other = next((value or "" for name, value in path if name not in ("tenant", "model")), "")
    return fmt.safe(tenant or other, 60), fmt.safe(model, 60)
