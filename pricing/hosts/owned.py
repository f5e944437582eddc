"""What a host costs per hour, rented or owned, item by item.

A rented host is its contract and nothing else: power and space are the landlord's. An owned one is hardware, capital,
energy, facility, maintenance and operations. Items are rounded to a nano-dollar per hour and the total is their sum, so
that a breakdown always adds up.
"""

from dataclasses import dataclass
from decimal import Decimal

from pricing.hosts.economics import HOURS_PER_YEAR
from pricing.money import nano_from_usd, usd_from_nano

BOARD_TO_WALL = Decimal("1.8")
"""Wall power over the power of the GPU boards at full load: a node of eight 700 W boards draws about 10 kW."""

_JOULES_PER_KWH = 3_600_000
_MONTHS_PER_YEAR = 12
_SECONDS_PER_HOUR = 3600
_WATTS_PER_KW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HostItem:
    """One reason why a host costs money, in nano-dollars per hour."""

    item: str
    nano_usd_per_hour: int

    @property
    def usd_per_hour(self) -> Decimal:
        """Exact dollars per hour."""
        return usd_from_nano(self.nano_usd_per_hour)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCost:
    """A host's cost per hour as items that add up exactly."""

    items: tuple[HostItem, ...]

    @property
    def nano_usd_per_hour(self) -> int:
        """The sum of the items."""
        return sum(item.nano_usd_per_hour for item in self.items)

    @property
    def usd_per_hour(self) -> Decimal:
        """Exact dollars per hour."""
        return usd_from_nano(self.nano_usd_per_hour)

    @property
    def usd_per_year(self) -> Decimal:
        """Dollars of a year that is used or not: 8,760 hours."""
        return self.usd_per_hour * HOURS_PER_YEAR

    @property
    def usd_per_second(self) -> Decimal:
        """Dollars per second."""
        return self.usd_per_hour / _SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedHost:
    """What an owned host costs to have and to run; what is not given costs nothing.

    `residual` is the share of the price that a sale brings after `years`. `cost_of_capital` is a yearly interest rate;
    with one, hardware is paid off as an annuity. `wall_kw` is drawn at the socket, before the building's PUE.
    `facility_kw` is what the contract for space counts, the wall power unless given. A colocation that bundles power
    has `power_in_facility`, and energy is then not charged again. Operations are shared by `hosts`.
    """

    capex_usd: Decimal
    years: Decimal
    residual: Decimal = Decimal(0)
    cost_of_capital: Decimal = Decimal(0)
    wall_kw: Decimal = Decimal(0)
    pue: Decimal = Decimal(1)
    usd_per_kwh: Decimal = Decimal(0)
    facility_kw: Decimal | None = None
    usd_per_kw_month: Decimal = Decimal(0)
    power_in_facility: bool = False
    maintenance_usd_per_year: Decimal = Decimal(0)
    operations_usd_per_year: Decimal = Decimal(0)
    hosts: int = 1

    def __post_init__(self) -> None:
        if self.years <= 0 or self.hosts < 1 or self.pue < 1 or not 0 <= self.residual <= 1:
            raise ValueError("years and hosts must be positive, PUE at least 1, and the residual a share of 0 to 1")
        numbers = (getattr(self, name) for name in self.__slots__)
        if any(isinstance(number, Decimal) and number < 0 for number in numbers):
            raise ValueError("no part of a host's cost can be negative")

    def cost(self) -> HostCost:
        """The items per hour, those that cost something."""
        depreciation = straight_line_usd_per_year(self.capex_usd, self.years, self.residual)
        capital = annuity_usd_per_year(self.capex_usd, self.years, self.residual, self.cost_of_capital) - depreciation
        facility_kw = self.wall_kw if self.facility_kw is None else self.facility_kw
        energy = Decimal(0) if self.power_in_facility else energy_usd_per_hour(self.wall_kw, self.pue, self.usd_per_kwh)
        per_hour = {
            "hardware": depreciation / HOURS_PER_YEAR,
            "cost of capital": capital / HOURS_PER_YEAR,
            "energy": energy,
            "facility": facility_kw * self.usd_per_kw_month * _MONTHS_PER_YEAR / HOURS_PER_YEAR,
            "maintenance": self.maintenance_usd_per_year / HOURS_PER_YEAR,
            "operations": self.operations_usd_per_year / self.hosts / HOURS_PER_YEAR,
        }
        return _cost(per_hour)


def rented(usd_per_hour: Decimal, other_usd_per_hour: Decimal = Decimal(0)) -> HostCost:
    """A host rented as a whole, with storage or egress beside it where that matters; its power is in the rent."""
    return _cost({"rent": usd_per_hour, "beside the rent": other_usd_per_hour})


def rented_gpus(usd_per_gpu_hour: Decimal, gpus: int) -> HostCost:
    """A host rented by the GPU-hour."""
    return rented(usd_per_gpu_hour * gpus)


def rented_by_year(usd_per_year: Decimal) -> HostCost:
    """A host under a contract by the year, to the nano-dollar per hour."""
    return rented(usd_per_year / HOURS_PER_YEAR)


def straight_line_usd_per_year(capex_usd: Decimal, years: Decimal, residual: Decimal = Decimal(0)) -> Decimal:
    """What the hardware loses per year, its value falling evenly to the residual share of its price."""
    return capex_usd * (1 - residual) / years


def annuity_usd_per_year(
    capex_usd: Decimal, years: Decimal, residual: Decimal = Decimal(0), interest: Decimal = Decimal(0)
) -> Decimal:
    """The even yearly payment that buys the hardware at this interest, the sale at the end discounted to today.

    (capex - residual x capex / (1 + i)^n) x i / (1 - (1 + i)^-n); without interest the straight line. Never below it.
    """
    discount = (1 + interest) ** -years
    if discount == 1:
        return straight_line_usd_per_year(capex_usd, years, residual)
    return capex_usd * (1 - residual * discount) * interest / (1 - discount)


def energy_usd_per_hour(wall_kw: Decimal, pue: Decimal, usd_per_kwh: Decimal) -> Decimal:
    """What the meter of the building says: kilowatts x PUE x price."""
    return wall_kw * pue * usd_per_kwh


def energy_nano_usd(*, board_joules: float, board_to_wall: float, base_joules: float, nano_usd_per_kwh: int) -> int:
    """Nano-dollars of measured energy: that of the GPU boards made into the whole host's; the price includes the PUE."""
    return round((board_joules * board_to_wall + base_joules) / _JOULES_PER_KWH * nano_usd_per_kwh)


def wall_kw(board_watts: Decimal, factor: Decimal = BOARD_TO_WALL, base_watts: Decimal = Decimal(0)) -> Decimal:
    """Power at the socket from the power of the GPU boards, which is all that the GPUs' driver knows."""
    return (board_watts * factor + base_watts) / _WATTS_PER_KW


def _cost(usd_per_hour: dict[str, Decimal]) -> HostCost:
    items = (HostItem(item=item, nano_usd_per_hour=nano_from_usd(usd)) for item, usd in usd_per_hour.items())
    return HostCost(items=tuple(item for item in items if item.nano_usd_per_hour))
