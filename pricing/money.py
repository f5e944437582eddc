"""Money as integer nano-dollars, and the two ways in and out of it."""

from decimal import Decimal

NANO_PER_USD = 1_000_000_000
TOKENS_PER_MILLION = 1_000_000

_NANO_EXPONENT = 9


def nano_from_usd(usd: Decimal) -> int:
    """Dollars as integer nano-dollars, rounded half to even; raise ValueError unless finite."""
    if not usd.is_finite():
        raise ValueError(f"not an amount of money: {usd}")
    return round(usd.scaleb(_NANO_EXPONENT))


def usd_from_nano(nano_usd: int) -> Decimal:
    """Nano-dollars as exact dollars."""
    return Decimal(nano_usd).scaleb(-_NANO_EXPONENT)


def divide_half_even(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator / denominator (denominator > 0), ties to the even one."""
    quotient, rest = divmod(numerator, denominator)
    twice = rest * 2
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def usd_text(nano_usd: int | None) -> str | None:
    """Nano-dollars as the shortest exact decimal string ("12.5"), or None where unknown."""
    if nano_usd is None:
        return None
    return decimal_text(usd_from_nano(nano_usd))


def decimal_text(value: Decimal) -> str:
    """A decimal in plain digits without an exponent or trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
