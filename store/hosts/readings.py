"""Readings of GPUs and engines on their way in: raw for an hour, summed per minute for weeks."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from store.facts import EngineReading, GpuProcess, GpuReading, ProcessorReading, Timed
from store.hosts.latency import packed

_AS_READ = (
    "at_ms", "busy", "memory_busy", "sm_active", "tensor_active", "dram_active", "pcie_tx_bytes_per_second",
    "pcie_rx_bytes_per_second", "nvlink_tx_bytes_per_second", "nvlink_rx_bytes_per_second", "memory_used_bytes",
    "power_watts", "power_limit_watts", "energy_millijoules", "temperature_celsius", "sm_clock_mhz", "sm_clock_max_mhz",
    "memory_clock_mhz", "throttle_reasons", "ecc_corrected", "ecc_uncorrected", "lost",
)  # fmt: skip
"""Columns of a raw reading that are named as in the fact."""

_KEY = ("gpu", "engine", "minute")
_ADDED = "{0} = coalesce({0} + excluded.{0}, {0}, excluded.{0})"
_HIGHEST = "{0} = coalesce(max({0}, excluded.{0}), {0}, excluded.{0})"
_NEWEST = "{0} = coalesce(excluded.{0}, {0})"
_EVERY_BIT = "{0} = coalesce({0} | excluded.{0}, {0}, excluded.{0})"

_GPU_MINUTE = {
    "readings": _ADDED, "lost_readings": _ADDED,
    "busy_sum": _ADDED, "busy_max": _HIGHEST, "busy_readings": _ADDED,
    "sm_sum": _ADDED, "sm_readings": _ADDED,
    "tensor_sum": _ADDED, "tensor_max": _HIGHEST, "tensor_readings": _ADDED,
    "dram_sum": _ADDED, "dram_max": _HIGHEST, "dram_readings": _ADDED,
    "memory_used_bytes": _NEWEST,
    "power_sum": _ADDED, "power_max": _HIGHEST, "power_readings": _ADDED,
    "energy_millijoules": _ADDED, "energy_seconds": _ADDED,
    "temperature_max": _HIGHEST, "throttle_reasons": _EVERY_BIT,
}  # fmt: skip
"""Columns of a GPU's minute, and how one more reading changes each; what is unknown changes nothing."""

_ENGINE_MINUTE = {
    "seconds": _ADDED, "input": _ADDED, "cache_read": _ADDED, "output": _ADDED, "requests": _ADDED,
    "ttft_seconds": _ADDED, "ttft_count": _ADDED, "tpot_seconds": _ADDED, "tpot_count": _ADDED,
    "queue_seconds": _ADDED, "queue_count": _ADDED, "idle_seconds": _ADDED,
    "running_max": _HIGHEST, "running_sum": _ADDED, "running_readings": _ADDED, "running_limit": _NEWEST,
    "waiting_max": _HIGHEST, "kv_cache_max": _HIGHEST, "saturated_seconds": _ADDED,
}  # fmt: skip


class Energy(NamedTuple):
    """What a counter gained since the last reading that had one; None where there is none to compare with."""

    millijoules: int | None = None
    seconds: float | None = None


_UNWATCHED_SECONDS = 60
_MOST_WATTS = 5_000
"""No board draws as much."""
_LATE_SECONDS = 60
"""Some counters are brought up to date now and then."""

SATURATED_KV_CACHE = 0.9
"""An engine with requests waiting, or with more of its KV cache in use than this, does all it can."""


