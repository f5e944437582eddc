"""Sources, hosts and GPUs as the rules look at them."""

from collections.abc import Callable, Collection, Iterable
from itertools import takewhile

from pricing.alerts.seen import GpuSeen, HostSeen, SourceSeen
from pricing.hosts.economics import Served, utilisation
from pricing.times import DAY_MS, MINUTE_MS
from store.facts import HostFact, SourceState
from store.hosts.hosting import HostFacts, host_of
from store.reader import Reader
from store.records import EngineState, GpuMinute, GpuState, SourceRecord

_HUNG_POLLS = 5
_HUNG_SECONDS = 30.0
_SLOWED = {
    0x08: "the hardware's slowdown",
    0x20: "software thermal limits",
    0x40: "hardware thermal limits",
    0x80: "the external power brake",
}
"""NVML's clock event reasons that mean trouble; a power cap that is reached under load is none."""


def sources_seen(
    records: Iterable[SourceRecord],
    names: Collection[str] | None,
    per_hour: Callable[[str], int | None],
    now_ms: int,
    *,
    began_ms: int = 0,
) -> tuple[SourceSeen, ...]:
    """Sources that are followed and not read to their end, with what they say of it; nobody asked them before `began_ms`."""
    seen = []
    for record in records:
        health = record.health
        state = _state(record, now_ms, began_ms)
        if state == SourceState.OK or (names is not None and health.name not in names):
            continue
        if state == SourceState.ABSENT and health.watermark_ms is None:
            continue  # looked for and never found: nothing is lost
        since_ms = record.state_since_ms if health.watermark_ms is None else health.watermark_ms
        seen.append(
            SourceSeen(
                name=health.name,
                state=state,
                silent_seconds=max(0, now_ms - since_ms) / 1_000,
                detail=health.detail,
                nano_usd_per_hour=per_hour(health.name),
            )
        )
    return tuple(seen)


def _state(record: SourceRecord, now_ms: int, began_ms: int) -> str:
    """What the source says of itself, or that it has said nothing for many polls; what it said to a collector before is over."""
    health = record.health
    hung_ms = 1_000 * max(_HUNG_SECONDS, _HUNG_POLLS * health.poll_every_ms / 1_000)
    silent = now_ms - max(health.polled_ms, began_ms) > hung_ms
    if silent and (health.state is SourceState.OK or health.polled_ms < began_ms):
        return "hanging"
    return health.state.value if health.polled_ms >= began_ms else SourceState.OK.value


def hosts_seen(reader: Reader, now_ms: int) -> tuple[HostSeen, ...]:
    """Hosts in force: the work of their engines over the last day, over what they could have done."""
    facts = reader.host_facts()
    engines = reader.engine_minutes(now_ms - DAY_MS, now_ms)
    return tuple(
        _host(facts, fact, [engine for engine in engines if host_of(engine) == fact.name], now_ms)
        for fact in facts.hosts_at(now_ms)
    )


def _host(facts: HostFacts, fact: HostFact, engines: list[EngineState], now_ms: int) -> HostSeen:
    """Its utilisation is that of its engines by the parts they hold; unknown where the K of one is."""
    parts = [one.of_host for one in facts.shares(fact.name, engines, now_ms)]
    used: float | None = 0.0 if engines else None
    for engine, share in zip(engines, parts, strict=True):
        saturation = facts.saturation(engine, share, now_ms)
        own = utilisation(_served(engine), saturation, engine.seconds) if saturation else None
        used = None if used is None or own is None else used + float(share) * own
    return HostSeen(
        name=fact.name,
        utilisation=used,
        observed_seconds=max((engine.seconds for engine in engines), default=0.0),
        nano_usd_per_hour=fact.usd_per_hour_nano,
    )


def _served(engine: EngineState) -> Served:
    return Served(
        input_tokens=engine.input_tokens or 0,
        cache_read_tokens=engine.cache_read_tokens or 0,
        output_tokens=engine.output_tokens or 0,
    )


def gpus_seen(reader: Reader, now_ms: int, *, idle_busy: float) -> tuple[GpuSeen, ...]:
    """Whole GPUs (MIG instances are parts of one): for how long each has been idle, slowed down or lost."""
    states = [gpu for gpu in reader.gpus(now_ms - 2 * MINUTE_MS, now_ms) if gpu.parent_uuid is None]
    prices = {fact.name: fact for fact in reader.host_facts().hosts_at(now_ms)}
    return tuple(
        _gpu(reader, gpu, now_ms, _share(prices.get(gpu.host), states, gpu.host), idle_busy=idle_busy) for gpu in states
    )


def _share(fact: HostFact | None, states: list[GpuState], host: str) -> int | None:
    if fact is None or fact.usd_per_hour_nano is None:
        return None
    return fact.usd_per_hour_nano // (fact.gpus or sum(gpu.host == host for gpu in states))


def _gpu(reader: Reader, gpu: GpuState, now_ms: int, nano_usd_per_hour: int | None, *, idle_busy: float) -> GpuSeen:
    idle_now = gpu.busy is not None and gpu.busy < idle_busy
    since_ms = now_ms - (DAY_MS if idle_now else 5 * MINUTE_MS)
    minutes = [m for m in reader.gpu_minutes(gpu.host, gpu.uuid, since_ms, now_ms) if m.minute < now_ms // 60_000 * 60]
    idle = list(takewhile(lambda minute: minute.busy is not None and minute.busy < idle_busy, reversed(minutes)))
    slowed = [minute for minute in minutes[-5:] if _reason(minute)]
    return GpuSeen(
        host=gpu.host,
        uuid=gpu.uuid,
        index=gpu.index,
        name=gpu.name,
        idle_seconds=_unbroken(idle) if idle_now else 0.0 if gpu.busy is not None else None,
        busy=gpu.busy,
        throttled_seconds=60.0 * len(slowed),
        throttle_reason=_reason(slowed[-1]) if slowed else "",
        lost=gpu.lost,
        nano_usd_per_hour=nano_usd_per_hour,
    )


def _unbroken(newest_first: list[GpuMinute]) -> float:
    """Seconds of minutes without a gap between them."""
    count = 0
    for place, minute in enumerate(newest_first):
        if minute.minute != newest_first[0].minute - 60 * place:
            break
        count += 1
    return 60.0 * count


def _reason(minute: GpuMinute) -> str:
    return ", ".join(words for bit, words in _SLOWED.items() if minute.throttle_reasons & bit)
