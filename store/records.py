"""What the store answers: frozen values, and how they come out of rows."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pricing.usage import Usage
from store.facts import Dimensions, GpuProcess, Outcome, SourceHealth, Timed
from store.hosts.latency import unpacked
from store.sums import CardNote, Sum


class RejectRecord(msgspec.Struct, frozen=True):
    """What could not be taken, or was taken in doubt, for one reason."""

    reason: str
    count: int
    example: str
    seen_ms: int
    taken: bool = False
    """It is a doubt: what it is about was taken, and is in no count of rejects."""


class SourceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A source as the collector last saw it, with its counts."""

    health: SourceHealth
    state_since_ms: int
    events: int
    duplicates: int
    rejected: int
    gap_bytes: int
    rejects: tuple[RejectRecord, ...] = ()
    """Most frequent first."""


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One kept request."""

    id: int
    identity: int
    record_id: str
    ended_at_ms: int
    duration_ms: int | None
    first_token_ms: int | None
    dimensions: Dimensions
    card: CardNote
    usage: Usage
    nano_usd: int | None
    reported_nano_usd: int | None
    partial: bool
    error: str | None
    session: str | None = None
    saved_nano_usd: int | None = None
    """What a gateway's cache saved by answering it."""


class GpuState(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU (or MIG instance) over the last while: means of what was really read, the newest of the rest."""

    host: str
    uuid: str
    index: int
    name: str | None
    parent_uuid: str | None
    """The card that a MIG instance is part of: one that has it is no card of its own."""
    slices: int | None
    memory_total_bytes: int | None
    at_ms: int
    busy: float | None
    memory_busy: float | None
    sm_active: float | None
    tensor_active: float | None
    dram_active: float | None
    pcie_tx_bytes_per_second: float | None
    pcie_rx_bytes_per_second: float | None
    nvlink_tx_bytes_per_second: float | None
    nvlink_rx_bytes_per_second: float | None
    memory_used_bytes: int | None
    power_watts: float | None
    power_limit_watts: float | None
    energy_joules: float | None
    """What its counter gained over `energy_seconds`."""
    energy_seconds: float
    temperature_celsius: int | None
    sm_clock_mhz: int | None
    sm_clock_max_mhz: int | None
    memory_clock_mhz: int | None
    throttle_reasons: int | None
    ecc_corrected: int | None
    ecc_uncorrected: int | None
    xid: int | None
    """The newest critical error that the driver reported within what is kept, and when."""
    xid_ms: int | None
    processes: tuple[GpuProcess, ...]
    lost: str | None

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that hold it."""
        return tuple(process.pid for process in self.processes)


class GpuMinute(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU over one minute: means of what was really read."""

    minute: int
    """Epoch seconds of its beginning."""
    readings: int
    lost_readings: int
    busy: float | None
    busy_max: float | None
    sm_active: float | None
    tensor_active: float | None
    tensor_active_max: float | None
    dram_active: float | None
    dram_active_max: float | None
    memory_used_bytes: int | None
    power_watts: float | None
    power_watts_max: float | None
    energy_joules: float | None
    energy_seconds: float
    temperature_celsius_max: int | None
    throttle_reasons: int
    """Every reason that was given during the minute."""


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """An engine over the last while: sums over the seconds really observed, and the newest gauges."""

    name: str
    host: str | None
    model: str | None
    kind: str | None
    pid: int | None
    gpus: tuple[int, ...]
    """Indices of the GPUs that it holds; empty is "not said"."""
    gpu_uuids: tuple[str, ...] = ()
    """The same exactly, MIG instances included; only where its processes or its configuration told."""
    gpus_from: str | None = None
    """How the GPUs are known: "processes" or "configuration"."""
    at_ms: int
    seconds: float
    input_tokens: int | None
    cache_read_tokens: int | None
    output_tokens: int | None
    """None of these is a number where the engine does not expose it."""
    requests_finished: int | None = None
    ttft: Timed | None = None
    tpot: Timed | None = None
    queue: Timed | None = None
    idle_seconds: float | None = None
    running: int | None
    waiting: int | None
    kv_cache_used: float | None
    running_limit: int | None = None


class KeptSum(NamedTuple):
    """Kept requests that agree in their series, card, user, end user and tags, and in their session where that is asked."""

    sum: Sum
    sides: tuple[tuple[str, str], ...]
    """(dimension, value), several of the dimension `tag`; `session` is one, too."""


SERIES_COLUMNS = "source, provider, model, deployment, tenant, api_key, host, call_type, outcome"


def dimensions(row: Sequence[str]) -> Dimensions:
    """A series row as its dimensions."""
    source, provider, model, deployment, tenant, key, host, call_type, outcome = row
    return Dimensions(source, provider, model, deployment, tenant, key, host, call_type, Outcome(outcome))


def indices(text: object) -> tuple[int, ...]:
    """Numbers kept as "0,1,2"."""
    return tuple(map(int, text.split(","))) if isinstance(text, str) and text else ()


def processes(text: object) -> tuple[GpuProcess, ...]:
    """Processes kept as "12:4096,13:", with the bytes that each holds where that is known."""
    if not isinstance(text, str) or not text:
        return ()
    parts = (one.partition(":") for one in text.split(","))
    return tuple(GpuProcess(int(pid), int(held) if held else None) for pid, _, held in parts)


def timed(seconds: object, count: object, buckets: str | None = None) -> Timed | None:
    """A sum of durations, their number and their buckets, None where they were never exposed."""
    if not isinstance(seconds, int | float) or not isinstance(count, int):
        return None
    return Timed(float(seconds), count, unpacked(buckets))
