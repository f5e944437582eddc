"""One engine's figures over the last minute: what its tokens cost, how full it is, and how anybody knows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from msgspec.structs import replace

from pricing.hosts.breakeven import ApiRates, break_even_utilisation
from pricing.hosts.economics import Saturating, Served, usd_per_million_at
from pricing.hosts.energy import Energy
from pricing.hosts.owned import BOARD_TO_WALL
from pricing.money import usd_from_nano
from store.facts import HostFact, RivalFact, SourceState, Timed
from store.hosts.latency import quantile
from store.records import EngineState, GpuState
from tui.pictures.machines import DIM, GONE, LIVE, EngineRow, Rival, Spread, Tier, Work
from tui.reading.enginepast import Past, headroom, mean, past_tiers
from tui.reading.hints import engine_hints
from tui.reading.moment import Moment
from tui.reading.pools import Pool

GONE_MS = 10_000
"""Figures of an engine that does not answer are dimmed for so long; then they say nothing of now."""

NOTHING_KNOWN = (
    "running", "waiting", "kv_cache_used", "input_per_second", "cache_read_per_second", "output_per_second",
    "blended_usd_per_million", "input_usd_per_million", "cache_read_usd_per_million", "output_usd_per_million",
    "output_only_usd_per_million", "at_full_usd_per_million", "utilisation", "utilisation_tier", "idle_usd_per_hour",
    "ttft_ms", "tpot_ms", "ttft_spread", "tpot_spread", "busy", "joules_per_token", "energy_usd_per_million", "work", "rival", "headroom",
)  # fmt: skip
"""What is not known any more of an engine that has not answered for too long; what it costs is."""


Board: TypeAlias = tuple[GpuState, Fraction]
"""A card and the part of it that is meant: power and energy are the whole card's, and belong to its instances by size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What an engine's figures follow from beside what it did itself."""

    host: HostFact | None
    gpus: Sequence[GpuState]
    """Those it holds; all of the host's where it is alone and nobody says."""
    boards: Sequence[Board]
    """The cards that those are or are parts of, each with the engine's part of it."""
    rival: RivalFact | None
    past: Past
    at: Moment


def engine_row(pool: Pool, around: Around) -> EngineRow:
    """The row; without its figures where they are too old."""
    engine, price, used, at = pool.engine, pool.price, pool.used, around.at
    age_ms = max(0, at.until_ms - engine.at_ms)
    state = at.states.get(engine.name, SourceState.ABSENT)
    energy = _energy(pool, around.boards)
    row = EngineRow(
        source=engine.name,
        model=engine.model,
        kind=engine.kind,
        state=state.value,
        running=engine.running,
        waiting=engine.waiting,
        kv_cache_used=engine.kv_cache_used,
        input_per_second=_rate(engine.input_tokens, engine),
        cache_read_per_second=_rate(engine.cache_read_tokens, engine),
        output_per_second=_rate(engine.output_tokens, engine),
        usd_per_hour=pool.usd_per_hour,
        blended_usd_per_million=price.blended,
        input_usd_per_million=price.input,
        cache_read_usd_per_million=price.cache_read,
        output_usd_per_million=price.output,
        output_only_usd_per_million=_output_only(pool),
        at_full_usd_per_million=pool.at_full,
        utilisation=used,
        utilisation_tier=None if pool.saturation is None or used is None else f"U1 {pool.saturation.source}",
        idle_usd_per_hour=_idle(pool),
        assumed=pool.held.assumed,
        gpus=engine.gpus,
        ttft_ms=_mean_ms(engine.ttft),
        tpot_ms=_mean_ms(engine.tpot),
        ttft_spread=_spread(engine.ttft),
        tpot_spread=_spread(engine.tpot),
        busy=mean([gpu.busy for gpu in around.gpus]),
        joules_per_token=None if energy is None else float(energy.joules_per_token),
        energy_usd_per_million=energy_usd_per_million(energy, around.host),
        work=_work(pool, around.past),
        headroom=headroom(around.past, pool),
        rival=None if around.rival is None else _rival(pool, around.rival),
        tiers=tuple(tiers(pool, around)),
        freshness=_freshness(state, age_ms),
        age_ms=age_ms,
    )
    if row.freshness == GONE:
        return replace(row, tiers=(), **dict.fromkeys(NOTHING_KNOWN))
    return replace(row, hints=tuple(engine_hints(row))) if row.freshness == LIVE else row


def tiers(pool: Pool, around: Around) -> list[Tier]:
    """Every answer to "how busy", the best for money first."""
    engine, found = pool.engine, []
    if pool.used is not None and pool.saturation is not None:
        found.append(Tier("U1", pool.used, f"work rate against K, {pool.saturation.source}"))
    if engine.idle_seconds is not None and engine.seconds > 0:
        found.append(Tier("U2", min(1.0, max(0.0, 1 - engine.idle_seconds / engine.seconds)), "the engine has work"))
    elif engine.running is not None and engine.running_limit:
        source = f"{engine.running} of at most {engine.running_limit} requests running"
        found.append(Tier("U2", engine.running / engine.running_limit, source))
    elif engine.kv_cache_used is not None:
        found.append(Tier("U2", engine.kv_cache_used, "KV cache in use"))
    if (busy := mean([gpu.busy for gpu in around.gpus])) is not None:
        found.append(Tier("U4", busy, "busy time: any kernel running"))
    return sorted([*found, *past_tiers(around.past, around.gpus)], key=lambda tier: tier.tier)


