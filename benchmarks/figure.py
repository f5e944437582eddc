"""One measured figure: ours, the reference of the same run, their ratio, the goal, and whether it was reached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A line of the table; `value` is what the goal is about, a ratio unless `unit` says otherwise."""

    name: str
    ours: str
    reference: str
    value: float | None
    """None where it could not be measured here; `reference` then says why."""
    goal: float | None
    """None where no goal is set and the figure only informs."""
    at_least: bool = False
    """Whether the goal is a floor; a ceiling otherwise."""
    unit: str = "x"
    peak_mb: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal was reached."""
        if self.value is None:
            return "not measured"
        if self.goal is None:
            return "informs"
        return "reached" if (self.value >= self.goal if self.at_least else self.value <= self.goal) else "MISSED"

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as one row of the table."""
        value = "--" if self.value is None else f"{self.value:,.2f} {self.unit}"
        goal = "--" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:,g} {self.unit}"
        memory = "--" if self.peak_mb is None else f"{self.peak_mb:,.0f} MB"
        return self.name, self.ours, self.reference, value, goal, self.verdict, memory


HEADINGS = ("FIGURE", "OURS", "REFERENCE", "VALUE", "GOAL", "", "PEAK")


def table(figures: Sequence[Figure]) -> str:
    """The figures as plain text."""
    rows = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians of both sides, and the median of the rounds' own ratios: neighbours in time share the machine's mood."""

    ours: float
    reference: float
    ratio: float


def alternate(ours: Callable[[], float], reference: Callable[[], float], rounds: int = ROUNDS) -> Compared:
    """Measure both in turns, the reference first in each; the ratio is ours over the reference."""
    pairs = [(reference(), ours()) for _ in range(rounds)]
    return Compared(
        ours=median(mine for _, mine in pairs),
        reference=median(theirs for theirs, _ in pairs),
        ratio=median(mine / theirs for theirs, mine in pairs),
    )