class MachineWriter:
    """Writes readings through somebody else's transaction; `keep` after its commit, `forget` after it was rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._gpus: dict[tuple[str, str], tuple[int, object]] = {}
        self._engines: dict[tuple[str, str], tuple[int, object]] = {}
        self._energy: dict[int, tuple[int, int]] = {}
        self._kept_energy: dict[int, tuple[int, int]] = {}

    def keep(self) -> None:
        """Energy counters as of here are in the store for good."""
        self._kept_energy.update(self._energy)

    def forget(self) -> None:
        """Drop what was remembered of rows that were rolled back; energy is counted on from what is in the store."""
        self._gpus.clear()
        self._engines.clear()
        self._energy = dict(self._kept_energy)

    def write_gpus(self, readings: Sequence[GpuReading]) -> None:
        """Keep each raw reading and its errors, and add it to its minute."""
        for r in readings:
            gpu = self._gpu_id(r)
            energy = self._energy_since_last(gpu, r)
            self._put("gpu_readings", {"gpu": gpu} | _gpu_reading(r, energy))
            self._add("gpu_minutes", {"gpu": gpu, "minute": _minute(r.at_ms)} | _gpu_minute(r), _GPU_MINUTE)
            for minute, part in _by_minute(r.at_ms, energy):
                used = {"energy_millijoules": part.millijoules, "energy_seconds": part.seconds}
                self._add("gpu_minutes", {"gpu": gpu, "minute": minute, "readings": 0, **used}, _GPU_MINUTE)
            for xid in r.xids:
                self._put("gpu_errors", {"gpu": gpu, "at_ms": r.at_ms, "xid": xid})

    def _energy_since_last(self, gpu: int, reading: GpuReading) -> Energy:
        """Energy used since the last reading; a counter that fell was reset by a reloaded driver.

        One that fell to more than a card can have used since then was read late by somebody else (an exporter that looks
        every half a minute): it says nothing. One that rose by more than that begins anew and counts nothing.
        """
        now = reading.energy_millijoules
        if now is None:
            return Energy()
        before = self._energy.get(gpu) or self._stored_energy(gpu)
        if before is None:
            self._energy[gpu] = now, reading.at_ms
            return Energy()
        seconds = max(0, reading.at_ms - before[1]) / 1_000
        gained = now - before[0] if now >= before[0] else now
        is_possible = gained <= _MOST_WATTS * 1_000 * (seconds + _LATE_SECONDS)
        if is_possible or now > before[0]:
            self._energy[gpu] = now, reading.at_ms
        return Energy(gained, seconds) if is_possible else Energy()

    def _stored_energy(self, gpu: int) -> tuple[int, int] | None:
        """What a card's counter stood at when it was read last, by a collector before this one."""
        found = self._connection.execute(
            "SELECT energy_millijoules, at_ms FROM gpu_readings WHERE gpu = ? AND energy_millijoules IS NOT NULL"
            " ORDER BY at_ms DESC LIMIT 1",
            (gpu,),
        ).fetchone()
        return None if found is None else (found[0], found[1])

    def write_engines(self, readings: Sequence[EngineReading]) -> None:
        """Keep each raw reading and add its deltas to its minute."""
        for r in readings:
            engine, gained = self._engine_id(r), _engine_gains(r)
            gauges = {"running": r.running, "waiting": r.waiting, "kv_cache_used": r.kv_cache_used}
            buckets = {"ttft_buckets": _buckets(r.ttft), "tpot_buckets": _buckets(r.tpot)}
            self._put("engine_readings", {"engine": engine, "at_ms": r.at_ms} | gained | gauges | buckets)
            if r.seconds is not None:
                minute = {"engine": engine, "minute": _minute(r.at_ms)} | gained | _engine_minute(r)
                self._add("engine_minutes", minute, _ENGINE_MINUTE)

    def write_processors(self, readings: Sequence[ProcessorReading]) -> None:
        """Add what processors used to its minute."""
        for r in readings:
            minute = {"host": r.host, "minute": _minute(r.at_ms), "joules": r.joules, "seconds": r.seconds}
            changes = dict.fromkeys(("joules", "seconds"), _ADDED)
            self._add("processor_minutes", minute, changes, key=("host", "minute"))

    def _gpu_id(self, r: GpuReading) -> int:
        said = {"position": r.index, "name": r.name, "memory_total_bytes": r.memory_total_bytes}
        said |= {"parent_uuid": r.parent_uuid, "slices": r.slices}
        known = self._gpus.get((r.host, r.uuid))
        if known is None or known[1] != said:
            known = self._identified("gpus", {"host": r.host, "uuid": r.uuid}, said, _NEWEST), said
            self._gpus[r.host, r.uuid] = known
        return known[0]

    def _engine_id(self, r: EngineReading) -> int:
        said = {"host": r.host, "kind": r.kind, "pid": r.pid, "gpus": _joined(r.gpus)}
        said |= {"gpu_uuids": _joined(r.gpu_uuids), "gpus_from": r.gpus_from}
        key = (r.engine, r.model or "")
        known = self._engines.get(key)
        if known is None or known[1] != said:
            identity = {"name": r.engine, "model": r.model or ""}
            known = self._identified("engines", identity, said, "{0} = excluded.{0}"), said
            self._engines[key] = known
            self._hold(known[0], r)
        return known[0]

    def _hold(self, engine: int, r: EngineReading) -> None:
        """Note what an engine holds from now on; where its processes cannot be seen for a while, it holds what it held."""
        before = self._connection.execute(
            "SELECT host, gpus, gpu_uuids FROM engine_holdings WHERE engine = ? ORDER BY since_ms DESC LIMIT 1",
            (engine,),
        ).fetchone()
        now = (r.host, _joined(r.gpus), _joined(r.gpu_uuids))
        if before is None or (before != now and (r.gpus or r.gpu_uuids or before[0] != r.host)):
            columns = ("engine", "since_ms", "host", "gpus", "gpu_uuids")
            self._put("engine_holdings", dict(zip(columns, (engine, r.at_ms, *now), strict=True)))

    def _identified(self, table: str, key: Mapping[str, object], said: Mapping[str, object], change: str) -> int:
        """The number of a GPU or engine, having kept what is said of it now."""
        self._add(table, {**key, **said}, dict.fromkeys(said, change), key=tuple(key))
        where = " AND ".join(f"{name} = ?" for name in key)
        found = self._connection.execute(f"SELECT id FROM {table} WHERE {where}", tuple(key.values())).fetchone()
        return int(found[0])

    def _put(self, table: str, row: Mapping[str, object]) -> None:
        self._connection.execute(f"INSERT OR REPLACE {_into(table, row)}", tuple(row.values()))

    def _add(
        self, table: str, row: Mapping[str, object], changes: Mapping[str, str], key: tuple[str, ...] = ()
    ) -> None:
        """Insert a row, or change the one that has its key by the rule of each column."""
        keys = key or tuple(name for name in row if name in _KEY)
        rules = ", ".join(changes[name].format(name) for name in row if name not in keys)
        self._connection.execute(
            f"INSERT {_into(table, row)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {rules}", tuple(row.values())
        )


