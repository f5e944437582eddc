"""Busy time over the whole time between two polls, through the real binding."""

import pynvml

from collectors.gpus.nvml.gpus import NvmlGpus
from tests.fakes.nvml import FakeDriver


def test_busy_is_the_mean_of_all_samples_since_the_last_poll(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", measured_every=1)
    fake.samples_busy(0, every_ms=200, percents=[0, 0, 0, 0, 0])
    gpus.read(1)
    fake.samples_busy(0, every_ms=200, percents=[100, 50, 0, 100, 0], from_ms=1_000)

    assert gpus.read(2)[0].busy == 0.5, "the newest sample alone says 0"


def test_a_first_poll_tells_of_the_last_second_only(fake: FakeDriver) -> None:
    fake.samples_busy(0, every_ms=500, percents=[100] * 18 + [20, 40])
    assert NvmlGpus("host", measured_every=1).read(1)[0].busy == 0.3


def test_no_new_sample_is_told_by_the_newest_figure(fake: FakeDriver) -> None:
    fake.samples_busy(3, every_ms=200, percents=[100])
    gpus = NvmlGpus("host", measured_every=1)
    assert [gpus.read(at)[3].busy for at in (1, 2)] == [1.0, 0.3]


def test_a_driver_without_samples_is_asked_for_the_newest_figure_alone(fake: FakeDriver) -> None:
    fake.reset(4)
    for index in range(4):
        fake.fails(index, "nvmlDeviceGetSamples", pynvml.NVML_ERROR_NOT_SUPPORTED)
    gpus = NvmlGpus("host", measured_every=1)
    for _ in range(3):
        assert gpus.read(1)[3].busy == 0.3
    assert fake.calls("nvmlDeviceGetSamples") == 4
