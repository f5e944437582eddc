"""The figures of one alert: since when, what it costs, and the parts of its cause, which add up to the change."""

from collections.abc import Iterator

from pricing.cause import Mover
from pricing.money import usd_from_nano
from tui import format as fmt
from tui.explaining.words import Teller, exact_usd
from tui.pictures.alerts import AlertRow
from tui.pictures.explain import Explanation
from tui.pictures.header import Header

_JUDGED = "judged: the rule, its threshold and what was seen stand in its evidence"

_MOST_MOVERS = 5


def alert_figures(header: Header, row: AlertRow) -> Iterator[Explanation]:
    """Every figure of an alert's row and of its cause."""
    window = f"as measured at {fmt.moment(row.measured_ms, None)}"
    tell = Teller(header, f"{row.rule} {fmt.safe(row.subject, 40)}", _JUDGED, window).tell
    effect = row.effect_usd_per_hour
    yield tell(
        "EFFECT",
        fmt.UNKNOWN if effect is None else f"{fmt.change(effect)}/h",
        "Dollars per hour beyond what was usual when the rule was last asked; unknown where the rule is not about money.",
        *(fmt.safe(one, 200) for one in row.evidence),
    )
    yield tell(
        "SINCE",
        fmt.moment(row.opened_ms, None),
        "When the value crossed its threshold.",
        f"opened {fmt.moment(row.opened_ms, None)}",
    )
    yield tell(
        "STATE",
        str(row.state),
        "firing until it is acknowledged, snoozed for an hour, or over; a threshold must stay uncrossed for five minutes.",
        fmt.safe(f"by {row.by}", 40) if row.by else "nobody has said that they look after it",
    )
    cause = row.cause
    if cause is None:
        yield tell(
            "CAUSE",
            fmt.UNKNOWN,
            "What moved the burn; there was nothing to compare with.",
            fmt.safe(row.reason or row.heard, 200),
        )
        return
    parts = [f"{part.factor}: {exact_usd(part.nano_usd_per_hour)}/h" for part in cause.parts if part.nano_usd_per_hour]
    yield tell(
        "CAUSE",
        fmt.safe(row.first_cause, 60) or fmt.UNKNOWN,
        "The burn before and now, split into what moved it; each factor is moved after those before it, so the parts add up.",
        f"{exact_usd(cause.after_nano_usd_per_hour)}/h - {exact_usd(cause.before_nano_usd_per_hour)}/h = {exact_usd(cause.change_nano_usd_per_hour)}/h",
        *parts,
    )
    for part in cause.parts:
        if part.nano_usd_per_hour:
            yield tell(
                part.factor,
                f"{fmt.change(usd_from_nano(part.nano_usd_per_hour))}/h",
                "What this factor alone did to the burn; under it the tenants, models and hosts that moved most of it.",
                *(f"{_who(mover)}: {exact_usd(mover.nano_usd_per_hour)}/h" for mover in part.movers[:_MOST_MOVERS]),
            )


def _who(mover: Mover) -> str:
    return fmt.safe(mover.host or f"{mover.tenant or '(no tenant)'} {mover.model or '(no model)'}", 60)
