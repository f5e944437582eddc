"""One host against an interface billed by the token: everything that follows from its cost, capacity and traffic."""

from dataclasses import dataclass
from decimal import Decimal

from pricing.hosts.breakeven import (
    ApiRates,
    CurvePoint,
    break_even_tokens_per_day,
    break_even_utilisation,
    curve,
    value_usd_per_hour,
)
from pricing.hosts.economics import Capacity, OwnPrice, Served, decimal_of, price_at, requests_per_second
from pricing.hosts.energy import Energy
from pricing.hosts.owned import HostCost

_WATTS_PER_KW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """A host, what it can serve, what it is asked to serve, how much of that it does, and what to compare with.

    `used` is the utilisation, 0 to 1, and None where it is not known; `api` is None without a comparison.
    `energy_usd_per_kwh` is what one more kilowatt-hour costs, PUE included: zero where rent or colocation pays it.
    """

    cost: HostCost
    capacity: Capacity
    mix: Served
    used: Decimal | None = None
    api: ApiRates | None = None
    wall_kw: Decimal | None = None
    energy_usd_per_kwh: Decimal | None = None

    @property
    def tokens_per_second_at_full(self) -> Decimal:
        """Tokens of all classes at saturation."""
        return decimal_of(requests_per_second(self.capacity, self.mix) * self.mix.total_tokens)

    @property
    def now(self) -> OwnPrice:
        """Dollars per million tokens at the present utilisation; unknown where that is unknown or zero."""
        return OwnPrice() if self.used is None else self._price(self.used)

    @property
    def at_full(self) -> OwnPrice:
        """Dollars per million tokens at saturation."""
        return self._price(Decimal(1))

    @property
    def idle_usd_per_hour(self) -> Decimal | None:
        """The part of the hour that bought nothing."""
        return None if self.used is None else self.cost.usd_per_hour * (1 - self.used)

    @property
    def value_usd_per_hour_at_full(self) -> Decimal | None:
        """What the traffic at saturation would cost at the interface."""
        return None if self.api is None else value_usd_per_hour(self.capacity, self.mix, self.api)

    @property
    def saves_usd_per_hour(self) -> Decimal | None:
        """What the present traffic would cost at the interface, less the host; negative while the host is dearer."""
        value = self.value_usd_per_hour_at_full
        return None if value is None or self.used is None else value * self.used - self.cost.usd_per_hour

    @property
    def break_even(self) -> Decimal | None:
        """The utilisation from which the host is cheaper; above 1 is never. None without, or against a free, interface."""
        return (
            None
            if self.api is None
            else break_even_utilisation(self.cost.usd_per_hour, self.capacity, self.mix, self.api)
        )

    @property
    def break_even_tokens_per_day(self) -> Decimal | None:
        """Tokens a day from which the host is cheaper, whether or not it can serve so many."""
        price = None if self.api is None else self.api.usd_per_million(self.mix)
        return None if price is None else break_even_tokens_per_day(self.cost.usd_per_hour, price)

    @property
    def energy_at_full(self) -> Energy | None:
        """Energy per token at saturation, or None without the power."""
        if self.wall_kw is None:
            return None
        return Energy(joules=self.wall_kw * _WATTS_PER_KW, tokens=self.tokens_per_second_at_full)

    @property
    def marginal_usd_per_million(self) -> Decimal | None:
        """What one more token costs while there is room: at most its energy at saturation; the hour is paid anyway.

        None where the power or its price is not known.
        """
        if self.energy_usd_per_kwh is None:
            return None
        if not self.energy_usd_per_kwh:
            return Decimal(0)
        energy = self.energy_at_full
        return None if energy is None else energy.usd_per_million_tokens(self.energy_usd_per_kwh)

    def curve(self, points: int = 20) -> tuple[CurvePoint, ...]:
        """The blended price against utilisation."""
        return curve(self.cost.usd_per_hour, self.capacity, self.mix, points)

    def _price(self, used: Decimal) -> OwnPrice:
        return price_at(self.cost.usd_per_hour, self.capacity, self.mix, used)
