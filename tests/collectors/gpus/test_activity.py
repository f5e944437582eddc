"""Activity of a card's units between two polls, through the real binding."""

import itertools
from collections.abc import Iterator

import pynvml

from collectors.gpus.nvml.activity import APART_SECONDS, Activity
from collectors.gpus.nvml.card import Card
from collectors.gpus.nvml.gpus import NvmlGpus
from tests.fakes.nvml import FakeDriver

MIB = 1 << 20


def _gpus() -> NvmlGpus:
    """Polled once a second, counters included."""
    return NvmlGpus("host", measured_every=1, monotonic=itertools.count(0.0, 1.0).__next__)


def _hopper(fake: FakeDriver, index: int = 0) -> None:
    fake.measures(index, pynvml.NVML_GPM_METRIC_GRAPHICS_UTIL, 90.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_SM_UTIL, 75.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL, 12.5)
    fake.measures(index, pynvml.NVML_GPM_METRIC_DRAM_BW_UTIL, 60.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_PCIE_TX_PER_SEC, 2.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_PCIE_RX_PER_SEC, 3.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC, 4.0)
    fake.measures(index, pynvml.NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC, 0.5)


def test_activity_is_a_share_and_traffic_is_bytes_a_second(fake: FakeDriver) -> None:
    _hopper(fake)
    gpus = _gpus()
    gpus.read(1)
    seen = gpus.read(2)[0]

    assert (seen.sm_active, seen.tensor_active, seen.dram_active) == (0.75, 0.125, 0.6)
    assert (seen.pcie_tx_bytes_per_second, seen.pcie_rx_bytes_per_second) == (2 * MIB, 3 * MIB)
    assert (seen.nvlink_tx_bytes_per_second, seen.nvlink_rx_bytes_per_second) == (4 * MIB, MIB // 2)


def test_the_first_poll_has_nothing_to_compare_with_and_knows_nothing(fake: FakeDriver) -> None:
    _hopper(fake)
    first = _gpus().read(1)[0]
    assert (first.sm_active, first.tensor_active, first.dram_active, first.pcie_tx_bytes_per_second) == (None,) * 4


def test_each_poll_takes_one_sample_and_compares_it_with_the_one_before(fake: FakeDriver) -> None:
    fake.reset(1)
    _hopper(fake)
    gpus = _gpus()
    readings = [gpus.read(at)[0] for at in range(6)]

    assert [reading.sm_active for reading in readings] == [None, *[0.75] * 5]
    assert fake.calls("nvmlGpmSampleGet") == 6
    assert fake.calls("nvmlGpmSampleAlloc") == 2


def test_a_figure_that_failed_is_unknown_and_the_others_are_not(fake: FakeDriver) -> None:
    _hopper(fake)
    fake.measures(0, pynvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL, 12.5, code=pynvml.NVML_ERROR_NOT_SUPPORTED)
    gpus = _gpus()
    gpus.read(1)
    seen = gpus.read(2)[0]
    assert (seen.sm_active, seen.tensor_active, seen.dram_active) == (0.75, None, 0.6)


def test_a_card_before_hopper_is_asked_once_whether_it_can(fake: FakeDriver) -> None:
    fake.reset(1)
    gpus = _gpus()
    readings = [gpus.read(at)[0] for at in range(3)]

    assert [reading.sm_active for reading in readings] == [None] * 3
    assert fake.calls("nvmlGpmQueryDeviceSupport") == 1
    assert (fake.calls("nvmlGpmSampleAlloc"), readings[2].busy) == (0, 0.0)


def test_a_mig_instance_is_measured_through_its_card_and_is_busy_by_that(fake: FakeDriver) -> None:
    fake.reset(1)
    fake.mig_slots(0, 0b0100)
    fake.measures(0, pynvml.NVML_GPM_METRIC_GRAPHICS_UTIL, 40.0)
    fake.measures(0, pynvml.NVML_GPM_METRIC_GRAPHICS_UTIL, 80.0, slot=2)
    fake.measures(0, pynvml.NVML_GPM_METRIC_DRAM_BW_UTIL, 25.0, slot=2)
    gpus = _gpus()
    gpus.read(1)
    card, instance = gpus.read(2)

    assert (card.busy, instance.busy, instance.dram_active) == (0.4, 0.8, 0.25)
    assert instance.pcie_tx_bytes_per_second is None, "links belong to the card"


def test_all_samples_are_given_back(fake: FakeDriver) -> None:
    for index in range(3):
        _hopper(fake, index)
    gpus = _gpus()
    gpus.read(1)
    assert fake.samples_out == 2 * 3
    gpus.close()
    assert fake.samples_out == 0


def test_samples_too_close_to_one_another_are_not_compared(fake: FakeDriver) -> None:
    _hopper(fake)
    pynvml.nvmlInit()
    times: Iterator[float] = iter([0.0, APART_SECONDS, APART_SECONDS * 2])
    (ask,) = Activity(monotonic=lambda: next(times)).figure.ways
    card = _card()
    answers = [ask(pynvml, card) for _ in range(3)]

    assert answers[:2] == [None, None]
    assert answers[2]["sm_active"] == 0.75
    assert fake.calls("nvmlGpmSampleGet") == 2


def _card() -> Card:
    return Card(index=0, uuid="GPU-0", handle=pynvml.nvmlDeviceGetHandleByIndex(0))
