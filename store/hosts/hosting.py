"""What hosts cost and what their engines can do, out of the dated facts of a store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import msgspec

from pricing.hosts.economics import Capacity, accrued_nano
from pricing.hosts.holding import Claim, Share, shares
from pricing.hosts.owned import energy_nano_usd
from pricing.hosts.saturation import Configured, Learned, Saturation, in_force, work_over
from pricing.money import usd_from_nano
from store.asking import Ask
from store.facts import CapacityFact, HostFact, SaturationFact
from store.hosts.capacity import Holding, capacities, gpus_seen, holdings, hosts, saturations
from store.hosts.cards import Cards, cards
from store.hosts.energy import board_joules, board_watts, processor_joules, processor_watts
from store.records import EngineState

Dated = TypeVar("Dated", HostFact, CapacityFact)

FACT_TABLES = ("hosts", "capacities", "saturations", "gpus", "engines", "engine_holdings")
"""What `host_facts` are read from."""

ENERGY_WINDOW_MS = 60_000
"""What measured energy costs per hour now is taken from so long."""

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Everything dated that a window's host dollars follow from."""

    ask: Ask
    hosts: Sequence[HostFact]
    capacities: Sequence[CapacityFact]
    learned: dict[tuple[str, str], list[Learned]]
    gpus_seen: dict[str, int]
    """How many cards of each host were ever read."""
    cards: Cards
    """Every card and MIG instance that was ever read."""
    holdings: dict[tuple[str, str], list[Holding]]
    """What each engine (source, model) held, in the order of time."""
    _shares: dict[object, list[Share]] = field(default_factory=dict, repr=False, compare=False)
    """Parts of hosts by what is claimed of them, once worked out."""

    def as_held(self, engine: EngineState, at_ms: int) -> EngineState:
        """The engine with the GPUs that it held at an instant; before it was first seen, with those of then."""
        held = self.holdings.get((engine.name, engine.model or ""), [])
        then = [one for one in held if one.since_ms <= at_ms][-1:] or held[:1]
        if not then:
            return engine
        return msgspec.structs.replace(engine, host=then[0].host, gpus=then[0].gpus, gpu_uuids=then[0].gpu_uuids)

    def gpus(self, name: str, at_ms: int) -> int | None:
        """How many GPUs a host has: as configured, else as seen."""
        fact = self.host(name, at_ms)
        return fact.gpus if fact is not None and fact.gpus else self.gpus_seen.get(name)

    def placed(self, engine: EngineState) -> EngineState:
        """The engine with the indices of its GPUs, where only their UUIDs were configured."""
        if engine.gpus or not engine.gpu_uuids:
            return engine
        found = {claim.card for claim in self._claims(engine) if isinstance(claim.card, int)}
        return msgspec.structs.replace(engine, gpus=tuple(sorted(found)))

    def shares(self, name: str, engines: Sequence[EngineState], at_ms: int) -> list[Share]:
        """Each engine's part of a host, which all of them are on."""
        asked = (tuple((engine.host, engine.gpus, engine.gpu_uuids) for engine in engines), self.gpus(name, at_ms))
        if asked not in self._shares:
            self._shares[asked] = shares([self._claims(engine) for engine in engines], asked[1])
        return self._shares[asked]

    def _claims(self, engine: EngineState) -> list[Claim]:
        """The GPUs or MIG instances that an engine holds."""
        return self.cards.claims(engine.host, engine.gpus, engine.gpu_uuids)

    def host(self, name: str, at_ms: int) -> HostFact | None:
        """The host as it is at an instant."""
        return _in_force([fact for fact in self.hosts if fact.name == name], at_ms)

    def hosts_at(self, at_ms: int) -> tuple[HostFact, ...]:
        """Every host in force at an instant."""
        return tuple(fact for fact in self.hosts if _holds(fact, at_ms))

    def accrued(self, name: str, since_ms: int, until_ms: int, *, window_ms: int | None = None) -> int:
        """Nano-dollars of one host over a stretch: its price per hour, and its measured energy where that is not in it.

        `window_ms` is where the window begins that the stretch is a part of: then the parts add up to it exactly.
        """
        mine = [fact for fact in self.hosts if fact.name == name]
        return sum(
            self._accrued(fact, since_ms, until_ms, since_ms if window_ms is None else window_ms) for fact in mine
        )

    def energy(self, fact: HostFact, since_ms: int, until_ms: int) -> int:
        """Nano-dollars of one host's measured energy over a window; 0 where energy is no item of its own.

        A minute in which a host's price changed has its energy at the price that it began with.
        """
        begins_ms = max(fact.since_ms, since_ms)
        ends_ms = until_ms if fact.until_ms is None else min(fact.until_ms, until_ms)
        if fact.board_to_wall is None or ends_ms <= begins_ms:
            return 0
        counted = max(_whole_minute(fact.since_ms), since_ms), min(_whole_minute(ends_ms), until_ms)
        joules = board_joules(self.ask, fact.name, *counted) if counted[1] > counted[0] else 0.0
        beside = fact.base_watts * (ends_ms - begins_ms) / 1000
        if fact.measure_processors and counted[1] > counted[0]:
            beside += processor_joules(self.ask, fact.name, *counted)
        return _energy_nano(fact, joules, beside)

    def usd_per_hour(self, fact: HostFact, at_ms: int) -> Decimal | None:
        """What a host costs per hour now, its measured energy as of the last minute."""
        if fact.usd_per_hour_nano is None:
            return None
        return usd_from_nano(fact.usd_per_hour_nano) + (self.energy_usd_per_hour(fact, at_ms) or 0)

    def energy_usd_per_hour(self, fact: HostFact, at_ms: int) -> Decimal | None:
        """The moving part of that; None where energy is no item of its own."""
        if fact.board_to_wall is None:
            return None
        watts = board_watts(self.ask, fact.name, at_ms - ENERGY_WINDOW_MS, at_ms)
        beside = fact.base_watts
        if fact.measure_processors:
            beside += processor_watts(self.ask, fact.name, at_ms - ENERGY_WINDOW_MS, at_ms)
        return usd_from_nano(_energy_nano(fact, watts * _SECONDS_PER_HOUR, beside * _SECONDS_PER_HOUR))

    def saturation(self, engine: EngineState, share: Fraction, at_ms: int) -> Saturation | None:
        """The engine's K in force at an instant."""
        return in_force(self._configured(engine, share, at_ms), self._learned(engine), at_ms)

    def saturation_work(self, engine: EngineState, share: Fraction, since_ms: int, until_ms: int) -> Fraction:
        """Work that the engine would have done in a window at saturation; 0 where K was not known."""
        configured = self._configured(engine, share, (since_ms + until_ms) // 2)
        return work_over(configured, self._learned(engine), since_ms, until_ms)

    def changes_ms(self) -> list[int]:
        """When anything began or ended to be in force, beside a K that was only learned anew."""
        dated: list[HostFact | CapacityFact] = [*self.hosts, *self.capacities]
        edges = [edge for fact in dated for edge in (fact.since_ms, fact.until_ms) if edge is not None]
        edges += [one.since_ms for held in self.holdings.values() for one in held[1:]]
        return [*edges, *(learned[0].since_ms for learned in self.learned.values())]

    def _learned(self, engine: EngineState) -> list[Learned]:
        return self.learned.get((engine.name, engine.model or ""), [])

    def _configured(self, engine: EngineState, share: Fraction, at_ms: int) -> Configured | None:
        """The engine's own capacity wins over its part of the host's."""
        own = _in_force([fact for fact in self.capacities if fact.name == engine.name], at_ms)
        if own is not None:
            return Configured(capacity=_capacity(own), source="configured")
        fact = self.host(host_of(engine), at_ms)
        if fact is None or not fact.prefill_tokens_per_second or not fact.decode_tokens_per_second or not share:
            return None
        whole = _capacity(fact)
        part = Saturation(
            work_per_second=whole.work_per_second * share, decode_weight=whole.decode_weight, source="configured"
        )
        return Configured(capacity=part, source="configured" if share == 1 else "configured for the host")

    def _accrued(self, fact: HostFact, since_ms: int, until_ms: int, window_ms: int) -> int:
        if fact.usd_per_hour_nano is None:
            return 0
        ends_ms = until_ms if fact.until_ms is None else min(fact.until_ms, until_ms)
        begins_ms = max(fact.since_ms, window_ms)
        until_then = accrued_nano(fact.usd_per_hour_nano, begins_ms, ends_ms)
        before = accrued_nano(fact.usd_per_hour_nano, begins_ms, min(since_ms, ends_ms))
        return until_then - before + self.energy(fact, since_ms, until_ms)


def _whole_minute(at_ms: int) -> int:
    """The end of the minute that an instant is in."""
    return -(-at_ms // 60_000) * 60_000


def _energy_nano(fact: HostFact, board_joules: float, joules_beside: float) -> int:
    return energy_nano_usd(
        board_joules=board_joules,
        board_to_wall=fact.board_to_wall or 0.0,
        base_joules=joules_beside,
        nano_usd_per_kwh=fact.energy_nano_usd_per_kwh or 0,
    )


def host_facts(ask: Ask) -> HostFacts:
    """Ask the store once."""
    learned: dict[tuple[str, str], list[Learned]] = {}
    for fact in saturations(ask):
        learned.setdefault((fact.engine, fact.model), []).append(learned_of(fact))
    return HostFacts(
        ask=ask,
        hosts=hosts(ask),
        capacities=capacities(ask),
        learned=learned,
        gpus_seen=gpus_seen(ask),
        cards=cards(ask),
        holdings=holdings(ask),
    )


def learned_of(fact: SaturationFact) -> Learned:
    """A stored fact as a value."""
    return Learned(
        since_ms=fact.since_ms,
        work_per_second=Fraction(str(fact.work_per_second)),
        decode_weight=Fraction(str(fact.decode_weight)).limit_denominator(10**6),
        raised=fact.how == "raised",
        minutes=fact.minutes,
    )


def host_of(engine: EngineState) -> str:
    """Where an engine runs."""
    return engine.host or "(unknown host)"


def _capacity(fact: HostFact | CapacityFact) -> Capacity:
    return Capacity(
        prefill_tokens_per_second=fact.prefill_tokens_per_second or 1,
        decode_tokens_per_second=fact.decode_tokens_per_second or 1,
        basis=fact.capacity_basis,
    )


def _holds(fact: HostFact | CapacityFact, at_ms: int) -> bool:
    return fact.since_ms <= at_ms and (fact.until_ms is None or fact.until_ms > at_ms)


def _in_force(facts: Iterable[Dated], at_ms: int) -> Dated | None:
    return next((fact for fact in facts if _holds(fact, at_ms)), None)
