"""What is left of each budget, and when it is gone: one answer for the screen, the headline, `budgets` and `check`."""

from pricing.budget import BudgetState
from pricing.money import usd_from_nano
from store.budgets import budget_states
from store.reader import Reader
from tui.pictures.budgets import BudgetLine
from tui.reading.moment import Moment


def budget_lines(reader: Reader, at: Moment) -> list[BudgetLine]:
    """Every budget in force, the one that runs out first on top, then by pace."""
    lines = [budget_line(state) for state in budget_states(reader, at.until_ms)]
    return sorted(lines, key=lambda line: (line.runs_out_ms is None, line.runs_out_ms or 0, -(line.pace or 0.0)))


def tightest(reader: Reader, at: Moment) -> BudgetLine | None:
    """The budget that belongs in the headline, or None without budgets."""
    lines = budget_lines(reader, at)
    return lines[0] if lines else None


def budget_line(state: BudgetState) -> BudgetLine:
    """A budget as it is drawn."""
    projection = state.projection
    return BudgetLine(
        name=state.name,
        limit_usd=usd_from_nano(state.limit_nano_usd),
        spent_usd=usd_from_nano(state.spent_nano_usd),
        elapsed_share=state.elapsed_share,
        pace=state.pace,
        runs_out_ms=projection.runs_out_ms,
        begins_ms=state.period.begins_ms,
        ends_ms=state.period.ends_ms,
        lower_bound=state.is_lower_bound,
        period=state.period_name,
        filter=state.filter,
        counts=state.counts,
        burns=tuple((burn.window, burn.rate) for burn in state.burns),
        projected_usd=usd_from_nano(projection.nano_usd),
        low_usd=usd_from_nano(projection.low_nano_usd),
        high_usd=usd_from_nano(projection.high_nano_usd),
        basis=projection.basis,
        earliest_ms=projection.earliest_ms,
        latest_ms=projection.latest_ms,
        crossed=state.crossed,
        soft_share=state.soft_share,
        hard_share=state.hard_share,
        doubts=state.doubts,
    )
