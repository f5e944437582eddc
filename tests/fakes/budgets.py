"""Budgets for tests: a launch that runs away, invented."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tests.fakes.pictures import AS_OF_MS, HEADER
from tui.pictures.budgets import BudgetLine, BudgetPicture, BudgetsPicture, LaunchLine
from tui.pictures.chart import ChartPicture, Point, Series

HOUR_MS = 3_600_000
BEGAN_MS = AS_OF_MS - 8_045_000
"""12:09:02Z; the launch is on for 2 h 14 min."""


def line(name: str = "launch", **changes: Any) -> BudgetLine:
    """One budget, of which too much is spent."""
    plain = BudgetLine(
        name=name,
        limit_usd=Decimal(5000),
        spent_usd=Decimal(3796),
        elapsed_share=0.37,
        planned_share=0.42,
        pace=1.8,
        runs_out_ms=AS_OF_MS + 10_493_000,
        begins_ms=BEGAN_MS,
        ends_ms=BEGAN_MS + 6 * HOUR_MS,
        period="launch",
        burns=(("5m", 2.4), ("1h", 1.9), ("6h", 1.2), ("3d", None)),
        projected_usd=Decimal(6210),
        low_usd=Decimal(5400),
        high_usd=Decimal(7900),
        earliest_ms=AS_OF_MS + 8_000_000,
        latest_ms=None,
        basis="day",
    )
    return replace(plain, **changes)


DAY: dict[str, Any] = {
    "period": "day",
    "begins_ms": AS_OF_MS - 51_787_000,
    "ends_ms": AS_OF_MS + 34_613_000,
    "planned_share": None,
}
LAUNCH = LaunchLine(
    name="launch",
    began_ms=BEGAN_MS,
    ends_ms=BEGAN_MS + 6 * HOUR_MS,
    at_ms=AS_OF_MS,
    limit_usd=Decimal(5000),
    spent_usd=Decimal(3796),
    planned_usd=Decimal(2109),
    usd_per_hour=Decimal("412.6"),
    planned_usd_per_hour=Decimal(250),
    before_usd_per_hour=Decimal("96.4"),
)
BUDGETS = BudgetsPicture(
    header=HEADER,
    lines=(
        line(),
        line("acme", limit_usd=Decimal(200), spent_usd=Decimal("349.74"), crossed="hard", filter="tenant=acme",
             runs_out_ms=AS_OF_MS, earliest_ms=AS_OF_MS, latest_ms=AS_OF_MS, **DAY),
        line("search", limit_usd=Decimal(900), spent_usd=Decimal("760.2"), crossed="soft", lower_bound=True,
             doubts=("12 requests have no known price",), **DAY),
        line("month of everything", limit_usd=Decimal(25_000), spent_usd=Decimal(11_598), elapsed_share=0.5, pace=0.9,
             runs_out_ms=AS_OF_MS + 12 * 24 * HOUR_MS, period="month", begins_ms=AS_OF_MS - 360 * HOUR_MS,
             ends_ms=AS_OF_MS + 384 * HOUR_MS, basis="week", projected_usd=Decimal(25_864)),
        line("hosts", limit_usd=Decimal(3360), spent_usd=Decimal(1711), counts="committed", pace=1.0, runs_out_ms=None,
             earliest_ms=None, low_usd=Decimal(3360), high_usd=Decimal(3360), projected_usd=Decimal(3360), basis="line",
             **(DAY | {"period": "week"})),
    ),
    launch=LAUNCH,
    doubts=("search: 12 requests have no known price",),
)  # fmt: skip
_STEPS = 72
CURVE = ChartPicture(
    begins_ms=BEGAN_MS,
    step_ms=300_000,
    unit="$",
    series=(Series("spent", tuple(140.0 * n if n < 28 else None for n in range(_STEPS))),),
    plan=tuple(5000 * n / _STEPS for n in range(_STEPS)),
    marks=(Point(BEGAN_MS + 4_800_000, "deploy 41"),),
)


def budget(name: str = "launch") -> BudgetPicture:
    """One of them over its period."""
    one = next((line for line in BUDGETS.lines if line.name == name), line(name))
    return BudgetPicture(header=HEADER, line=one, curve=CURVE, launch=LAUNCH if one.period == "launch" else None)
