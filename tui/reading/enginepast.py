"""How full an engine is against its own past: activity and power of its GPUs, its busiest minutes, and its headroom."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from pricing.hosts.economics import Served
from pricing.hosts.saturation import work_rate
from store.asking import Ask
from store.capacity import work_minutes
from store.past import activity_at_saturation, idle_watts
from store.records import GpuState
from tui.pictures.machines import Headroom, Tier
from tui.reading.enginerow import mean
from tui.reading.pools import Pool

DAYS = 7
RESERVE = Fraction(13, 10)
"""The busiest minutes and 30 per cent: what failover, retries and next week's growth want."""

_DAY_MS = 86_400_000
_PERCENTILE = Fraction(95, 100)
_LEAST_MINUTES = 10


def past_tiers(ask: Ask, pool: Pool, gpus: Sequence[GpuState], at_ms: int) -> list[Tier]:
    """U3 and U5, which need a yardstick from the past; each is left out where there is none."""
    found = []
    active = [max(gpu.tensor_active or 0.0, gpu.dram_active or 0.0) for gpu in gpus if _has_activity(gpu)]
    if active:
        now = sum(active) / len(active)
        full = activity_at_saturation(
            ask, pool.engine.name, pool.engine.model or "", tuple(gpu.uuid for gpu in gpus), at_ms
        )
        if full:
            found.append(Tier("U3", now / full, f"tensor or memory units active, of {full:.0%} seen at saturation"))
    used = mean([_power_share(ask, gpu, at_ms) for gpu in gpus])
    if used is not None:
        found.append(Tier("U5", used, "power between idle and the limit"))
    return found


def peak(ask: Ask, pool: Pool, at_ms: int) -> float | None:
    """The highest one-minute work rate of the last day: a peak seen, which is no saturation."""
    rates = _rates(ask, pool, at_ms - _DAY_MS, at_ms)
    return float(max(rates)) if rates else None


def headroom(ask: Ask, pool: Pool, at_ms: int) -> Headroom | None:
    """The 95th percentile of the last days' one-minute work rates with a reserve against K; None with too few minutes."""
    rates = sorted(_rates(ask, pool, at_ms - DAYS * _DAY_MS, at_ms))
    if len(rates) < _LEAST_MINUTES:
        return None
    p95 = rates[ceil(len(rates) * _PERCENTILE) - 1]
    capacity, price = pool.capacity, pool.price.blended
    halved = None
    if capacity is not None and price is not None and p95 * RESERVE <= capacity.work_per_second / 2:
        halved = price / 2
    return Headroom(
        p95_work_per_second=float(p95),
        days=len(rates) / 1440,
        minutes=len(rates),
        needed_share=None if capacity is None else float(p95 * RESERVE / capacity.work_per_second),
        usd_per_million_more=None if price is None else price * Decimal(2),
        usd_per_million_less=halved,
    )


def _rates(ask: Ask, pool: Pool, since_ms: int, until_ms: int) -> list[Fraction]:
    minutes = work_minutes(ask, pool.engine.name, pool.engine.model or "", since_ms, until_ms)
    rates = (
        work_rate(
            Served(
                input_tokens=one.input_tokens,
                cache_read_tokens=one.cache_read_tokens,
                output_tokens=one.output_tokens,
            ),
            one.seconds,
            pool.decode_weight,
        )
        for one in minutes
    )
    return [rate for rate in rates if rate is not None]


def _power_share(ask: Ask, gpu: GpuState, at_ms: int) -> float | None:
    lowest = idle_watts(ask, gpu.host, gpu.uuid, at_ms)
    if lowest is None or gpu.power_watts is None or not gpu.power_limit_watts or gpu.power_limit_watts <= lowest:
        return None
    return min(1.0, max(0.0, (gpu.power_watts - lowest) / (gpu.power_limit_watts - lowest)))


def _has_activity(gpu: GpuState) -> bool:
    return gpu.tensor_active is not None or gpu.dram_active is not None
