"""Busy time over the whole of the time between two polls: the share in which at least one kernel ran.

The driver keeps samples of it (every 1/6 to 1 second, by product). Asked for its newest figure alone, a poll would see
one sample and miss those between. A card that is divided into MIG instances has neither.
"""

from types import ModuleType
from typing import Any

from collectors.gpus.nvml.card import Card, Figure

FIRST_LOOK_MICROSECONDS = 1_000_000
"""The driver remembers many seconds; a first reading is to tell of the last one only."""

_MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal")
"""Which member of a sample's union holds its value, by nvmlValueType_t."""


class BusySamples:
    """Remembers for each card which samples it has seen."""

    def __init__(self) -> None:
        self._seen_until: dict[str, int] = {}
        self.figure = Figure("busy", (self._since_last,))

    def _since_last(self, nvml: ModuleType, card: Card) -> float | None:
        seen_until = self._seen_until.get(card.uuid, 0)
        kind, samples = nvml.nvmlDeviceGetSamples(card.handle, nvml.NVML_GPU_UTILIZATION_SAMPLES, seen_until)
        newest = max((sample.timeStamp for sample in samples), default=0)
        begins = seen_until or newest - FIRST_LOOK_MICROSECONDS
        percents = [_value(kind, sample) for sample in samples if sample.timeStamp > begins]
        if not percents:
            return None
        self._seen_until[card.uuid] = newest
        return min(1.0, max(0.0, sum(percents) / len(percents) / 100))


def _value(kind: int, sample: Any) -> float:
    return float(getattr(sample.sampleValue, _MEMBERS[kind]))
