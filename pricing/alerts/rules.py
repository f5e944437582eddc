"""All rules by name, and asking them at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from pricing.alerts import budgets, spend, things
from pricing.alerts.finding import Finding, Key, Result, TooLittle
from pricing.alerts.seen import Seen
from pricing.alerts.shifts import SHIFTS, Grouped, Shift, shifted
from pricing.alerts.thresholds import Thresholds

Rule: TypeAlias = Callable[[Seen, Thresholds], Iterator[Result]]

TRAFFIC_RULES: dict[str, Rule] = {
    "budget_burn": budgets.budget_burn,
    "budget_spent": budgets.budget_spent,
    "day_over_week": spend.day_over_week,
    "rate_over_usual": spend.rate_over_usual,
    "tenant_cap": spend.tenant_cap,
    "tenant_over_week": spend.tenant_over_week,
    "retries": spend.retries,
    "unpriced": spend.unpriced,
    "drift": spend.drift,
}
"""Judged by sums of requests."""

THING_RULES: dict[str, Rule] = {
    "stale_source": things.stale_source,
    "idle_gpu": things.idle_gpu,
    "utilisation": things.utilisation,
    "throttled_gpu": things.throttled_gpu,
    "lost_gpu": things.lost_gpu,
}
"""Judged by what stands behind the requests."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all rules said at one time."""

    findings: tuple[Finding, ...]
    too_little: tuple[TooLittle, ...]

    def __add__(self, other: "Judgement") -> "Judgement":
        return Judgement(self.findings + other.findings, self.too_little + other.too_little)


def judge_traffic(seen: Seen, limits: Thresholds, held: Mapping[Key, float | None]) -> Judgement:
    """Ask the rules about requests; `held` are the open alerts and what each was compared with when it opened."""
    grouped = Grouped()
    shifts = {shift.rule: partial(_shifted, shift, held, grouped) for shift in SHIFTS}
    return _asked({**TRAFFIC_RULES, **shifts}, seen, limits)


def judge_things(seen: Seen, limits: Thresholds) -> Judgement:
    """Ask the rules about sources, hosts and GPUs."""
    return _asked(THING_RULES, seen, limits)


def _asked(rules: Mapping[str, Rule], seen: Seen, limits: Thresholds) -> Judgement:
    results = [result for name, ask in rules.items() if name not in limits.off for result in ask(seen, limits)]
    return Judgement(
        findings=tuple(one for one in results if isinstance(one, Finding)),
        too_little=tuple(one for one in results if isinstance(one, TooLittle)),
    )


def _shifted(
    shift: Shift, held: Mapping[Key, float | None], grouped: Grouped, seen: Seen, limits: Thresholds
) -> Iterator[Result]:
    return shifted(shift, seen, limits, held, grouped)
