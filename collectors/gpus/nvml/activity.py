"""What the units of a card really did, as Hopper and newer cards measure it (GPM, "GPU performance monitoring").

Each figure is a mean between two samples of hardware counters, so a poll takes one sample and compares it with that of
the poll before. A call that succeeds may still have failed for single figures: each says so itself.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from collectors.gpus.nvml.card import Card, Figure

MIB = 1 << 20
APART_SECONDS = 0.1
"""Two samples must be further apart than this."""

SHARES = {
    "graphics_active": "NVML_GPM_METRIC_GRAPHICS_UTIL",
    "sm_active": "NVML_GPM_METRIC_SM_UTIL",
    "tensor_active": "NVML_GPM_METRIC_ANY_TENSOR_UTIL",
    "dram_active": "NVML_GPM_METRIC_DRAM_BW_UTIL",
}
"""Percentages."""
TRAFFIC = {
    "pcie_tx_bytes_per_second": "NVML_GPM_METRIC_PCIE_TX_PER_SEC",
    "pcie_rx_bytes_per_second": "NVML_GPM_METRIC_PCIE_RX_PER_SEC",
    "nvlink_tx_bytes_per_second": "NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC",
    "nvlink_rx_bytes_per_second": "NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC",
}
"""MiB per second, of a whole card."""


@dataclass(slots=True)
class _Pair:
    """The two samples of one card, and when the newer one was taken."""

    older: Any
    newer: Any
    taken_at: float | None = None


class Activity:
    """Keeps two samples of every card; `free` gives them back before the library is ended."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._pairs: dict[str, _Pair] = {}
        self._question: Any = None
        self.figure = Figure("activity", (self._since_last,))

    def free(self, nvml: ModuleType, errors: tuple[type[Exception], ...]) -> None:
        """Give all samples back."""
        for pair in self._pairs.values():
            for sample in (pair.older, pair.newer):
                with suppress(*errors):
                    nvml.nvmlGpmSampleFree(sample)
        self._pairs.clear()

    def _since_last(self, nvml: ModuleType, card: Card) -> dict[str, float | int] | None:
        """Each figure that could be measured since the previous poll; None at the first."""
        pair = self._pairs.get(card.uuid) or self._new_pair(nvml, card)
        now, before = self._monotonic(), pair.taken_at
        if before is not None and now - before <= APART_SECONDS:
            return None
        _take(nvml, card, pair.older)
        pair.older, pair.newer, pair.taken_at = pair.newer, pair.older, now
        return None if before is None else self._compare(nvml, card, pair)

    def _new_pair(self, nvml: ModuleType, card: Card) -> _Pair:
        if not nvml.nvmlGpmQueryDeviceSupport((card.parent or card).handle).isSupportedDevice:
            raise nvml.NVMLError(nvml.NVML_ERROR_NOT_SUPPORTED)
        pair = _Pair(nvml.nvmlGpmSampleAlloc(), nvml.nvmlGpmSampleAlloc())
        self._pairs[card.uuid] = pair
        return pair

    def _compare(self, nvml: ModuleType, card: Card, pair: _Pair) -> dict[str, float | int]:
        wanted = {**SHARES, **({} if card.parent else TRAFFIC)}
        if self._question is None:
            self._question = nvml.c_nvmlGpmMetricsGet_t()
        question = self._question
        question.version, question.numMetrics = nvml.NVML_GPM_METRICS_GET_VERSION, len(wanted)
        question.sample1, question.sample2 = pair.older, pair.newer
        for place, constant in enumerate(wanted.values()):
            question.metrics[place].metricId = getattr(nvml, constant)
        nvml.nvmlGpmMetricsGet(question)
        answers = zip(wanted, question.metrics[: len(wanted)], strict=True)
        return {name: _in_our_units(name, one.value) for name, one in answers if not one.nvmlReturn}


def _take(nvml: ModuleType, card: Card, sample: Any) -> None:
    if card.parent is None:
        nvml.nvmlGpmSampleGet(card.handle, sample)
    else:
        nvml.nvmlGpmMigSampleGet(card.parent.handle, card.instance, sample)


def _in_our_units(name: str, value: float) -> float | int:
    return min(1.0, max(0.0, value / 100)) if name in SHARES else round(value * MIB)
