"""A stand-in for the GPUs of a machine, behind the protocol of the real ones."""

import math
from collections.abc import Sequence
from typing import ClassVar

from store.facts import GpuReading

_NAME, _MEMORY_BYTES = "NVIDIA L40S", 48 << 30
_GPUS, _SERVING = 4, 3
_IDLE_WATTS, _SERVING_WATTS = 36.0, 268.0
_SWING_WATTS, _SWING_MS = 24.0, 30_000


class DemoGpus:
    """Four cards: three serve, one holds nothing and costs as much as the others."""

    name: ClassVar[str] = "gpus (demo)"

    def __init__(self, host: str) -> None:
        self._host = host

    def read(self, at_ms: int) -> Sequence[GpuReading]:
        """One reading per card; figures swing slowly with time."""
        return [self._reading(index, at_ms) for index in range(_GPUS)]

    def close(self) -> None:
        """Nothing is held."""

    def _reading(self, index: int, at_ms: int) -> GpuReading:
        serves = index < _SERVING
        swing = math.sin(at_ms / _SWING_MS + index)
        watts = _SERVING_WATTS + _SWING_WATTS * swing if serves else _IDLE_WATTS
        return GpuReading(
            at_ms=at_ms,
            host=self._host,
            uuid=f"GPU-demo-{index}",
            index=index,
            name=_NAME,
            busy=min(1.0, 0.94 + 0.05 * swing) if serves else 0.0,
            memory_used_bytes=int(_MEMORY_BYTES * 0.91) if serves else 600 << 20,
            memory_total_bytes=_MEMORY_BYTES,
            power_watts=watts,
            power_limit_watts=350.0,
            energy_millijoules=int(_energy(index, at_ms)),
            temperature_celsius=64 + round(4 * swing) if serves else 31,
            memory_clock_mhz=9001 if serves else 405,
            ecc_corrected=0,
            ecc_uncorrected=0,
        )


def _energy(index: int, at_ms: int) -> float:
    """Millijoules since the epoch: the integral of the power, so that the counter agrees with it."""
    if index >= _SERVING:
        return _IDLE_WATTS * at_ms
    return _SERVING_WATTS * at_ms - _SWING_WATTS * _SWING_MS * math.cos(at_ms / _SWING_MS + index)