def energy_of(boards: Iterable[Board]) -> Decimal | None:
    """Mean power in watts of parts of GPU boards; None where one of them does not say."""
    watts = [None if (whole := _watts(gpu)) is None else whole * float(part) for gpu, part in boards]
    known = [watt for watt in watts if watt is not None]
    return Decimal(str(round(sum(known), 3))) if known and len(known) == len(watts) else None


def _watts(gpu: GpuState) -> float | None:
    """From its counter, else from spot readings."""
    if gpu.energy_joules is not None and gpu.energy_seconds > 0:
        return gpu.energy_joules / gpu.energy_seconds
    return gpu.power_watts


def energy_usd_per_million(energy: Energy | None, host: HostFact | None) -> Decimal | None:
    """What the energy of a million tokens costs whoever pays for the host; None where its price is not known."""
    if host is None or host.energy_nano_usd_per_kwh is None:
        return None
    if host.energy_nano_usd_per_kwh == 0:
        return Decimal(0)
    if energy is None:
        return None
    to_wall = BOARD_TO_WALL if host.board_to_wall is None else Decimal(str(host.board_to_wall))
    return energy.usd_per_million_tokens(usd_from_nano(host.energy_nano_usd_per_kwh)) * to_wall


def energy_per_token(watts: Decimal | None, tokens_per_second: float | None) -> Energy | None:
    """Energy of one computed token: prompt tokens that were read from the cache are left out."""
    if watts is None or not tokens_per_second:
        return None
    return Energy(joules=watts, tokens=Decimal(str(tokens_per_second)))


def rates_of(rival: RivalFact) -> ApiRates:
    """A stored price to compare with, in dollars."""
    return ApiRates(
        input=usd_from_nano(rival.input_nano_usd),
        output=usd_from_nano(rival.output_nano_usd),
        cache_read=None if rival.cache_read_nano_usd is None else usd_from_nano(rival.cache_read_nano_usd),
    )


def _energy(pool: Pool, boards: Sequence[Board]) -> Energy | None:
    engine = pool.engine
    computed = (engine.input_tokens or 0) + (engine.output_tokens or 0)
    return energy_per_token(energy_of(boards), computed / engine.seconds if engine.seconds > 0 else None)


def _rival(pool: Pool, rival: RivalFact) -> Rival:
    rates, mix, usd = rates_of(rival), pool.served, pool.usd_per_hour
    value = None
    if pool.engine.seconds > 0:
        value = rates.usd(mix) * 3600 / Decimal(str(pool.engine.seconds))
    return Rival(
        record=rival.record,
        checked=rival.checked,
        how=rival.how,
        usd_per_million=rates.usd_per_million(mix),
        value_usd_per_hour=value,
        saves_usd_per_hour=None if value is None or usd is None else value - usd,
        break_even=_break_even(usd, pool.capacity, mix, rates),
    )


def _break_even(usd: Decimal | None, capacity: Saturating | None, mix: Served, rates: ApiRates) -> Decimal | None:
    if usd is None or capacity is None or not mix.total_tokens:
        return None
    return break_even_utilisation(usd, capacity, mix, rates)


def _work(pool: Pool, past: Past) -> Work | None:
    if pool.work_per_second is None:
        return None
    known, capacity = pool.saturation, pool.capacity
    return Work(
        per_second=pool.work_per_second,
        seconds=pool.engine.seconds,
        saturation_per_second=None if capacity is None else float(capacity.work_per_second),
        saturation_source=None if known is None else known.source,
        saturation_since_ms=None if known is None else known.since_ms,
        decode_weight=float(pool.decode_weight),
        weights_assumed=known is None or known.is_learned,
        peak_per_second=past.peak_work_per_second if capacity is None else None,
    )


def _output_only(pool: Pool) -> Decimal | None:
    engine = pool.engine
    if pool.usd_per_hour is None or not engine.output_tokens or engine.seconds <= 0:
        return None
    return usd_per_million_at(pool.usd_per_hour, Decimal(engine.output_tokens) / Decimal(str(engine.seconds)))


def _idle(pool: Pool) -> Decimal | None:
    if pool.used is None or pool.usd_per_hour is None:
        return None
    return pool.usd_per_hour * Decimal(str(max(0.0, 1 - pool.used)))


def _freshness(state: SourceState, age_ms: int) -> str:
    if state is SourceState.OK:
        return LIVE
    return DIM if age_ms <= GONE_MS else GONE


def _mean_ms(timed: Timed | None) -> float | None:
    seconds = None if timed is None else timed.mean_seconds
    return None if seconds is None else seconds * 1000


def _spread(timed: Timed | None) -> Spread | None:
    buckets = () if timed is None else timed.buckets
    p50, p95 = quantile(buckets, 0.5), quantile(buckets, 0.95)
    if p50 is None or p95 is None:
        return None
    return Spread(
        p50_ms=p50.seconds * 1000, p95_ms=p95.seconds * 1000, p50_beyond=p50.beyond, p95_beyond=p95.beyond
    )  # fmt: skip


def _rate(tokens: int | None, engine: EngineState) -> float | None:
    return None if tokens is None or engine.seconds <= 0 else tokens / engine.seconds
