"""AMD cards through a stand-in for their package, and the package itself on a machine without ROCm.

No AMD card was at hand: keys and units are those of amdsmi 7.0.2 as documented.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from collectors.gpus.amd import AmdGpus
from collectors.gpus.gpu import GpuAbsentError, GpuUnavailable
from store.facts import GpuProcess, GpuReading
from tests.fakes.amdsmi import AmdSmiLibraryException, FakeAmdSmi

MIB = 1 << 20


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*cards: dict[str, Any], init: Exception | None = None) -> FakeAmdSmi:
        package = FakeAmdSmi(*cards, init=init)
        monkeypatch.setitem(sys.modules, "amdsmi", package)
        return package

    return install


def test_a_card_is_read_in_our_units(installed: Any) -> None:
    installed({})
    assert AmdGpus("mi300-1").read(1_700) == [
        GpuReading(
            at_ms=1_700,
            host="mi300-1",
            uuid="uuid-0",
            index=0,
            name="AMD Instinct MI300X OAM",
            busy=0.97,
            memory_busy=0.4,
            memory_used_bytes=150_000 * MIB,
            memory_total_bytes=196_592 * MIB,
            power_watts=712.0,
            power_limit_watts=750.0,
            energy_millijoules=30_600,  # 2,000,000 counts of 15.3 microjoules
            temperature_celsius=68,
            sm_clock_mhz=2_100,
            sm_clock_max_mhz=2_100,
            ecc_corrected=1,
            ecc_uncorrected=0,
            processes=(GpuProcess(77, 157_286_400_000),),
        )
    ]


@pytest.mark.parametrize(
    ("power", "watts"),
    [
        ({"current_socket_power": "N/A", "average_socket_power": 210, "socket_power": "N/A"}, 210.0),
        ({"current_socket_power": "N/A", "average_socket_power": "N/A", "socket_power": 180}, 180.0),
        ({"current_socket_power": "N/A", "average_socket_power": "N/A", "socket_power": "N/A"}, None),
        ({}, None),
    ],
)
def test_power_is_the_first_field_that_a_card_knows(installed: Any, power: dict[str, Any], watts: float | None) -> None:
    installed({"power": power})
    assert AmdGpus("h").read(1)[0].power_watts == watts


@pytest.mark.parametrize(("cap", "watts"), [(750_000_000, 750.0), (750, 750.0), ("N/A", None)])
def test_a_limit_is_in_watts_or_microwatts_by_its_size(installed: Any, cap: object, watts: float | None) -> None:
    installed({"cap": {"power_cap": cap}})
    assert AmdGpus("h").read(1)[0].power_limit_watts == watts


def test_what_a_card_does_not_know_is_unknown_and_not_zero(installed: Any) -> None:
    installed({"activity": {"gfx_activity": "N/A"}, "vram": {}, "energy": {"energy_accumulator": "N/A"}})
    (reading,) = AmdGpus("h").read(1)
    assert (reading.busy, reading.memory_busy, reading.memory_used_bytes, reading.energy_millijoules) == (None,) * 4


def test_what_a_card_does_not_support_is_asked_once(installed: Any) -> None:
    package = installed({"energy": AmdSmiLibraryException(2)}, {})
    gpus = AmdGpus("h")
    for _ in range(3):
        first, second = gpus.read(1)
        assert (first.energy_millijoules, second.energy_millijoules) == (None, 30_600)
    assert package.calls["energy"] == 1 + 3


@pytest.mark.parametrize("error", [AmdSmiLibraryException(999), ValueError("whatever"), KeyError("x")])
def test_one_answer_that_fails_leaves_the_others_alone_and_is_asked_again(installed: Any, error: Exception) -> None:
    package = installed({"temperature": error})
    gpus = AmdGpus("h")
    reading = gpus.read(1)[0]
    assert (reading.temperature_celsius, reading.power_watts) == (None, 712.0)

    package.cards[0]["temperature"] = 70
    assert gpus.read(2)[0].temperature_celsius == 70


def test_of_a_divided_chip_the_first_processor_has_the_power(installed: Any) -> None:
    installed({"bdf": "0000:05:00.0"}, {"bdf": "0000:05:00.1"}, {"bdf": "0000:06:00.0"})
    readings = AmdGpus("h").read(1)

    assert [reading.parent_uuid for reading in readings] == [None, "uuid-0", None]
    assert [reading.power_watts for reading in readings] == [712.0, None, 712.0]
    assert [reading.energy_millijoules for reading in readings] == [30_600, None, 30_600]
    assert readings[1].busy == 0.97


def test_a_card_without_a_uuid_is_known_by_its_place(installed: Any) -> None:
    installed({"uuid": AmdSmiLibraryException(2)})
    assert AmdGpus("h").read(1)[0].uuid == "0000:05:00.0"


def test_slow_figures_are_asked_now_and_then_and_shown_always(installed: Any) -> None:
    package = installed({})
    gpus = AmdGpus("h", slow_every=3)
    assert [gpus.read(at)[0].pids for at in range(6)] == [(77,)] * 6
    assert (package.calls["processes"], package.calls["power"]) == (2, 6)


def test_a_driver_that_is_not_loaded_is_absence_and_another_error_is_not(installed: Any) -> None:
    installed(init=AmdSmiLibraryException(34))
    with pytest.raises(GpuAbsentError, match="modprobe amdgpu"):
        AmdGpus("h").read(1)
    installed(init=AmdSmiLibraryException(10))
    with pytest.raises(GpuUnavailable, match="amdsmi error 10") as caught:
        AmdGpus("h").read(1)
    assert not isinstance(caught.value, GpuAbsentError)


def test_the_library_is_ended_once(installed: Any) -> None:
    package = installed({})
    gpus = AmdGpus("h")
    gpus.read(1)
    gpus.close()
    gpus.close()
    assert package.shut_down == 1


CHILD = """
from collectors.errors import CollectorError
from collectors.gpus.amd import AmdGpus
try:
    AmdGpus("host").read(1)
except CollectorError as error:
    print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(find_spec("amdsmi") is None, reason="the extra amd is not installed")
def test_the_package_itself_without_rocm_is_absence_and_prints_nothing(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr == ""
    assert child.stdout == (
        "GpuAbsentError: ROCm's library (libamd_smi.so) is not on this machine, or not the package's\n"
    )


def test_a_machine_without_the_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    with pytest.raises(GpuAbsentError, match="amdsmi is not installed"):
        AmdGpus("h").read(1)
