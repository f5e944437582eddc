"""Alerts as lines: a row for each under the Burn table, and all that is known of one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from textual.geometry import Size

from pricing.alerts.names import Severity, State
from pricing.money import usd_from_nano
from tui import format as fmt
from tui import zone
from tui.pictures.alerts import AlertRow, per_hour, who_text
from tui.pictures.header import Header
from tui.widgets.lines import Line, Lines, Piece

if TYPE_CHECKING:
    from pricing.cause import Cause, Mover

MOST_ROWS = 3
"""Alerts under the Burn table; the rest stand on their own screen."""
_MOST_LINES, _MOST_LINES_OF_MANY, _MANY_LINES = 4, 6, 36
"""Lines that they have with their causes, and those in a terminal of many lines."""

_SUBJECT_CELLS = 24
_CAUSE = 3
"""Which piece of an alert's line is its cause."""
_INDENT = len("! 14:23Z ")
_LEAST_CAUSE_CELLS = 13
_MOST_PARTS = 4


class AlertRows(Lines):
    """A rule and the alerts that are open, firing ones first; nothing when none is."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[AlertRow, ...] = ()
        self._now_ms: int | None = None
        self._made: tuple[object, list[Line]] = (None, [])
        """The lines made last, and all that they depend on: to know their number they are made before they are drawn."""

    def show(self, rows: Sequence[AlertRow], now_ms: int | None) -> None:
        """Take the open alerts; the widget is as high as it must be."""
        self._rows, self._now_ms = tuple(rows), now_ms
        self.display = bool(rows)
        self._stand()
        self.redraw()

    def on_resize(self) -> None:
        """Another width has room for other causes."""
        self._stand()

    def lines(self, size: Size) -> Iterable[Line]:
        """The rule, and the alerts."""
        return (("─" * size.width, "dim"),), *self._alerts(size.width)

    def _stand(self) -> None:
        """Be as high as what is to be said."""
        height = 1 + len(self._alerts(self.app.size.width))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def _alerts(self, width: int) -> list[Line]:
        most = _MOST_LINES if self.app.size.height < _MANY_LINES else _MOST_LINES_OF_MANY
        wanted = (self._rows, self._now_ms, width, most)
        if self._made[0] != (*wanted, zone.is_local()):
            self._made = (*wanted, zone.is_local()), alert_lines(*wanted)
        return self._made[1]


def alert_lines(rows: Sequence[AlertRow], now_ms: int | None, width: int, most: int) -> list[Line]:
    """The first alerts, one line each; the cause of one that fires stands below where its line has no room for it."""
    shown = rows[:MOST_ROWS]
    spare = most - len(shown)
    lines: list[Line] = []
    for place, row in enumerate(shown):
        more = len(rows) - len(shown) if place == len(shown) - 1 else 0
        line = alert_line(row, now_ms, width, more=more)
        cause = fmt.safe(row.first_cause, width - _INDENT)
        if not spare or row.state is not State.FIRING or line[_CAUSE][0].lstrip() == cause:
            lines.append(line)
            continue
        spare -= 1
        lines.append((*line[:_CAUSE], *line[_CAUSE + 1 :]))
        lines.append(((" " * _INDENT, ""), (cause, "")))
    return lines


def alert_line(row: AlertRow, now_ms: int | None, width: int, *, more: int = 0) -> Line:
    """One alert in one line: since when, who, what, its effect and its cause, as far as there is room."""
    sign, role = (" ", "dim") if row.state is not State.FIRING else ("!", role_of(row))
    after = f"   {more} more: 7" if more else ""
    effect = "" if row.effect_usd_per_hour is None else f"   {effect_text(row)}"
    text = f"{sign} {fmt.moment(row.opened_ms, now_ms)} {fmt.safe(row.subject, _SUBJECT_CELLS)}  "
    room = max(8, width - fmt.cells(text) - fmt.cells(effect) - fmt.cells(after))
    title = fmt.safe(row.title, room)
    cause = _cause_text(row, room - fmt.cells(title))
    return (text, role), (title, ""), (effect, role), (cause, "dim"), (after, "dim")


def later_figures(rows: Iterable[AlertRow], header: Header) -> Iterator[str]:
    """In the past: that an alert's figures are newer than that, where they are, because only the newest are kept."""
    if header.past and any(header.as_of_ms is not None and row.measured_ms > header.as_of_ms for row in rows):
        yield "an alert's figures are those measured last, after this time"


