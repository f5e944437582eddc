"""What the hosts cost over a window, what their engines served for it, and whose share that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from pricing.hosts.allocation import largest_remainder
from pricing.hosts.economics import (
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
from store.facts import HostFact
from store.reader import Reader
from store.records import EngineState
from tui.reading.commitments import Commitment, commitments
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
    """All hosts and commitments over one window."""

    nano_usd: int
    """Accrued by every priced host and every commitment over the window."""
    usd_per_hour: Decimal
    """Of those in force at the window's end."""
    pools: tuple[Pool, ...]
    rests: dict[str, int]
    """Nano-dollars of the window that no engine holds: hosts without an engine, GPUs that nobody claims."""
    unclaimed_usd_per_hour: Decimal
    """Of GPUs that no engine holds, on hosts that have engines."""
    commitments: tuple[Commitment, ...]
    hosts: tuple[HostFact, ...]
    """In force at the window's end."""
    unpriced_hosts: tuple[str, ...]
    """Hosts that serve and have no price."""

    @property
    def bought_nano_usd(self) -> int:
        """Of the commitments alone."""
        return sum(one.nano_usd for one in self.commitments)

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
        """The idle tax: host dollars times the share of capacity that did no work, unclaimed GPUs included."""
        known = [(p.used, p.usd_per_hour) for p in self.pools if p.used is not None and p.usd_per_hour is not None]
        if not known:
            return self.unclaimed_usd_per_hour or None
        idle = sum((usd * Decimal(str(max(0.0, 1 - used))) for used, usd in known), Decimal(0))
        return idle + self.unclaimed_usd_per_hour


def committed(reader: Reader, at: Moment) -> Committed:
    """Hosts and engines over the moment's window."""
    facts = reader.hosts()
    short = at.until_ms - at.since_ms <= 3_000_000
    read_engines = reader.engines if short else reader.engine_minutes
    engines = read_engines(at.since_ms, at.until_ms + 1)
    in_force = tuple(f for f in facts if f.since_ms <= at.until_ms and (f.until_ms is None or f.until_ms > at.until_ms))
    houses = [_house(name, facts, in_force, engines, at) for name in _host_names(facts, engines)]
    pools = [pool for house in houses for pool in house.pools]
    rests = {label: sum(house.rests.get(label, 0) for house in houses) for label in (NO_ENGINE, IDLE)}
    bought = commitments(reader, at)
    return Committed(
        nano_usd=sum(house.nano_usd for house in houses) + sum(one.nano_usd for one in bought),
        usd_per_hour=sum((usd_from_nano(f.usd_per_hour_nano or 0) for f in in_force), Decimal(0))
        + sum((one.usd_per_hour for one in bought), Decimal(0)),
        commitments=bought,
        pools=tuple(sorted(pools, key=lambda pool: pool.engine.name)),
        rests={label: nano_usd for label, nano_usd in rests.items() if nano_usd},
        unclaimed_usd_per_hour=sum((house.unclaimed_usd_per_hour for house in houses), Decimal(0)),
        hosts=in_force,
        unpriced_hosts=tuple(sorted({p.host for p in pools if p.nano_usd is None})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """One host over the window."""

    nano_usd: int
    pools: tuple[Pool, ...]
    rests: dict[str, int]
    unclaimed_usd_per_hour: Decimal


def _host_names(facts: Iterable[HostFact], engines: Iterable[EngineState]) -> list[str]:
    return sorted({fact.name for fact in facts} | {_host_of(engine) for engine in engines})


def _host_of(engine: EngineState) -> str:
    return engine.host or "(unknown host)"


def _house(
    name: str, facts: Iterable[HostFact], in_force: Iterable[HostFact], engines: Iterable[EngineState], at: Moment
) -> _House:
    """Divide one host's dollars over its engines by the GPUs they hold; the parts and the rest add up exactly."""
    accrued = _accrued(facts, name, at)
    fact = next((f for f in in_force if f.name == name), None)
    mine = [engine for engine in engines if _host_of(engine) == name]
    if not mine:
        return _House(nano_usd=accrued, pools=(), rests={NO_ENGINE: accrued}, unclaimed_usd_per_hour=Decimal(0))
    shares = [_share(engine, mine, fact) for engine in mine]
    unclaimed = 1 - sum(shares, Fraction(0))
    weights = {place: share for place, share in enumerate([*shares, unclaimed]) if share > 0}
    parts = largest_remainder(accrued, weights)
    priced = accrued > 0 or (fact is not None and fact.usd_per_hour_nano is not None)
    return _House(
        nano_usd=accrued,
        pools=tuple(
            _pool(engine, share, fact, parts[place] if priced else None, assumed=not engine.gpus and len(mine) > 1)
            for place, (engine, share) in enumerate(zip(mine, shares, strict=True))
        ),
        rests={IDLE: parts.get(len(shares), 0)},
        unclaimed_usd_per_hour=_part(fact, unclaimed) or Decimal(0),
    )


def _accrued(facts: Iterable[HostFact], name: str, at: Moment) -> int:
    return sum(
        accrued_nano(f.usd_per_hour_nano, max(f.since_ms, at.since_ms), min(f.until_ms or at.until_ms, at.until_ms))
        for f in facts
        if f.name == name and f.usd_per_hour_nano is not None
    )


def _pool(engine: EngineState, share: Fraction, fact: HostFact | None, nano_usd: int | None, *, assumed: bool) -> Pool:
    return Pool(
        host=_host_of(engine),
        engine=engine,
        nano_usd=nano_usd,
        usd_per_hour=_part(fact, share),
        served=Served(
            input_tokens=engine.input_tokens or 0,
            cache_read_tokens=engine.cache_read_tokens or 0,
            output_tokens=engine.output_tokens or 0,
        ),
        capacity=_capacity(fact, share),
        assumed=assumed,
    )


def _share(engine: EngineState, beside: Sequence[EngineState], fact: HostFact | None) -> Fraction:
    """An engine's part of its host: the GPUs it is configured to hold, else an equal part of those nobody claims.

    Claims that exceed the host's GPUs are scaled down to fit.
    """
    claimed = sum(len(other.gpus) for other in beside)
    silent = sum(not other.gpus for other in beside)
    whole = max(claimed, fact.gpus if fact is not None and fact.gpus else claimed + silent)
    return Fraction(len(engine.gpus), whole) if engine.gpus else Fraction(whole - claimed, whole * silent)


def _part(fact: HostFact | None, share: Fraction) -> Decimal | None:
    """Dollars per hour of a part of a host, or None without a price."""
    if fact is None or fact.usd_per_hour_nano is None:
        return None
    return usd_from_nano(round(fact.usd_per_hour_nano * share))


def _capacity(fact: HostFact | None, share: Fraction) -> Capacity | None:
    if fact is None or not fact.prefill_tokens_per_second or not fact.decode_tokens_per_second:
        return None
    whole = Capacity(
        prefill_tokens_per_second=fact.prefill_tokens_per_second,
        decode_tokens_per_second=fact.decode_tokens_per_second,
        basis=fact.capacity_basis,
    )
    return whole.part(share)
