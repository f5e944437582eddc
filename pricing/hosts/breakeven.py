"""From where on own GPUs are cheaper than an interface billed by the token.

The comparison is at one mix of token classes, and the whole hour is spent once: what the same traffic would cost at the
provider, at saturation, is the most that the host can be worth; the share of it that pays the host is the break-even.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pricing.card import NO_COST, UNKNOWN_COST, RateCard
from pricing.hosts.economics import Saturating, Served, decimal_of, price_at, requests_per_second
from pricing.money import TOKENS_PER_MILLION, usd_from_nano
from pricing.usage import TOKEN_CLASSES

_HOURS_PER_DAY = 24
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRates:
    """Dollars per million tokens of the interface to compare with."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    """None: cached prompt tokens are billed as input."""

    def usd(self, served: Served) -> Decimal:
        """What these tokens would cost there."""
        cached = self.input if self.cache_read is None else self.cache_read
        per_million = (
            served.input_tokens * self.input + served.cache_read_tokens * cached + served.output_tokens * self.output
        )
        return per_million / TOKENS_PER_MILLION

    def usd_per_million(self, mix: Served) -> Decimal | None:
        """The blended price of this mix, or None for an empty one."""
        return self.usd(mix) * TOKENS_PER_MILLION / mix.total_tokens if mix.total_tokens else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The blended price of a mix at one utilisation."""

    utilisation: Decimal
    usd_per_million: Decimal


def api_rates(card: RateCard) -> ApiRates | None:
    """A card's rates to compare with, or None where input or output has none."""
    if card.status in UNKNOWN_COST:
        return None
    rates = dict(zip(TOKEN_CLASSES, card.rates, strict=True))
    if card.status in NO_COST:
        rates = dict.fromkeys(rates, 0)
    if rates["input"] is None or rates["output"] is None:
        return None
    return ApiRates(
        input=usd_from_nano(rates["input"]),
        output=usd_from_nano(rates["output"]),
        cache_read=None if rates["cache_read"] is None else usd_from_nano(rates["cache_read"]),
    )


def value_usd_per_hour(capacity: Saturating, mix: Served, rates: ApiRates) -> Decimal:
    """What an hour of this mix at saturation would cost at the interface."""
    return decimal_of(requests_per_second(capacity, mix)) * _SECONDS_PER_HOUR * rates.usd(mix)


def break_even_utilisation(usd_per_hour: Decimal, capacity: Saturating, mix: Served, rates: ApiRates) -> Decimal | None:
    """The utilisation at which the host costs as much as the interface; above 1 it never pays at this mix.

    None: the interface is free, and nothing can be cheaper than that.
    """
    value = value_usd_per_hour(capacity, mix, rates)
    return usd_per_hour / value if value else None


def break_even_tokens(usd: Decimal, usd_per_million: Decimal) -> Decimal | None:
    """Tokens that cost `usd` at the interface: serve more of them in that time and the host is cheaper."""
    return usd * TOKENS_PER_MILLION / usd_per_million if usd_per_million else None


def break_even_tokens_per_day(usd_per_hour: Decimal, usd_per_million: Decimal) -> Decimal | None:
    """Tokens a day from which a host is cheaper; None against a free interface."""
    return break_even_tokens(usd_per_hour * _HOURS_PER_DAY, usd_per_million)


def curve(usd_per_hour: Decimal, capacity: Saturating, mix: Served, points: int = 20) -> tuple[CurvePoint, ...]:
    """The blended price at evenly spaced utilisations, the last of them saturation; an idle host has no price."""
    steps = (decimal_of(Fraction(step, points)) for step in range(1, points + 1))
    prices = ((used, price_at(usd_per_hour, capacity, mix, used).blended) for used in steps)
    return tuple(CurvePoint(utilisation=used, usd_per_million=usd) for used, usd in prices if usd is not None)
