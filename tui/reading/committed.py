"""What the hosts cost over a window, and what their engines served for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from msgspec import structs

from pricing.hosts.economics import Served
from store.facts import HostFact
from store.hosts.capacity import watched_between
from store.hosts.hosting import HostFacts
from store.reader import Reader
from store.records import EngineState
from tui.reading.commitments import Commitment, commitments
from tui.reading.moment import Moment
from tui.reading.pools import IDLE as IDLE
from tui.reading.pools import NO_ENGINE as NO_ENGINE
from tui.reading.pools import House, houses
from tui.reading.pools import Pool as Pool
from tui.reading.stretches import stretches

NOT_IN_ANY_LOG = "(not in any log)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the window in which nothing changed that dollars are divided by."""

    at: Moment
    pools: tuple[Pool, ...]
    rests: dict[tuple[str, str], int]
    """Nano-dollars that no engine holds by (what they are called, host): hosts without an engine, GPUs nobody claims."""

    @property
    def nano_usd(self) -> int:
        """What all hosts cost in it."""
        return sum(pool.nano_usd or 0 for pool in self.pools) + sum(self.rests.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """All hosts and commitments over one window."""

    nano_usd: int
    """Accrued by every priced host and every commitment over the window."""
    usd_per_hour: Decimal
    """Of those in force at the window's end."""
    pools: tuple[Pool, ...]
    """Every engine over the whole window; its dollars are those of all stretches."""
    stretches: tuple[Stretch, ...]
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

    def as_one_stretch(self) -> "Committed":
        """The same, divided as if nothing had changed within the window."""
        if len(self.stretches) == 1:
            return self
        rests: dict[tuple[str, str], int] = {}
        for stretch in self.stretches:
            for place, nano_usd in stretch.rests.items():
                rests[place] = rests.get(place, 0) + nano_usd
        at = replace(self.stretches[-1].at, since_ms=self.stretches[0].at.since_ms)
        return replace(self, stretches=(Stretch(at=at, pools=self.pools, rests=rests),))

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
    facts = reader.host_facts()
    whole = houses(facts, _engines(reader, facts, at, at.until_ms), at, as_of_ms=at.until_ms)
    parts = _stretches(reader, facts, whole, at)
    bought = commitments(reader, at)
    in_force = facts.hosts_at(at.until_ms)
    pools = sorted(_over_all(whole, parts), key=lambda pool: pool.engine.name)
    return Committed(
        nano_usd=sum(stretch.nano_usd for stretch in parts) + sum(one.nano_usd for one in bought),
        usd_per_hour=sum((facts.usd_per_hour(fact, at.until_ms) or Decimal(0) for fact in in_force), Decimal(0))
        + sum((one.usd_per_hour for one in bought), Decimal(0)),
        commitments=bought,
        pools=tuple(pools),
        stretches=parts,
        unclaimed_usd_per_hour=sum((house.unclaimed_usd_per_hour for house in whole), Decimal(0)),
        hosts=in_force,
        unpriced_hosts=tuple(sorted({p.host for p in pools if p.nano_usd is None})),
    )


def _engines(reader: Reader, facts: HostFacts, at: Moment, as_of_ms: int) -> list[EngineState]:
    return [facts.as_held(engine, as_of_ms) for engine in reader.engine_minutes(at.since_ms, at.until_ms)]


def _stretches(reader: Reader, facts: HostFacts, whole: Sequence[House], at: Moment) -> tuple[Stretch, ...]:
    moments = stretches(facts, at)
    if len(moments) == 1:
        return (_stretch(at, whole),)
    found = []
    for part in moments:
        middle_ms = (part.since_ms + part.until_ms) // 2
        engines = _engines(reader, facts, part, middle_ms)
        if not engines and watched_between(reader.ask, part.since_ms, part.until_ms) is None:
            # Nobody watched, so nobody saw an engine leave: those of the window held their GPUs, too.
            engines = [_unwatched(pool.engine) for house in whole for pool in house.pools]
        within = houses(facts, engines, part, as_of_ms=middle_ms, window_ms=at.since_ms)
        found.append(_stretch(part, within))
    return tuple(found)


def _unwatched(engine: EngineState) -> EngineState:
    return structs.replace(engine, seconds=0.0, input_tokens=0, cache_read_tokens=0, output_tokens=0)


def _stretch(at: Moment, within: Sequence[House]) -> Stretch:
    return Stretch(
        at=at,
        pools=tuple(pool for house in within for pool in house.pools),
        rests={(label, house.name): nano for house in within for label, nano in house.rests.items() if nano},
    )


def _over_all(whole: Sequence[House], parts: Sequence[Stretch]) -> list[Pool]:
    """The engines over the whole window, with the dollars that they had in each stretch."""
    if len(parts) == 1:
        return [pool for house in whole for pool in house.pools]
    nano_usd: dict[tuple[str, str | None], int] = {}
    for stretch in parts:
        for pool in stretch.pools:
            key = (pool.engine.name, pool.engine.model)
            nano_usd[key] = nano_usd.get(key, 0) + (pool.nano_usd or 0)
    return [
        replace(
            pool, nano_usd=None if pool.nano_usd is None else nano_usd.get((pool.engine.name, pool.engine.model), 0)
        )
        for house in whole
        for pool in house.pools
    ]
