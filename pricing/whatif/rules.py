"""What the same traffic would cost under other conditions: small rules that each change one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.bill import make_bill
from pricing.card import RateCard
from pricing.money import usd_from_nano
from pricing.usage import Usage

DAYS_PER_YEAR = 365
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The same traffic before and after something changed, in dollars over the same time."""

    before_usd: Decimal
    after_usd: Decimal

    @property
    def saved_usd(self) -> Decimal:
        """What is no longer spent; negative when it became dearer."""
        return self.before_usd - self.after_usd

    @property
    def saved_share(self) -> Decimal | None:
        """The saving as a share of what was spent before, or None when that was nothing."""
        return self.saved_usd / self.before_usd if self.before_usd else None

    @property
    def factor(self) -> Decimal | None:
        """How many times dearer it was before, or None when it is free now."""
        return self.before_usd / self.after_usd if self.after_usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A share (0 to 1) of the requests, and what one of them costs where they go."""

    share: Decimal
    usd_per_request: Decimal


def traffic_usd(usage: Usage, card: RateCard, requests: int = 1) -> Decimal | None:
    """What so many requests like this one cost; None when the card or a used class has no rate."""
    bill = make_bill(usage, card)
    if bill.nano_usd is None or bill.missing:
        return None
    return usd_from_nano(bill.nano_usd) * requests


def per_year(usd_per_day: Decimal) -> Decimal:
    """A day's dollars over 365 days."""
    return usd_per_day * DAYS_PER_YEAR


def per_day(amount_per_year: Decimal) -> Decimal:
    """A year's dollars or tokens spread over its days."""
    return amount_per_year / DAYS_PER_YEAR


def routed_usd(requests: Decimal, routes: Sequence[Route]) -> Decimal:
    """What requests cost when each share of them goes its own way; raise ValueError unless the shares make a whole."""
    if sum(route.share for route in routes) != 1 or any(route.share < 0 for route in routes):
        raise ValueError("the shares of all routes must add up to 1")
    return requests * sum((route.share * route.usd_per_request for route in routes), Decimal(0))


def discounted_share(share: Decimal, discount: Decimal) -> Decimal:
    """Share of all spend saved when `share` of it gets `discount`: batch interfaces, off-peak hours, commitments."""
    return share * discount


def discounted_usd(usd: Decimal, share: Decimal, discount: Decimal) -> Decimal:
    """What is left to pay when `share` of the dollars gets `discount` (both 0 to 1)."""
    return usd * (1 - discounted_share(share, discount))


def share_of_day(begins_hour: Decimal, ends_hour: Decimal) -> Decimal:
    """Share of a day that lies in [begins, ends); a window that ends before it begins crosses midnight."""
    hours = ends_hour - begins_hour
    return (hours if hours >= 0 else hours + _HOURS_PER_DAY) / _HOURS_PER_DAY


def retry_share(failure: Decimal, retries: int) -> Decimal:
    """Extra attempts per request when each attempt fails with this probability, independently: f + f^2 + ... + f^n."""
    return sum((failure**attempt for attempt in range(1, retries + 1)), Decimal(0))


def stubborn_retry_share(failure: Decimal, retries: int) -> Decimal:
    """Extra attempts per request when what failed once fails every time, as with a bug: f x n. Never below the other."""
    return failure * retries


def retried_usd(usd: Decimal, extra_share: Decimal) -> Decimal:
    """What is paid when every attempt is billed, the failed ones too."""
    return usd * (1 + extra_share)


def fallback_factor(failure: Decimal, fallback_price: Decimal = Decimal(1)) -> Decimal:
    """Cost per request over that of the first model alone, when each failed call is paid and repeated elsewhere.

    `fallback_price` is the second model's price over the first's.
    """
    return 1 + failure * fallback_price


def with_reasoning(usage: Usage, ratio: Decimal) -> Usage:
    """The request when it thinks `ratio` tokens for each visible one; all of them are billed output."""
    visible = usage.output_tokens - usage.reasoning_tokens
    reasoning = round(visible * ratio)
    return usage._replace(output_tokens=visible + reasoning, reasoning_tokens=reasoning)


def reasoning_factor(ratio: Decimal) -> Decimal:
    """Billed output over visible output at this many thinking tokens for each visible one."""
    return 1 + ratio
