"""One [[price]] entry of the configuration, checked and turned into exact figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from pricing.books.book import STANDARD, VARIANTS, normal_variant
from pricing.books.hours import Zones, no_zone
from pricing.books.keys import PriceError, Table, days, flag, place, refuse_unknown, tables, text
from pricing.books.listing import Period, Prices
from pricing.books.rates import OVERLAY_KEYS, RATE_KEYS, overlay, read_rates
from pricing.books.units import STORAGE_KEY, UNIT_KEYS, read_units
from pricing.books.windows import Window, read_window

_TEXT_KEYS = ("model", "provider", "variant", "source", "checked")
_PRICE_KEYS = (*RATE_KEYS, "tier", "graduated", *UNIT_KEYS, "fee", STORAGE_KEY, "window", *VARIANTS)
_ENTRY_KEYS = (*_PRICE_KEYS, *_TEXT_KEYS, "free", "effective_from", "effective_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """One checked entry; `prices` is empty when the model is free on purpose.

    `variants` holds the prices of its own variant and of its sub-tables.
    """

    where: str
    model: str
    provider: str | None
    variant: str
    prices: Prices
    variants: Mapping[str, Prices] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    graduated: bool = False
    effective_from: date | None
    effective_to: date | None
    checked: str | None

    def periods(self) -> Iterator[tuple[str, Period]]:
        """Each variant with its prices, and after them its windows, which win while their hours last."""
        for variant, prices in self.variants.items():
            yield variant, self._period(prices)
        for window in self.windows:
            for variant in window.variants:
                prices = window.prices(self.variants[variant], graduated=self.graduated)
                for hours in window.hours:
                    period = self._period(prices)
                    yield (
                        variant,
                        Period(
                            prices=prices,
                            from_date=period.from_date,
                            until_date=period.until_date,
                            hours=hours,
                            hours_name=window.name,
                            graduated=period.graduated,
                        ),
                    )

    def _period(self, prices: Prices) -> Period:
        return Period(
            prices=prices, from_date=self.effective_from, until_date=self.effective_to, graduated=self.graduated
        )


def read_entry(raw: Table, position: int, line: int | None = None, zones: Zones = no_zone) -> PriceEntry:
    """Check one entry as TOML gave it; raise PriceError. `position` counts from 1 in the file's order."""
    model = raw.get("model")
    where = place("price", position, model, line)
    refuse_unknown(raw, _ENTRY_KEYS, where)
    if not isinstance(model, str) or not model.strip():
        raise PriceError(f'{where}: model is missing; write model = "..." (a name, or a pattern with *).')
    said = {key: _checked(raw, key, where) for key in _TEXT_KEYS}
    variant = normal_variant(said["variant"]) if said["variant"] else STANDARD
    free = flag(raw, "free", where)
    graduated = flag(raw, "graduated", where)
    prices = _no_prices(raw, where) if free else _prices(raw, where, graduated=graduated)
    variants = {variant: prices, **_variants(raw, prices, where, graduated=graduated)}
    since, until = days(raw, where)
    return PriceEntry(
        where=where,
        model=model.strip().lower(),
        provider=said["provider"],
        variant=variant,
        prices=prices,
        variants=variants,
        windows=_windows(raw, variants, where, zones, graduated=graduated),
        graduated=graduated,
        effective_from=since,
        effective_to=until,
        checked=", ".join(part for part in (said["checked"], said["source"]) if part) or None,
    )


def _checked(raw: Table, key: str, where: str) -> str | None:
    value = raw.get(key)
    return value.isoformat() if key == "checked" and isinstance(value, date) else text(raw, key, where)


def _no_prices(raw: Table, where: str) -> Prices:
    for key in _PRICE_KEYS:
        if key in raw:
            raise PriceError(f"{where}: free = true and {key} contradict each other; keep one of them.")
    return {}


def _prices(raw: Table, where: str, *, graduated: bool) -> Prices:
    units = read_units(raw, where)
    rates = read_rates(raw, where, graduated=graduated)
    if "input" not in raw and "output" not in raw and not units:
        raise PriceError(f"{where}: it has no input and no output price; write them, a unit, or free = true.")
    if not units and not any(price.usd for price in rates.values()):
        raise PriceError(f"{where}: input and output are 0; if that is meant, write free = true instead.")
    return {**rates, **units}


def _variants(raw: Table, base: Prices, where: str, *, graduated: bool) -> dict[str, Prices]:
    found = {}
    for variant in VARIANTS:
        if variant not in raw:
            continue
        at, table = f"{where}, {variant}", raw[variant]
        if not isinstance(table, Mapping):
            raise PriceError(f"{where}: {variant} is written as [price.{variant}] below its entry.")
        if raw.get("variant"):
            raise PriceError(f"{at}: an entry with a variant of its own has no others; keep one of them.")
        refuse_unknown(table, OVERLAY_KEYS, at)
        found[variant] = overlay(table, base, at, graduated=graduated)
    return found


def _windows(
    raw: Table, variants: Mapping[str, Prices], where: str, zones: Zones, *, graduated: bool
) -> tuple[Window, ...]:
    windows = tuple(
        read_window(table, f"{where}, window {position}", zones)
        for position, table in enumerate(tables(raw, "window", where, "[[price.window]]"), start=1)
    )
    for window in windows:
        for variant in window.variants:
            if variant not in variants:
                named = variant or "standard"
                raise PriceError(f"{window.where}: its entry has no {named} price; leave {named} out of variants.")
            window.prices(variants[variant], graduated=graduated)
    return windows
