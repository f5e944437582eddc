"""What own GPUs cost per token at the utilisation they have now.

A host costs the same whether it serves or not, so its dollars are divided by the work it really did. Work is
counted in uncached-prompt equivalents: an output token weighs `prefill / decode` tokens per second at saturation, a
token read from the prefix cache CACHED_WEIGHT. Dollars come out exactly once: input, cached and output tokens at their
prices add up to the host's dollars.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pricing.money import NANO_PER_USD, TOKENS_PER_MILLION, divide_half_even

CACHED_WEIGHT = Fraction(1, 20)
"""Work of reading one prompt token from the prefix cache, relative to computing it."""

DEFAULT_DECODE_WEIGHT = Fraction(5)
"""Work of one output token where no capacity is configured: prefill is commonly about five times as fast."""

_MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Tokens per second at saturation; `joint` rates were measured together, `separate` ones one phase at a time."""

    prefill_tokens_per_second: int
    decode_tokens_per_second: int
    basis: str = "joint"

    @property
    def decode_weight(self) -> Fraction:
        """Work of one output token, in uncached prompt tokens."""
        return Fraction(self.prefill_tokens_per_second, self.decode_tokens_per_second)

    @property
    def work_per_second(self) -> Fraction:
        """Saturation work rate K: both phases at once when measured together, else either of them alone."""
        prefill = Fraction(self.prefill_tokens_per_second)
        return 2 * prefill if self.basis == "joint" else prefill

    def part(self, share: Fraction) -> "Capacity":
        """The capacity of a part of the host's GPUs."""
        return Capacity(
            prefill_tokens_per_second=max(1, round(self.prefill_tokens_per_second * share)),
            decode_tokens_per_second=max(1, round(self.decode_tokens_per_second * share)),
            basis=self.basis,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Tokens that own GPUs served."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """All of them; cached prompt tokens are in here, which flatters a blended price."""
        return self.input_tokens + self.cache_read_tokens + self.output_tokens

    def work(self, decode_weight: Fraction = DEFAULT_DECODE_WEIGHT) -> Fraction:
        """Work in uncached-prompt equivalents."""
        return self.input_tokens + CACHED_WEIGHT * self.cache_read_tokens + decode_weight * self.output_tokens

    def __add__(self, other: "Served") -> "Served":
        return Served(
            input_tokens=self.input_tokens + other.input_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """Dollars per million tokens by class; None where nothing was served."""

    blended: Decimal | None = None
    input: Decimal | None = None
    cache_read: Decimal | None = None
    output: Decimal | None = None


def accrued_nano(usd_per_hour_nano: int, since_ms: int, until_ms: int) -> int:
    """Nano-dollars that a price per hour accrues over [since, until), half-even."""
    return divide_half_even(usd_per_hour_nano * max(0, until_ms - since_ms), _MS_PER_HOUR)


def own_price(nano_usd: int, served: Served, decode_weight: Fraction = DEFAULT_DECODE_WEIGHT) -> OwnPrice:
    """What each class cost when `nano_usd` bought `served`: input c, cached CACHED_WEIGHT * c, output weight * c."""
    if not served.total_tokens:
        return OwnPrice()
    usd = Fraction(nano_usd, NANO_PER_USD)
    per_input = usd / served.work(decode_weight) * TOKENS_PER_MILLION
    return OwnPrice(
        blended=_decimal(usd / served.total_tokens * TOKENS_PER_MILLION),
        input=_decimal(per_input),
        cache_read=_decimal(per_input * CACHED_WEIGHT),
        output=_decimal(per_input * decode_weight),
    )


def utilisation(served: Served, capacity: Capacity, seconds: float) -> float | None:
    """Work rate over saturation work rate, 0 to 1 (more means that the capacity is understated); None without time."""
    if seconds <= 0:
        return None
    return float(served.work(capacity.decode_weight) / (capacity.work_per_second * Fraction(seconds)))


def at_full(price: OwnPrice, used: float | None) -> Decimal | None:
    """The blended price of the present mix at saturation: price now x utilisation; never above the price now."""
    if price.blended is None or used is None:
        return None
    return price.blended * Decimal(str(min(1.0, used)))


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
