"""Hosts, GPUs and engines over the last minute."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from store.facts import HostFact, SourceState
from store.reader import Reader
from store.records import EngineState, GpuState
from tui.pictures.machines import EngineRow, GpuRow, HostRow, MachinesPicture
from tui.pictures.view import View
from tui.reading.committed import Committed, Pool, committed
from tui.reading.moment import Moment, header, moment

_WINDOW_MS = 60_000
_STALE_MS = 10_000


def machines(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> MachinesPicture:
    """The GPUs picture: always the last 60 seconds, divided by the time really observed."""
    at = moment(reader, view, now_ms)
    # Each reading is judged by its own age, so the window ends now (or where the picture was stopped).
    until_ms = view.until_ms or now_ms
    minute = replace(at, since_ms=until_ms - _WINDOW_MS, until_ms=until_ms)
    gpus = reader.gpus(minute.since_ms, minute.until_ms)
    costs = committed(reader, minute)
    names = sorted({g.host for g in gpus} | {p.host for p in costs.pools} | {h.name for h in costs.hosts})
    absent = next(
        (r.health.detail for r in at.sources if r.health.kind == "gpu" and r.health.state is not SourceState.OK), None
    )
    return MachinesPicture(
        header=header(at, view, machine, demo=demo),
        hosts=tuple(_host(name, gpus, costs, minute) for name in names),
        absent=absent,
    )


def _host(name: str, gpus: Iterable[GpuState], costs: Committed, at: Moment) -> HostRow:
    fact = next((host for host in costs.hosts if host.name == name), None)
    pools = [pool for pool in costs.pools if pool.host == name]
    here = [gpu for gpu in gpus if gpu.host == name]
    used = _used(pools)
    usd = None if fact is None or fact.usd_per_hour_nano is None else Decimal(fact.usd_per_hour_nano).scaleb(-9)
    return HostRow(
        name=name,
        usd_per_hour=usd,
        price_from="configuration" if usd is not None else None,
        idle_usd_per_hour=usd * Decimal(str(max(0.0, 1 - used))) if usd is not None and used is not None else None,
        utilisation=used,
        gpus=tuple(_gpu(gpu, pools, at) for gpu in here),
        engines=tuple(_engine(pool, at) for pool in pools),
        missing=tuple(_missing(fact, here, pools)),
    )


def _used(pools: list[Pool]) -> float | None:
    """Mean utilisation of the host's engines, which have equal parts of it."""
    known = [pool.used for pool in pools if pool.used is not None]
    return sum(known) / len(pools) if known else None


def _missing(fact: HostFact | None, gpus: list[GpuState], pools: list[Pool]) -> list[str]:
    missing = []
    if (fact is None or fact.usd_per_hour_nano is None) and (gpus or pools):
        what = f"{len(gpus)}x {gpus[0].name or 'GPU'}" if gpus else "this host"
        missing.append(f"no price for {what}: add usd_per_hour under [[host]], see usdtop doctor")
    if pools and fact is not None and fact.usd_per_hour_nano is not None and pools[0].capacity is None:
        missing.append("no capacity known: add prefill_ and decode_tokens_per_second for utilisation and idle tax")
    return missing


def _gpu(gpu: GpuState, pools: list[Pool], at: Moment) -> GpuRow:
    age_ms = max(0, at.until_ms - gpu.at_ms)
    return GpuRow(
        index=gpu.index,
        uuid=gpu.uuid,
        name=gpu.name,
        busy=gpu.busy,
        memory_used_bytes=gpu.memory_used_bytes,
        memory_total_bytes=gpu.memory_total_bytes,
        power_watts=gpu.power_watts,
        temperature_celsius=gpu.temperature_celsius,
        model=next((pool.engine.model for pool in pools if _holds(pool.engine, gpu)), None),
        lost=gpu.lost,
        age_ms=age_ms,
        stale=age_ms > _STALE_MS,
    )


def _holds(engine: EngineState, gpu: GpuState) -> bool:
    """Whether an engine holds a GPU: as its processes told, else as configured."""
    return gpu.uuid in engine.gpu_uuids if engine.gpu_uuids else gpu.index in engine.gpus


def _engine(pool: Pool, at: Moment) -> EngineRow:
    engine, price, used = pool.engine, pool.price, pool.used
    state = at.states.get(engine.name, SourceState.ABSENT)
    return EngineRow(
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
        at_full_usd_per_million=pool.at_full,
        utilisation=used,
        utilisation_tier="U1 configured" if used is not None else None,
        assumed=pool.assumed,
        age_ms=max(0, at.until_ms - engine.at_ms),
    )


def _rate(tokens: int | None, engine: EngineState) -> float | None:
    return tokens / engine.seconds if tokens is not None and engine.seconds else None
