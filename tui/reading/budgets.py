"""What is left of each budget, and when it is gone: one answer for the screen, the headline, `budgets` and `check`."""

from collections.abc import Sequence

from pricing.budget import BudgetState
from pricing.money import NANO_PER_USD, usd_from_nano
from pricing.periods import Period
from store.budgets.launches import Launch
from store.budgets.spending import Scope, Spending
from store.budgets.states import budget_states, launch_at, launch_plan
from store.providers.accounts import PrepaidAccount, prepaid_accounts, prepaid_readings
from store.reader import Reader
from tui.feed import FeedError
from tui.pictures.budgets import BudgetLine, BudgetPicture, BudgetsPicture
from tui.pictures.chart import ChartPicture, Point, Series
from tui.pictures.view import View
from tui.reading.launch import launch_line
from tui.reading.moment import Moment, header, moment

_MINUTE_S, _HOUR_S = 60, 3600
_OLD_MS = 2 * 3_600_000
"""A balance that was read longer ago than this is said to be old."""

_MOST_MINUTES_MS = 8 * 3_600_000
"""Longer periods are drawn by the hour."""


_STEPS_WITH_PROVIDERS = ((_MOST_MINUTES_MS, 600), (48 * 3_600_000, 2 * _HOUR_S), (2**60, 12 * _HOUR_S))


def budget_lines(reader: Reader, at: Moment, spending: Spending | None = None) -> list[BudgetLine]:
    """Every budget in force, the one that runs out first on top, then by pace."""
    lines = [budget_line(state) for state in budget_states(reader, at.until_ms, spending)]
    lines += [prepaid_line(one, at.until_ms) for one in prepaid_accounts(reader, at.until_ms)]
    return sorted(lines, key=lambda line: (line.runs_out_ms is None, line.runs_out_ms or 0, -(line.pace or 0.0)))


def tightest(reader: Reader, at: Moment) -> tuple[BudgetLine | None, BudgetLine | None]:
    """The budget that belongs in the headline, the launch's while one is on, else the first; and one that is gone before it."""
    lines, launch = budget_lines(reader, at), launch_at(reader, at.until_ms)
    for line in lines:
        if launch is not None and (line.name, line.begins_ms) == (launch.name, launch.began_ms):
            return line, next((other for other in lines if gone_before(other, line)), None)
    return (lines[0], None) if lines else (None, None)


def gone_before(one: BudgetLine, other: BudgetLine) -> bool:
    """Whether one budget is used up, or will be, while there is still something of the other."""
    if one is other or other.left_usd <= 0:
        return False
    if one.left_usd <= 0:
        return True
    return one.runs_out_ms is not None and (other.runs_out_ms is None or one.runs_out_ms < other.runs_out_ms)


