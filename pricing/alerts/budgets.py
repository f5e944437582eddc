"""Rules about budgets: how fast one goes, over a long and a short window at once, and how much of it is gone."""

from collections.abc import Iterator

from pricing.alerts.finding import Finding, Result, Severity, TooLittle
from pricing.alerts.seen import BudgetSeen, Seen
from pricing.alerts.thresholds import Thresholds
from pricing.alerts.words import percent, rate, times


def budget_burn(seen: Seen, limits: Thresholds) -> Iterator[Result]:  # noqa: ARG001 (the windows are the budget's)
    """Budgets that go much faster than they last: both windows of a pair must be over its threshold.

    The long window says that it matters, the short one that it goes on; the worst pair speaks.
    """
    for budget in seen.budgets:
        known = [burn for burn in budget.burns if burn.enough]
        if not known:
            yield TooLittle(rule="budget_burn", why=f"{budget.name}: not one of its windows is recorded yet")
            continue
        worst = max(known, key=lambda burn: min(burn.long, burn.short) / burn.fires_at)
        over = min(worst.long, worst.short) / worst.fires_at
        out = f", out {budget.run_out}" if budget.run_out else ""
        yield Finding(
            rule="budget_burn",
            subject=budget.name,
            title=f"burns {times(worst.long)} over {worst.long_name} and {times(worst.short)} over {worst.short_name}{out}",
            value=over,
            fires_at=1.0,
            clears_at=0.8,
            evidence=(
                f"fires at {times(worst.fires_at)} over both windows; {percent(budget.spent_share)} is spent",
                f"it goes at {rate(budget.nano_usd_per_hour)}",
            ),
            effect_nano_usd_per_hour=budget.nano_usd_per_hour,
            severity=Severity.CRITICAL,
            path=budget.path,
        )


def budget_spent(seen: Seen, limits: Thresholds) -> Iterator[Result]:  # noqa: ARG001 (the steps are the budget's)
    """Budgets of which a soft or the hard share is spent."""
    for budget in seen.budgets:
        for step, severity in ((budget.soft, Severity.WARNING), (budget.hard, Severity.CRITICAL)):
            yield _step(budget, step, severity)


def _step(budget: BudgetSeen, step: float, severity: Severity) -> Finding:
    out = f", out {budget.run_out}" if budget.run_out else ""
    return Finding(
        rule="budget_spent",
        subject=f"{budget.name} {percent(step)}",
        title=f"{percent(budget.spent_share)} is spent{out}",
        value=budget.spent_share,
        fires_at=step,
        clears_at=step * 0.95,
        evidence=(f"fires at {percent(step)}; it goes at {rate(budget.nano_usd_per_hour)}",),
        effect_nano_usd_per_hour=budget.nano_usd_per_hour,
        severity=severity,
        path=budget.path,
    )
