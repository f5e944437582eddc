"""Questions about GPUs and engines: the columns of each answer, and how its rows become frozen values."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from store.asking import Ask
from store.records import EngineState, GpuMinute, GpuState, indices, processes, timed

_GPU_ROW = {"host": "g.host", "uuid": "g.uuid", "index": "g.position", "name": "g.name"} | {
    name: f"g.{name}" for name in ("parent_uuid", "slices", "memory_total_bytes")
}
_GPU_MEANS = (
    "busy", "memory_busy", "sm_active", "tensor_active", "dram_active", "power_watts", "pcie_tx_bytes_per_second",
    "pcie_rx_bytes_per_second", "nvlink_tx_bytes_per_second", "nvlink_rx_bytes_per_second",
)  # fmt: skip
_GPU_NEWEST = (
    "memory_used_bytes", "power_limit_watts", "temperature_celsius", "sm_clock_mhz", "sm_clock_max_mhz",
    "memory_clock_mhz", "throttle_reasons", "ecc_corrected", "ecc_uncorrected", "lost",
)  # fmt: skip
_NEWEST_ERROR = "(SELECT {} FROM gpu_errors AS e WHERE e.gpu = r.gpu AND e.at_ms <= ? ORDER BY e.at_ms DESC LIMIT 1)"
_GPU = (
    # With one max(), SQLite takes the bare columns from the row that has it: the newest reading.
    _GPU_ROW
    | {"at_ms": "max(r.at_ms)"}
    | {name: f"avg(r.{name})" for name in _GPU_MEANS}
    | {name: f"r.{name}" for name in _GPU_NEWEST}
    | {"processes": "r.pids", "energy_joules": "sum(r.energy_gained) / 1000.0"}
    | {"energy_seconds": "total(r.energy_seconds)"}
    | {"xid": _NEWEST_ERROR.format("xid"), "xid_ms": _NEWEST_ERROR.format("at_ms")}
)
_MINUTE = {
    "minute": "m.minute", "readings": "m.readings", "lost_readings": "coalesce(m.lost_readings, 0)",
    "busy": "m.busy_sum / nullif(m.busy_readings, 0)", "busy_max": "iif(m.busy_readings, m.busy_max, NULL)",
    "sm_active": "m.sm_sum / nullif(m.sm_readings, 0)",
    "tensor_active": "m.tensor_sum / nullif(m.tensor_readings, 0)", "tensor_active_max": "m.tensor_max",
    "dram_active": "m.dram_sum / nullif(m.dram_readings, 0)", "dram_active_max": "m.dram_max",
    "memory_used_bytes": "m.memory_used_bytes", "power_watts": "m.power_sum / nullif(m.power_readings, 0)",
    "power_watts_max": "iif(m.power_readings, m.power_max, NULL)",
    "energy_joules": "iif(m.energy_seconds, m.energy_millijoules / 1000.0, NULL)",
    "energy_seconds": "coalesce(m.energy_seconds, 0.0)", "temperature_celsius_max": "m.temperature_max",
    "throttle_reasons": "coalesce(m.throttle_reasons, 0)",
}  # fmt: skip
_ENGINE_ROW = {name: f"e.{name}" for name in ("name", "host", "kind", "pid", "gpus", "gpu_uuids", "gpus_from")} | {
    "model": "nullif(e.model, '')"
}
_ENGINE_SUMS = {
    "input_tokens": "sum(r.input)", "cache_read_tokens": "sum(r.cache_read)", "output_tokens": "sum(r.output)",
    "requests_finished": "sum(r.requests)", "idle_seconds": "sum(r.idle_seconds)", "seconds": "total(r.seconds)",
    "ttft_seconds": "sum(r.ttft_seconds)", "ttft_count": "sum(r.ttft_count)", "tpot_seconds": "sum(r.tpot_seconds)",
    "tpot_count": "sum(r.tpot_count)", "queue_seconds": "sum(r.queue_seconds)", "queue_count": "sum(r.queue_count)",
    "running_limit": "r.running_limit",
}  # fmt: skip
_ENGINE = (
    _ENGINE_ROW
    | _ENGINE_SUMS
    | {"at_ms": "max(r.at_ms)"}
    | {name: f"r.{name}" for name in ("running", "waiting", "kv_cache_used")}
    | {f"{name}_buckets": f"group_concat(r.{name}_buckets, ' ')" for name in ("ttft", "tpot")}
)
_ENGINE_LONG = (
    _ENGINE_ROW
    | _ENGINE_SUMS
    | {"at_ms": "max(r.minute) * 1000"}
    | dict.fromkeys(("running", "waiting", "kv_cache_used"), "NULL")
)


def gpus(ask: Ask, since_ms: int, until_ms: int) -> list[GpuState]:
    """Each GPU read after `since_ms` up to `until_ms`."""
    rows = _asked(
        ask,
        _GPU,
        "gpu_readings AS r JOIN gpus AS g ON g.id = r.gpu WHERE r.at_ms > ? AND r.at_ms <= ?"
        " GROUP BY r.gpu ORDER BY g.host, g.position, g.parent_uuid IS NOT NULL, g.uuid",
        (until_ms, until_ms, since_ms, until_ms),
    )
    return [_gpu(row) for row in rows]


def _gpu(row: Mapping[str, Any]) -> GpuState:
    measured = dict.fromkeys(_GPU_MEANS) if row["lost"] else {}
    return msgspec.convert({**row, **measured, "processes": processes(row["processes"])}, GpuState)


def gpu_minutes(ask: Ask, host: str, uuid: str, since_ms: int, until_ms: int) -> list[GpuMinute]:
    """The minutes of one GPU that begin in the window, oldest first."""
    rows = _asked(
        ask,
        _MINUTE,
        "gpu_minutes AS m JOIN gpus AS g ON g.id = m.gpu WHERE g.host = ? AND g.uuid = ? AND m.minute >= ?"
        " AND m.minute < ? ORDER BY m.minute",
        (host, uuid, since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60),
    )
    return [msgspec.convert(row, GpuMinute) for row in rows]


def engines(ask: Ask, since_ms: int, until_ms: int) -> list[EngineState]:
    """Each engine scraped after `since_ms` up to `until_ms`."""
    rows = _asked(
        ask,
        _ENGINE,
        "engine_readings AS r JOIN engines AS e ON e.id = r.engine WHERE r.at_ms > ? AND r.at_ms <= ?"
        " GROUP BY r.engine ORDER BY e.name, e.model",
        (since_ms, until_ms),
    )
    return [_engine(row) for row in rows]


def engine_minutes(ask: Ask, since_ms: int, until_ms: int) -> list[EngineState]:
    """The same from minutes, both ends widened to whole ones."""
    rows = _asked(
        ask,
        _ENGINE_LONG,
        "engine_minutes AS r JOIN engines AS e ON e.id = r.engine WHERE r.minute >= ? AND r.minute < ?"
        " GROUP BY r.engine ORDER BY e.name, e.model",
        (since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60),
    )
    return [_engine(row) for row in rows]


def _engine(row: dict[str, Any]) -> EngineState:
    durations = {
        name: timed(row.pop(f"{name}_seconds"), row.pop(f"{name}_count"), row.pop(f"{name}_buckets", None))
        for name in ("ttft", "tpot", "queue")
    }
    uuids = tuple((row["gpu_uuids"] or "").split(",")) if row["gpu_uuids"] else ()
    return msgspec.convert({**row, **durations, "gpus": indices(row["gpus"]), "gpu_uuids": uuids}, EngineState)


def _asked(ask: Ask, columns: Mapping[str, str], of: str, values: Sequence[object]) -> list[dict[str, Any]]:
    question = f"SELECT {', '.join(columns.values())} FROM {of}"
    return [dict(zip(columns, row, strict=True)) for row in ask(question, values)]
