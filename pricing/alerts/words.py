"""Figures as the rules say them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pricing.money import four_digits, usd_from_nano


def usd(nano_usd: int) -> str:
    """Dollars as every screen has them, so that an amount reads the same wherever it stands."""
    figure = four_digits(usd_from_nano(abs(nano_usd)))
    less = "<" if figure.startswith("<") else ""
    return f"{'-' if nano_usd < 0 else ''}{less}${figure.removeprefix(less)}"


def rate(nano_usd_per_hour: int) -> str:
    """Dollars per hour."""
    return f"{usd(nano_usd_per_hour)}/h"


def percent(share: float) -> str:
    """A share of one."""
    return f"{share * 100:.1f}%" if 0 < abs(share) < 0.1 else f"{share * 100:.0f}%"


def times(factor: float) -> str:
    """A factor."""
    return f"{factor:.1f}x"


def lasting(seconds: float) -> str:
    """A duration in its largest two units."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)}s"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes}m"
    days, hours_left = divmod(hours, 24)
    return f"{days}d{hours_left:02d}h" if days else f"{hours}h{rest:02d}"


def clock(at_ms: int, now_ms: int) -> str:
    """An instant as a UTC clock shows it, with its day when that is not today."""
    at, now = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (at_ms, now_ms))
    return f"{at:%H:%MZ}" if at.date() == now.date() else f"{at:%m-%d %H:%MZ}"


def named(dimension: str, value: str | None) -> str:
    """A member of a dimension, or that nobody said which."""
    return f"(no {dimension})" if value is None else value


def spoken(path: Iterable[tuple[str, str | None]]) -> str:
    """A path as the name of a subject."""
    return " ".join(named(dimension, value) for dimension, value in path)
