"""How full an engine is against its own past: activity and power of its GPUs, its busiest minutes, and its headroom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from pricing.hosts.economics import CACHED_WEIGHT
from pricing.hosts.saturation import LEAST_SECONDS
from pricing.times import DAY_MS
from store.asking import Ask
from store.hosts.yardsticks import activity_at_saturation, idle_watts, work_rates
from store.reader import Reader
from store.records import GpuState
from tui.pictures.machines import Headroom, Tier
from tui.reading.pools import Pool

DAYS = 7
RESERVE = 1.3
"""The busiest minutes and 30 per cent: what failover, retries and next week's growth want."""

_PERCENTILE = Fraction(95, 100)
_LEAST_MINUTES = 10
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an engine did over days, as yardsticks for what it does now."""

    full_activity: float | None
    """The most active that its GPUs' units were in a minute in which it was saturated."""
    idle_watts: Mapping[str, float | None]
    """Of each of its GPUs, by UUID."""
    minutes: int
    """Of the last days, those that were observed for long enough."""
    p95_work_per_second: float | None
    peak_work_per_second: float | None
    """The highest of the last day: a peak seen, which is no saturation."""


def past_of(reader: Reader, pool: Pool, gpus: Sequence[GpuState], at_ms: int) -> Past:
    """The yardsticks of an engine that holds these GPUs."""
    engine, uuids = pool.engine, tuple(gpu.uuid for gpu in gpus)
    question = ("past", pool.host, engine.name, engine.model, pool.decode_weight, uuids)
    return reader.by_minute(question, at_ms, lambda: _past(reader.ask, pool, gpus, at_ms))


def _past(ask: Ask, pool: Pool, gpus: Sequence[GpuState], at_ms: int) -> Past:
    name, model = pool.engine.name, pool.engine.model or ""
    rates = work_rates(
        ask,
        name,
        model,
        at_ms - DAYS * DAY_MS,
        at_ms,
        cached=float(CACHED_WEIGHT),
        output=float(pool.decode_weight),
        least_seconds=LEAST_SECONDS,
    )
    uuids = tuple(gpu.uuid for gpu in gpus if _activity(gpu) is not None)
    return Past(
        full_activity=activity_at_saturation(ask, name, model, uuids, at_ms) if uuids else None,
        idle_watts={gpu.uuid: idle_watts(ask, gpu.host, gpu.uuid, at_ms) for gpu in gpus},
        minutes=len(rates),
        p95_work_per_second=rates[ceil(len(rates) * _PERCENTILE) - 1][1] if rates else None,
        peak_work_per_second=max((rate for minute, rate in rates if minute * 1000 >= at_ms - DAY_MS), default=None),
    )


def past_tiers(past: Past, gpus: Sequence[GpuState]) -> list[Tier]:
    """U3 and U5, which need a yardstick from the past; each is left out where there is none."""
    found = []
    active = mean([_activity(gpu) for gpu in gpus])
    if active is not None and past.full_activity:
        source = f"tensor or memory units active, of {past.full_activity:.0%} seen at saturation"
        found.append(Tier("U3", active / past.full_activity, source))
    used = mean([_power_share(gpu, past.idle_watts.get(gpu.uuid)) for gpu in gpus])
    if used is not None:
        found.append(Tier("U5", used, "power between idle and the limit"))
    return found


def headroom(past: Past, pool: Pool) -> Headroom | None:
    """The 95th percentile of the last days' one-minute work rates with a reserve against K; None with too few minutes."""
    p95 = past.p95_work_per_second
    if past.minutes < _LEAST_MINUTES or p95 is None:
        return None
    capacity, price = pool.capacity, pool.price.blended
    needed = None if capacity is None else p95 * RESERVE / float(capacity.work_per_second)
    return Headroom(
        p95_work_per_second=p95,
        days=past.minutes / 1440,
        minutes=past.minutes,
        needed_share=needed,
        usd_per_million_more=None if price is None else price * 2,
        usd_per_million_less=price / 2 if price is not None and needed is not None and needed <= _HALF else None,
    )


def mean(values: Sequence[float | None]) -> float | None:
    """Of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _activity(gpu: GpuState) -> float | None:
    """Of the units that are busier: prompts are bound by the matrix units, output by the memory."""
    return max((share for share in (gpu.tensor_active, gpu.dram_active) if share is not None), default=None)


def _power_share(gpu: GpuState, lowest: float | None) -> float | None:
    if lowest is None or gpu.power_watts is None or not gpu.power_limit_watts or gpu.power_limit_watts <= lowest:
        return None
    return min(1.0, max(0.0, (gpu.power_watts - lowest) / (gpu.power_limit_watts - lowest)))
