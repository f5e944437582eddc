"""The figures of one budget, and of the launch that is on."""

from collections.abc import Iterator

from pricing.money import decimal_text
from tui import format as fmt
from tui.explaining.words import Tell, Teller, exact
from tui.pictures.budgets import BudgetLine, LaunchLine
from tui.pictures.explain import Explanation
from tui.pictures.header import Header

_COUNTS = {
    "metered": "what providers bill for requests that the filter lets through",
    "committed": "what the hosts and commitments that the filter covers cost by the hour",
    "prepaid": "the balance that the provider itself says, from reading to reading",
    "both": "what providers bill for what the filter lets through, and the hosts and commitments that it covers",
}
_BASES = {
    "line": "With less than two days of history: straight lines at the rates of the last 5 min, 1 h and 6 h.",
    "day": "What the same hour of the day cost on average, plus what is spent now above or below that.",
    "week": "What the same hour of the week cost on average, plus what is spent now above or below that.",
}


def budget_figures(header: Header, line: BudgetLine) -> Iterator[Explanation]:
    """Every figure of a budget."""
    confidence = (
        "at least: something it counts has no known price" if line.lower_bound else "exact: sums of what was billed"
    )
    tell = Teller(header, line.name, confidence, period_text(line)).tell
    yield from _left(line, tell)
    if line.ends_ms is not None:
        yield from _speed(line, line.ends_ms, tell)
        yield from _end(line, tell)
    yield from _run_out(line, tell)


def _left(line: BudgetLine, tell: Tell) -> Iterator[Explanation]:
    spent, limit = decimal_text(line.spent_usd), decimal_text(line.limit_usd)
    basis = f"{_COUNTS.get(line.counts, '')}; filter: {line.filter or 'everything'}"
    yield tell(
        "SPENT",
        fmt.percent(line.spent_share),
        "Share of the budget that is spent in this period; the mark on the bar is where the plan stands now.",
        f"${spent} / ${limit} = {exact(line.spent_share)}",
        basis=basis,
    )
    yield tell(
        "LEFT",
        f"{'≤' if line.lower_bound else ''}{fmt.usd(line.left_usd)}",
        "What is left of the budget in this period.",
        f"${limit} - ${spent} = ${decimal_text(line.left_usd)}",
        basis=basis,
    )
    yield tell("OF", fmt.usd(line.limit_usd), f"The budget of one {line.period}, as configured or begun.", f"${limit}")
    yield tell(
        "PERIOD",
        line.period,
        "What the budget is for; its edges are those of the calendar in its time zone.",
        period_text(line),
    )


def _speed(line: BudgetLine, ends_ms: int, tell: Tell) -> Iterator[Explanation]:
    yield tell(
        "PACE",
        fmt.factor(line.pace),
        "Spent over what the plan says should be by now: 1.0x is exactly on plan.",
        f"{exact(line.spent_share)} of the budget / {exact(line.mark_share)} planned = {exact(line.pace, 3)}",
    )
    hours = (ends_ms - line.begins_ms) / 3_600_000
    even = float(line.limit_usd) / hours if hours else 0.0
    for window, rate in line.burns:
        yield tell(
            window.upper(),
            fmt.factor(rate),
            f"Burn rate: what was spent per hour over the last {window}, over what uses the budget up exactly at the end of"
            " its period.",
            f"${exact(float(line.limit_usd), 2)} / {hours:g} h = ${exact(even, 4)}/h",
            "not known: the history is shorter than that"
            if rate is None
            else f"${exact(rate * even, 4)}/h / ${exact(even, 4)}/h = {exact(rate, 3)}",
        )


def _end(line: BudgetLine, tell: Tell) -> Iterator[Explanation]:
    bound = line.lower_bound
    yield tell(
        "AT END",
        fmt.usd(line.projected_usd, lower_bound=bound),
        "What will have been spent at the end of the period.",
        _BASES.get(line.basis, ""),
        f"range {fmt.usd(line.low_usd)} to {fmt.usd(line.high_usd)}: how far such forecasts were off on days past, and a return"
        " to the usual at once" if line.basis != "line" else f"range {fmt.usd(line.low_usd)} to {fmt.usd(line.high_usd)}",
        confidence="a forecast",
    )  # fmt: skip
    for figure, usd, word in (("FROM", line.low_usd, "least"), ("TO", line.high_usd, "most")):
        yield tell(
            figure,
            fmt.usd(usd, lower_bound=bound),
            f"The {word} that will have been spent at the end of the period, within the range of the forecast.",
            _BASES.get(line.basis, ""),
            confidence="a forecast",
        )


def _run_out(line: BudgetLine, tell: Tell) -> Iterator[Explanation]:
    how = (
        "at the rate of the last hour"
        if line.ends_ms is None
        else "along the forecast; it lasts when the period ends first"
    )
    yield tell(
        "RUNS OUT",
        "lasts" if line.runs_out_ms is None else fmt.moment(line.runs_out_ms, None),
        f"When the budget is used up {how}.",
        f"earliest {_when(line.earliest_ms)}",
        f"latest {_when(line.latest_ms)}",
        confidence="a forecast",
    )


def _when(at_ms: int | None) -> str:
    return "not in this period" if at_ms is None else fmt.moment(at_ms, None)


def period_text(line: BudgetLine) -> str:
    """From when to when the budget runs, and how much of that is gone."""
    if line.ends_ms is None:
        return f"prepaid, topped up {fmt.moment(line.begins_ms, None)}"
    return f"{line.period} from {fmt.moment(line.begins_ms, None)} to {fmt.moment(line.ends_ms, None)}, {fmt.percent(line.elapsed_share)} gone"


def launch_figures(header: Header, launch: LaunchLine) -> Iterator[Explanation]:
    """Every figure of the launch."""
    confidence = (
        "at least: something it counts has no known price" if launch.lower_bound else "exact: sums of what was billed"
    )
    tell, bound = (
        Teller(header, f"launch {launch.name}", confidence, f"since {fmt.moment(launch.began_ms, None)}").tell,
        launch.lower_bound,
    )
    yield tell(
        "T+",
        fmt.span(launch.t_plus_ms),
        "How long the launch has been on, by the time of the data.",
        f"since {fmt.moment(launch.began_ms, None)}, planned to {fmt.moment(launch.ends_ms, None)}",
    )
    yield tell(
        "SPENT AND PLANNED",
        fmt.usd(launch.spent_usd, lower_bound=bound),
        "What was spent since it began, and what its plan says should be by now.",
        f"${decimal_text(launch.spent_usd)} - ${decimal_text(launch.planned_usd)} = ${decimal_text(launch.spent_usd - launch.planned_usd)}",
    )
    yield tell(
        "NOW AND PLANNED",
        f"{fmt.usd(launch.usd_per_hour, lower_bound=bound)}/h",
        "Dollars per hour over the last five minutes, and what the plan has for this time.",
        f"planned ${decimal_text(launch.planned_usd_per_hour)}/h",
        f"at the same time of day before the launch {fmt.usd(launch.before_usd_per_hour)}/h",
    )
