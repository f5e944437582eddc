"""What serving costs beside tokens and hosts, and what all of it is of a revenue dollar."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Egress, observability, evals, guardrails: a percentage of the spend or dollars per hour, exactly one of them."""

    name: str
    percent: Decimal | None = None
    usd_per_hour: Decimal | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.percent, self.usd_per_hour) if value is not None]
        if len(given) != 1 or not given[0].is_finite() or given[0] < 0:
            raise ValueError(f"overhead `{self.name}` needs either percent or usd_per_hour, not negative")

    def at(self, spend_usd_per_hour: Decimal) -> Decimal:
        """Dollars per hour beside a spend."""
        if self.percent is None:
            return self.usd_per_hour or Decimal(0)
        return spend_usd_per_hour * self.percent / _PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class FullCost:
    """Spend and overheads in dollars per hour, and their part of each revenue dollar where the revenue is known."""

    spend_usd_per_hour: Decimal
    overheads: tuple[tuple[str, Decimal], ...] = ()
    revenue_usd_per_hour: Decimal | None = None

    @property
    def usd_per_hour(self) -> Decimal:
        """Everything together."""
        return self.spend_usd_per_hour + sum((usd for _, usd in self.overheads), Decimal(0))

    @property
    def usd_per_revenue_usd(self) -> Decimal | None:
        """Dollars spent for each dollar earned; None without revenue."""
        return self.usd_per_hour / self.revenue_usd_per_hour if self.revenue_usd_per_hour else None


def full_cost(spend_usd_per_hour: Decimal, overheads: Iterable[Overhead], revenue: Decimal | None) -> FullCost:
    """The spend with every overhead beside it."""
    return FullCost(
        spend_usd_per_hour=spend_usd_per_hour,
        overheads=tuple((one.name, one.at(spend_usd_per_hour)) for one in overheads),
        revenue_usd_per_hour=revenue,
    )
