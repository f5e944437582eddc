"""What is left of each budget, and when it is gone."""

from dataclasses import replace

from pricing.budget import pace, period_at, runs_out_ms
from pricing.filters import FilterError, parse_filter
from pricing.hosts.economics import accrued_nano
from pricing.money import usd_from_nano
from store.facts import BudgetFact, CommitmentFact, HostFact
from store.reader import Reader
from store.sums import Sum, total
from tui.pictures.burn import BudgetLine
from tui.pictures.view import DIMENSIONS
from tui.reading.moment import Moment

_RATE_WINDOW_MS = 15 * 60_000
"""Run-out is projected from the last quarter of an hour: long enough to be calm, short enough for a launch."""


def budget_lines(reader: Reader, at: Moment) -> list[BudgetLine]:
    """Every budget in force, the one that runs out first on top, then by pace."""
    lines = [_line(reader, fact, at) for fact in reader.budgets(at.until_ms)]
    return sorted(lines, key=lambda line: (line.runs_out_ms is None, line.runs_out_ms or 0, -(line.pace or 0.0)))


def tightest(reader: Reader, at: Moment) -> BudgetLine | None:
    """The budget that belongs in the headline, or None without budgets."""
    lines = budget_lines(reader, at)
    return lines[0] if lines else None


def _line(reader: Reader, fact: BudgetFact, at: Moment) -> BudgetLine:
    period = period_at(fact.period, at.until_ms)
    spent, lower_bound = _spent(reader, fact, period.begins_ms, at.until_ms)
    recent, _ = _spent(reader, fact, at.until_ms - _RATE_WINDOW_MS, at.until_ms)
    per_hour = recent * 3_600_000 // max(1, at.until_ms - _minute(at.until_ms - _RATE_WINDOW_MS))
    elapsed = period.elapsed_share(at.until_ms)
    return BudgetLine(
        name=fact.name,
        limit_usd=usd_from_nano(fact.nano_usd),
        spent_usd=usd_from_nano(spent),
        elapsed_share=elapsed,
        pace=pace(spent, fact.nano_usd, elapsed),
        runs_out_ms=runs_out_ms(spent, fact.nano_usd, per_hour, at.until_ms, period),
        ends_ms=period.ends_ms,
        lower_bound=lower_bound,
    )


def _spent(reader: Reader, fact: BudgetFact, since_ms: int, until_ms: int) -> tuple[int, bool]:
    """Metered dollars that the budget's filter covers; committed ones too where it covers everything."""
    sums = _covered(reader.sums(since_ms, until_ms), fact)
    totals = total(sums)
    fixed = 0 if fact.filter else _committed(reader, _minute(since_ms), until_ms)
    spent = totals.metered_nano_usd + fixed
    return spent, replace(totals, allocated_nano_usd=fixed).is_lower_bound


def _committed(reader: Reader, since_ms: int, until_ms: int) -> int:
    """What hosts and commitments accrued, in nano-dollars."""
    facts: list[HostFact | CommitmentFact] = [*reader.hosts(), *reader.commitments()]
    return sum(
        accrued_nano(
            fact.usd_per_hour_nano or 0, max(fact.since_ms, since_ms), min(fact.until_ms or until_ms, until_ms)
        )
        for fact in facts
    )


def _covered(sums: list[Sum], fact: BudgetFact) -> list[Sum]:
    if not fact.filter:
        return sums
    try:
        wanted = parse_filter(fact.filter, DIMENSIONS)
    except FilterError:
        return []
    return [one for one in sums if wanted.matches(one.key.values(DIMENSIONS))]


def _minute(at_ms: int) -> int:
    return at_ms // 60_000 * 60_000
