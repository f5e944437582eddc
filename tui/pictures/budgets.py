"""Budgets: what is left of each, how fast it goes, and where it ends."""

from decimal import Decimal

import msgspec

from tui.pictures.chart import ChartPicture
from tui.pictures.header import Header


class BudgetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One budget: what is left, at which pace it goes, and when it runs out."""

    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    elapsed_share: float
    """Share of the period that has passed."""
    planned_share: float | None = None
    """Where the plan stands, as a share of the budget; None: even spending, as the period passes."""
    pace: float | None
    """Share spent / share of the period elapsed; 1.0 is exactly on plan."""
    runs_out_ms: int | None
    """When it is used up as things go now, or None when it lasts to the end of its period."""
    ends_ms: int | None
    """When its period ends; prepaid money has none."""
    lower_bound: bool = False
    begins_ms: int = 0
    """When its period began, or prepaid money was topped up last."""
    period: str = "day"
    """hour, day, week, month, launch or prepaid."""
    filter: str = ""
    counts: str = "both"
    burns: tuple[tuple[str, float | None], ...] = ()
    """Burn rate by look-back, e.g. ("1h", 1.9): times the rate that uses it up exactly at the end; None is unknown."""
    projected_usd: Decimal | None = None
    """What will have been spent at the end of the period."""
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    basis: str = "line"
    """What the projection rests on: "line" (the present rate), "day" or "week" (the shape seen so far)."""
    earliest_ms: int | None = None
    latest_ms: int | None = None
    """Range of the run-out; None as the latest means that it may last."""
    crossed: str | None = None
    """The highest threshold that is reached: "soft", "hard" or None."""
    soft_share: float = 0.8
    hard_share: float = 1.0
    doubts: tuple[str, ...] = ()
    spent_per_hour: tuple[tuple[str, Decimal | None], ...] = ()
    """Of prepaid money, which has no plan to measure a burn rate by: dollars per hour by look-back."""

    @property
    def left_usd(self) -> Decimal:
        """What is left; negative when overspent."""
        return self.limit_usd - self.spent_usd

    @property
    def spent_share(self) -> float:
        """Share of the budget that is spent; all of one that is nothing."""
        return float(self.spent_usd / self.limit_usd) if self.limit_usd > 0 else 1.0

    @property
    def mark_share(self) -> float | None:
        """Where the plan's mark stands on a bar; None where nothing is planned."""
        if self.ends_ms is None:
            return None
        return self.elapsed_share if self.planned_share is None else self.planned_share


class LaunchLine(msgspec.Struct, frozen=True, kw_only=True):
    """The launch that is on: how far it is, and its plan beside what happens."""

    name: str
    began_ms: int
    ends_ms: int
    at_ms: int
    limit_usd: Decimal
    spent_usd: Decimal
    planned_usd: Decimal
    """What should be spent by now."""
    usd_per_hour: Decimal
    """Of the last five minutes."""
    planned_usd_per_hour: Decimal
    before_usd_per_hour: Decimal | None = None
    """The same time of day before the launch; None while that is not known."""
    lower_bound: bool = False

    @property
    def t_plus_ms(self) -> int:
        """How long it has been on."""
        return self.at_ms - self.began_ms


class BudgetsPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Budgets screen: the one that runs out first on top."""

    header: Header
    lines: tuple[BudgetLine, ...] = ()
    launch: LaunchLine | None = None
    doubts: tuple[str, ...] = ()
    curve: ChartPicture | None = None
    """What was spent of the budget called `curve_of`, where that is drawn, too."""
    curve_of: str | None = None


class BudgetPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One budget over its period: what was spent by when, beside its plan."""

    header: Header
    line: BudgetLine
    curve: ChartPicture
    """Dollars spent since the period began."""
    launch: LaunchLine | None = None
    doubts: tuple[str, ...] = ()
