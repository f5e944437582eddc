"""Alerts as a screen shows them: one critical, one seen by somebody, one snoozed, one over."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from pricing.alerts.names import Severity, State
from pricing.cause import CACHE, MIX, VOLUME, Cause, Mover, Part
from tests.fakes import pictures
from tui.pictures.alerts import AlertRow, AlertsPicture

NOW_MS = pictures.HEADER.read_at_ms or 0
MINUTE_MS = 60_000


CAUSE = Cause(
    before_nano_usd_per_hour=91_400_000_000,
    after_nano_usd_per_hour=180_380_000_000,
    parts=(
        Part(
            factor=CACHE,
            nano_usd_per_hour=88_700_000_000,
            movers=(
                Mover(tenant="acme", model="claude-sonnet-4-6", nano_usd_per_hour=88_840_000_000),
                Mover(tenant="acme", model="small", nano_usd_per_hour=-140_000_000),
            ),
        ),
        Part(
            factor=VOLUME,
            nano_usd_per_hour=280_000_000,
            movers=(Mover(tenant="globex", model="small", nano_usd_per_hour=280_000_000),),
        ),
        Part(factor=MIX, nano_usd_per_hour=0),
    ),
)
"""$88.98 an hour more, of which $88.70 are the cache and $0.28 what globex sends."""


def alert(number: int = 1, **changes: Any) -> AlertRow:
    """Cache hits of acme fell a quarter of an hour ago, and nobody has looked yet."""
    plain = AlertRow(
        id=number,
        rule="cache hits",
        title="cache hits 71% -> 4%",
        state=State.FIRING,
        severity=Severity.WARNING,
        opened_ms=NOW_MS - 14 * MINUTE_MS,
        measured_ms=NOW_MS,
        effect_usd_per_hour=Decimal("88.70"),
        path=(("tenant", "acme"), ("model", "claude-sonnet-4-6")),
        evidence=("cache hits: 4% over 5 min, the hour before 71%; fires at a fall of 20 points",),
        cause=CAUSE,
    )
    return replace(plain, **changes)


BURN = alert(
    2,
    rule="budget burn",
    budget="launch",
    title="burn 1.9x over 1h and 2.4x over 5m, out 17:18Z",
    severity=Severity.CRITICAL,
    opened_ms=NOW_MS - 2 * MINUTE_MS,
    effect_usd_per_hour=Decimal("412.60"),
    path=(),
    evidence=("1.9x over 1h and 2.4x over 5m; fires where both are over 1.5x",),
    cause=None,
)
SEEN = alert(
    3, rule="idle GPU", which="GPU 6", title="idle for 2h10", state=State.ACKNOWLEDGED, by="ana",
    since_ms=NOW_MS - 5 * MINUTE_MS, effect_usd_per_hour=Decimal("2.50"), path=(("host", "h100-1"),), cause=None,
    reason="nothing runs on it: give it work or give it back",
)  # fmt: skip
SNOOZED = alert(
    4, rule="unpriced traffic", title="1.9% of all tokens have no price", state=State.SNOOZED,
    by="ana", snoozed_until_ms=NOW_MS + 30 * MINUTE_MS, effect_usd_per_hour=None, path=(("model", "tuned-7b"),),
    cause=None, reason="no book knows this model",
)  # fmt: skip
OVER = alert(
    5, rule="stale source", title="failing for 12m", state=State.RESOLVED,
    severity=Severity.CRITICAL, opened_ms=NOW_MS - 90 * MINUTE_MS, resolved_ms=NOW_MS - 70 * MINUTE_MS,
    effect_usd_per_hour=Decimal(41), path=(("source", "gateway"),), cause=None,
    heard="permission denied",
)  # fmt: skip
ROWS = (BURN, alert(), SNOOZED, SEEN, OVER)
ALERTS = AlertsPicture(
    header=replace(pictures.HEADER, alerts_firing=2, is_critical=True, newest_alert=2),
    rows=ROWS,
    waiting=(("day against week", "47 of the 48 hours of history that it needs"),),
    asked_ms=NOW_MS,
)
