"""Questions to NVIDIA's driver library: what a card can be asked, and who could not answer.

NVML: https://docs.nvidia.com/deploy/nvml-api/. The module `pynvml` (distribution nvidia-ml-py) is a thin binding that is
newer than most drivers, so each figure names every way to ask for it, newest first.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeAlias

from collectors.door import cut

Way: TypeAlias = Callable[[ModuleType, Any], Any]
"""One way to ask (the binding, a card's handle) for a figure, already in our units."""

UNINITIALIZED, NOT_SUPPORTED, NO_PERMISSION, NOT_LOADED = 1, 3, 4, 9
NO_LIBRARY, NO_FUNCTION, GPU_IS_LOST, RESET_REQUIRED, MISMATCH = 12, 13, 15, 16, 18
WRONG_STRUCT_VERSION, UNKNOWN = 25, 999
"""Codes of nvmlReturn_t."""

LOST = {
    GPU_IS_LOST: "this GPU fell off the bus: reset it or reboot; the host still bills",
    RESET_REQUIRED: "this GPU must be reset (nvidia-smi --gpu-reset) before it works again; the host still bills",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Something a card can be asked, and the ways to ask it, newest first."""

    name: str
    ways: tuple[Way, ...]


FAST = (
    Figure("busy", (lambda nvml, card: nvml.nvmlDeviceGetUtilizationRates(card).gpu / 100,)),
    Figure(
        "memory",
        (
            # Version 1 counts what the driver keeps for itself as used.
            lambda nvml, card: nvml.nvmlDeviceGetMemoryInfo(card, version=nvml.nvmlMemory_v2),
            lambda nvml, card: nvml.nvmlDeviceGetMemoryInfo(card),
        ),
    ),
    Figure("power_watts", (lambda nvml, card: nvml.nvmlDeviceGetPowerUsage(card) / 1000,)),
    Figure("energy_millijoules", (lambda nvml, card: nvml.nvmlDeviceGetTotalEnergyConsumption(card),)),
    Figure("sm_clock_mhz", (lambda nvml, card: nvml.nvmlDeviceGetClockInfo(card, nvml.NVML_CLOCK_SM),)),
    Figure(
        "throttle_reasons",
        (
            lambda nvml, card: nvml.nvmlDeviceGetCurrentClocksEventReasons(card),
            lambda nvml, card: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(card),
        ),
    ),
)

SLOW = (
    Figure(
        "temperature_celsius",
        (
            lambda nvml, card: nvml.nvmlDeviceGetTemperatureV(card, nvml.NVML_TEMPERATURE_GPU),
            lambda nvml, card: nvml.nvmlDeviceGetTemperature(card, nvml.NVML_TEMPERATURE_GPU),
        ),
    ),
    Figure("power_limit_watts", (lambda nvml, card: nvml.nvmlDeviceGetEnforcedPowerLimit(card) / 1000,)),
    Figure(
        "compute_processes",
        (
            lambda nvml, card: nvml.nvmlDeviceGetComputeRunningProcesses(card),
            lambda nvml, card: nvml.nvmlDeviceGetComputeRunningProcesses_v2(card),
        ),
    ),
    Figure(
        "graphics_processes",
        (
            lambda nvml, card: nvml.nvmlDeviceGetGraphicsRunningProcesses(card),
            lambda nvml, card: nvml.nvmlDeviceGetGraphicsRunningProcesses_v2(card),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card or MIG instance as it was listed; `fault` says why it could not be reached at all."""

    index: int
    uuid: str
    name: str | None = None
    handle: Any = None
    fault: str | None = None


class CardLost(Exception):  # noqa: N818 - it names a state of the card; the text is a sentence
    """A card does not answer any more."""


class Driver:
    """The binding, started, and what its library and its cards turned out not to know."""

    def __init__(self, nvml: ModuleType) -> None:
        self.nvml = nvml
        # A mismatch is no NVMLError; names that are not UTF-8 fail while they are decoded.
        self.errors = (nvml.NVMLError, nvml.NVMLLibraryMismatchError, UnicodeDecodeError)
        self._unknown_ways: set[tuple[str, int]] = set()
        self._unsupported: set[tuple[str, str, int]] = set()

    def ask_all(self, card: Card, figures: Sequence[Figure]) -> dict[str, Any]:
        """Each figure by name, None where the card does not say; raises CardLost."""
        return {figure.name: self._ask(card, figure) for figure in figures}

    def _ask(self, card: Card, figure: Figure) -> Any:
        for number, way in enumerate(figure.ways):
            way_id = (figure.name, number)
            if way_id in self._unknown_ways or (card.uuid, *way_id) in self._unsupported:
                continue
            try:
                return way(self.nvml, card.handle)
            except self.errors as error:
                code = self.code(error)
            if code in LOST:
                raise CardLost(LOST[code])
            if code in (NO_FUNCTION, WRONG_STRUCT_VERSION):
                self._unknown_ways.add(way_id)
            elif code == NOT_SUPPORTED:
                self._unsupported.add((card.uuid, *way_id))
            else:
                return None
        return None

    def cards_at(self, index: int, known: Sequence[Card]) -> list[Card]:
        """The card at an index and its MIG instances; none where this user may not look.

        Cards `known` from before stay, with their fault, when they cannot be reached any more.
        """
        try:
            card = self._identify(index, self.nvml.nvmlDeviceGetHandleByIndex(index))
        except self.errors as error:
            code = self.code(error)
            if code == NO_PERMISSION:
                return []
            fault = LOST.get(code, f"this GPU cannot be reached (NVML error {code}); nvidia-smi may tell more")
            return [replace(card, fault=fault) for card in known or [Card(index=index, uuid=f"unknown-{index}")]]
        return [card, *self._mig_instances(card)]

    def _identify(self, index: int, handle: Any) -> Card:
        name = None
        with suppress(*self.errors):
            name = cut(self.nvml.nvmlDeviceGetName(handle))
        return Card(index=index, uuid=self.nvml.nvmlDeviceGetUUID(handle), name=name, handle=handle)

    def _mig_instances(self, card: Card) -> list[Card]:
        slots = 0
        with suppress(*self.errors):
            slots = self.nvml.nvmlDeviceGetMaxMigDeviceCount(card.handle)
        instances = []
        for slot in range(slots):
            # Slots are sparse: an empty one raises NotFound, and later ones may still be taken.
            with suppress(*self.errors):
                handle = self.nvml.nvmlDeviceGetMigDeviceHandleByIndex(card.handle, slot)
                instances.append(self._identify(card.index, handle))
        return instances

    def code(self, error: Exception) -> int:
        """The library's code for what was raised."""
        if isinstance(error, self.nvml.NVMLLibraryMismatchError):
            return NO_FUNCTION
        return int(getattr(error, "value", UNKNOWN))
