"""The processors of this machine as a source: the energy that they used since they were looked at before."""

from typing import ClassVar

from collectors.errors import CollectorError, SourceAbsentError
from collectors.rapl import Rapl
from collectors.source import Poll
from store.facts import ProcessorReading


class ProcessorSource:
    """Polls the kernel's counters for a host whose configuration asks for that."""

    name: ClassVar[str] = "processors"
    kind: ClassVar[str] = "power"
    poll_seconds: ClassVar[float] = 5.0

    def __init__(self, host: str, rapl: Rapl) -> None:
        self._host = host
        self._rapl = rapl

    async def poll(self, now_ms: int) -> Poll:
        """What was used since the last poll; raises CollectorError where it cannot be known."""
        used = self._rapl.used()
        if not self._rapl.has_packages:
            raise SourceAbsentError("this machine's kernel does not count what its processors use (no RAPL)")
        if not self._rapl.is_readable:
            raise CollectorError(
                "the processors count their energy, and this user may not read it: root may, or whoever may read"
                " /sys/class/powercap/*/energy_uj. Without it the host's energy lacks theirs"
            )
        if used is None:
            return Poll()
        return Poll(
            processors=[ProcessorReading(at_ms=now_ms, host=self._host, joules=used.joules, seconds=used.seconds)]
        )
