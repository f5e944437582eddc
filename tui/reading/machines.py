"""Hosts, GPUs and engines over the last minute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from msgspec import structs

from pricing.hosts.economics import Served, own_price
from store.facts import HostFact, RivalFact, SourceState
from store.hosts.capacity import idle_since_ms, rivals
from store.hosts.hosting import HostFacts, host_of
from store.reader import Reader
from store.records import EngineState, GpuState
from tui import format as fmt
from tui.pictures.machines import GONE, LIVE, EngineRow, GpuRow, HostRow, MachinesPicture
from tui.pictures.view import View
from tui.reading.enginepast import past_of
from tui.reading.enginerow import Around, Board, energy_of, energy_per_token, energy_usd_per_million, engine_row
from tui.reading.hints import gpu_hints
from tui.reading.moment import Moment, header, moment
from tui.reading.pools import House, Pool, houses

WINDOW_MS = 60_000
_STALE_MS = 10_000
_FORGOTTEN_MS = 86_400_000
"""An engine that was not read for a day is not shown any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Everything that was read of the last minute, before it is made into rows."""

    reader: Reader
    at: Moment
    facts: HostFacts
    gpus: Sequence[GpuState]
    houses: Sequence[House]
    rivals: dict[str, RivalFact]


def machines(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> MachinesPicture:
    """The GPUs picture: always the last 60 seconds, divided by the time really observed."""
    whole = moment(reader, view, now_ms)
    read = read_machines(reader, whole, view.until_ms or now_ms)
    absent = next(
        (r.health.detail for r in whole.sources if r.health.kind == "gpu" and r.health.state is not SourceState.OK),
        None,
    )
    names = sorted({gpu.host for gpu in read.gpus} | {house.name for house in read.houses if house.pools or house.nano_usd}
                   | {fact.name for fact in read.facts.hosts_at(read.at.until_ms)})  # fmt: skip
    return MachinesPicture(
        header=structs.replace(
            header(whole, view, machine, demo=demo),
            window_seconds=WINDOW_MS // 1000,
            own_window=True,
            since_ms=whole.until_ms - WINDOW_MS,
        ),
        hosts=tuple(host_row(name, read) for name in names),
        absent=absent,
    )


def read_machines(reader: Reader, whole: Moment, until_ms: int) -> Machines:
    """Ask for the last minute. Each reading is judged by its own age, so it ends now, or where the picture was stopped."""
    at = replace(whole, since_ms=until_ms - WINDOW_MS, until_ms=until_ms)
    facts = reader.host_facts()
    engines = _newest(reader.engines(at.since_ms, at.until_ms))
    engines += _silent(reader, engines, at)
    return Machines(
        reader=reader,
        at=at,
        facts=facts,
        gpus=reader.gpus(at.since_ms, at.until_ms),
        houses=houses(facts, engines, at, as_of_ms=at.until_ms),
        rivals=rivals(reader.ask, at.until_ms),
    )


def _newest(engines: Sequence[EngineState]) -> list[EngineState]:
    """Each source once, as what it was read as last: an engine that serves another model now holds its GPUs as that."""
    newest: dict[str, EngineState] = {}
    for engine in engines:
        before = newest.get(engine.name)
        if before is None or engine.at_ms > before.at_ms:
            newest[engine.name] = engine
    return [engine for engine in engines if newest[engine.name] is engine]


def _silent(reader: Reader, engines: Iterable[EngineState], at: Moment) -> list[EngineState]:
    """Engines that do not answer any more: they still hold their GPUs, and nothing is known of what they do."""
    seen = {engine.name for engine in engines}
    silent = {
        record.health.name: record.health.watermark_ms
        for record in at.sources
        if record.health.kind == "engine" and record.health.name not in seen and record.health.watermark_ms is not None
        and at.states[record.health.name] in (SourceState.LATE, SourceState.FAILING)
        and at.until_ms - record.health.watermark_ms <= _FORGOTTEN_MS
    }  # fmt: skip
    if not silent:
        return []
    known = reader.engine_minutes(at.until_ms - _FORGOTTEN_MS, at.until_ms)
    return [
        structs.replace(
            engine, at_ms=silent[engine.name] or engine.at_ms, seconds=0.0, input_tokens=None, cache_read_tokens=None,
            output_tokens=None, ttft=None, tpot=None, queue=None, idle_seconds=None,
        )
        for engine in known
        if engine.name in silent
    ]  # fmt: skip


def host_row(name: str, read: Machines) -> HostRow:
    """One host with its engines and its GPUs."""
    at, facts = read.at, read.facts
    house = next((house for house in read.houses if house.name == name), None)
    fact, pools = facts.host(name, at.until_ms), house.pools if house else ()
    gpus = [gpu for gpu in read.gpus if gpu.host == name]
    usd = None if fact is None else facts.usd_per_hour(fact, at.until_ms)
    engines = tuple(pool_row(pool, read) for pool in pools)
    live = [pool for pool, row in zip(pools, engines, strict=True) if row.freshness == LIVE]
    cards = facts.gpus(name, at.until_ms)
    per_gpu = None if usd is None or not cards else usd / cards
    unmeasured = _unmeasured(fact, gpus, cards)
    energy = energy_per_token(energy_of(whole(gpus)), _computed_per_second(live))
    return HostRow(
        name=name,
        usd_per_hour=usd,
        price_from="configuration" if usd is not None else None,
        idle_usd_per_hour=_idle(house, live, usd),
        usd_at_least=bool(unmeasured),
        idle_at_least=len(live) < len(engines) or any(pool.used is None for pool in live),
        utilisation=_used(house, live),
        energy_usd_per_hour=None if fact is None else facts.energy_usd_per_hour(fact, at.until_ms),
        blended_usd_per_million=_blended(usd, live),
        at_full_usd_per_million=_at_full(usd, live),
        unclaimed_usd_per_hour=house.unclaimed_usd_per_hour or None if house else None,
        joules_per_token=None if energy is None else float(energy.joules_per_token),
        energy_usd_per_million=energy_usd_per_million(energy, fact),
        lower_bound=len(live) < len(engines),
        gpus=tuple(_gpu(gpu, read, pools, per_gpu) for gpu in gpus),
        engines=engines,
        missing=tuple(_missing(usd, gpus, engines, unmeasured)),
    )


def pool_row(pool: Pool, read: Machines) -> EngineRow:
    """One engine with what is around it."""
    gpus = held_gpus(pool, read)
    around = Around(
        host=read.facts.host(pool.host, read.at.until_ms),
        gpus=gpus,
        boards=boards(pool, read),
        rival=read.rivals.get(pool.engine.model or ""),
        past=past_of(read.reader, pool, gpus, read.at.until_ms),
        at=read.at,
    )
    return engine_row(pool, around)


def held_gpus(pool: Pool, read: Machines) -> list[GpuState]:
    """The GPUs of an engine that are read: those it holds, or all of its host's where it is alone and nobody says."""
    here = [gpu for gpu in read.gpus if gpu.host == pool.host and not gpu.lost]
    if pool.engine.gpu_uuids:
        return [gpu for gpu in here if gpu.uuid in pool.engine.gpu_uuids]
    if pool.engine.gpus:
        return [gpu for gpu in here if gpu.index in pool.engine.gpus and gpu.parent_uuid is None]
    return [] if pool.held.assumed else [gpu for gpu in here if gpu.parent_uuid is None]


