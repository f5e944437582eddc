"""What every way of asking for GPUs has in common, and the source that asks without ever waiting too long."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from collectors.errors import CollectorError, SourceAbsentError
from collectors.gpus.deadline import DeadlineThread
from collectors.source import Poll
from store.facts import GpuReading


class GpuUnavailable(CollectorError):  # noqa: N818 - it names a state of the machine
    """No GPU of this machine can be read; the text says why and what to do."""


class GpuAbsentError(GpuUnavailable, SourceAbsentError):
    """This machine has no GPU, or no driver for one: not a failure, and asked again rarely."""


class Gpus(Protocol):
    """The GPUs of one machine; calls may block, so they belong in a thread of their own."""

    @property
    def name(self) -> str:
        """Name of the source, e.g. "nvml"."""
        ...

    def read(self, at_ms: int) -> Sequence[GpuReading]:
        """One reading per card and per MIG instance, stamped with `at_ms`; raises GpuUnavailable or GpuAbsentError."""
        ...

    def close(self) -> None:
        """Let go of the driver; harmless when called twice, or while a read hangs."""
        ...


class GpuSource:
    """Polls GPUs in a thread of their own; a driver that hangs is a failing source, and nothing else waits.

    `tell` hears of every poll, on the event loop.
    """

    kind: ClassVar[str] = "gpu"
    poll_seconds: ClassVar[float] = 1.0

    def __init__(
        self,
        gpus: Gpus,
        *,
        deadline_seconds: float = 3.0,
        tell: Callable[[Sequence[GpuReading]], object] = lambda _: None,
        make_thread: Callable[[str], DeadlineThread] = DeadlineThread,
    ) -> None:
        self.name = gpus.name
        self._gpus = gpus
        self._deadline_seconds = deadline_seconds
        self._tell = tell
        self._thread = make_thread("the GPU driver")

    async def poll(self, now_ms: int) -> Poll:
        """One reading of every card; raises GpuUnavailable, GpuAbsentError or StillBusy."""
        readings = await self._thread.call_async(lambda: self._gpus.read(now_ms), seconds=self._deadline_seconds)
        self._tell(readings)
        return Poll(gpus=readings)

    def close(self) -> None:
        """End the thread, and the driver's library unless a read still hangs in it."""
        if self._thread.wait_until_free(self._deadline_seconds):
            self._gpus.close()
        self._thread.close()
