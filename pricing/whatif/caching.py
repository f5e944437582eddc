"""When a prompt cache pays: writes that cost more, reads that cost less, and storage that is rented."""

from dataclasses import dataclass
from decimal import Decimal

from pricing.money import TOKENS_PER_MILLION

_MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRates:
    """Dollars per million tokens for prompts that may be cached; storage per million tokens and hour."""

    input: Decimal
    read: Decimal
    write: Decimal
    output: Decimal = Decimal(0)
    storage_per_hour: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixTraffic:
    """Requests that share a prefix: its tokens, the fresh ones behind it, the answer, and how many requests."""

    prefix_tokens: int
    fresh_tokens: int
    output_tokens: int
    requests: int

    def uncached_usd(self, rates: CacheRates) -> Decimal:
        """Every prefix paid as input."""
        each = self._beside_prefix(rates) + self.prefix_tokens * rates.input
        return self.requests * each / TOKENS_PER_MILLION

    def cached_usd(self, rates: CacheRates, writes: int, stored_hours: Decimal = Decimal(0)) -> Decimal:
        """`writes` of the requests write the prefix, the others read it; ValueError for more writes than requests.

        Answers are paid with or without a cache; so is storage for as long as the cache is kept.
        """
        if not 0 <= writes <= self.requests:
            raise ValueError("there cannot be more cache writes than requests")
        prefix = self.prefix_tokens * (writes * rates.write + (self.requests - writes) * rates.read)
        tokens_usd = (prefix + self.requests * self._beside_prefix(rates)) / TOKENS_PER_MILLION
        return tokens_usd + storage_usd(self.prefix_tokens, stored_hours, rates.storage_per_hour)

    def _beside_prefix(self, rates: CacheRates) -> Decimal:
        return self.fresh_tokens * rates.input + self.output_tokens * rates.output


def storage_usd(tokens: int, hours: Decimal, usd_per_million_token_hours: Decimal) -> Decimal:
    """What keeping so many tokens cached for so long costs; only what is held is charged, not a whole million."""
    return tokens * hours * usd_per_million_token_hours / TOKENS_PER_MILLION


def hit_share(cached_tokens: int, uncached_tokens: int) -> Decimal | None:
    """Share of the prompt read from the cache, or None without a prompt."""
    prompt = cached_tokens + uncached_tokens
    return Decimal(cached_tokens) / prompt if prompt else None


def writes_at(requests: int, reads_per_write: int) -> int:
    """Cache writes that so many requests need when each write serves `reads_per_write` reads, rounded up."""
    return -(-requests // (1 + reads_per_write))


def reads_to_pay_write(rates: CacheRates) -> Decimal | None:
    """Reads per write beyond which caching is cheaper than not caching; None when reads cost as much as input.

    (write - input) / (input - read), in any unit of price.
    """
    return (rates.write - rates.input) / (rates.input - rates.read) if rates.read < rates.input else None


def rewrites_to_pay_longer(long_write: Decimal, short_write: Decimal, read: Decimal) -> Decimal | None:
    """Re-writes of a short-lived entry, avoided by a long-lived one, that pay its dearer write.

    Each avoided re-write becomes a read: (long - short) / (short - read). Reads themselves decide nothing, since each
    read keeps the short-lived entry alive.
    """
    return (long_write - short_write) / (short_write - read) if read < short_write else None


def reads_per_hour_to_pay_storage(rates: CacheRates) -> Decimal | None:
    """Reads per hour whose saving pays the storage of the same tokens; None when reads cost as much as input."""
    return rates.storage_per_hour / (rates.input - rates.read) if rates.read < rates.input else None


def kept_warm_usd(prefix_tokens: int, hours: Decimal, lifetime_minutes: Decimal, rates: CacheRates) -> Decimal:
    """What it costs to keep an entry alive through a quiet time by reading it once per lifetime."""
    reads = hours * _MINUTES_PER_HOUR / lifetime_minutes
    return reads * prefix_tokens * rates.read / TOKENS_PER_MILLION


def first_then_usd(first_usd: Decimal, later_usd: Decimal, requests: int) -> Decimal:
    """One request that fills the cache and the others that read it, from what each costs."""
    return first_usd + (requests - 1) * later_usd
