"""Hours at other prices: the [[price.window]] tables of an entry."""

from dataclasses import dataclass

from pricing.books.book import STANDARD, VARIANTS
from pricing.books.hours import DAYS, EVERY_DAY, Hours, Zones, clock_range, zone_minutes
from pricing.books.keys import PriceError, Table, refuse_unknown, text, texts
from pricing.books.listing import Prices
from pricing.books.rates import OVERLAY_KEYS, overlay

_WINDOW_KEYS = ("name", "tz", "days", "hours", "variants", *OVERLAY_KEYS)
_STANDARD_WORD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Prices of certain hours, and for which variants they hold: for ordinary requests unless the table says more."""

    name: str
    hours: tuple[Hours, ...]
    variants: tuple[str, ...]
    raw: Table
    where: str

    def prices(self, base: Prices, *, graduated: bool) -> Prices:
        """What the window makes of these prices; raise PriceError where they do not fit each other."""
        return overlay(self.raw, base, self.where, graduated=graduated)


def read_window(raw: Table, where: str, zones: Zones) -> Window:
    """Check one window; raise PriceError."""
    refuse_unknown(raw, _WINDOW_KEYS, where)
    return Window(
        name=text(raw, "name", where) or "",
        hours=_hours(raw, where, zones),
        variants=_variants(raw, where),
        raw={key: value for key, value in raw.items() if key in OVERLAY_KEYS},
        where=where,
    )


def _hours(raw: Table, where: str, zones: Zones) -> tuple[Hours, ...]:
    name = text(raw, "tz", where) or "UTC"
    offset, zone = zone_minutes(name), None
    if offset is None:
        try:
            zone = zones(name)
        except ValueError as error:
            raise PriceError(f"{where}: tz: {error}.") from None
    written = texts(raw, "hours", where, '["22:00-06:00"]') or ("00:00-24:00",)
    weekdays = _weekdays(texts(raw, "days", where, '["sat", "sun"]'), where)
    found = []
    for span in written:
        minutes = clock_range(span)
        if minutes is None:
            raise PriceError(f'{where}: hours = "{span}" is no range; write e.g. hours = ["22:00-06:00"].')
        found.append(Hours(start=minutes[0], end=minutes[1], weekdays=weekdays, offset_minutes=offset or 0, zone=zone))
    return tuple(found)


def _weekdays(names: tuple[str, ...], where: str) -> frozenset[int]:
    for name in names:
        if name not in DAYS:
            raise PriceError(f'{where}: days = "{name}" is no weekday; write {", ".join(DAYS)}.')
    return frozenset(DAYS.index(name) for name in names) if names else EVERY_DAY


def _variants(raw: Table, where: str) -> tuple[str, ...]:
    names = texts(raw, "variants", where, '["standard", "batch"]') or (_STANDARD_WORD,)
    for name in names:
        if name not in (_STANDARD_WORD, *VARIANTS):
            raise PriceError(
                f'{where}: variants = "{name}" is not known; write {_STANDARD_WORD}, {", ".join(VARIANTS)}.'
            )
    return tuple(STANDARD if name == _STANDARD_WORD else name for name in names)