def boards(pool: Pool, read: Machines) -> list[Board]:
    """The cards that an engine's energy is drawn by, each with the engine's part of it."""
    cards = [gpu for gpu in read.gpus if gpu.host == pool.host and gpu.parent_uuid is None and not gpu.lost]
    if pool.cards:
        return [(gpu, pool.cards[gpu.index]) for gpu in cards if gpu.index in pool.cards]
    return [] if pool.held.assumed else whole(cards)


def whole(cards: Iterable[GpuState]) -> list[Board]:
    """Cards that are looked at as they are."""
    return [(gpu, Fraction(1)) for gpu in cards if gpu.parent_uuid is None and not gpu.lost]


def _used(house: House | None, live: Sequence[Pool]) -> float | None:
    """Utilisation of the host: each engine's weighed by its part of it; GPUs that nobody holds do nothing."""
    known = [(float(pool.share), pool.used) for pool in live if pool.used is not None]
    if house is None or not known:
        return None
    unclaimed = max(0.0, 1 - sum(float(pool.share) for pool in house.pools))
    return sum(share * used for share, used in known) / (sum(share for share, _ in known) + unclaimed)


def _idle(house: House | None, live: Sequence[Pool], usd: Decimal | None) -> Decimal | None:
    """Host dollars that bought nothing: of engines whose utilisation is known, and of GPUs that nobody holds."""
    if house is None or usd is None:
        return None
    known = [
        pool.usd_per_hour * Decimal(str(max(0.0, 1 - pool.used)))
        for pool in live
        if pool.used is not None and pool.usd_per_hour is not None
    ]
    if not known and not house.unclaimed_usd_per_hour:
        return None
    return sum(known, house.unclaimed_usd_per_hour)


