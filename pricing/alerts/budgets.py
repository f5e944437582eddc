"""Rules about budgets: how fast one goes, over a long and a short window at once, and how much of it is gone.

The pairs of windows are those of Google's SRE workbook, "Alerting on SLOs": the long one says that it matters, the short
one that it goes on. There they are for thirty days; in a shorter period the same burn rate uses a larger part of the
budget before it fires, so the threshold is lowered to the rate that uses a quarter (or half) of the budget in the window.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pricing.alerts.comparing import change, change_of_day
from pricing.alerts.finding import Finding, Result, Severity, TooLittle
from pricing.alerts.seen import Seen
from pricing.alerts.thresholds import Thresholds
from pricing.alerts.words import clock, percent, rate, times
from pricing.budget import BURN_WINDOWS_MS, BudgetState
from pricing.cause import Cause


class Pair(NamedTuple):
    """Two look-backs, the burn rate from which they fire, and the share of the budget by which they do so at the latest."""

    long: str
    short: str
    burn: float
    most_share: float
    severity: Severity

    def fires_at(self, period_ms: int) -> float:
        """The burn rate for a period of this length."""
        return min(self.burn, self.most_share * period_ms / BURN_WINDOWS_MS[self.long])

    def fits(self, period_ms: int) -> bool:
        """Whether the long window is a small part of the period; else the projection says more than a rate."""
        return BURN_WINDOWS_MS[self.long] * 4 <= period_ms


PAIRS = (
    Pair("1h", "5m", 14.4, 0.25, Severity.CRITICAL),
    Pair("6h", "1h", 6.0, 0.5, Severity.CRITICAL),
    Pair("3d", "6h", 1.0, 1.0, Severity.WARNING),
)


_FIRES, _IN_BAND, _CLEARS = 1.0, 0.9, 0.8


def budget_burn(seen: Seen, limits: Thresholds) -> Iterator[Result]:  # noqa: ARG001 (the windows are the budget's)
    """Budgets that go much faster than they last: the worst pair of windows speaks.

    A budget that lasts by its projection, which knows the shape of a day and a week, opens no alert; an open one ends by
    the rates alone, since a projection that is near the limit changes its mind from minute to minute.
    """
    for budget in seen.budgets:
        fitting = [pair for pair in PAIRS if pair.fits(budget.period.length_ms)]
        known = [(over, pair) for pair in fitting if (over := _over(budget, pair)) is not None]
        if fitting and not known:
            yield TooLittle(rule="budget_burn", why="less than an hour of a budget is recorded")
        elif known:
            over, pair = max(known, key=lambda one: one[0])
            if budget.projection.runs_out_ms is None:
                over = min(over, _IN_BAND)
            yield _burning(budget, pair, over, _why(budget, seen) if over >= _FIRES else None)


def budget_spent(seen: Seen, limits: Thresholds) -> Iterator[Result]:  # noqa: ARG001 (the steps are the budget's)
    """Budgets of which the soft or the hard share is spent."""
    for budget in seen.budgets:
        for name, share, severity in (
            ("soft", budget.soft_share, Severity.WARNING),
            ("hard", budget.hard_share, Severity.CRITICAL),
        ):
            if budget.spent_share is not None:
                yield Finding(
                    rule="budget_spent",
                    subject=f"{budget.name} {name}",
                    title=f"{percent(budget.spent_share)} is spent{_run_out(budget)}",
                    value=budget.spent_share,
                    fires_at=share,
                    clears_at=share * 0.95,
                    evidence=(f"fires at {percent(share)}; it goes at {rate(_per_hour(budget))}",),
                    effect_nano_usd_per_hour=_per_hour(budget),
                    severity=severity,
                    cause=_why_today(budget, seen) if budget.spent_share >= share else None,
                )


def _over(budget: BudgetState, pair: Pair) -> float | None:
    """Both burn rates over what they fire at, the lower of the two; None where one is not known."""
    rates = budget.burn(pair.long), budget.burn(pair.short)
    if rates[0] is None or rates[1] is None:
        return None
    return min(rates[0], rates[1]) / pair.fires_at(budget.period.length_ms)


def _burning(budget: BudgetState, pair: Pair, over: float, why: Cause | None) -> Finding:
    long, short = (times(budget.burn(window) or 0.0) for window in (pair.long, pair.short))
    fires_at = times(pair.fires_at(budget.period.length_ms))
    return Finding(
        rule="budget_burn",
        subject=budget.name,
        title=f"burn {long} over {pair.long} and {short} over {pair.short}{_run_out(budget)}",
        value=over,
        fires_at=_FIRES,
        clears_at=_CLEARS,
        evidence=(
            f"a burn of 1.0x uses the budget up at its period's end; fires at {fires_at} over both",
            f"{percent(budget.spent_share or 0.0)} is spent, and it goes at {rate(_per_hour(budget))}",
        ),
        effect_nano_usd_per_hour=_per_hour(budget),
        severity=pair.severity,
        cause=why,
    )


def _per_hour(budget: BudgetState) -> int:
    """Nano-dollars per hour over the shortest look-back that is known."""
    return round(next((one.nano_usd_per_hour for one in budget.burns if one.nano_usd_per_hour is not None), 0.0))


def _run_out(budget: BudgetState) -> str:
    if (budget.spent_share or 0.0) >= 1:
        return ", nothing is left"
    out_ms = budget.projection.runs_out_ms
    return "" if out_ms is None else f", out {clock(out_ms, budget.at_ms)}"


def _why(budget: BudgetState, seen: Seen) -> Cause | None:
    """What moved the burn; of a budget with a filter nobody can say it from tenants and models alone."""
    return None if budget.filter else change(seen.traffic, seen.traffic.fast)


def _why_today(budget: BudgetState, seen: Seen) -> Cause | None:
    return None if budget.filter else change_of_day(seen.traffic)
