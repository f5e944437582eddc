"""The real binding against a stand-in for the driver's library, compiled here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest

from collectors.gpus.gpu import GpuAbsentError, GpuUnavailable
from collectors.gpus.nvml.gpus import NvmlGpus
from store.facts import GpuProcess, GpuReading
from tests.fakes.nvml import LIBRARY, SOURCE, FakeDriver

MIB = 1 << 20


def test_a_card_is_read_in_our_units(fake: FakeDriver) -> None:
    readings = NvmlGpus("h100-1").read(1_700_000_000_000)

    assert [reading.uuid for reading in readings] == [f"GPU-{index}" for index in range(8)]
    assert readings[3] == GpuReading(
        at_ms=1_700_000_000_000,
        host="h100-1",
        uuid="GPU-3",
        index=3,
        name="Stand-in H100",
        busy=0.3,
        memory_busy=0.01,
        memory_used_bytes=3 << 20,
        memory_total_bytes=80 << 30,
        power_watts=100.503,
        power_limit_watts=700.0,
        energy_millijoules=5_000_000_000,
        temperature_celsius=63,
        sm_clock_mhz=1980,
        sm_clock_max_mhz=1995,
        memory_clock_mhz=7,
        ecc_corrected=3,
        ecc_uncorrected=0,
        throttle_reasons=0x40,
        processes=(GpuProcess(300, MIB), GpuProcess(503, MIB), GpuProcess(504, MIB)),
    )


def test_idle_is_zero_and_not_unknown(fake: FakeDriver) -> None:
    assert NvmlGpus("host").read(1)[0].busy == 0.0


@pytest.mark.parametrize(
    ("function", "field"),
    [
        ("nvmlDeviceGetUtilizationRates", "busy"),
        ("nvmlDeviceGetPowerUsage", "power_watts"),
        ("nvmlDeviceGetEnforcedPowerLimit", "power_limit_watts"),
        ("nvmlDeviceGetTotalEnergyConsumption", "energy_millijoules"),
    ],
)
def test_what_a_card_does_not_support_is_unknown_and_asked_once(fake: FakeDriver, function: str, field: str) -> None:
    fake.reset(2)
    fake.fails(1, function, pynvml.NVML_ERROR_NOT_SUPPORTED)
    gpus = NvmlGpus("host", slow_every=1, measured_every=1)

    for _ in range(3):
        supported, unsupported = gpus.read(1)
        assert getattr(supported, field) is not None
        assert getattr(unsupported, field) is None
    assert fake.calls(function) == 3 + 1


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_NO_PERMISSION])
def test_a_card_without_error_correction_has_no_count_of_errors(fake: FakeDriver, code: int) -> None:
    fake.fails(1, "nvmlDeviceGetTotalEccErrors", code)
    readings = NvmlGpus("host").read(1)

    assert [(r.ecc_corrected, r.ecc_uncorrected) for r in readings[:3]] == [(0, 0), (None, None), (2, 0)]


def test_what_fails_for_the_moment_is_asked_again(fake: FakeDriver) -> None:
    fake.fails(0, "nvmlDeviceGetPowerUsage", pynvml.NVML_ERROR_TIMEOUT)
    gpus = NvmlGpus("host")
    assert gpus.read(1)[0].power_watts is None

    fake.works_again()
    assert gpus.read(2)[0].power_watts == 100.5


def test_an_old_driver_is_asked_in_old_ways(old: FakeDriver) -> None:
    gpus = NvmlGpus("host", slow_every=1)
    for _ in range(2):
        reading = gpus.read(1)[2]

    assert reading.memory_used_bytes == (2 << 20) + (512 << 20)
    assert reading.temperature_celsius == 55
    assert reading.throttle_reasons == 0x4
    assert reading.pids == (300, 402)
    assert reading.energy_millijoules is None
    assert old.calls("nvmlDeviceGetMemoryInfo") == 2 * 8


def test_an_unversioned_list_of_processes_is_refused_by_the_binding_and_asked_by_version(old: FakeDriver) -> None:
    pynvml.nvmlInit()
    card = pynvml.nvmlDeviceGetHandleByIndex(0)
    with pytest.raises(pynvml.NVMLLibraryMismatchError):
        pynvml.nvmlDeviceGetComputeRunningProcesses(card)

    assert 400 in NvmlGpus("host").read(1)[0].pids


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED])
def test_a_lost_card_says_so_and_leaves_the_others_alone(fake: FakeDriver, code: int) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    fake.fails(5, "*", code)

    readings = gpus.read(2)
    assert [reading.uuid for reading in readings if reading.lost] == ["GPU-5"]
    assert "reset" in (readings[5].lost or "")
    assert (readings[5].power_watts, readings[5].pids) == (None, ())
    assert [reading.power_watts is None for reading in readings] == [index == 5 for index in range(8)]


def test_a_card_lost_in_the_middle_of_being_read_has_no_figure_of_before(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", measured_every=1)
    gpus.read(1)
    fake.fails(5, "nvmlDeviceGetTotalEnergyConsumption", pynvml.NVML_ERROR_GPU_IS_LOST)

    readings = gpus.read(2)
    assert (readings[5].lost is None, readings[5].power_watts, readings[5].busy) == (False, None, None)
    assert [reading.index for reading in readings if reading.busy is not None] == [0, 1, 2, 3, 4, 6, 7]


def test_a_process_of_the_multi_process_service_is_seen(fake: FakeDriver) -> None:
    assert NvmlGpus("host").read(1)[7].pids == (300, 507, 508, 600)


def test_the_energy_counter_agrees_with_the_power_drawn(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", measured_every=1)
    before = gpus.read(1_000)[2]
    fake.seconds_go_by(2.0)
    after = gpus.read(3_000)[2]

    assert before.energy_millijoules is not None
    assert after.energy_millijoules is not None
    assert after.power_watts is not None
    assert (after.energy_millijoules - before.energy_millijoules) / 1_000 == pytest.approx(after.power_watts * 2.0)


def test_a_card_lost_before_it_was_listed_again_keeps_its_name(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", slow_every=1)
    gpus.read(1)
    fake.fails(5, "*", pynvml.NVML_ERROR_GPU_IS_LOST)

    lost = gpus.read(2)[5]
    assert (lost.uuid, lost.name, lost.index) == ("GPU-5", "Stand-in H100", 5)
    assert lost.lost is not None
    fake.works_again()
    assert gpus.read(3)[5].lost is None


def test_a_card_lost_before_we_came_is_still_a_row(fake: FakeDriver) -> None:
    fake.fails(5, "*", pynvml.NVML_ERROR_GPU_IS_LOST)

    readings = NvmlGpus("host").read(1)
    assert len(readings) == 8
    assert (readings[5].uuid, readings[5].index) == ("unknown-5", 5)
    assert readings[5].lost is not None


def test_a_card_that_this_user_may_not_see_is_left_out(fake: FakeDriver) -> None:
    fake.reset(3)
    fake.fails(1, "*", pynvml.NVML_ERROR_NO_PERMISSION)

    assert [reading.index for reading in NvmlGpus("host").read(1)] == [0, 2]


def test_mig_instances_in_sparse_slots_are_all_read(fake: FakeDriver) -> None:
    fake.reset(2)
    fake.mig_slots(0, 0b0100101)

    readings = NvmlGpus("host").read(1)
    assert [reading.uuid for reading in readings] == ["GPU-0", "MIG-0-0", "MIG-0-2", "MIG-0-5", "GPU-1"]
    assert [(r.parent_uuid, r.slices) for r in readings] == [
        (None, 7), ("GPU-0", 1), ("GPU-0", 3), ("GPU-0", 3), (None, None),
    ]  # fmt: skip
    instance = readings[2]
    assert (instance.index, instance.memory_used_bytes) == (0, 1002)
    assert (instance.busy, instance.power_watts, instance.energy_millijoules) == (None, None, None)
    assert readings[4].busy == 0.1


def test_a_divided_card_says_how_many_slices_it_has_unless_its_driver_does_not_know(fake: FakeDriver) -> None:
    fake.reset(3)
    for index in range(3):
        fake.mig_slots(index, 0b1)
    fake.fails(2, "nvmlDeviceGetGpuInstanceProfileInfo", pynvml.NVML_ERROR_NOT_SUPPORTED)
    cards = [reading for reading in NvmlGpus("host").read(1) if reading.parent_uuid is None]
    assert [card.slices for card in cards] == [7, 4, None]


def test_a_destroyed_mig_instance_goes(fake: FakeDriver) -> None:
    fake.reset(1)
    fake.mig_slots(0, 0b11)
    gpus = NvmlGpus("host", slow_every=1)
    assert len(gpus.read(1)) == 3

    fake.mig_slots(0, 0b10)
    assert [reading.uuid for reading in gpus.read(2)] == ["GPU-0", "MIG-0-1"]


def test_slow_figures_are_asked_now_and_then_and_shown_always(fake: FakeDriver) -> None:
    fake.reset(1)
    gpus = NvmlGpus("host", slow_every=3)
    limits = [gpus.read(at)[0].power_limit_watts for at in range(6)]

    assert limits == [700.0] * 6
    assert fake.calls("nvmlDeviceGetEnforcedPowerLimit") == 2
    assert fake.calls("nvmlDeviceGetComputeRunningProcesses_v3") == 2 * 2, "NVML wants the size asked first"
    assert fake.calls("nvmlDeviceGetPowerUsage") == 6


def test_what_counts_by_itself_is_asked_now_and_then_and_never_told_twice(fake: FakeDriver) -> None:
    fake.reset(1)
    fake.samples_busy(0, every_ms=200, percents=[40] * 5)
    gpus = NvmlGpus("host", measured_every=3)
    readings = []
    for at in range(1, 7):
        readings.append(gpus.read(at)[0])
        fake.seconds_go_by(1.0)
        fake.samples_busy(0, every_ms=200, percents=[80] * 5, from_ms=at * 1_000)

    assert [reading.busy for reading in readings] == [0.4, None, None, 0.8, None, None]
    assert [reading.energy_millijoules is None for reading in readings] == [False, True, True, False, True, True]
    assert fake.calls("nvmlDeviceGetTotalEnergyConsumption") == 2
    first, fourth = readings[0].energy_millijoules or 0, readings[3].energy_millijoules or 0
    assert fourth - first == 3 * 100_500


@pytest.mark.parametrize(
    ("code", "absent", "advice"),
    [
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, True, "modprobe nvidia"),
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, True, "no NVIDIA driver library"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, False, "reboot"),
        (pynvml.NVML_ERROR_NO_PERMISSION, False, "/dev/nvidia"),
        (pynvml.NVML_ERROR_UNKNOWN, False, "started again"),
        (77, False, "NVML error 77"),
    ],
)
def test_a_driver_that_does_not_start_gives_a_sentence(fake: FakeDriver, code: int, absent: bool, advice: str) -> None:
    fake.fails(LIBRARY, "nvmlInitWithFlags", code)

    with pytest.raises(GpuUnavailable, match=advice) as caught:
        NvmlGpus("host").read(1)
    assert isinstance(caught.value, GpuAbsentError) == absent


def test_a_driver_that_starts_later_is_found(fake: FakeDriver) -> None:
    fake.fails(LIBRARY, "nvmlInitWithFlags", pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    gpus = NvmlGpus("host")
    with pytest.raises(GpuAbsentError):
        gpus.read(1)

    fake.works_again()
    assert len(gpus.read(2)) == 8


def test_a_driver_that_forgot_us_is_started_once_more(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", slow_every=1)
    gpus.read(1)
    fake.fails(LIBRARY, "nvmlDeviceGetCount_v2", pynvml.NVML_ERROR_UNKNOWN)

    with pytest.raises(GpuUnavailable, match="unknown error"):
        gpus.read(2)
    assert fake.calls("nvmlInitWithFlags") == 2
    fake.works_again()
    assert len(gpus.read(3)) == 8


def test_one_start_serves_all_reads_and_close_ends_it_once(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    gpus.read(2)
    gpus.close()
    gpus.close()

    assert (fake.calls("nvmlInitWithFlags"), fake.calls("nvmlShutdown")) == (1, 1)


def test_the_library_is_not_ended_while_a_query_runs(fake: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    asked = pynvml.nvmlDeviceGetPowerUsage

    def close_meanwhile(card: object) -> int:
        gpus.close()
        return int(asked(card))

    monkeypatch.setattr(pynvml, "nvmlDeviceGetPowerUsage", close_meanwhile)
    assert gpus.read(2)[0].power_watts == 100.5
    assert fake.calls("nvmlShutdown") == 0


CHILD = """
import json, msgspec
from collectors.errors import CollectorError
from collectors.gpus.nvml.gpus import NvmlGpus
try:
    print(json.dumps([msgspec.to_builtins(reading) for reading in NvmlGpus("host").read(1)]))
except CollectorError as error:
    print(json.dumps(f"{type(error).__name__}: {error}"))
"""


def _child(library_folder: Path, **environment: str) -> object:
    """What a process of its own reads, with the loader finding the library by itself."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "LD_LIBRARY_PATH": str(library_folder), **environment},
        cwd=SOURCE.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr == ""
    return json.loads(child.stdout)


def test_end_to_end_the_loader_finds_the_library(new_library: Path) -> None:
    readings = _child(new_library.parent, FAKE_NVML_CARDS="2")

    assert isinstance(readings, list)
    assert [(reading["uuid"], reading["power_watts"]) for reading in readings] == [("GPU-0", 100.5), ("GPU-1", 100.501)]


def test_end_to_end_an_upgraded_driver_says_reboot(new_library: Path) -> None:
    said = _child(new_library.parent, FAKE_NVML_INIT="18")

    assert isinstance(said, str)
    assert said.startswith("GpuUnavailable:")
    assert "reboot" in said


def test_end_to_end_no_library_is_absence_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "libnvidia-ml.so.1").touch()  # found first, and no library: as good as none on a machine with a GPU

    said = _child(tmp_path)
    assert isinstance(said, str)
    assert said.startswith("GpuAbsentError: no NVIDIA driver library")
