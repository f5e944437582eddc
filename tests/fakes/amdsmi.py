"""A stand-in for the package amdsmi: the functions that are asked, with the keys and units of release 7.0.2."""

from enum import IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any


class AmdSmiLibraryException(Exception):
    """As the package's own: it knows its code."""

    def __init__(self, err_code: int) -> None:
        super().__init__(err_code)
        self.err_code = err_code


class AmdSmiInitFlags(IntEnum):
    INIT_AMD_GPUS = 2


class FakeAmdSmi(ModuleType):
    """Cards as dictionaries; a value that is an exception is raised."""

    AmdSmiLibraryException = AmdSmiLibraryException
    AmdSmiInitFlags = AmdSmiInitFlags
    AmdSmiClkType = SimpleNamespace(GFX=1)
    AmdSmiTemperatureType = SimpleNamespace(HOTSPOT=1)
    AmdSmiTemperatureMetric = SimpleNamespace(CURRENT=0)

    def __init__(self, *cards: dict[str, Any], init: Exception | None = None) -> None:
        super().__init__("amdsmi")
        self.cards = [mi300x(number) | card for number, card in enumerate(cards)]
        self.init = init
        self.calls: dict[str, int] = {}
        self.shut_down = 0

    def amdsmi_init(self, flag: int) -> None:
        assert flag is AmdSmiInitFlags.INIT_AMD_GPUS
        if self.init is not None:
            raise self.init

    def amdsmi_shut_down(self) -> None:
        self.shut_down += 1

    def amdsmi_get_processor_handles(self) -> list[dict[str, Any]]:
        return self.cards

    def _answer(self, card: dict[str, Any], what: str) -> Any:
        self.calls[what] = self.calls.get(what, 0) + 1
        if isinstance(card[what], Exception):
            raise card[what]
        return card[what]

    def amdsmi_get_gpu_device_uuid(self, card: dict[str, Any]) -> str:
        return str(self._answer(card, "uuid"))

    def amdsmi_get_gpu_device_bdf(self, card: dict[str, Any]) -> str:
        return str(self._answer(card, "bdf"))

    def amdsmi_get_gpu_asic_info(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "asic")

    def amdsmi_get_gpu_activity(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "activity")

    def amdsmi_get_gpu_vram_usage(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "vram")

    def amdsmi_get_power_info(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "power")

    def amdsmi_get_power_cap_info(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "cap")

    def amdsmi_get_energy_count(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "energy")

    def amdsmi_get_clock_info(self, card: dict[str, Any], kind: int) -> Any:
        return self._answer(card, "clock")

    def amdsmi_get_temp_metric(self, card: dict[str, Any], sensor: int, metric: int) -> Any:
        return self._answer(card, "temperature")

    def amdsmi_get_gpu_total_ecc_count(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "ecc")

    def amdsmi_get_gpu_process_list(self, card: dict[str, Any]) -> Any:
        return self._answer(card, "processes")


def mi300x(number: int) -> dict[str, Any]:
    """A card of the MI300 series, which knows its current power and not its average."""
    return {
        "uuid": f"uuid-{number}",
        "bdf": f"0000:{number + 5:02x}:00.0",
        "asic": {"market_name": "AMD Instinct MI300X OAM"},
        "activity": {"gfx_activity": 97, "umc_activity": 40, "mm_activity": "N/A"},
        "vram": {"vram_total": 196_592, "vram_used": 150_000},
        "power": {"current_socket_power": 712, "average_socket_power": "N/A", "socket_power": 712, "power_limit": 750},
        "cap": {"power_cap": 750_000_000},
        "energy": {"energy_accumulator": 2_000_000, "counter_resolution": 15.3, "timestamp": 1},
        "clock": {"clk": 2_100, "max_clk": 2_100},
        "temperature": 68,
        "ecc": {"correctable_count": 1, "uncorrectable_count": 0},
        "processes": [{"pid": 77, "mem": 9, "memory_usage": {"vram_mem": 157_286_400_000}}],
    }
