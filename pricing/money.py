"""Money as integer nano-dollars, and the two ways in and out of it."""

from decimal import ROUND_HALF_EVEN, Decimal

NANO_PER_USD = 1_000_000_000
TOKENS_PER_MILLION = 1_000_000

_NANO_EXPONENT = 9

_CENT = Decimal("0.01")
_DIGITS = ((10, Decimal("0.001")), (100, Decimal("0.01")), (1000, Decimal("0.1")), (100_000, Decimal(1)))
"""What is less than this is rounded to that."""
_SUFFIXES = ("", "k", "M", "G", "T", "P", "E")


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


def four_digits(amount: Decimal) -> str:
    """An amount that is not negative as a person reads it: 0.123, 1.840, 64.10, 412.6, 1,204, 12.35M; never 0 for some."""
    if amount == 0:
        return "0.00"
    if amount < _CENT:
        return "<0.01"
    for limit, quantum in _DIGITS:
        if amount < limit and (rounded := amount.quantize(quantum, ROUND_HALF_EVEN)) < limit:
            return f"{rounded:,f}"
    return scaled(float(amount), 4)


def scaled(amount: float, digits: int) -> str:
    """A large number in so many digits with a letter for thousands, millions ..."""
    for suffix in _SUFFIXES:
        places = max(0, digits - len(str(int(amount))))
        text = f"{amount:.{places}f}"
        if places and len(text) > digits + 1:
            text = f"{amount:.{places - 1}f}"
        if float(text) < 1000:
            return text + suffix
        amount /= 1000
    return f"{amount:.0e}"
