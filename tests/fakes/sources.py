"""Sources that say what they were told to, and a time that moves only when somebody sleeps."""

import asyncio
from collections.abc import Sequence

from collectors.source import Poll
from tests.fakes.events import AT_MS


class ScriptedSource:
    """Answers each poll with the next step of its script (an error is raised), then waits for ever."""

    kind = "file"

    def __init__(self, name: str, script: Sequence[Poll | Exception], *, poll_seconds: float = 0.5) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        self.finished = asyncio.Event()
        """Set when the script is over and its last answer was written."""
        self.polled_at: list[int] = []
        self._script = list(script)

    async def poll(self, now_ms: int) -> Poll:
        """The next step."""
        if not self._script:
            self.finished.set()
            await asyncio.Event().wait()
        self.polled_at.append(now_ms)
        step = self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


class SleepDrivenTime:
    """A clock that stands still until somebody sleeps."""

    def __init__(self, now_ms: int = AT_MS) -> None:
        self.now_ms = now_ms
        self.slept: list[float] = []

    def clock(self) -> int:
        """Now, in epoch milliseconds."""
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.slept.append(seconds)
        self.now_ms += round(seconds * 1000)
        await asyncio.sleep(0)
