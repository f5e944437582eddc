"""One budget, and the launch that is on, as lines."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from textual.geometry import Size

from pricing.times import DAY_MS
from tui import format as fmt
from tui.pictures.budgets import BudgetLine, LaunchLine
from tui.widgets.lines import Line, Lines, Piece

BASES = {
    "line": "straight lines: history too short",
    "day": "by the shape of past days",
    "week": "by the shape of past weeks",
}
"""What a projection rests on, in words."""

_WORD_CELLS = 11


def left_text(line: BudgetLine) -> str:
    """What is left; at most that where something it counts has no known price."""
    return f"{'≤' if line.lower_bound else ''}{fmt.usd(line.left_usd)}"


def run_out(line: BudgetLine, now_ms: int | None, *, short: bool = False) -> str:
    """When it is used up, and how long until then; a day is said alone where it must be short."""
    if line.left_usd <= 0:
        return "used up" if line.left_usd == 0 else "overspent"
    if line.runs_out_ms is None:
        return "lasts"
    text = fmt.day_moment(line.runs_out_ms, now_ms)
    if now_ms is None or line.runs_out_ms <= now_ms or (short and line.runs_out_ms - now_ms >= DAY_MS):
        return text
    return f"{text} in {fmt.countdown(line.runs_out_ms - now_ms)}"


def role_of(line: BudgetLine) -> str:
    """How loud it is drawn."""
    if line.crossed == "hard" or line.left_usd <= 0:
        return "bad"
    return "warn" if line.crossed or line.runs_out_ms is not None else ""


def budget_details(line: BudgetLine, now_ms: int | None, width: int) -> Iterator[Line]:
    """Everything that is known of one budget, `width` cells wide."""
    yield ((f" {fmt.safe(line.name, 40)}", "strong"), (f"   {_what(line)}", "dim"))
    plan = "" if line.ends_ms is None else f", plan {fmt.percent(line.mark_share)}"
    spent = f"{fmt.percent(line.spent_share)} spent{plan}"
    room = max(8, width - len(spent) - 7)
    yield ((f"   {fmt.bar(line.spent_share, room, line.mark_share)}", role_of(line)), (f"  {spent}", ""))
    yield _row("left", (f"{left_text(line)} of {fmt.usd_whole(line.limit_usd)}", ""), _threshold(line))
    yield from _prepaid(line) if line.ends_ms is None else _planned(line)
    yield _row("runs out", (run_out(line, now_ms), role_of(line)), (_range(line, now_ms), "dim"))
    if line.ends_ms is not None:
        yield _row("period", (_period(line, line.ends_ms, now_ms), ""))
    for doubt in line.doubts:
        yield from (((f"   {part}", "warn"),) for part in fmt.wrap(doubt[:400], max(20, width - 4)))


def _planned(line: BudgetLine) -> Iterator[Line]:
    yield _row("pace", (f"{fmt.factor(line.pace)}", ""), ("   1.0x is exactly on plan", "dim"))
    rates = "   ".join(f"{window} {fmt.factor(rate)}" for window, rate in line.burns)
    yield _row("burn rate", (rates or fmt.UNKNOWN, ""))
    yield _row("at the end", (_projection(line), ""), (f"   {BASES.get(line.basis, '')}", "dim"))


def _prepaid(line: BudgetLine) -> Iterator[Line]:
    rates = "   ".join(f"{window} {_per_hour(rate)}" for window, rate in line.spent_per_hour)
    yield _row("burn", (rates or fmt.UNKNOWN, ""))
    yield _row("topped up", (fmt.day_moment(line.begins_ms, None), ""), (f"   {fmt.usd(line.limit_usd)} then", "dim"))


def _per_hour(rate: Decimal | None) -> str:
    return fmt.UNKNOWN if rate is None else f"{fmt.usd(rate)}/h"


def _row(word: str, *pieces: Piece) -> Line:
    return ((f"   {word:<{_WORD_CELLS}}", "dim"), *pieces)


def _what(line: BudgetLine) -> str:
    if line.ends_ms is None:
        return "prepaid at a provider"
    about = fmt.safe(line.filter, 40) if line.filter else "everything"
    counts = "" if line.counts == "both" else f", {fmt.safe(line.counts, 12)} dollars"
    return f"each {line.period}, {about}{counts}" if line.period != "launch" else f"launch, {about}{counts}"


def _threshold(line: BudgetLine) -> Piece:
    if line.ends_ms is None:
        return "", ""
    shares = {"soft": line.soft_share, "hard": line.hard_share}
    if line.crossed in shares:
        return f"   past the {line.crossed} limit of {fmt.percent(shares[line.crossed])}", role_of(line)
    return f"   limits at {fmt.percent(line.soft_share)} and {fmt.percent(line.hard_share)}", "dim"


def _projection(line: BudgetLine) -> str:
    bound = line.lower_bound
    middle = fmt.usd(line.projected_usd, lower_bound=bound)
    if line.low_usd is None or line.high_usd is None or line.low_usd == line.high_usd:
        return middle
    return f"{middle}  ({fmt.usd(line.low_usd)} to {fmt.usd(line.high_usd)})"


def _range(line: BudgetLine, now_ms: int | None) -> str:
    if line.left_usd <= 0 or line.earliest_ms is None:
        return ""
    earliest = fmt.day_moment(line.earliest_ms, now_ms)
    latest = "lasts" if line.latest_ms is None else fmt.day_moment(line.latest_ms, now_ms)
    return "" if earliest == latest else f"   range {earliest} to {latest}"


def _period(line: BudgetLine, ends_ms: int, now_ms: int | None) -> str:
    gone = f"{fmt.percent(line.elapsed_share)} gone"
    near = now_ms if ends_ms - line.begins_ms < DAY_MS else None
    return f"{fmt.day_moment(line.begins_ms, near)} to {fmt.day_moment(ends_ms, near)}, {gone}"


class LaunchStrip(Lines):
    """Two lines while a launch is on: its clock, and its plan beside what happens."""

    def __init__(self) -> None:
        super().__init__()
        self._launch: LaunchLine | None = None

    def show(self, launch: LaunchLine | None) -> None:
        """Take the launch; without one the strip goes."""
        self._launch = launch
        self.display = launch is not None
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """The clock with the bar, then the figures."""
        return [] if self._launch is None else launch_lines(self._launch, size.width)


def launch_lines(launch: LaunchLine, width: int) -> list[Line]:
    """A launch in two lines, `width` cells wide."""
    bound = launch.lower_bound
    clock = f"{fmt.t_plus(launch.t_plus_ms)} of {fmt.span(launch.ends_ms - launch.began_ms)}"
    over = launch.spent_usd - launch.planned_usd
    signed = f"{'+' if over >= 0 else '-'}{fmt.usd(abs(over))}"
    figures = (
        f" spent {fmt.usd(launch.spent_usd, lower_bound=bound)}   plan {fmt.usd(launch.planned_usd)} ({signed})"
        f"   now {fmt.usd(launch.usd_per_hour, lower_bound=bound)}/h   plan {fmt.usd(launch.planned_usd_per_hour)}/h"
    )
    before = f"   before {fmt.usd(launch.before_usd_per_hour)}/h"
    name = fmt.safe(launch.name, 24)
    room = width - len(clock) - fmt.cells(name) - 14
    share = float(launch.spent_usd / launch.limit_usd) if launch.limit_usd > 0 else 1.0
    mark = float(launch.planned_usd / launch.limit_usd) if launch.limit_usd > 0 else 1.0
    bar = fmt.bar(share, room, mark) if room >= 8 else ""
    return [
        ((f" LAUNCH {name}   ", "title"), (clock, "strong"), (f"  {bar}", "warn" if over > Decimal(0) else "")),
        ((figures, ""), (before if len(figures) + len(before) <= width else "", "dim")),
    ]
