"""The source that polls GPUs, whatever stands behind it."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from collectors.errors import SourceAbsentError
from collectors.gpus.deadline import StillBusy
from collectors.gpus.gpu import GpuAbsentError, Gpus, GpuSource
from store.facts import GpuReading

PLENTY = 60.0


class FakeGpus:
    """One card that is read when the gate is open."""

    name = "fake"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.absent = False
        self.closed = 0

    def read(self, at_ms: int) -> Sequence[GpuReading]:
        assert self.gate.wait(PLENTY)
        if self.absent:
            raise GpuAbsentError("no GPU here")
        return [GpuReading(at_ms=at_ms, host="host", uuid="GPU-0", index=0)]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def gpus() -> Iterator[FakeGpus]:
    fake = FakeGpus()
    yield fake
    fake.gate.set()


def _source(gpus: Gpus, deadline_seconds: float = PLENTY) -> GpuSource:
    return GpuSource(gpus, deadline_seconds=deadline_seconds)


async def test_a_poll_brings_every_card(gpus: FakeGpus) -> None:
    source = _source(gpus)
    poll = await source.poll(1_000)
    source.close()

    assert [(reading.uuid, reading.at_ms) for reading in poll.gpus] == [("GPU-0", 1_000)]
    assert gpus.closed == 1


async def test_a_machine_without_gpus_is_absent_and_not_failing(gpus: FakeGpus) -> None:
    gpus.absent = True
    source = _source(gpus)
    with pytest.raises(SourceAbsentError, match="no GPU here"):
        await source.poll(1_000)
    source.close()


async def test_a_driver_that_hangs_is_never_closed_under_its_query(gpus: FakeGpus) -> None:
    gpus.gate.clear()
    source = _source(gpus, deadline_seconds=0.001)
    with pytest.raises(StillBusy, match="the GPU driver has not answered"):
        await source.poll(1_000)
    with pytest.raises(StillBusy):
        await source.poll(2_000)
    source.close()

    assert gpus.closed == 0