def _into(table: str, row: Mapping[str, object]) -> str:
    return f"INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"


def _gpu_reading(r: GpuReading, energy: Energy) -> dict[str, object]:
    as_read = {name: getattr(r, name) for name in _AS_READ}
    return as_read | {
        "pids": _joined(map(_process, r.processes)),
        "energy_gained": energy.millijoules,
        "energy_seconds": energy.seconds,
    }


def _by_minute(at_ms: int, energy: Energy) -> Iterator[tuple[int, Energy]]:
    """What was used, in the minute of its reading; what was used while nobody looked, evenly over the minutes of that time."""
    if energy.millijoules is None or energy.seconds is None:
        return
    begins_ms = at_ms - round(energy.seconds * 1_000)
    if energy.seconds <= _UNWATCHED_SECONDS:
        begins_ms = at_ms
    given = 0
    for minute in range(_minute(begins_ms), _minute(at_ms) + 1, 60):
        until_ms = min(at_ms, (minute + 60) * 1_000)
        whole_ms = max(1, at_ms - begins_ms)
        reached = energy.millijoules if until_ms == at_ms else energy.millijoules * (until_ms - begins_ms) // whole_ms
        share = 1.0 if at_ms == begins_ms else (until_ms - max(begins_ms, minute * 1_000)) / whole_ms
        yield minute, Energy(reached - given, energy.seconds * share)
        given = reached


def _gpu_minute(r: GpuReading) -> dict[str, object]:
    return {
        "readings": 1, "lost_readings": int(r.lost is not None),
        "busy_sum": r.busy or 0.0, "busy_max": r.busy or 0.0, "busy_readings": int(r.busy is not None),
        "sm_sum": r.sm_active, "sm_readings": int(r.sm_active is not None),
        "tensor_sum": r.tensor_active, "tensor_max": r.tensor_active,
        "tensor_readings": int(r.tensor_active is not None),
        "dram_sum": r.dram_active, "dram_max": r.dram_active, "dram_readings": int(r.dram_active is not None),
        "memory_used_bytes": r.memory_used_bytes,
        "power_sum": r.power_watts or 0.0, "power_max": r.power_watts or 0.0,
        "power_readings": int(r.power_watts is not None),
        "temperature_max": r.temperature_celsius, "throttle_reasons": r.throttle_reasons,
    }  # fmt: skip


def _engine_gains(r: EngineReading) -> dict[str, object]:
    """What is the same in a raw reading and in its minute."""
    return {
        "seconds": r.seconds, "input": r.input_tokens, "cache_read": r.cache_read_tokens, "output": r.output_tokens,
        "requests": r.requests_finished, "idle_seconds": r.idle_seconds, "running_limit": r.running_limit,
        **_timed("ttft", r.ttft), **_timed("tpot", r.tpot), **_timed("queue", r.queue),
    }  # fmt: skip


def _engine_minute(r: EngineReading) -> dict[str, object]:
    return {
        "running_max": r.running, "running_sum": r.running, "running_readings": int(r.running is not None),
        "waiting_max": r.waiting, "kv_cache_max": r.kv_cache_used,
        "saturated_seconds": (r.seconds or 0.0) if _is_saturated(r) else 0.0,
    }  # fmt: skip


def _timed(name: str, durations: Timed | None) -> dict[str, object]:
    seconds, count = (None, None) if durations is None else (durations.seconds, durations.count)
    return {f"{name}_seconds": seconds, f"{name}_count": count}


def _buckets(durations: Timed | None) -> str | None:
    return None if durations is None else packed(durations.buckets)


def _process(process: GpuProcess) -> str:
    return f"{process.pid}:{'' if process.memory_used_bytes is None else process.memory_used_bytes}"


def _minute(at_ms: int) -> int:
    return at_ms // 60_000 * 60


def _joined(items: Iterable[object]) -> str | None:
    return ",".join(map(str, items)) or None


def _is_saturated(r: EngineReading) -> bool:
    """Whether its queue or its KV cache says that it cannot do more."""
    return bool(r.waiting) or (r.kv_cache_used is not None and r.kv_cache_used > SATURATED_KV_CACHE)