def _blended(usd: Decimal | None, live: Sequence[Pool]) -> Decimal | None:
    """The whole host over every token that its engines served: a ratio of rates, each over the time really observed.

    None where one of them does not tell its tokens: it may serve most of them.
    """
    if any(_tokens_unknown(pool.engine) for pool in live):
        return None
    tokens = sum(pool.served.total_tokens / pool.engine.seconds for pool in live if pool.engine.seconds > 0)
    if usd is None or not tokens:
        return None
    return own_price(round(usd * 10**9), Served(input_tokens=round(tokens * 3600))).blended


def _tokens_unknown(engine: EngineState) -> bool:
    return engine.input_tokens is None and engine.cache_read_tokens is None and engine.output_tokens is None


def _at_full(usd: Decimal | None, live: Sequence[Pool]) -> Decimal | None:
    """The same if every engine did all it can at its present mix; None where one of them is not known."""
    rates = [
        pool.served.total_tokens / pool.engine.seconds / min(1.0, pool.used)
        for pool in live
        if pool.used and pool.engine.seconds > 0
    ]
    if usd is None or not rates or len(rates) < len(live):
        return None
    return own_price(round(usd * 10**9), Served(input_tokens=round(sum(rates) * 3600))).blended


def _computed_per_second(live: Sequence[Pool]) -> float | None:
    rates = [
        ((pool.engine.input_tokens or 0) + (pool.engine.output_tokens or 0)) / pool.engine.seconds
        for pool in live
        if pool.engine.seconds > 0
    ]
    return sum(rates) if rates else None


def _unmeasured(fact: HostFact | None, gpus: Sequence[GpuState], cards: int | None) -> str:
    """What of a host's energy is not measured where its dollars should hold it; "" where nothing is missing."""
    if fact is None or fact.board_to_wall is None:
        return ""
    measured = sum(gpu.energy_joules is not None for gpu in gpus if gpu.parent_uuid is None)
    of = max(cards or 0, sum(gpu.parent_uuid is None for gpu in gpus))
    if measured >= max(1, of):
        return ""
    return f"energy of {of - measured} of {of} GPUs is not measured, and not in its dollars" if of else (
        "none of its GPUs is read, and their energy is not in its dollars"
    )  # fmt: skip


