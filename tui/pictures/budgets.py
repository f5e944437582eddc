"""Budgets: what is left of each, how fast it goes, and where it ends."""

from decimal import Decimal

import msgspec


class BudgetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One budget: what is left, at which pace it goes, and when it runs out."""

    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    elapsed_share: float
    """Share of the period that has passed."""
    pace: float | None
    """Share spent / share of the period elapsed; 1.0 is exactly on plan."""
    runs_out_ms: int | None
    """When it is used up as things go now, or None when it lasts to the end of its period."""
    ends_ms: int
    lower_bound: bool = False
    begins_ms: int = 0
    period: str = "day"
    """hour, day, week, month or launch."""
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

    @property
    def left_usd(self) -> Decimal:
        """What is left; negative when overspent."""
        return self.limit_usd - self.spent_usd
