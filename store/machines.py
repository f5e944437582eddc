"""Readings of GPUs and engines on their way in: raw for an hour, summed per minute for weeks."""

import sqlite3
from collections.abc import Sequence

from store.facts import EngineReading, GpuReading

_GPU_MINUTE = """
INSERT INTO gpu_minutes (gpu, minute, readings, busy_sum, busy_max, busy_readings, memory_used_bytes, power_sum,
                         power_max, power_readings, energy_millijoules)
VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (gpu, minute) DO UPDATE SET
    readings = readings + 1, busy_sum = busy_sum + excluded.busy_sum, busy_max = max(busy_max, excluded.busy_max),
    busy_readings = busy_readings + excluded.busy_readings,
    memory_used_bytes = coalesce(excluded.memory_used_bytes, memory_used_bytes),
    power_sum = power_sum + excluded.power_sum, power_max = max(power_max, excluded.power_max),
    power_readings = power_readings + excluded.power_readings,
    energy_millijoules = energy_millijoules + excluded.energy_millijoules
"""

_ENGINE_MINUTE = """
INSERT INTO engine_minutes (engine, minute, seconds, input, cache_read, output, requests, running_max, waiting_max)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (engine, minute) DO UPDATE SET
    seconds = seconds + excluded.seconds, input = input + excluded.input,
    cache_read = cache_read + excluded.cache_read, output = output + excluded.output,
    requests = requests + excluded.requests, running_max = max(running_max, excluded.running_max),
    waiting_max = max(waiting_max, excluded.waiting_max)
"""


class MachineWriter:
    """Writes readings through somebody else's transaction; `keep` after its commit, `forget` after it was rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._gpus: dict[tuple[str, str], int] = {}
        self._engines: dict[tuple[str, str], int] = {}
        self._energy: dict[int, int] = {}
        self._kept_energy: dict[int, int] = {}

    def keep(self) -> None:
        """Energy counters as of here are in the store for good."""
        self._kept_energy.update(self._energy)

    def forget(self) -> None:
        """Drop what was remembered of rows that were rolled back; energy is counted on from what is in the store."""
        self._gpus.clear()
        self._engines.clear()
        self._energy = dict(self._kept_energy)

    def write_gpus(self, readings: Sequence[GpuReading]) -> None:
        """Keep each raw reading and add it to its minute."""
        for r in readings:
            gpu = self._gpu_id(r)
            self._connection.execute(
                "INSERT OR REPLACE INTO gpu_readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (gpu, r.at_ms, r.busy, r.memory_used_bytes, r.power_watts, r.power_limit_watts, r.energy_millijoules,
                 r.temperature_celsius, r.sm_clock_mhz, r.throttle_reasons, ",".join(map(str, r.pids)) or None, r.lost),
            )  # fmt: skip
            self._connection.execute(_GPU_MINUTE, (
                gpu, r.at_ms // 60_000 * 60, r.busy or 0.0, r.busy or 0.0, r.busy is not None, r.memory_used_bytes,
                r.power_watts or 0.0, r.power_watts or 0.0, r.power_watts is not None, self._energy_since_last(gpu, r),
            ))  # fmt: skip

    def _energy_since_last(self, gpu: int, reading: GpuReading) -> int:
        """Energy used since the last reading; a counter that fell was reset by a reloaded driver."""
        now = reading.energy_millijoules
        if now is None:
            return 0
        before = self._energy.get(gpu)
        self._energy[gpu] = now
        if before is None:
            return 0
        return now - before if now >= before else now

    def write_engines(self, readings: Sequence[EngineReading]) -> None:
        """Keep each raw reading and add its deltas to its minute."""
        for r in readings:
            engine = self._engine_id(r)
            self._connection.execute(
                "INSERT OR REPLACE INTO engine_readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (engine, r.at_ms, r.seconds, r.input_tokens, r.cache_read_tokens, r.output_tokens,
                 r.requests_finished, r.running, r.waiting, r.kv_cache_used),
            )  # fmt: skip
            if r.seconds is not None:
                self._connection.execute(_ENGINE_MINUTE, (
                    engine, r.at_ms // 60_000 * 60, r.seconds, r.input_tokens or 0, r.cache_read_tokens or 0,
                    r.output_tokens or 0, r.requests_finished or 0, r.running or 0, r.waiting or 0,
                ))  # fmt: skip

    def _gpu_id(self, r: GpuReading) -> int:
        key = (r.host, r.uuid)
        if key not in self._gpus:
            self._connection.execute(
                "INSERT INTO gpus (host, uuid, position, name, memory_total_bytes) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (host, uuid) DO UPDATE SET position = excluded.position,"
                " name = coalesce(excluded.name, name),"
                " memory_total_bytes = coalesce(excluded.memory_total_bytes, memory_total_bytes)",
                (r.host, r.uuid, r.index, r.name, r.memory_total_bytes),
            )
            found = self._connection.execute("SELECT id FROM gpus WHERE host = ? AND uuid = ?", key).fetchone()
            self._gpus[key] = found[0]
        return self._gpus[key]

    def _engine_id(self, r: EngineReading) -> int:
        key = (r.engine, r.model or "")
        if key not in self._engines:
            self._connection.execute(
                "INSERT INTO engines (name, host, model, kind, pid, gpus) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (name, model) DO UPDATE SET host = excluded.host, kind = excluded.kind, pid = excluded.pid,"
                " gpus = excluded.gpus",
                (r.engine, r.host, r.model or "", r.kind, r.pid, ",".join(map(str, r.gpus)) or None),
            )
            found = self._connection.execute("SELECT id FROM engines WHERE name = ? AND model = ?", key).fetchone()
            self._engines[key] = found[0]
        return self._engines[key]
