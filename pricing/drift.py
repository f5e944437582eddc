"""Drift: one provider's dollars as its bill has them and as ours have them, and what probably made the difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pricing.totals import add_usage
from pricing.usage import NOTHING, Usage

ALIKE = Decimal("0.005")
"""Counts and dollars that differ by less than half a percent are alike: two clocks cut a day at two instants."""

_LEAST_NANO_USD = 1_000_000
"""A tenth of a cent is no drift, whatever part of it that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What gateways' logs hold of something that is billed, at our prices."""

    nano_usd: int = 0
    usage: Usage = NOTHING
    requests: int = 0
    errors: int = 0
    unknown_tokens: int = 0
    """Tokens without a price: their dollars are missing."""
    batch_tokens: int = 0
    long_tokens: int = 0
    """At a long-context price."""
    by_class: Mapping[str, int] = field(default_factory=dict)
    """Nano-dollars by token class, as far as they are linear."""

    def __add__(self, other: "Ours") -> "Ours":
        return Ours(
            nano_usd=self.nano_usd + other.nano_usd,
            usage=add_usage(self.usage, other.usage),
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            unknown_tokens=self.unknown_tokens + other.unknown_tokens,
            batch_tokens=self.batch_tokens + other.batch_tokens,
            long_tokens=self.long_tokens + other.long_tokens,
            by_class=_added(self.by_class, other.by_class),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the provider's usage endpoint holds of the same."""

    usage: Usage = NOTHING
    requests: int | None = None
    nano_usd: int = 0
    """At our prices."""
    batch_tokens: int = 0
    long_tokens: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        known = [one for one in (self.requests, other.requests) if one is not None]
        return Counted(
            usage=add_usage(self.usage, other.usage),
            requests=sum(known) if known else None,
            nano_usd=self.nano_usd + other.nano_usd,
            batch_tokens=self.batch_tokens + other.batch_tokens,
            long_tokens=self.long_tokens + other.long_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What the provider bills for the same; None where it gives no money and its counts judge at our prices."""

    nano_usd: int = 0
    by_class: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Billed") -> "Billed":
        return Billed(nano_usd=self.nano_usd + other.nano_usd, by_class=_added(self.by_class, other.by_class))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Three views of one thing; each is None where nobody has it."""

    ours: Ours
    counted: Counted | None = None
    billed: Billed | None = None

    def __add__(self, other: "Drift") -> "Drift":
        return Drift(
            ours=self.ours + other.ours,
            counted=other.counted if self.counted is None else self.counted + (other.counted or Counted()),
            billed=other.billed if self.billed is None else self.billed + (other.billed or Billed()),
        )

    @property
    def judged_nano_usd(self) -> int | None:
        """What ours are measured by: the bill, else the provider's counts at our prices."""
        if self.billed is not None:
            return self.billed.nano_usd
        return None if self.counted is None else self.counted.nano_usd

    @property
    def nano_usd(self) -> int | None:
        """The provider's dollars less ours; None without the provider's."""
        return None if self.judged_nano_usd is None else self.judged_nano_usd - self.ours.nano_usd

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of ours; None where there is nothing of ours to compare with."""
        if self.nano_usd is None or not self.ours.nano_usd:
            return None
        return Decimal(self.nano_usd) * 100 / self.ours.nano_usd

    @property
    def is_alike(self) -> bool:
        """Whether both agree as far as two clocks can."""
        if self.nano_usd is None:
            return True
        largest = max(abs(self.ours.nano_usd), abs(self.judged_nano_usd or 0))
        return abs(self.nano_usd) <= max(_LEAST_NANO_USD, int(largest * ALIKE))

    @property
    def reasons(self) -> tuple[str, ...]:
        """What probably made the difference, the most telling first; empty where there is none."""
        return () if self.is_alike else tuple(_reasons(self)) or (_last_reason(self),)


def _reasons(drift: Drift) -> Iterator[str]:
    ours, counted, more = drift.ours, drift.counted, (drift.nano_usd or 0) > 0
    if ours.unknown_tokens and more:
        yield f"missing price: {ours.unknown_tokens:,} tokens have none in our book"
    if counted is not None:
        yield from _reasons_of_counts(ours, counted, more=more)
    elif more and not ours.usage.total_tokens and not ours.requests:
        yield "traffic past the gateway: no log holds any of it"
    if not more and drift.judged_nano_usd == 0 and ours.usage.total_tokens:
        yield "not billed here: your own key at the model's provider (BYOK), credits, or a bill that is still to come"
    if _same_tokens(ours, counted):
        yield from _reasons_of_prices(drift)


def _reasons_of_counts(ours: Ours, counted: Counted, *, more: bool) -> Iterator[str]:
    extra = counted.usage.total_tokens - ours.usage.total_tokens
    if more and extra > ours.usage.total_tokens * ALIKE:
        retried = 0 if counted.requests is None else counted.requests - (ours.requests - ours.errors)
        if 0 < retried <= ours.errors:
            yield f"retries: {retried:,} calls that failed here were billed there"
        else:
            yield f"traffic past the gateway: {extra:,} tokens are in no log"
    if not more and counted.batch_tokens > ours.batch_tokens:
        yield f"batch not seen: {counted.batch_tokens - ours.batch_tokens:,} tokens were billed at the batch price"
    if more and counted.long_tokens > ours.long_tokens:
        yield f"long context: {counted.long_tokens - ours.long_tokens:,} tokens were billed at the price of long prompts"
    cached = _cached(counted.usage) - _cached(ours.usage)
    alike = _alike(counted.usage.prompt_tokens, ours.usage.prompt_tokens)
    if alike and abs(cached) > counted.usage.prompt_tokens * ALIKE:
        yield f"cache price: the provider counts {abs(cached):,} cached tokens {'more' if cached > 0 else 'less'} than the log"


def _reasons_of_prices(drift: Drift) -> Iterator[str]:
    """Of equal tokens: the class in which most of the difference is."""
    if drift.billed is None or not drift.billed.by_class or not drift.ours.by_class:
        return
    gaps = {
        name: drift.billed.by_class.get(name, 0) - drift.ours.by_class.get(name, 0)
        for name in {*drift.billed.by_class, *drift.ours.by_class}
    }
    name = max(sorted(gaps), key=lambda one: abs(gaps[one]))
    if abs(gaps[name]) * 2 >= abs(drift.nano_usd or 0):
        kind = "cache price" if name.startswith("cache") else "price"
        yield f"{kind}: most of it is in {name.replace('_', ' ')} tokens"


def _last_reason(drift: Drift) -> str:
    if drift.counted is None:
        return "another price than in our book, or traffic past the gateway: the provider counts no tokens here"
    return "another price than in our book, for the same tokens"


def _same_tokens(ours: Ours, counted: Counted | None) -> bool:
    return counted is None or _alike(counted.usage.total_tokens, ours.usage.total_tokens)


def _alike(left: int, right: int) -> bool:
    return abs(left - right) <= max(left, right) * ALIKE


def _cached(usage: Usage) -> int:
    return usage.cache_read_tokens + usage.cache_write_any_tokens


def _added(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}