def _missing(usd: Decimal | None, gpus: Sequence[GpuState], engines: Sequence[EngineRow], unmeasured: str) -> list[str]:
    missing = [unmeasured] if unmeasured and usd is not None else []
    if usd is None and (gpus or engines):
        cards = [gpu for gpu in gpus if gpu.parent_uuid is None]
        what = f"{len(cards)}x {cards[0].name or 'GPU'}" if cards else "this host"
        missing.append(f"no price for {what}: press $, or see usdtop doctor")
    unknown = [engine.source for engine in engines if engine.freshness == LIVE and engine.utilisation is None]
    if usd is not None and unknown:
        missing.append(f"no capacity known of {', '.join(unknown[:3])}: utilisation and idle tax are unknown, press $")
    missing += [
        f"{engine.source} is not read: {fmt.age(engine.age_ms) or 'a moment'} old"
        for engine in engines
        if engine.freshness == GONE
    ]
    return missing


def _gpu(gpu: GpuState, read: Machines, pools: Sequence[Pool], usd_per_hour: Decimal | None) -> GpuRow:
    age_ms = max(0, read.at.until_ms - gpu.at_ms)
    pool = next(
        (pool for pool in pools if _holds(pool.engine, gpu) or (len(pools) == 1 and _says_nothing(pool.engine))), None
    )
    row = GpuRow(
        index=gpu.index,
        uuid=gpu.uuid,
        name=gpu.name,
        busy=gpu.busy,
        memory_used_bytes=gpu.memory_used_bytes,
        memory_total_bytes=gpu.memory_total_bytes,
        power_watts=gpu.power_watts,
        power_limit_watts=gpu.power_limit_watts,
        temperature_celsius=gpu.temperature_celsius,
        sm_active=gpu.sm_active,
        tensor_active=gpu.tensor_active,
        dram_active=gpu.dram_active,
        sm_clock_mhz=gpu.sm_clock_mhz,
        sm_clock_max_mhz=gpu.sm_clock_max_mhz,
        memory_clock_mhz=gpu.memory_clock_mhz,
        pcie_tx_bytes_per_second=gpu.pcie_tx_bytes_per_second,
        pcie_rx_bytes_per_second=gpu.pcie_rx_bytes_per_second,
        nvlink_tx_bytes_per_second=gpu.nvlink_tx_bytes_per_second,
        nvlink_rx_bytes_per_second=gpu.nvlink_rx_bytes_per_second,
        ecc_corrected=gpu.ecc_corrected,
        ecc_uncorrected=gpu.ecc_uncorrected,
        model=None if pool is None else pool.engine.model,
        engine=None if pool is None else pool.engine.name,
        usd_per_hour=usd_per_hour if gpu.parent_uuid is None else None,
        is_instance=gpu.parent_uuid is not None,
        lost=_lost(gpu),
        age_ms=age_ms,
        stale=age_ms > _STALE_MS,
    )
    if row.lost or row.stale:
        return row
    idle_ms = None
    if gpu.busy is not None and gpu.busy < 0.01:
        since_ms = idle_since_ms(read.facts.ask, gpu.host, gpu.uuid, read.at.until_ms)
        idle_ms = None if since_ms is None else read.at.until_ms - since_ms
    return structs.replace(row, hints=tuple(gpu_hints(row, idle_ms=idle_ms, throttle_reasons=gpu.throttle_reasons)))


def _holds(engine: EngineState, gpu: GpuState) -> bool:
    """Whether an engine holds a GPU: as its processes told, else as configured."""
    if engine.gpu_uuids:
        return gpu.uuid in engine.gpu_uuids
    if engine.gpus:
        return gpu.index in engine.gpus and host_of(engine) == gpu.host and gpu.parent_uuid is None
    return engine.pid is not None and engine.pid in gpu.pids


def _says_nothing(engine: EngineState) -> bool:
    """An engine alone on its host of which nobody knows the GPUs has all of them."""
    return not engine.gpu_uuids and not engine.gpus


def _lost(gpu: GpuState) -> str | None:
    """Why a card does not answer, with the last error that its driver told of it."""
    if gpu.lost is None:
        return None
    error = "" if gpu.xid is None else f" (XID {gpu.xid} at {fmt.clock(gpu.xid_ms)})"
    return f"{gpu.lost}{error}"
