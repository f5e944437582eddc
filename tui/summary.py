"""One line that says what a screen shows, for an incident channel."""

from pricing.alerts.names import State
from tui import format as fmt
from tui.pictures.alerts import AlertRow
from tui.pictures.burn import BurnPicture, GroupRow
from tui.pictures.header import Header
from tui.widgets.table import Table


def incident_line(picture: BurnPicture, row: GroupRow | None) -> str:
    """The three figures, the first that fires with its cause, the row under the cursor, and the worst that is in doubt."""
    headline, least = picture.headline, picture.headline.lower_bound
    parts = [
        f"{fmt.usd(headline.usd_per_hour, lower_bound=least)}/h (metered {fmt.dollars(headline.metered_usd_per_hour)}"
        f" + hosts {fmt.dollars(headline.committed_usd_per_hour)})",
        f"{fmt.usd(headline.usd_per_million, lower_bound=least)}/M tokens",
    ]
    if headline.budget is not None:
        out = headline.budget.runs_out_ms
        ends = "" if out is None else f", out {fmt.moment(out, picture.header.as_of_ms)}"
        parts.append(f"budget {fmt.safe(headline.budget.name, 40)} {fmt.usd(headline.budget.left_usd)} left{ends}")
    if headline.mark is not None:
        mark = f"{fmt.safe(headline.mark.text, 40)} {fmt.clock(headline.mark.at_ms)[:5]}"
        parts.append(f"{fmt.change(headline.since_mark_usd_per_hour)}/h since {mark}")
    parts += [_alert(alert, picture.header) for alert in picture.alerts[:1] if alert.state is State.FIRING]
    if row is not None:
        parts.append(_member(picture, row))
    parts += [fmt.safe(doubt, 100) for doubt in picture.doubts[:1]]
    return f"{opening(picture.header)}: {'; '.join(parts)}"


def _alert(alert: AlertRow, header: Header) -> str:
    why = f" ({fmt.safe(alert.first_cause, 120)})" if alert.first_cause else ""
    since = fmt.moment(alert.opened_ms, header.as_of_ms)
    return f"! {fmt.safe(alert.subject, 60)}: {fmt.safe(alert.title, 100)}{why} since {since}"


def _member(picture: BurnPicture, row: GroupRow) -> str:
    scope = " > ".join(fmt.member(dimension, key) for dimension, key in picture.path)
    name = fmt.safe(row.key or "", 60) if row.aside else fmt.member(picture.by, row.key)
    cost = f"{fmt.usd(row.usd_per_hour, lower_bound=row.totals.is_lower_bound)}/h, {fmt.percent(row.share)}"
    return f"{f'{scope} > ' if scope else ''}{picture.by} {fmt.safe(name, 60)} {cost}"


def row_line(header: Header, table: Table | None) -> str:
    """The row under a table's cursor, each text with its column's title."""
    texts = [] if table is None else table.cursor_texts
    row = ", ".join(f"{title} {text}" for title, text in texts if text.strip())
    return f"{opening(header)}{': ' if row else ''}{row}"


def opening(header: Header) -> str:
    """Where, when, and over which window."""
    when = "no data" if header.as_of_ms is None else fmt.moment(header.as_of_ms, None)
    return f"usdtop {fmt.safe(header.machine, 40)} {when} over {fmt.window(header.window_seconds)}"
