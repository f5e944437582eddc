"""AMD cards, through the Python package `amdsmi` of ROCm (https://rocm.docs.amd.com/projects/amdsmi).

The package is AMD's own with ROCm and an unofficial build on PyPI. Imported without ROCm's library it prints two lines
and raises KeyError; where a card does not know a number it says "N/A", and which of the power fields it knows differs
from card to card.
"""

import importlib
import io
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, TypeAlias

from collectors.door import cut
from collectors.gpus.gpu import GpuAbsentError, GpuUnavailable
from store.facts import GpuProcess, GpuReading

MIB = 1 << 20
NOT_SUPPORTED, NO_PERMISSION, DRIVER_NOT_LOADED = 2, 10, 34
"""Codes of amdsmi_status_t."""
MOST_WATTS = 10_000
"""A limit above it is in microwatts: releases differ, and no card draws as much."""
SLOW_EVERY = 10

Fields: TypeAlias = dict[str, Any]
Way: TypeAlias = Callable[[ModuleType, Any], Fields]
"""One question to a card, answered with fields of a reading in their units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    index: int
    uuid: str
    name: str | None
    handle: Any
    parent_uuid: str | None
    """The first logical processor of the same chip: power and energy belong to that."""


def _activity(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_gpu_activity(card)
    return {"busy": _share(found, "gfx_activity"), "memory_busy": _share(found, "umc_activity")}


def _memory(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_gpu_vram_usage(card)
    return {"memory_used_bytes": _bytes(found, "vram_used"), "memory_total_bytes": _bytes(found, "vram_total")}


def _power(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_power_info(card)
    names = ("current_socket_power", "average_socket_power", "socket_power")
    return {"power_watts": next((watts for name in names if (watts := _number(found, name)) is not None), None)}


def _energy(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_energy_count(card)
    count, microjoules = _number(found, "energy_accumulator"), _number(found, "counter_resolution")
    if count is None or microjoules is None:
        return {}
    return {"energy_millijoules": round(count * microjoules / 1_000)}


def _clocks(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_clock_info(card, smi.AmdSmiClkType.GFX)
    return {"sm_clock_mhz": _whole(found, "clk"), "sm_clock_max_mhz": _whole(found, "max_clk")}


def _temperature(smi: ModuleType, card: Any) -> Fields:
    hottest, now = smi.AmdSmiTemperatureType.HOTSPOT, smi.AmdSmiTemperatureMetric.CURRENT
    return {"temperature_celsius": int(smi.amdsmi_get_temp_metric(card, hottest, now))}


def _limit(smi: ModuleType, card: Any) -> Fields:
    cap = _number(smi.amdsmi_get_power_cap_info(card), "power_cap")
    return {"power_limit_watts": cap / 1_000_000 if cap is not None and cap > MOST_WATTS else cap}


def _memory_errors(smi: ModuleType, card: Any) -> Fields:
    found = smi.amdsmi_get_gpu_total_ecc_count(card)
    return {
        "ecc_corrected": _whole(found, "correctable_count"),
        "ecc_uncorrected": _whole(found, "uncorrectable_count"),
    }


def _processes(smi: ModuleType, card: Any) -> Fields:
    held = {
        int(one["pid"]): GpuProcess(int(one["pid"]), _whole(one.get("memory_usage") or {}, "vram_mem"))
        for one in smi.amdsmi_get_gpu_process_list(card)
    }
    return {"processes": tuple(held[pid] for pid in sorted(held))}


OF_THE_CHIP: tuple[Way, ...] = (_power, _energy, _limit)
FAST: tuple[Way, ...] = (_activity, _memory, _power, _energy, _clocks, _temperature)
SLOW: tuple[Way, ...] = (_limit, _memory_errors, _processes)


class AmdGpus:
    """The AMD cards of this machine; of a chip that is divided into several processors the first has its power."""

    name: ClassVar[str] = "amdsmi"

    def __init__(self, host: str, *, slow_every: int = SLOW_EVERY) -> None:
        self._host = host
        self._slow_every = slow_every
        self._lock = threading.Lock()
        self._smi: ModuleType | None = None
        self._cards: list[_Card] = []
        self._reads = 0
        self._slow: dict[str, Fields] = {}
        self._unsupported: set[tuple[str, Way]] = set()

    def read(self, at_ms: int) -> Sequence[GpuReading]:
        """One reading per card; raises GpuUnavailable or GpuAbsentError."""
        with self._lock:
            smi = self._smi or self._open()
            if self._reads % self._slow_every == 0:
                self._cards = self._list_cards(smi)
                self._slow = {card.uuid: self._ask_all(smi, card, SLOW) for card in self._cards}
            self._reads += 1
            return [self._reading(smi, card, at_ms) for card in self._cards]

    def close(self) -> None:
        """Let go of the driver, unless a read still runs in it."""
        if self._lock.acquire(blocking=False):
            try:
                if self._smi is not None:
                    with suppress(Exception):
                        self._smi.amdsmi_shut_down()
                self._smi, self._reads = None, 0
            finally:
                self._lock.release()

    def _open(self) -> ModuleType:
        smi = _package()
        try:
            smi.amdsmi_init(smi.AmdSmiInitFlags.INIT_AMD_GPUS)
        except smi.AmdSmiLibraryException as error:
            if error.err_code == DRIVER_NOT_LOADED:
                raise GpuAbsentError("the AMD kernel driver is not loaded; modprobe amdgpu loads it") from None
            raise GpuUnavailable(f"the AMD driver does not start (amdsmi error {error.err_code})") from None
        self._smi = smi
        return smi

    def _list_cards(self, smi: ModuleType) -> list[_Card]:
        try:
            handles = smi.amdsmi_get_processor_handles()
        except smi.AmdSmiLibraryException as error:
            raise GpuUnavailable(f"the AMD driver lists no cards (amdsmi error {error.err_code})") from None
        first_of: dict[str, str] = {}
        return [_identified(smi, index, handle, first_of) for index, handle in enumerate(handles)]

    def _reading(self, smi: ModuleType, card: _Card, at_ms: int) -> GpuReading:
        fields = self._ask_all(smi, card, FAST) | self._slow.get(card.uuid, {})
        return GpuReading(
            at_ms=at_ms,
            host=self._host,
            uuid=card.uuid,
            index=card.index,
            name=card.name,
            parent_uuid=card.parent_uuid,
            **fields,
        )

    def _ask_all(self, smi: ModuleType, card: _Card, ways: Sequence[Way]) -> Fields:
        found: Fields = {}
        for way in ways:
            if (card.uuid, way) in self._unsupported or (card.parent_uuid and way in OF_THE_CHIP):
                continue
            try:
                found |= way(smi, card.handle)
            except smi.AmdSmiLibraryException as error:
                if error.err_code in (NOT_SUPPORTED, NO_PERMISSION):
                    self._unsupported.add((card.uuid, way))
            except Exception:  # noqa: BLE001, S112 - whatever it is, this figure is unknown and the others are not
                continue
        return found


def _package() -> ModuleType:
    """The package; raises GpuAbsentError where it or ROCm's library is missing."""
    try:
        with redirect_stdout(io.StringIO()):
            return importlib.import_module("amdsmi")
    except ImportError:
        raise GpuAbsentError("the Python package amdsmi is not installed") from None
    except Exception:  # noqa: BLE001 - KeyError, OSError, AttributeError: it says so in many ways
        raise GpuAbsentError("ROCm's library (libamd_smi.so) is not on this machine, or not the package's") from None