def _cause_text(row: AlertRow, room: int) -> str:
    """The cause, as far as there is room; its dollars are whole or left out."""
    text = f"   {fmt.safe(row.first_cause, 200)}" if row.first_cause else ""
    least = _LEAST_CAUSE_CELLS if row.cause is None else max(_LEAST_CAUSE_CELLS, fmt.cells(text.partition(" (")[0]) + 1)
    return fmt.safe(text, room) if room >= least else ""


def role_of(row: AlertRow) -> str:
    """How loud an alert is drawn."""
    if row.state is not State.FIRING:
        return "dim"
    return "bad" if row.severity is Severity.CRITICAL else "warn"


def effect_text(row: AlertRow) -> str:
    """What it costs, with its sign."""
    return fmt.UNKNOWN if row.effect_usd_per_hour is None else f"{fmt.change(row.effect_usd_per_hour)}/h"


def state_text(row: AlertRow, now_ms: int | None) -> str:
    """Where it stands, since when, and by whose hand."""
    since = f"since {fmt.moment(row.opened_ms, now_ms)}"
    if row.state is State.RESOLVED and row.resolved_ms is not None:
        lasted = fmt.countdown(row.resolved_ms - row.opened_ms)
        return f"over since {fmt.moment(row.resolved_ms, now_ms)}, after {lasted}"
    by = f" by {fmt.safe(row.by, 24)}" if row.by else ""
    if row.state is State.ACKNOWLEDGED and row.since_ms is not None:
        return f"{since}, acknowledged{by} {fmt.moment(row.since_ms, now_ms)}"
    if row.state is State.SNOOZED and row.snoozed_until_ms is not None:
        return f"{since}, snoozed{by} until {fmt.moment(row.snoozed_until_ms, now_ms)}"
    return f"firing {since}"


def alert_details(row: AlertRow, now_ms: int | None, width: int, *, with_cause: bool = True) -> Iterator[Line]:
    """Everything that is known of one alert, `width` cells wide."""
    room = max(20, width - 4)
    yield (
        (f" {row.rule}: ", "title"),
        (fmt.safe(row.subject, 60), "strong"),
        (f"   {row.severity}", role_of(row) or "dim"),
    )
    *first, last = fmt.wrap(fmt.safe(row.title, 300), room - fmt.cells(effect_text(row))) or [""]
    yield from (((f"   {part}", ""),) for part in first)
    yield ((f"   {last}", ""), (f"   {effect_text(row)}", role_of(row)))
    yield ((f"   {state_text(row, now_ms)}", "dim"),)
    for sentence in row.evidence:
        yield from (((f"   {part}", ""),) for part in fmt.wrap(fmt.safe(sentence, 600), room))
    if why := row.reason or row.heard:
        yield from (((f"   {part}", "strong"),) for part in fmt.wrap(fmt.safe(why, 600), room))
    if row.cause is not None and with_cause:
        yield from cause_lines(row.cause, width)


def cause_lines(cause: "Cause", width: int) -> Iterator[Line]:
    """The change, the part that is named first and the strongest of the others, each with who moved it most."""
    yield change_line(cause)
    parts = [part for part in cause.parts if part.nano_usd_per_hour]
    strongest = sorted(parts[1:], key=lambda one: -abs(one.nano_usd_per_hour))
    for part in [*parts[:1], *strongest][:_MOST_PARTS]:
        text = f"     {part.factor:<15} {per_hour(part.nano_usd_per_hour):>12}  "
        who: Piece = (_fitting(part.movers[0], width - len(text)), "dim") if part.movers else ("", "")
        yield (text, ""), who


def _fitting(mover: "Mover", cells: int) -> str:
    """A mover's names in so many cells, if the model's own name can be."""
    whole = who_text(mover)
    if fmt.cells(whole) <= cells or mover.host is not None:
        return whole
    return who_text(mover, max(8, cells - fmt.cells(whole.partition(", ")[0]) - 2))


def change_line(cause: "Cause") -> Line:
    """From what to what the burn moved."""
    before, after = (usd_from_nano(nano) for nano in (cause.before_nano_usd_per_hour, cause.after_nano_usd_per_hour))
    change = per_hour(cause.change_nano_usd_per_hour)
    return (("   ", ""), (f"burn {fmt.usd(before)}/h -> {fmt.usd(after)}/h, {change} by cause:", "dim"))
