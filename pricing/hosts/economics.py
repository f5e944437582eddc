"""What own GPUs cost per token at the utilisation they have now.

A host costs the same whether it serves or not, so its dollars are divided by the work it really did. Work is
counted in uncached-prompt equivalents: an output token weighs `prefill / decode` tokens per second at saturation, a
token read from the prefix cache CACHED_WEIGHT. Dollars come out exactly once: input, cached and output tokens at their
prices add up to the host's dollars.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from pricing.money import NANO_PER_USD, TOKENS_PER_MILLION, divide_half_even
from pricing.times import HOUR_MS

CACHED_WEIGHT = Fraction(1, 20)
"""Work of reading one prompt token from the prefix cache, relative to computing it."""

DEFAULT_DECODE_WEIGHT = Fraction(5)
"""Work of one output token where no capacity is configured: prefill is commonly about five times as fast."""

HOURS_PER_YEAR = 8760
"""365 days; leap days are left out, as price lists do."""

_SECONDS_PER_HOUR = 3600


class Saturating(Protocol):
    """What can be saturated: a work rate, and the weight of an output token in it."""

    @property
    def work_per_second(self) -> Fraction:
        """Saturation work rate K, in uncached-prompt equivalents."""
        ...

    @property
    def decode_weight(self) -> Fraction:
        """Work of one output token, in uncached prompt tokens."""
        ...


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
        """Work in uncached-prompt equivalents: input + CACHED_WEIGHT x cached + weight x output, over one denominator."""
        cached, whole = CACHED_WEIGHT.numerator, CACHED_WEIGHT.denominator
        decode, parts = decode_weight.numerator, decode_weight.denominator
        work = self.input_tokens * whole * parts + self.cache_read_tokens * cached * parts
        return Fraction(work + self.output_tokens * decode * whole, whole * parts)

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
    return divide_half_even(usd_per_hour_nano * max(0, until_ms - since_ms), HOUR_MS)


def own_price(nano_usd: int, served: Served, decode_weight: Fraction = DEFAULT_DECODE_WEIGHT) -> OwnPrice:
    """What each class cost when `nano_usd` bought `served`: input c, cached CACHED_WEIGHT * c, output weight * c."""
    return _by_class(Fraction(nano_usd, NANO_PER_USD), served, decode_weight)


def price_at(usd_per_hour: Decimal, capacity: Saturating, mix: Served, used: Decimal) -> OwnPrice:
    """What each class of requests shaped like `mix` costs on a host of this capacity at a utilisation of 0 to 1.

    Prices at saturation divided by the utilisation; unknown for an idle host and for an empty mix.
    """
    if not used or not mix.total_tokens:
        return OwnPrice()
    seconds = mix.work(capacity.decode_weight) / (capacity.work_per_second * Fraction(used))
    return _by_class(Fraction(usd_per_hour) / _SECONDS_PER_HOUR * seconds, mix, capacity.decode_weight)


def requests_per_second(capacity: Saturating, mix: Served) -> Fraction:
    """How many requests shaped like `mix` saturate the host; raise ValueError for an empty mix."""
    if not mix.total_tokens:
        raise ValueError("a request without tokens saturates nothing")
    return capacity.work_per_second / mix.work(capacity.decode_weight)


def usd_per_million_at(usd_per_hour: Decimal, tokens_per_second: Decimal, used: Decimal = Decimal(1)) -> Decimal:
    """The whole hour divided over one stream of tokens, such as the output alone: $/h / (tok/s x 3600 x used) x 1e6.

    Prices of two streams that ran at the same time must not be added: each carries the whole host.
    """
    return usd_per_hour * TOKENS_PER_MILLION / (tokens_per_second * used * _SECONDS_PER_HOUR)


def at_utilisation(usd_per_million: Decimal, used: Decimal, other: Decimal) -> Decimal:
    """A price per million that held at utilisation `used`, at an `other` one (> 0)."""
    return usd_per_million * used / other


def tokens_per_year(tokens_per_second: Decimal, used: Decimal = Decimal(1)) -> Decimal:
    """Tokens that a host serves in a year of 365 days at a utilisation of 0 to 1."""
    return tokens_per_second * used * _SECONDS_PER_HOUR * HOURS_PER_YEAR


def utilisation(served: Served, capacity: Saturating, seconds: float) -> float | None:
    """Work rate over saturation work rate, 0 to 1 (more means that the capacity is understated); None without time."""
    if seconds <= 0:
        return None
    return float(served.work(capacity.decode_weight) / (capacity.work_per_second * Fraction(seconds)))


def at_full(price: OwnPrice, used: float | None) -> Decimal | None:
    """The blended price of the present mix at saturation: price now x utilisation; never above the price now."""
    if price.blended is None or used is None:
        return None
    return price.blended * Decimal(str(min(1.0, used)))


def decimal_of(value: Fraction) -> Decimal:
    """A ratio as a decimal of the usual 28 digits."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def _by_class(usd: Fraction, served: Served, decode_weight: Fraction) -> OwnPrice:
    if not served.total_tokens:
        return OwnPrice()
    per_input = usd / served.work(decode_weight) * TOKENS_PER_MILLION
    return OwnPrice(
        blended=decimal_of(usd / served.total_tokens * TOKENS_PER_MILLION),
        input=decimal_of(per_input),
        cache_read=decimal_of(per_input * CACHED_WEIGHT),
        output=decimal_of(per_input * decode_weight),
    )
