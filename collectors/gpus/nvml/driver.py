"""The driver's library: which cards it lists, what they say, and what it or they turned out not to know."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

from collectors.door import cut
from collectors.gpus.nvml.activity import Activity
from collectors.gpus.nvml.busy import BusySamples
from collectors.gpus.nvml.card import Card, Figure
from collectors.gpus.nvml.errors import CriticalErrors
from collectors.gpus.nvml.figures import ENERGY, FAST, SLOW

UNINITIALIZED, NOT_SUPPORTED, NO_PERMISSION, NOT_LOADED = 1, 3, 4, 9
NO_LIBRARY, NO_FUNCTION, GPU_IS_LOST, RESET_REQUIRED, MISMATCH = 12, 13, 15, 16, 18
WRONG_STRUCT_VERSION, UNKNOWN = 25, 999
"""Codes of nvmlReturn_t."""

LOST = {
    GPU_IS_LOST: "this GPU fell off the bus: reset it or reboot; the host still bills",
    RESET_REQUIRED: "this GPU must be reset (nvidia-smi --gpu-reset) before it works again; the host still bills",
}


WHOLE_PROFILES = (4, 3, 5)
"""GPU instance profiles of seven, four and eight slices: one of them is the whole of every card that can be divided."""


class CardLost(Exception):  # noqa: N818 - it names a state of the card; the text is a sentence
    """A card does not answer any more."""


class Driver:
    """The binding, started; `end` it before it is thrown away."""

    def __init__(self, nvml: ModuleType, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.nvml = nvml
        # A mismatch is no NVMLError; names that are not UTF-8 fail while they are decoded.
        self.errors = (nvml.NVMLError, nvml.NVMLLibraryMismatchError, UnicodeDecodeError)
        self._activity = Activity(monotonic)
        self._measured: tuple[Figure, ...] = (ENERGY, BusySamples().figure, self._activity.figure)
        self._critical: CriticalErrors | None = None
        self._unknown_ways: set[tuple[str, int]] = set()
        self._unsupported: set[tuple[str, str, int]] = set()

    def start(self) -> None:
        """Start the library; raises one of `errors`."""
        self.nvml.nvmlInit()
        self._critical = CriticalErrors(self.nvml, self.errors)

    def end(self) -> None:
        """Give back what was taken of the library, and end it."""
        self._activity.free(self.nvml, self.errors)
        if self._critical is not None:
            self._critical.close()
        with suppress(*self.errors):
            self.nvml.nvmlShutdown()

    def heard(self) -> dict[str, tuple[int, ...]]:
        """Critical errors since the last call, by the card's UUID."""
        return {} if self._critical is None else self._critical.heard()

    def fast(self, card: Card) -> dict[str, Any]:
        """Each quick figure by name, None where the card does not say; raises CardLost."""
        return {figure.name: self._ask(card, figure) for figure in FAST}

    def measured(self, card: Card) -> dict[str, Any]:
        """The same of what counts or remembers by itself, over the time since it was asked last."""
        return {figure.name: self._ask(card, figure) for figure in self._measured}

    def slow(self, card: Card) -> dict[str, Any]:
        """The same of the slow ones."""
        return {figure.name: self._ask(card, figure) for figure in SLOW}

    def _ask(self, card: Card, figure: Figure) -> Any:
        for number, way in enumerate(figure.ways):
            way_id = (figure.name, number)
            if way_id in self._unknown_ways or (card.uuid, *way_id) in self._unsupported:
                continue
            try:
                return way(self.nvml, card)
            except self.errors as error:
                code = self.code(error)
            if code in LOST:
                raise CardLost(LOST[code])
            if code in (NO_FUNCTION, WRONG_STRUCT_VERSION):
                self._unknown_ways.add(way_id)
            elif code in (NOT_SUPPORTED, NO_PERMISSION):
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
        if self._critical is not None:
            self._critical.listen(card)
        instances = self._mig_instances(card)
        return [replace(card, slices=self._slices(card)) if instances else card, *instances]

    def _identify(self, index: int, handle: Any) -> Card:
        name = clock = None
        with suppress(*self.errors):
            name = cut(self.nvml.nvmlDeviceGetName(handle))
        with suppress(*self.errors):
            clock = self.nvml.nvmlDeviceGetMaxClockInfo(handle, self.nvml.NVML_CLOCK_SM)
        uuid = self.nvml.nvmlDeviceGetUUID(handle)
        return Card(index=index, uuid=uuid, name=name, handle=handle, sm_clock_max_mhz=clock)

    def _mig_instances(self, card: Card) -> list[Card]:
        slots = 0
        with suppress(*self.errors):
            slots = self.nvml.nvmlDeviceGetMaxMigDeviceCount(card.handle)
        instances = []
        for slot in range(slots):
            # Slots are sparse: an empty one raises NotFound, and later ones may still be taken.
            with suppress(*self.errors):
                handle = self.nvml.nvmlDeviceGetMigDeviceHandleByIndex(card.handle, slot)
                instances.append(self._instance(card, self._identify(card.index, handle)))
        return instances

    def _slices(self, card: Card) -> int | None:
        """Compute slices of a whole divided card: those of the largest instance that it can have."""
        sizes = []
        for profile in WHOLE_PROFILES:
            with suppress(*self.errors):
                sizes.append(self.nvml.nvmlDeviceGetGpuInstanceProfileInfo(card.handle, profile, 1).sliceCount)
        return max(sizes, default=None)

    def _instance(self, card: Card, found: Card) -> Card:
        instance = slices = None
        with suppress(*self.errors):
            instance = self.nvml.nvmlDeviceGetGpuInstanceId(found.handle)
            slices = self.nvml.nvmlDeviceGetAttributes(found.handle).gpuInstanceSliceCount
        return replace(found, parent=card, instance=instance, slices=slices)

    def code(self, error: Exception) -> int:
        """The library's code for what was raised."""
        if isinstance(error, self.nvml.NVMLLibraryMismatchError):
            return NO_FUNCTION
        return int(getattr(error, "value", UNKNOWN))
