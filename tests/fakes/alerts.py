"""Alerts as a screen shows them: one critical, one seen by somebody, one snoozed, one over."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from pricing.alerts.names import Severity, State
from pricing.cause import cause
from tests.fakes import pictures
from tests.fakes.flows import DEAR, flow, span
from tui.pictures.alerts import AlertRow, AlertsPicture

NOW_MS = pictures.HEADER.read_at_ms or 0
MINUTE_MS = 60_000


def alert(number: int = 1, **changes: Any) -> AlertRow:
    """Cache hits of acme fell a quarter of an hour ago, and nobody has looked yet."""
    plain = AlertRow(
        id=number,
        rule="cache hits",
        subject="acme claude-sonnet-4-6",
        title="cache hits 71% -> 4%",
        state=State.FIRING,
        severity=Severity.WARNING,
        opened_ms=NOW_MS - 14 * MINUTE_MS,
        measured_ms=NOW_MS,
        effect_usd_per_hour=Decimal("88.70"),
        first_cause="cache hits +$88.70/h (acme, claude-sonnet-4-6)",
        path=(("tenant", "acme"), ("model", "claude-sonnet-4-6")),
        evidence=("cache hits: 4% over 5 min, the hour before 71%; fires at a fall of 20 points",),
        cause=cause(
            span(flow("acme", "small"), flow("globex", "small")),
            span(flow("acme", "large", card=DEAR), flow("globex", "small", requests=300)),
        ),
    )
    return replace(plain, **changes)


BURN = alert(
    2,
    rule="budget burn",
    subject="launch",
    title="burn 1.9x over 1h and 2.4x over 5m, out 17:18Z",
    severity=Severity.CRITICAL,
    opened_ms=NOW_MS - 2 * MINUTE_MS,
    effect_usd_per_hour=Decimal("412.60"),
    first_cause="",
    path=(),
    evidence=("1.9x over 1h and 2.4x over 5m; fires where both are over 1.5x",),
    cause=None,
)
SEEN = alert(
    3, rule="idle GPU", subject="h100-1 GPU 6", title="idle for 2h10", state=State.ACKNOWLEDGED, by="ana",
    since_ms=NOW_MS - 5 * MINUTE_MS, effect_usd_per_hour=Decimal("2.50"), path=(("host", "h100-1"),), cause=None,
    first_cause="nothing runs on it: give it work or give it back", reason="nothing runs on it: give it work or give it back",
)  # fmt: skip
SNOOZED = alert(
    4, rule="unpriced traffic", subject="tuned-7b", title="1.9% of all tokens have no price", state=State.SNOOZED,
    by="ana", snoozed_until_ms=NOW_MS + 30 * MINUTE_MS, effect_usd_per_hour=None, path=(("model", "tuned-7b"),),
    cause=None, first_cause="", reason="no book knows this model",
)  # fmt: skip
OVER = alert(
    5, rule="stale source", subject="gateway", title="failing for 12m", state=State.RESOLVED,
    severity=Severity.CRITICAL, opened_ms=NOW_MS - 90 * MINUTE_MS, resolved_ms=NOW_MS - 70 * MINUTE_MS,
    effect_usd_per_hour=Decimal(41), path=(("source", "gateway"),), cause=None,
    first_cause="permission denied", reason="permission denied",
)  # fmt: skip
ROWS = (BURN, alert(), SNOOZED, SEEN, OVER)
ALERTS = AlertsPicture(
    header=replace(pictures.HEADER, alerts_firing=2, is_critical=True, newest_alert=2),
    rows=ROWS,
    waiting=(("day against week", "47 of the 48 hours of history that it needs"),),
    asked_ms=NOW_MS,
)