def budgets(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> BudgetsPicture:
    """Read the Budgets picture; raises StoreError."""
    at, spending = moment(reader, view, now_ms), Spending(reader)
    lines = budget_lines(reader, at, spending)
    return BudgetsPicture(
        header=header(at, view, machine, demo=demo),
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
    own = launch if launch and launch.name == name else None
    return BudgetPicture(
        header=header(at, view, machine, demo=demo),
        line=line,
        curve=left_curve(reader, line, at.until_ms)
        if line.ends_ms is None
        else spend_curve(spending, line, Period(begins_ms=line.begins_ms, ends_ms=line.ends_ms), at.until_ms, own),
        launch=launch_line(reader, at.until_ms, spending) if launch else None,
        doubts=(*(f"not counted: {missing}" for missing in at.missing), *_doubts([line])),
    )


def left_curve(reader: Reader, line: BudgetLine, at_ms: int) -> ChartPicture:
    """What was left of prepaid money since it was topped up last, by the minute or hour."""
    step_ms = 60_000 if at_ms - line.begins_ms <= _MOST_MINUTES_MS else 3_600_000
    begins_ms = line.begins_ms // step_ms * step_ms
    readings = prepaid_readings(reader, line.name, at_ms)
    values: list[float | None] = []
    for end_ms in range(begins_ms + step_ms, at_ms + step_ms, step_ms):
        known = [nano for since_ms, nano in readings if begins_ms <= since_ms <= end_ms]
        values.append(known[-1] / NANO_PER_USD if known else None)
    marks = tuple(Point(mark.at_ms, mark.text) for mark in reader.marks(begins_ms, at_ms))
    return ChartPicture(
        begins_ms=begins_ms, step_ms=step_ms, unit="$", series=(Series("left", tuple(values)),), marks=marks
    )


def spend_curve(
    spending: Spending, line: BudgetLine, period: Period, at_ms: int, launch: Launch | None = None
) -> ChartPicture:
    """Dollars spent since a budget's period began, by the minute or hour, beside its plan."""
    scope, step_s = Scope(line.filter, line.counts), step_of(spending, period.begins_ms, period.ends_ms)
    step_ms = step_s * 1000
    begins_ms = period.begins_ms // step_ms * step_ms
    until_ms = min(at_ms, period.ends_ms)
    parts = spending.steps(scope, begins_ms, until_ms, step_s)
    if parts:
        parts[0] = spending.spent(scope, period.begins_ms, min(until_ms, begins_ms + step_ms)).nano_usd
    ends = [begins_ms + (place + 1) * step_ms for place in range(-(-(period.ends_ms - begins_ms) // step_ms))]
    known_ms, spent = spending.reader.known_since_ms() or 0, 0
    curve: list[float | None] = []
    for part, end_ms in zip(parts, ends, strict=False):
        spent += part
        curve.append(spent / NANO_PER_USD if spent or end_ms > known_ms else None)
    unknown: list[float | None] = [None] * (len(ends) - len(curve))
    marks = spending.reader.marks(begins_ms, until_ms)
    return ChartPicture(
        begins_ms=begins_ms,
        step_ms=step_ms,
        unit="$",
        series=(Series("spent", (*curve, *unknown)),),
        plan=tuple(_planned(line, period, launch, end_ms) for end_ms in ends),
        marks=tuple(Point(mark.at_ms, mark.text) for mark in marks),
    )


def step_of(spending: Spending, begins_ms: int, ends_ms: int) -> int:
    """Seconds that one value of a curve is of: a minute where there are not too many, and where they are still kept.

    What only providers count is asked for step by step, so that there are fewer of them.
    """
    if spending.reader.providers():
        return next(step for longest_ms, step in _STEPS_WITH_PROVIDERS if ends_ms - begins_ms <= longest_ms)
    known_ms, minutes_ms = spending.reader.known_since_ms(), spending.reader.oldest_bucket_ms()
    forgotten = known_ms is not None and (minutes_ms is None or begins_ms < minutes_ms != known_ms)
    return _HOUR_S if forgotten or ends_ms - begins_ms > _MOST_MINUTES_MS else _MINUTE_S


def _planned(line: BudgetLine, period: Period, launch: Launch | None, at_ms: int) -> float:
    if launch is not None:
        return launch_plan(launch).spent_by(at_ms - launch.began_ms) / NANO_PER_USD
    share = (at_ms - period.begins_ms) / (period.ends_ms - period.begins_ms)
    return float(line.limit_usd) * min(1.0, max(0.0, share))


def prepaid_line(one: PrepaidAccount, at_ms: int) -> BudgetLine:
    """Prepaid money as a budget: what stood in the account, what is left, when it is gone at the present burn."""
    state, doubts = one.state, []
    if one.currency != "USD":
        doubts.append(f"amounts are in {one.currency}, not in US dollars")
    if at_ms - state.read_ms > _OLD_MS:
        doubts.append(f"the balance was read {(at_ms - state.read_ms) // 3_600_000} hours ago")
    return BudgetLine(
        name=one.name,
        limit_usd=usd_from_nano(state.stood_nano),
        spent_usd=usd_from_nano(state.spent_nano),
        elapsed_share=0.0,
        pace=None,
        runs_out_ms=state.runs_out_ms,
        begins_ms=state.topped_up_ms,
        ends_ms=None,
        period="prepaid",
        counts="prepaid",
        earliest_ms=state.earliest_ms,
        latest_ms=state.latest_ms,
        spent_per_hour=tuple(
            (window, None if rate is None else usd_from_nano(round(rate))) for window, rate in state.per_hour.items()
        ),
        crossed="hard" if state.left_nano <= 0 else None,
        doubts=tuple(doubts),
    )


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
