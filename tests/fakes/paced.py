"""A time that a test hands out: whoever sleeps is woken in order, and the test goes on when all of them sleep again."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class PacedTime:
    """The clock and the sleep of several loops; `sleepers` says how many there are."""

    now_ms: int
    sleepers: int
    _asleep: list[tuple[int, asyncio.Event]] = field(default_factory=list)
    _fell_asleep: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self) -> int:
        """Milliseconds since the epoch."""
        return self.now_ms

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_ms / 1000

    async def sleep(self, seconds: float) -> None:
        """Until the time has come."""
        woken = asyncio.Event()
        self._asleep.append((self.now_ms + round(seconds * 1000), woken))
        self._fell_asleep.set()
        await woken.wait()

    async def reach(self, at_ms: int) -> None:
        """Let everything happen that is due until then."""
        await self._all_asleep()
        while (due := min(self._asleep, key=lambda one: one[0]))[0] <= at_ms:
            self._asleep.remove(due)
            self.now_ms = due[0]
            due[1].set()
            await self._all_asleep()
        self.now_ms = at_ms

    async def _all_asleep(self) -> None:
        while len(self._asleep) < self.sleepers:
            self._fell_asleep.clear()
            await asyncio.wait_for(self._fell_asleep.wait(), 30)
