"""The NVIDIA cards of this machine, read one poll at a time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from collectors.gpus.gpu import GpuAbsentError, GpuUnavailable
from collectors.gpus.nvml.card import Card
from collectors.gpus.nvml.driver import (
    MISMATCH,
    NO_FUNCTION,
    NO_LIBRARY,
    NO_PERMISSION,
    NOT_LOADED,
    UNINITIALIZED,
    UNKNOWN,
    CardLost,
    Driver,
)
from collectors.gpus.nvml.figures import PROCESSES
from store.facts import GpuProcess, GpuReading

ABSENT = {
    NO_LIBRARY: (
        "no NVIDIA driver library (libnvidia-ml.so.1) on this machine; a container must be started with its GPUs"
    ),
    NOT_LOADED: "the NVIDIA kernel driver is not loaded; if this machine has a GPU, modprobe nvidia loads it",
}
FAILING = {
    NO_PERMISSION: "this user may not ask the NVIDIA driver; it needs access to /dev/nvidia* (often the group video)",
    NO_FUNCTION: "the NVIDIA driver is too old to be asked; upgrade it",
    MISMATCH: "the NVIDIA driver was upgraded while the old one still runs; reboot, or reload the nvidia kernel module",
    UNKNOWN: "the NVIDIA driver answers 'unknown error'; a container that has lost its GPUs must be started again",
}
"""What the library's codes mean for the whole machine."""

SLOW_EVERY = 10
"""What changes slowly, and the list of cards, is asked every so many reads."""
MEASURED_EVERY = 5
"""And so is what counts or remembers by itself."""


class NvmlGpus:
    """The NVIDIA cards of this machine, by UUID; MIG instances are readings of their own beside their card.

    One start of the library is held for the process' life: without a client the driver may unload and lose its
    energy counters. What a card does not say is None and, once it has said so, not asked again.
    """

    name: ClassVar[str] = "nvml"

    def __init__(
        self,
        host: str,
        *,
        slow_every: int = SLOW_EVERY,
        measured_every: int = MEASURED_EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._measured_every = measured_every
        self._monotonic = monotonic
        self._slow_every = slow_every
        self._lock = threading.Lock()
        self._driver: Driver | None = None
        self._reads = 0
        self._cards: dict[int, list[Card]] = {}
        self._slow: dict[str, dict[str, Any]] = {}
        self._sampled: set[str] = set()

    def read(self, at_ms: int) -> Sequence[GpuReading]:
        """One reading per card and MIG instance; a lost card says so and leaves the others alone."""
        with self._lock:
            driver = self._driver or self._open()
            if self._is_due(self._slow_every):
                driver = self._listed(driver)
            heard = driver.heard()
            readings = [
                self._reading(driver, card, at_ms, heard.get(card.uuid, ()))
                for cards in self._cards.values()
                for card in cards
            ]
            self._reads += 1
            return readings

    def _is_due(self, every: int) -> bool:
        return self._reads % every == 0

    def close(self) -> None:
        """Let go of the driver, unless a read still runs in it: ending the library under a query crashes."""
        if self._lock.acquire(blocking=False):
            try:
                self._shut_down()
            finally:
                self._lock.release()

    def _open(self) -> Driver:
        try:
            import pynvml
        except ImportError:
            raise GpuAbsentError("the Python package nvidia-ml-py is not installed") from None
        driver = Driver(pynvml, self._monotonic)
        try:
            driver.start()
        except driver.errors as error:
            raise unavailable(driver.code(error)) from None
        self._driver = driver
        return driver

    def _shut_down(self) -> None:
        if self._driver is not None:
            self._driver.end()
        self._driver, self._reads, self._cards, self._slow, self._sampled = None, 0, {}, {}, set()

    def _listed(self, driver: Driver) -> Driver:
        """The driver, with the list of cards renewed; one that does not know us any more is started once again."""
        try:
            self._list_cards(driver)
        except driver.errors as error:
            if (code := driver.code(error)) not in (UNINITIALIZED, UNKNOWN):
                raise unavailable(code) from None
            self._shut_down()
            driver = self._open()
            try:
                self._list_cards(driver)
            except driver.errors as again:
                raise unavailable(driver.code(again)) from None
        return driver

    def _list_cards(self, driver: Driver) -> None:
        count = driver.nvml.nvmlDeviceGetCount()
        self._cards = {index: driver.cards_at(index, self._cards.get(index, ())) for index in range(count)}
        self._slow = {}

    def _reading(self, driver: Driver, card: Card, at_ms: int, xids: tuple[int, ...]) -> GpuReading:
        if card.fault is not None:
            return _reading(card, at_ms, self._host, {}, xids, card.fault)
        try:
            return _reading(card, at_ms, self._host, self._asked(driver, card), xids, None)
        except CardLost as loss:
            return _reading(card, at_ms, self._host, {}, xids, str(loss))

    def _asked(self, driver: Driver, card: Card) -> dict[str, Any]:
        """Every figure by name; what changes slowly as it was last."""
        seen = driver.fast(card)
        if self._is_due(self._slow_every):
            self._slow[card.uuid] = driver.slow(card)
        if self._is_due(self._measured_every):
            seen |= driver.measured(card)
            if seen["busy"] is not None:
                self._sampled.add(card.uuid)
        if seen["rates"] is not None:
            seen["memory_busy"] = seen["rates"].memory / 100
            if seen.get("busy") is None and (card.uuid not in self._sampled or "busy" in seen):
                seen["busy"] = seen["rates"].gpu / 100
        return seen | self._slow.get(card.uuid, {})


_AS_ASKED = (
    "power_watts", "energy_millijoules", "sm_clock_mhz", "throttle_reasons", "temperature_celsius", "power_limit_watts",
    "memory_busy", "memory_clock_mhz", "ecc_corrected", "ecc_uncorrected",
)  # fmt: skip
"""Figures that have the name and the unit of their field."""


def _reading(
    card: Card, at_ms: int, host: str, seen: Mapping[str, Any], xids: tuple[int, ...], lost: str | None
) -> GpuReading:
    memory = seen.get("memory")
    activity = dict(seen.get("activity") or {})
    graphics_active = activity.pop("graphics_active", None)
    return GpuReading(
        at_ms=at_ms,
        host=host,
        uuid=card.uuid,
        index=card.index,
        name=card.name,
        parent_uuid=card.parent.uuid if card.parent else None,
        slices=card.slices,
        busy=graphics_active if seen.get("busy") is None else seen["busy"],
        sm_clock_max_mhz=card.sm_clock_max_mhz,
        memory_used_bytes=None if memory is None else memory.used,
        memory_total_bytes=None if memory is None else memory.total,
        xids=xids,
        processes=_held_by([process for name in PROCESSES for process in seen.get(name) or ()]),
        lost=lost,
        **{name: seen.get(name) for name in _AS_ASKED},
        **activity,
    )


def _held_by(processes: Sequence[Any]) -> tuple[GpuProcess, ...]:
    """Each process once, by its number; one that computes and draws stands in both lists with the same memory."""
    held = {process.pid: GpuProcess(process.pid, process.usedGpuMemory) for process in processes}
    return tuple(held[pid] for pid in sorted(held))


def unavailable(code: int) -> GpuUnavailable:
    """What an error of the library as a whole means, in a sentence."""
    if code in ABSENT:
        return GpuAbsentError(ABSENT[code])
    return GpuUnavailable(
        FAILING.get(code, f"the NVIDIA driver fails with NVML error {code}; nvidia-smi may tell more")
    )
