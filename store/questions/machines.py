"""Questions about GPUs and engines."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeVar, cast

from pricing.times import MINUTE_MS
from store.hosts import columns as machines
from store.hosts.hosting import FACT_TABLES, HostFacts, host_facts
from store.questions.opened import OpenStore
from store.records import EngineState, GpuMinute, GpuState

Answer = TypeVar("Answer")


class MachineQuestions(OpenStore):
    """What GPUs and engines measured."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._minute = 0
        self._answers: dict[Hashable, object] = {}

    def by_minute(self, question: Hashable, at_ms: int, answer: Callable[[], Answer]) -> Answer:
        """An answer about days, which change by the minute: it is looked for once in each, and then known."""
        if at_ms // MINUTE_MS != self._minute:
            self._minute, self._answers = at_ms // MINUTE_MS, {}
        if question not in self._answers:
            self._answers[question] = answer()
        return cast("Answer", self._answers[question])

    def host_facts(self) -> HostFacts:
        """What hosts cost and what their engines hold and can do, with dates."""
        return self.kept("host facts", None, self.facts_stamp(*FACT_TABLES), lambda: host_facts(self.ask))

    def gpus(self, since_ms: int, until_ms: int) -> list[GpuState]:
        """Each GPU read in the window: means of what was measured, the newest of the rest."""
        return machines.gpus(self.ask, since_ms, until_ms)

    def gpu_minutes(self, host: str, uuid: str, since_ms: int, until_ms: int) -> list[GpuMinute]:
        """One GPU's history, oldest minute first; a minute in which it was not read is missing."""
        return machines.gpu_minutes(self.ask, host, uuid, since_ms, until_ms)

    def engines(self, since_ms: int, until_ms: int) -> list[EngineState]:
        """Each engine scraped in the window: sums of its deltas, the newest of its gauges."""
        return machines.engines(self.ask, since_ms, until_ms)

    def engine_minutes(self, since_ms: int, until_ms: int) -> list[EngineState]:
        """Sums of each engine over longer windows, from its minutes; no gauges."""
        return machines.engine_minutes(self.ask, since_ms, until_ms)
