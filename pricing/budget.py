"""Budgets: how fast the money goes, and when it is gone."""

from dataclasses import dataclass

from pricing.periods import Period
from pricing.projection import Projection
from pricing.times import HOUR_MS

METERED, COMMITTED, BOTH = "metered", "committed", "both"
COUNTS = (METERED, COMMITTED, BOTH)
"""Which dollars a budget counts."""

BURN_WINDOWS_MS = {"5m": 300_000, "1h": HOUR_MS, "6h": 6 * HOUR_MS, "3d": 72 * HOUR_MS}
"""Look-backs of burn rates, as the SRE workbook pairs them: 5m with 1h, 1h or 30m with 6h, 6h with 3d."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """What was spent over one look-back."""

    window: str
    """Its name, one of BURN_WINDOWS_MS."""
    nano_usd_per_hour: float | None
    """None while the history does not reach back that far."""
    rate: float | None
    """Times the rate that uses the budget up exactly at the end of its period; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """One budget at one instant."""

    name: str
    period_name: str
    """hour, day, week, month or launch."""
    filter: str
    counts: str
    period: Period
    at_ms: int
    limit_nano_usd: int
    spent_nano_usd: int
    burns: tuple[Burn, ...]
    projection: Projection
    soft_share: float = 0.8
    hard_share: float = 1.0
    planned_nano_usd: int | None = None
    """What a plan says should be spent by now; without one, spending is planned to be even."""
    is_lower_bound: bool = False
    """Something it counts has no known price: more was spent than is known."""
    doubts: tuple[str, ...] = ()

    @property
    def left_nano_usd(self) -> int:
        """What is left; negative when overspent."""
        return self.limit_nano_usd - self.spent_nano_usd

    @property
    def elapsed_share(self) -> float:
        """Share of the period that has passed."""
        return self.period.elapsed_share(self.at_ms)

    @property
    def spent_share(self) -> float | None:
        """Share of the budget that is spent; None for a budget of nothing."""
        return self.spent_nano_usd / self.limit_nano_usd if self.limit_nano_usd > 0 else None

    @property
    def pace(self) -> float | None:
        """Spent over what should be by now, 1.0 is exactly on plan; None while nothing should be."""
        if self.planned_nano_usd is not None:
            return self.spent_nano_usd / self.planned_nano_usd if self.planned_nano_usd > 0 else None
        return pace(self.spent_nano_usd, self.limit_nano_usd, self.elapsed_share)

    @property
    def planned_share(self) -> float:
        """Where the plan stands now, as a share of the budget."""
        if self.planned_nano_usd is None or self.limit_nano_usd <= 0:
            return self.elapsed_share
        return self.planned_nano_usd / self.limit_nano_usd

    @property
    def crossed(self) -> str | None:
        """The highest threshold that is reached: "hard", "soft" or None."""
        if self.spent_nano_usd >= self.limit_nano_usd * self.hard_share:
            return "hard"
        return "soft" if self.spent_nano_usd >= self.limit_nano_usd * self.soft_share else None

    def burn(self, window: str) -> float | None:
        """The burn rate over a look-back; None where it is not known."""
        return next((one.rate for one in self.burns if one.window == window), None)


def pace(spent_nano_usd: int, limit_nano_usd: int, elapsed_share: float) -> float | None:
    """Share of the budget spent over share of the period elapsed; None before the period has begun."""
    if limit_nano_usd <= 0 or elapsed_share <= 0:
        return None
    return spent_nano_usd / limit_nano_usd / elapsed_share


def burn_rate(nano_usd_per_hour: float, limit_nano_usd: int, period: Period) -> float | None:
    """A spend rate over the rate that would use the budget exactly in its period; None for a budget of nothing.

    Google's SRE workbook, "Alerting on SLOs": a burn rate of 1 leaves exactly nothing at the end of the period.
    """
    if limit_nano_usd <= 0:
        return None
    return nano_usd_per_hour * period.length_ms / (limit_nano_usd * HOUR_MS)
