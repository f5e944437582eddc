"""Pauses after failures: a server that wants to be left alone is not asked again before its time."""

from collections.abc import Callable

from collectors.errors import CollectorError, PausedError

REFUSED_PAUSE_MS = 300_000
"""After a key that does not fit: somebody has to do something first."""
_MAX_PAUSE_MS = 300_000
_FIRST_PAUSE_MS = 5_000


class Patience:
    """When one server may be asked again, and until then why not."""

    def __init__(self, jitter: Callable[[], float] = lambda: 0.0) -> None:
        """`jitter` says, from 0 to 1, how much longer than it must a pause is, so that many who wait do not come at once."""
        self.quiet_until_ms = 0
        self._jitter = jitter
        self._why = ""
        self._failures = 0

    def check(self, now_ms: int) -> None:
        """Raises PausedError while a pause lasts, with what it is for."""
        if now_ms < self.quiet_until_ms:
            raise PausedError(self._why)

    def answered(self) -> None:
        """The server answered well: nothing is waited for, and the next pause is a short one again."""
        self._failures = self.quiet_until_ms = 0

    def pause(self, now_ms: int, sentence: str, *, pause_ms: int | None = None) -> CollectorError:
        """The error to raise; its pause doubles from failure to failure unless it is given."""
        self._failures += 1
        if pause_ms is None:
            pause_ms = min(_MAX_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(self._failures - 1, 10))
            pause_ms += round(pause_ms * self._jitter())
        self.quiet_until_ms, self._why = now_ms + pause_ms, sentence
        return CollectorError(sentence)

    def for_another(self) -> "Patience":
        """One for another endpoint, which has refused nothing yet."""
        return Patience(self._jitter)
