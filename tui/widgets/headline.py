"""The three figures at three in the morning: dollars per hour, dollars per million tokens, and the budget."""

from collections.abc import Iterable

from textual.geometry import Size

from tui import format as fmt
from tui.pictures.budgets import BudgetLine
from tui.pictures.burn import Headline
from tui.widgets.budget import run_out
from tui.widgets.lines import Line, Lines, Piece

FULL_LINES = 5
_LEAST_WIDTH = 60
_TREND_CELLS = 12


class HeadlineFigures(Lines):
    """Always top left; in a small terminal one line per figure."""

    def __init__(self) -> None:
        super().__init__()
        self._headline: Headline | None = None
        self._now_ms: int | None = None

    def show(self, headline: Headline | None, now_ms: int | None) -> None:
        """Take the figures and the time that they are of."""
        self._headline, self._now_ms = headline, now_ms
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """Three columns, or three lines."""
        headline = self._headline or Headline()
        if size.width < _LEAST_WIDTH or size.height < FULL_LINES:
            return _compact(headline, self._now_ms)
        column = size.width // 3
        columns = (
            _burn(headline, column),
            _per_million(headline, column),
            _budget(headline, self._now_ms, column),
        )
        return [_side_by_side(pieces, column) for pieces in zip(*columns, strict=True)]


def _side_by_side(pieces: tuple[Piece, ...], width: int) -> Line:
    return tuple((f" {fmt.pad(text, width - 2)} ", role) for text, role in pieces)


def _figure(text: str, trend: tuple[float | None, ...], width: int) -> str:
    room = width - 2 - 11
    return f"{text:<10} {fmt.sparkline(trend, min(room, max(_TREND_CELLS, room // 2)))}"


def _burn(headline: Headline, width: int) -> list[Piece]:
    at_least = headline.lower_bound
    return [
        ("$/HOUR", "title"),
        (_figure(fmt.usd(headline.usd_per_hour, lower_bound=at_least), headline.burn_trend, width), "strong"),
        (f"metered {fmt.dollars(headline.metered_usd_per_hour, lower_bound=at_least):>8}", ""),
        (f"hosts   {fmt.dollars(headline.committed_usd_per_hour):>8}", ""),
        (_since_mark(headline, width - 2), ""),
    ]


def _since_mark(headline: Headline, width: int) -> str:
    if headline.mark is None:
        return ""
    change = f"{fmt.change(headline.since_mark_usd_per_hour)}/h since"
    if headline.mark_is_launch:
        return f"{change} launch"
    time = fmt.clock(headline.mark.at_ms)[:5]
    return f"{change} mark {time}" if len(change) + 11 <= width else f"{change} {time}"


def _per_million(headline: Headline, width: int) -> list[Piece]:
    at_least = headline.lower_bound
    figure = _figure(fmt.usd(headline.usd_per_million, lower_bound=at_least), headline.per_million_trend, width)
    own = fmt.dollars(headline.own_usd_per_million)
    return [
        ("$/M TOKENS, EFFECTIVE", "title"),
        (figure, "strong"),
        (f"API {fmt.dollars(headline.api_usd_per_million, lower_bound=at_least)}   own {own}", ""),
        (_at_full(headline, width - 2), ""),
        (_idle(headline), ""),
    ]


def _at_full(headline: Headline, width: int) -> str:
    """What the engines' tokens would cost at full load, and how full the engines are."""
    if headline.utilisation is None:
        return ""
    used = f"{fmt.percent(headline.utilisation)} used"
    if headline.own_at_full_usd_per_million is None:
        return f"engines {used}"
    full = fmt.dollars(headline.own_at_full_usd_per_million)
    ways = (f"own at full load {full}, engines {used}", f"own at full {full}, {used}", f"full {full}, {used}")
    return next((text for text in ways if fmt.cells(text) <= width), ways[-1])


def _idle(headline: Headline) -> str:
    """The idle tax is of all hosts, GPUs that no engine holds included."""
    if headline.idle_usd_per_hour is None or headline.utilisation is None:
        return "" if headline.own_usd_per_million is None else "own incl. idle"
    return f"all hosts idle {fmt.usd(headline.idle_usd_per_hour, lower_bound=headline.idle_at_least)}/h"


def _budget(headline: Headline, now_ms: int | None, width: int) -> list[Piece]:
    budget = headline.budget
    if budget is None:
        return [("BUDGET", "title"), (fmt.UNKNOWN, "strong"), ("none configured", "dim"), ("", ""), ("", "")]
    spent = budget.spent_share
    left = fmt.usd(budget.left_usd)
    over = budget.left_usd < 0 or (budget.pace or 0) > 1
    return [
        (_budget_title(budget, now_ms, width), "title"),
        (f"{'≤' if budget.lower_bound else ''}{left} left of {fmt.usd_whole(budget.limit_usd)}", "strong"),
        (_run_out(budget, now_ms), "bad" if budget.runs_out_ms is not None else ""),
        (fmt.bar(spent, max(4, width - 2), budget.mark_share), "bad" if over else ""),
        _gone_before(headline.gone_before, now_ms, width - 2)
        or (f"pace {fmt.factor(budget.pace)}   {fmt.percent(spent)} spent", ""),
    ]


def _gone_before(budget: BudgetLine | None, now_ms: int | None, width: int) -> Piece | None:
    """Another budget that ends before the one above; it has the place of the pace, which the bar shows as well."""
    if budget is None:
        return None
    when = run_out(budget, now_ms, short=True)
    name = fmt.safe(budget.name, 40)
    if fmt.cells(name) + fmt.cells(when) + 3 > width:
        when = when.partition(" in ")[0]
    return f"! {fmt.safe(name, max(4, width - fmt.cells(when) - 3))} {when}", "bad"


def _budget_title(budget: BudgetLine, now_ms: int | None, width: int) -> str:
    """The budget's name; a launch has its clock, too."""
    if budget.period != "launch" or now_ms is None:
        return f"BUDGET {fmt.safe(budget.name, width - 9)}"
    clock = fmt.t_plus(now_ms - budget.begins_ms)
    return f"LAUNCH {fmt.safe(budget.name, width - 10 - len(clock))} {clock}"


def _run_out(budget: BudgetLine, now_ms: int | None) -> str:
    if budget.left_usd > 0 and budget.runs_out_ms is None:
        return "lasts" if budget.ends_ms is None else f"lasts to {fmt.day_moment(budget.ends_ms, now_ms)}"
    text = run_out(budget, now_ms, short=True)
    return text if budget.left_usd <= 0 else f"out {text}"


def _compact(headline: Headline, now_ms: int | None) -> list[Line]:
    at_least = headline.lower_bound
    budget = headline.budget
    left = "no budget" if budget is None else f"{fmt.usd(budget.left_usd)} left, {_run_out(budget, now_ms)}"
    return [
        ((f" {fmt.usd(headline.usd_per_hour, lower_bound=at_least)}/h", "strong"),),
        ((f" {fmt.usd(headline.usd_per_million, lower_bound=at_least)}/M tokens", "strong"),),
        ((f" {left}", "strong"),),
    ]
