"""What is left of each budget, and when it is gone: one answer for the screen, the headline, `budgets` and `check`."""

from collections.abc import Sequence

from pricing.budget import BudgetState
from pricing.money import NANO_PER_USD, usd_from_nano
from store.budgets import budget_states, launch_at, launch_plan
from store.launches import Launch
from store.reader import Reader
from store.spending import Scope, Spending
from tui.feed import FeedError
from tui.pictures.budgets import BudgetLine, BudgetPicture, BudgetsPicture
from tui.pictures.chart import ChartPicture, Point, Series
from tui.pictures.view import View
from tui.reading.launch import launch_line
from tui.reading.moment import Moment, header, moment

_MINUTE_S, _HOUR_S = 60, 3600
_MOST_MINUTES_MS = 8 * 3_600_000
"""Longer periods are drawn by the hour."""


def budget_lines(reader: Reader, at: Moment, spending: Spending | None = None) -> list[BudgetLine]:
    """Every budget in force, the one that runs out first on top, then by pace."""
    lines = [budget_line(state) for state in budget_states(reader, at.until_ms, spending)]
    return sorted(lines, key=lambda line: (line.runs_out_ms is None, line.runs_out_ms or 0, -(line.pace or 0.0)))


def tightest(reader: Reader, at: Moment) -> BudgetLine | None:
    """The budget that belongs in the headline: the launch's while one is on, else the first; None without budgets."""
    lines, launch = budget_lines(reader, at), launch_at(reader, at.until_ms)
    for line in lines:
        if launch is not None and (line.name, line.begins_ms) == (launch.name, launch.began_ms):
            return line
    return lines[0] if lines else None


def budgets(
    reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False, notices: tuple[str, ...] = ()
) -> BudgetsPicture:
    """Read the Budgets picture; raises StoreError."""
    at, spending = moment(reader, view, now_ms), Spending(reader)
    lines = budget_lines(reader, at, spending)
    return BudgetsPicture(
        header=header(at, view, machine, demo=demo, notices=notices),
        lines=tuple(lines),
        launch=launch_line(reader, at.until_ms, spending),
        doubts=(*(f"not counted: {missing}" for missing in at.missing), *_doubts(lines)),
    )


def budget(reader: Reader, view: View, name: str, now_ms: int, *, machine: str, demo: bool = False) -> BudgetPicture:
    """Read one budget over its period; raises StoreError, and FeedError when it is not in force."""
    at, spending = moment(reader, view, now_ms), Spending(reader)
    line = next((one for one in budget_lines(reader, at, spending) if one.name == name), None)
    if line is None:
        raise FeedError("This budget is not in force at this time.")
    launch = launch_at(reader, at.until_ms) if line.period == "launch" else None
    return BudgetPicture(
        header=header(at, view, machine, demo=demo),
        line=line,
        curve=spend_curve(spending, line, at.until_ms, launch if launch and launch.name == name else None),
        launch=launch_line(reader, at.until_ms, spending) if launch else None,
        doubts=(*(f"not counted: {missing}" for missing in at.missing), *_doubts([line])),
    )


def spend_curve(spending: Spending, line: BudgetLine, at_ms: int, launch: Launch | None = None) -> ChartPicture:
    """Dollars spent since a budget's period began, by the minute or hour, beside its plan."""
    scope, step_s = Scope(line.filter, line.counts), step_of(spending, line.begins_ms, line.ends_ms)
    step_ms = step_s * 1000
    begins_ms = line.begins_ms // step_ms * step_ms
    until_ms = min(at_ms, line.ends_ms)
    parts = spending.steps(scope, begins_ms, until_ms, step_s)
    if parts:
        parts[0] = spending.spent(scope, line.begins_ms, min(until_ms, begins_ms + step_ms)).nano_usd
    ends = [begins_ms + (place + 1) * step_ms for place in range(-(-(line.ends_ms - begins_ms) // step_ms))]
    spent, curve = 0, []
    for part in parts:
        spent += part
        curve.append(spent / NANO_PER_USD)
    unknown: list[float | None] = [None] * (len(ends) - len(curve))
    marks = spending.reader.marks(begins_ms, until_ms)
    return ChartPicture(
        begins_ms=begins_ms,
        step_ms=step_ms,
        unit="$",
        series=(Series("spent", (*curve, *unknown)),),
        plan=tuple(_planned(line, launch, end_ms) for end_ms in ends),
        marks=tuple(Point(mark.at_ms, mark.text) for mark in marks),
    )


def step_of(spending: Spending, begins_ms: int, ends_ms: int) -> int:
    """Seconds that one value of a curve is of: a minute where there are not too many, and where they are still kept."""
    known_ms, minutes_ms = spending.reader.known_since_ms(), spending.reader.oldest_bucket_ms()
    forgotten = known_ms is not None and (minutes_ms is None or begins_ms < minutes_ms != known_ms)
    return _HOUR_S if forgotten or ends_ms - begins_ms > _MOST_MINUTES_MS else _MINUTE_S


def _planned(line: BudgetLine, launch: Launch | None, at_ms: int) -> float:
    if launch is not None:
        return launch_plan(launch).spent_by(at_ms - launch.began_ms) / NANO_PER_USD
    share = (at_ms - line.begins_ms) / (line.ends_ms - line.begins_ms)
    return float(line.limit_usd) * min(1.0, max(0.0, share))


def _doubts(lines: Sequence[BudgetLine]) -> list[str]:
    return [f"{line.name}: {doubt}" for line in lines for doubt in line.doubts]


def budget_line(state: BudgetState) -> BudgetLine:
    """A budget as it is drawn."""
    projection = state.projection
    return BudgetLine(
        name=state.name,
        limit_usd=usd_from_nano(state.limit_nano_usd),
        spent_usd=usd_from_nano(state.spent_nano_usd),
        elapsed_share=state.elapsed_share,
        planned_share=state.planned_share,
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
