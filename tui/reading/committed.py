"""What the hosts cost over a window, what their engines served for it, and whose share that is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from pricing.allocation import allocate
from pricing.card import CardStatus
from pricing.economics import (
    DEFAULT_DECODE_WEIGHT,
    Capacity,
    OwnPrice,
    Served,
    accrued_nano,
    at_full,
    own_price,
    utilisation,
)
from pricing.money import nano_from_usd, usd_from_nano
from pricing.totals import Totals
from store.facts import HostFact
from store.reader import EngineState, Reader
from store.sums import Sum, SumKey
from tui.reading.moment import Moment

IDLE = "(idle)"
NOT_IN_ANY_LOG = "(not in any log)"
NO_ENGINE = "(hosts without an engine)"

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One engine's part of its host: the dollars it had and the tokens it served for them."""

    host: str
    engine: EngineState
    nano_usd: int | None
    """Its part of what the host cost over the window; None without a price."""
    usd_per_hour: Decimal | None
    served: Served
    capacity: Capacity | None
    assumed: bool

    @property
    def decode_weight(self) -> Fraction:
        """Work of one output token."""
        return self.capacity.decode_weight if self.capacity else DEFAULT_DECODE_WEIGHT

    @property
    def used(self) -> float | None:
        """Utilisation over the seconds that were really observed."""
        return utilisation(self.served, self.capacity, self.engine.seconds) if self.capacity else None

    @property
    def observed_nano_usd(self) -> int | None:
        """What it cost over the seconds in which it was observed, so that a gap in scraping does not raise its price."""
        if self.usd_per_hour is None:
            return None
        return accrued_nano(nano_from_usd(self.usd_per_hour), 0, round(self.engine.seconds * 1000))

    @property
    def price(self) -> OwnPrice:
        """What the tokens cost by class."""
        observed = self.observed_nano_usd
        return OwnPrice() if observed is None else own_price(observed, self.served, self.decode_weight)

    @property
    def at_full(self) -> Decimal | None:
        """Blended price at saturation."""
        return at_full(self.price, self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """All hosts over one window."""

    nano_usd: int
    """Accrued by every priced host over the window."""
    usd_per_hour: Decimal
    """Of the hosts in force at the window's end."""
    pools: tuple[Pool, ...]
    without_engine_nano_usd: int
    hosts: tuple[HostFact, ...]
    """In force at the window's end."""
    unpriced_hosts: tuple[str, ...]
    """Hosts that serve and have no price."""

    @property
    def served(self) -> Served:
        """Everything the engines served."""
        return sum((pool.served for pool in self.pools), Served())

    @property
    def observed_nano_usd(self) -> int:
        """What the engines cost over the seconds in which they were observed."""
        return sum(pool.observed_nano_usd or 0 for pool in self.pools)

    @property
    def used(self) -> float | None:
        """Utilisation of all engines with a known capacity, weighed by their dollars; None without any."""
        known = [(pool.used, pool.nano_usd) for pool in self.pools if pool.used is not None and pool.nano_usd]
        dollars = sum(nano for _, nano in known)
        return sum(used * nano for used, nano in known) / dollars if dollars else None

    @property
    def idle_usd_per_hour(self) -> Decimal | None:
        """The idle tax: host dollars times the share of capacity that did no work."""
        known = [(p.used, p.usd_per_hour) for p in self.pools if p.used is not None and p.usd_per_hour is not None]
        if not known:
            return None
        return sum((usd * Decimal(str(max(0.0, 1 - used))) for used, usd in known), Decimal(0))


def committed(reader: Reader, at: Moment) -> Committed:
    """Hosts and engines over the moment's window."""
    facts = reader.hosts()
    short = at.until_ms - at.since_ms <= 3_000_000
    read_engines = reader.engines if short else reader.engine_minutes
    engines = read_engines(at.since_ms, at.until_ms + 1)
    accrued = {name: _accrued(facts, name, at) for name in {fact.name for fact in facts}}
    in_force = tuple(f for f in facts if f.since_ms <= at.until_ms and (f.until_ms is None or f.until_ms > at.until_ms))
    by_name = {fact.name: fact for fact in in_force}
    pools = tuple(_pool(engine, engines, by_name, accrued) for engine in engines)
    with_engine = {pool.host for pool in pools}
    return Committed(
        nano_usd=sum(accrued.values()),
        usd_per_hour=sum((usd_from_nano(f.usd_per_hour_nano or 0) for f in in_force), Decimal(0)),
        pools=pools,
        without_engine_nano_usd=sum(nano for name, nano in accrued.items() if name not in with_engine),
        hosts=in_force,
        unpriced_hosts=tuple(sorted({p.host for p in pools if p.nano_usd is None})),
    )


def _accrued(facts: Iterable[HostFact], name: str, at: Moment) -> int:
    return sum(
        accrued_nano(f.usd_per_hour_nano, max(f.since_ms, at.since_ms), min(f.until_ms or at.until_ms, at.until_ms))
        for f in facts
        if f.name == name and f.usd_per_hour_nano is not None
    )


def _pool(
    engine: EngineState, engines: Sequence[EngineState], hosts: dict[str, HostFact], accrued: dict[str, int]
) -> Pool:
    host = engine.host or "(unknown host)"
    beside = sum(other.host == engine.host for other in engines)
    fact = hosts.get(host)
    share = Fraction(1, beside)
    priced = fact is not None and fact.usd_per_hour_nano is not None
    return Pool(
        host=host,
        engine=engine,
        nano_usd=round(accrued.get(host, 0) * share) if priced or accrued.get(host) else None,
        usd_per_hour=usd_from_nano(fact.usd_per_hour_nano or 0) / beside if fact and priced else None,
        served=Served(
            input_tokens=engine.input_tokens,
            cache_read_tokens=engine.cache_read_tokens,
            output_tokens=engine.output_tokens,
        ),
        capacity=_capacity(fact, share),
        assumed=beside > 1,
    )


def _capacity(fact: HostFact | None, share: Fraction) -> Capacity | None:
    if fact is None or not fact.prefill_tokens_per_second or not fact.decode_tokens_per_second:
        return None
    whole = Capacity(
        prefill_tokens_per_second=fact.prefill_tokens_per_second,
        decode_tokens_per_second=fact.decode_tokens_per_second,
        basis=fact.capacity_basis,
    )
    return whole.part(share)


def allocated(
    groups: dict[Owner, Totals],
    sums: Iterable[Sum],
    of: Callable[[SumKey], Owner],
    costs: Committed,
    window_seconds: float,
) -> tuple[dict[Owner, Totals], dict[str, int]]:
    """Add each group's share of the hosts' dollars; returns the groups, and nano-dollars that belong to no request.

    Shares and rests add up to what the hosts cost, exactly.
    """
    hosted = [one for one in sums if one.key.card.status is CardStatus.HOSTED]
    rests: dict[str, int] = {}
    if costs.without_engine_nano_usd:
        rests[NO_ENGINE] = costs.without_engine_nano_usd
    result = dict(groups)
    for pool, dollars in zip(costs.pools, _exact_parts(costs), strict=True):
        work = _work_by_owner(pool, hosted, of)
        logged = sum(work.values(), Fraction(0))
        unlogged = max(Fraction(0), pool.served.work(pool.decode_weight) - logged)
        saturation = pool.capacity.work_per_second * Fraction(window_seconds) if pool.capacity else None
        owners: dict[tuple[bool, Owner | str], Fraction] = {(True, owner): done for owner, done in work.items()}
        owners[(False, NOT_IN_ANY_LOG)] = unlogged
        for (is_group, owner), nano_usd in allocate(dollars, owners, (False, IDLE), saturation).items():
            if is_group:
                totals = result[owner]  # type: ignore[index]  # the flag says that it is an owner
                result[owner] = replace(totals, allocated_nano_usd=totals.allocated_nano_usd + nano_usd)  # type: ignore[index]  # likewise
            else:
                rests[str(owner)] = rests.get(str(owner), 0) + nano_usd
    return result, {name: nano_usd for name, nano_usd in rests.items() if nano_usd}


def _exact_parts(costs: Committed) -> list[int]:
    """Each pool's dollars, with the rounding of equal parts put right so that they add up to the hosts' dollars."""
    parts = [pool.nano_usd or 0 for pool in costs.pools]
    if parts:
        parts[0] += costs.nano_usd - costs.without_engine_nano_usd - sum(parts)
    return parts


def _work_by_owner(pool: Pool, hosted: Iterable[Sum], of: Callable[[SumKey], Owner]) -> dict[Owner, Fraction]:
    work: dict[Owner, Fraction] = {}
    for one in hosted:
        if _served_by(pool.engine, one.key):
            tokens = one.usage
            served = Served(
                input_tokens=tokens.prompt_tokens - tokens.cache_read_tokens,
                cache_read_tokens=tokens.cache_read_tokens,
                output_tokens=tokens.output_tokens,
            )
            owner = of(one.key)
            work[owner] = work.get(owner, Fraction(0)) + served.work(pool.decode_weight)
    return work


def _served_by(engine: EngineState, key: SumKey) -> bool:
    """Whether a request's model is the one this engine serves, with or without a provider's prefix."""
    if engine.model is None:
        return False
    names = [name for name in (key.dimensions.model, key.dimensions.deployment) if name]
    return any(name == engine.model or name.endswith(f"/{engine.model}") for name in names)
