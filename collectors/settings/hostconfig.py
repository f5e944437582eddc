"""One `[[host]]`: what a machine costs per hour, rented or owned, and what it can serve."""

from decimal import Decimal, InvalidOperation

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
_MOST_NANO_USD = 10**18


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
            return OwnedHost(**numbers).cost().nano_usd_per_hour  # type: ignore[arg-type]  # every key is a Decimal's
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
