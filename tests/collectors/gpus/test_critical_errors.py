"""Critical errors that the driver reports while somebody listens, through the real binding."""

import pynvml

from collectors.gpus.nvml.errors import MOST_AT_ONCE
from collectors.gpus.nvml.gpus import NvmlGpus
from tests.fakes.nvml import LIBRARY, FakeDriver


def test_an_error_stands_with_the_card_that_reported_it_and_once(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    fake.reports_xid(3, 48)
    fake.reports_xid(5, 63)
    fake.reports_xid(3, 94)

    assert {r.uuid: r.xids for r in gpus.read(2) if r.xids} == {"GPU-3": (48, 94), "GPU-5": (63,)}
    assert not any(reading.xids for reading in gpus.read(3))


def test_a_card_that_falls_off_the_bus_still_says_with_which_error(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    fake.reports_xid(5, 79)
    fake.fails(5, "*", pynvml.NVML_ERROR_GPU_IS_LOST)

    lost = gpus.read(2)[5]
    assert (lost.lost is None, lost.xids) == (False, (79,))


def test_a_card_that_reports_without_end_does_not_hold_up_the_poll(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host")
    gpus.read(1)
    for _ in range(MOST_AT_ONCE + 5):
        fake.reports_xid(0, 31)

    assert [len(gpus.read(at)[0].xids) for at in (2, 3, 4)] == [MOST_AT_ONCE, 5, 0]


def test_cards_are_registered_once_and_listening_ends_with_the_library(fake: FakeDriver) -> None:
    gpus = NvmlGpus("host", slow_every=1)
    for at in range(3):
        gpus.read(at)
    gpus.close()

    assert fake.calls("nvmlDeviceRegisterEvents") == 8
    assert (fake.calls("nvmlEventSetCreate"), fake.calls("nvmlEventSetFree")) == (1, 1)


def test_a_driver_that_has_no_events_is_read_all_the_same(fake: FakeDriver) -> None:
    fake.fails(LIBRARY, "nvmlEventSetCreate", pynvml.NVML_ERROR_NOT_SUPPORTED)
    readings = NvmlGpus("host").read(1)
    assert [(reading.xids, reading.power_watts is None) for reading in readings] == [((), False)] * 8
