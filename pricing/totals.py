"""Sums over many requests, and the ratios that are only ever taken of sums."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from operator import attrgetter

from pricing.money import NANO_PER_USD, TOKENS_PER_MILLION, usd_from_nano
from pricing.usage import NOTHING, Usage

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)  # without slots, which pickle field by field in Python
class Totals:
    """What a group of requests used and cost; sums of `Totals` are exact, whatever the order.

    `tokens` leaves out what a gateway's own cache served; those stand in `cached_tokens`. `requests` counts every
    record. What failed, and streams whose reader hung up, bought nothing: `failed_nano_usd` and `cut_nano_usd` are parts of
    the metered dollars. Of what failed, `retried_requests` were followed by another attempt of their call and
    `fallback_requests` by one at another deployment or model. `unknown_tokens` belong to requests whose cost is unknown: they are in `tokens` too, so that dollars per
    token is a lower bound, never too high. Tokens of our own hosts are `hosted_tokens`, and what the hosts cost is
    `allocated_nano_usd`.
    """

    requests: int = 0
    errors: int = 0
    retries: int = 0
    unpriced_requests: int = 0
    partial_requests: int = 0
    estimated_requests: int = 0
    unmetered_requests: int = 0
    """Of the unpriced ones, those of which the source does not say what they used."""
    failed_nano_usd: int = 0
    retried_requests: int = 0
    retried_nano_usd: int = 0
    fallback_requests: int = 0
    fallback_nano_usd: int = 0
    cut_requests: int = 0
    cut_nano_usd: int = 0
    lost_unpriced_requests: int = 0
    """Failed or cut, and of unknown cost."""
    tokens: Usage = NOTHING
    hosted_tokens: int = 0
    unknown_tokens: int = 0
    cached_requests: int = 0
    cached_tokens: int = 0
    saved_nano_usd: int = 0
    """What the cache saved by the gateway's own account, which `saved_requests` of the cached ones tell."""
    saved_requests: int = 0
    metered_nano_usd: int = 0
    allocated_nano_usd: int = 0
    reported_nano_usd: int = 0
    reported_requests: int = 0
    duration_ms: int = 0
    durations: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return added((self, other))

    @property
    def nano_usd(self) -> int:
        """Metered and allocated dollars together."""
        return self.metered_nano_usd + self.allocated_nano_usd

    @property
    def given_up_requests(self) -> int:
        """Failures after which nothing tried again."""
        return self.errors - self.retried_requests - self.fallback_requests

    @property
    def given_up_nano_usd(self) -> int:
        """What they cost."""
        return self.failed_nano_usd - self.retried_nano_usd - self.fallback_nano_usd

    @property
    def lost_requests(self) -> int:
        """Requests that bought nothing."""
        return self.errors + self.cut_requests

    @property
    def lost_nano_usd(self) -> int:
        """What they cost."""
        return self.failed_nano_usd + self.cut_nano_usd

    @property
    def is_lower_bound(self) -> bool:
        """Whether something in here has an unknown price, so that every dollar figure is "at least".

        Tokens of our own hosts that no host's dollars were allocated to count as such.
        """
        unpaid = self.hosted_tokens > 0 and self.allocated_nano_usd == 0
        return self.unpriced_requests > 0 or self.partial_requests > 0 or unpaid

    @property
    def usd_per_million_tokens(self) -> Decimal | None:
        """Dollars per million tokens really served, or None while nothing was served."""
        return usd_per_million(self.nano_usd, self.tokens.total_tokens)

    @property
    def usd_per_request(self) -> Decimal | None:
        """Dollars per record, or None without one."""
        return usd_from_nano(self.nano_usd) / self.requests if self.requests else None

    @property
    def cache_hit_ratio(self) -> float | None:
        """Share of prompt tokens read from the provider's prompt cache, or None without a prompt."""
        prompt = self.tokens.prompt_tokens
        return self.tokens.cache_read_tokens / prompt if prompt else None

    @property
    def mean_duration_ms(self) -> float | None:
        """Mean time of the requests that say how long they took."""
        return self.duration_ms / self.durations if self.durations else None


EMPTY = Totals()
_COUNTS = tuple(field.name for field in fields(Totals) if field.name != "tokens")
_counts = attrgetter(*_COUNTS)


def added(many: Iterable[Totals]) -> Totals:
    """All of them in one: count by count, which is quicker than total by total."""
    totals = list(many)
    if not totals:
        return EMPTY
    sums = dict(zip(_COUNTS, map(sum, zip(*map(_counts, totals), strict=True)), strict=True))
    return Totals(tokens=add_usage(*(one.tokens for one in totals)), **sums)


def add_usage(*usages: Usage) -> Usage:
    """The class-by-class sum; `units` are merged by name."""
    units: dict[str, int] = {}
    for usage in usages:
        for unit, amount in usage.units:
            units[unit] = units.get(unit, 0) + amount
    counts = map(sum, zip(*(usage[:-1] for usage in usages), strict=True))
    return Usage.of(counts, tuple(sorted(units.items())))


def usd_per_million(nano_usd: int, tokens: int) -> Decimal | None:
    """Dollars per million tokens as a ratio of sums; None when no token was served."""
    return Decimal(nano_usd) * TOKENS_PER_MILLION / NANO_PER_USD / tokens if tokens else None


def usd_per_hour(nano_usd: int, seconds: float) -> Decimal | None:
    """Dollars over a window, scaled to an hour; None for an empty window."""
    if seconds <= 0:
        return None
    return usd_from_nano(nano_usd) * _SECONDS_PER_HOUR / Decimal(str(seconds))
