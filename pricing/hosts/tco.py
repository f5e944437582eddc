"""What something costs over several years, year by year and item by item."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pricing.hosts.economics import HOURS_PER_YEAR


@dataclass(frozen=True, slots=True)
class YearlyCosts:
    """Dollars by item and year; every item has a figure for every year, else ValueError."""

    usd: Mapping[str, tuple[Decimal, ...]]

    def __post_init__(self) -> None:
        if len({len(years) for years in self.usd.values()}) != 1 or not self.years:
            raise ValueError("each item needs one figure for each year")

    @property
    def years(self) -> int:
        """How many years the table has."""
        return len(next(iter(self.usd.values())))

    @property
    def total_usd(self) -> Decimal:
        """All items over all years."""
        return sum((self.item_usd(item) for item in self.usd), Decimal(0))

    @property
    def usd_per_hour(self) -> Decimal:
        """The total spread over every hour of these years."""
        return self.total_usd / (self.years * HOURS_PER_YEAR)

    def item_usd(self, item: str) -> Decimal:
        """One item over all years."""
        return sum(self.usd[item], Decimal(0))

    def year_usd(self, year: int) -> Decimal:
        """All items of one year, the first being 1."""
        return sum((years[year - 1] for years in self.usd.values()), Decimal(0))


def grown(first_year_usd: Decimal, yearly_growth: Decimal, years: int) -> tuple[Decimal, ...]:
    """An item's dollars year by year when each year costs (1 + growth) times the one before."""
    return tuple(first_year_usd * (1 + yearly_growth) ** year for year in range(years))


def overhead_usd(spend_usd: Decimal, share: Decimal) -> Decimal:
    """What stands in no invoice of a provider, as a share of what does."""
    return spend_usd * share
