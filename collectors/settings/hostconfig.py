"""One `[[host]]`: what a machine costs per hour, rented or owned, and what it can serve."""

from decimal import Decimal, InvalidOperation
from typing import Protocol

import msgspec

_RENTED = ("usd_per_hour", "usd_per_gpu_hour")
_OWNED = (
    "capex_usd",
    "years",
    "residual",
    "cost_of_capital",
    "wall_kw",
    "pue",
    "usd_per_kwh",
    "facility_kw",
    "usd_per_kw_month",
    "maintenance_usd_per_year",
    "operations_usd_per_year",
)
_MEASURED = ("board_to_wall", "base_watts")
_MOST_NANO_USD = 10**18


class HasCapacity(Protocol):
    """What says how much it can serve: a host, or an engine's source."""

    @property
    def prefill_tokens_per_second(self) -> int | None:
        """Prompt tokens per second at saturation."""
        ...

    @property
    def decode_tokens_per_second(self) -> int | None:
        """Output tokens per second at saturation."""
        ...

    @property
    def capacity_basis(self) -> str:
        """Whether both were measured at the same time."""
        ...


def check_capacity(one: HasCapacity, where: str) -> None:
    """Raise ValueError where a capacity is none: both rates belong together, and both are positive."""
    rates = (one.prefill_tokens_per_second, one.decode_tokens_per_second)
    if one.capacity_basis not in ("joint", "separate"):
        raise ValueError(f"capacity_basis of {where} must be joint or separate")
    if (rates[0] is None) != (rates[1] is None):
        raise ValueError(f"{where}: prefill_tokens_per_second and decode_tokens_per_second go together")
    if any(rate is not None and rate < 1 for rate in rates):
        raise ValueError(f"{where}: prefill_tokens_per_second and decode_tokens_per_second must be at least 1")


class HostConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host as configured; amounts are decimal text, because a TOML fraction is not exact."""

    name: str | None = None
    usd_per_hour: str | None = None
    usd_per_gpu_hour: str | None = None
    gpus: int | None = None
    since: str | None = None
    until: str | None = None
    capex_usd: str | None = None
    years: str | None = None
    residual: str | None = None
    cost_of_capital: str | None = None
    wall_kw: str | None = None
    pue: str | None = None
    usd_per_kwh: str | None = None
    facility_kw: str | None = None
    usd_per_kw_month: str | None = None
    maintenance_usd_per_year: str | None = None
    operations_usd_per_year: str | None = None
    power_in_facility: bool = False
    board_to_wall: str | None = None
    base_watts: str | None = None
    measure_processors: bool = False
    prefill_tokens_per_second: int | None = None
    decode_tokens_per_second: int | None = None
    capacity_basis: str = "joint"

    def usd_per_hour_nano(self) -> int | None:
        """Nano-dollars per hour, None where no price is given; raises ValueError with the key that is wrong."""
        given = [name for name in (*_RENTED, *_OWNED) if getattr(self, name) is not None]
        owned = [name for name in given if name in _OWNED]
        if not given:
            return None
        if (owned and len(owned) < len(given)) or len(given) - len(owned) > 1:
            raise ValueError(f"{self._where}: {', '.join(given)} are different ways to say what it costs; keep one")
        nano_usd = self._owned() if owned else self._rented()
        if nano_usd >= _MOST_NANO_USD:
            raise ValueError(f"{self._where}: its price is out of range")
        return nano_usd

    def energy_nano_usd_per_kwh(self) -> int | None:
        """What one more kilowatt-hour costs at the building's meter; 0 where rent or space pays it, None where nobody says."""
        from pricing.money import nano_from_usd

        if self.capex_usd is None:
            return 0 if self.usd_per_hour_nano() is not None else None
        if self.power_in_facility:
            return 0
        if self.usd_per_kwh is None:
            return None
        return nano_from_usd(self._number("usd_per_kwh") * (Decimal(1) if self.pue is None else self._number("pue")))

    def measured_board_to_wall(self) -> float | None:
        """Wall power over that of the GPU boards, where energy is measured: it has a price, and no wall power is given."""
        from pricing.hosts.owned import BOARD_TO_WALL

        given = [name for name in _MEASURED if getattr(self, name) is not None]
        if self.usd_per_kwh is None or self.wall_kw is not None or self.power_in_facility:
            if given or self.measure_processors:
                raise ValueError(
                    f"{self._where}: {[*given, 'measure_processors'][0]} is for energy that is measured:"
                    " usd_per_kwh without wall_kw"
                )
            return None
        if self.measure_processors and self.board_to_wall is None:
            raise ValueError(
                f"{self._where}: measure_processors needs board_to_wall, the machine's power without its processors over"
                f" that of its GPU boards: the usual {BOARD_TO_WALL} has the processors in it"
            )
        return float(BOARD_TO_WALL if self.board_to_wall is None else self._number("board_to_wall"))

    def measured_base_watts(self) -> float:
        """What the host draws beside its GPU boards."""
        return 0.0 if self.base_watts is None else float(self._number("base_watts"))

    def _rented(self) -> int:
        from pricing.money import nano_from_usd

        if self.usd_per_hour is not None:
            return nano_from_usd(self._number("usd_per_hour"))
        if not self.gpus:
            raise ValueError(f"{self._where}: usd_per_gpu_hour needs gpus, the number of its GPUs")
        return nano_from_usd(self._number("usd_per_gpu_hour") * self.gpus)

    def _owned(self) -> int:
        from pricing.hosts.owned import OwnedHost

        for needed in ("capex_usd", "years"):
            if getattr(self, needed) is None:
                raise ValueError(f"{self._where}: an owned host needs {needed}")
        numbers = {name: self._number(name) for name in _OWNED if getattr(self, name) is not None}
        try:
            host = OwnedHost(**numbers, power_in_facility=self.power_in_facility)  # type: ignore[arg-type]  # Decimals
            return host.cost().nano_usd_per_hour
        except ValueError as error:
            raise ValueError(f"{self._where}: {error}") from None

    def _number(self, name: str) -> Decimal:
        text: str = getattr(self, name)
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ValueError(f'{self._where}: {name} must be a number in quotes, such as "20"; it is `{text}`')
        if not 0 <= number < _MOST_NANO_USD:
            raise ValueError(f"{self._where}: {name} is out of range: `{text}`")
        return number

    @property
    def _where(self) -> str:
        return f"host `{self.name}`" if self.name else "a host"
