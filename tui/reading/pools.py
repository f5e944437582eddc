"""One host over one stretch of time: its dollars divided over its engines by the GPUs that they hold."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from pricing.hosts.allocation import largest_remainder
from pricing.hosts.economics import (
    DEFAULT_DECODE_WEIGHT,
    OwnPrice,
    Saturating,
    Served,
    accrued_nano,
    at_full,
    own_price,
    utilisation,
)
from pricing.hosts.holding import Share
from pricing.hosts.saturation import Saturation
from pricing.money import nano_from_usd
from store.hosts.hosting import HostFacts, host_of
from store.records import EngineState
from tui.reading.moment import Moment

IDLE = "(idle)"
NO_ENGINE = "(hosts without an engine)"


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One engine's part of its host: the dollars it had and the tokens it served for them."""

    host: str
    engine: EngineState
    held: Share
    """Its part of the host and of each card, and why that is assumed."""
    nano_usd: int | None
    """Its part of what the host cost over the window; None without a price."""
    usd_per_hour: Decimal | None
    served: Served
    saturation: Saturation | None
    """The K in force at the window's end."""
    saturation_work: Fraction
    """Work that it would have done over the whole window at saturation; 0 where that is not known."""
    seconds: float
    """Of the window, of which the engine was observed for `engine.seconds`."""

    @property
    def share(self) -> Fraction:
        """Of the host."""
        return self.held.of_host

    @property
    def cards(self) -> Mapping[Hashable, Fraction]:
        """Its part of each card that it claims; empty where nobody says."""
        return self.held.cards

    @property
    def decode_weight(self) -> Fraction:
        """Work of one output token."""
        return self.saturation.decode_weight if self.saturation else DEFAULT_DECODE_WEIGHT

    @property
    def capacity(self) -> Saturating | None:
        """The mean K of the window, or None where it is not known."""
        if self.saturation is None or not self.saturation_work or self.seconds <= 0:
            return self.saturation
        return Saturation(
            work_per_second=self.saturation_work / Fraction(self.seconds),
            decode_weight=self.decode_weight,
            source=self.saturation.source,
        )

    @cached_property
    def work(self) -> Fraction:
        """What it did."""
        return self.served.work(self.decode_weight)

    @property
    def work_per_second(self) -> float | None:
        """Its work rate over the seconds that were really observed."""
        return float(self.work) / self.engine.seconds if self.engine.seconds > 0 else None

    @cached_property
    def used(self) -> float | None:
        """Utilisation over the seconds that were really observed."""
        capacity = self.capacity
        return utilisation(self.served, capacity, self.engine.seconds) if capacity else None

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
class House:
    """One host over the stretch."""

    name: str
    nano_usd: int
    pools: tuple[Pool, ...]
    rests: dict[str, int]
    unclaimed_usd_per_hour: Decimal


def houses(
    facts: HostFacts, engines: Sequence[EngineState], at: Moment, *, as_of_ms: int, window_ms: int | None = None
) -> list[House]:
    """Every host that costs or serves something in the stretch; `as_of_ms` is when prices per hour and K are looked at.

    `window_ms` is where the window begins that the stretch is a part of.
    """
    names = sorted({fact.name for fact in facts.hosts} | {host_of(engine) for engine in engines})
    return [_house(name, facts, engines, at, as_of_ms, window_ms) for name in names]


def _house(
    name: str, facts: HostFacts, engines: Iterable[EngineState], at: Moment, as_of_ms: int, window_ms: int | None
) -> House:
    """The parts of the engines and the rest add up to what the host cost, exactly."""
    accrued = facts.accrued(name, at.since_ms, at.until_ms, window_ms=window_ms)
    fact = facts.host(name, as_of_ms)
    mine = [facts.placed(engine) for engine in engines if host_of(engine) == name]
    if not mine:
        return House(
            name=name, nano_usd=accrued, pools=(), rests={NO_ENGINE: accrued}, unclaimed_usd_per_hour=Decimal(0)
        )
    held = facts.shares(name, mine, as_of_ms)
    unclaimed = 1 - sum((one.of_host for one in held), Fraction(0))
    weights = {place: share for place, share in enumerate([*(one.of_host for one in held), unclaimed]) if share > 0}
    parts = largest_remainder(accrued, weights)
    usd = facts.usd_per_hour(fact, as_of_ms) if fact else None
    priced = accrued > 0 or usd is not None
    return House(
        name=name,
        nano_usd=accrued,
        pools=tuple(
            _pool(engine, one, facts, at, as_of_ms, parts.get(place, 0) if priced else None, _part(usd, one.of_host))
            for place, (engine, one) in enumerate(zip(mine, held, strict=True))
        ),
        rests={IDLE: parts.get(len(mine), 0)},
        unclaimed_usd_per_hour=_part(usd, unclaimed) or Decimal(0),
    )


def _pool(
    engine: EngineState,
    held: Share,
    facts: HostFacts,
    at: Moment,
    as_of_ms: int,
    nano_usd: int | None,
    usd_per_hour: Decimal | None,
) -> Pool:
    # An engine that exposes no token counts does work that nobody can weigh against a K.
    counted = (engine.input_tokens, engine.cache_read_tokens, engine.output_tokens)
    counts = any(tokens is not None for tokens in counted)
    return Pool(
        host=host_of(engine),
        engine=engine,
        held=held,
        nano_usd=nano_usd,
        usd_per_hour=usd_per_hour,
        served=Served(
            input_tokens=engine.input_tokens or 0,
            cache_read_tokens=engine.cache_read_tokens or 0,
            output_tokens=engine.output_tokens or 0,
        ),
        saturation=facts.saturation(engine, held.of_host, as_of_ms) if counts else None,
        saturation_work=facts.saturation_work(engine, held.of_host, at.since_ms, at.until_ms)
        if counts
        else Fraction(0),
        seconds=at.seconds,
    )


def _part(usd: Decimal | None, share: Fraction) -> Decimal | None:
    """Dollars per hour of a part of a host, to the nano-dollar, or None without a price."""
    if usd is None:
        return None
    nano = nano_from_usd(usd)
    return Decimal(round(nano * share)).scaleb(-9)