def _identified(smi: ModuleType, index: int, handle: Any, first_of: dict[str, str]) -> _Card:
    """A card by its UUID; `first_of` holds the first processor of each chip, by its place on the bus."""
    name = bdf = None
    with suppress(Exception):
        name = cut(str(smi.amdsmi_get_gpu_asic_info(handle)["market_name"]))
    with suppress(Exception):
        bdf = str(smi.amdsmi_get_gpu_device_bdf(handle))
    try:
        uuid = str(smi.amdsmi_get_gpu_device_uuid(handle))
    except Exception:  # noqa: BLE001 - a card without a UUID still has a place
        uuid = bdf or f"unknown-{index}"
    chip = (bdf or uuid).rpartition(".")[0] or uuid
    parent = first_of.setdefault(chip, uuid)
    return _Card(index=index, uuid=uuid, name=name, handle=handle, parent_uuid=None if parent == uuid else parent)


def _number(found: Mapping[str, Any], name: str) -> float | None:
    value = found.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(found: Mapping[str, Any], name: str) -> int | None:
    value = _number(found, name)
    return None if value is None else round(value)


def _bytes(found: Mapping[str, Any], name: str) -> int | None:
    mebibytes = _number(found, name)
    return None if mebibytes is None else round(mebibytes * MIB)


def _share(found: Mapping[str, Any], name: str) -> float | None:
    percent = _number(found, name)
    return percent / 100 if percent is not None and 0 <= percent <= 100 else None
