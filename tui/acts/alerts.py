"""Looking after an alert."""

from pathlib import Path

from store.alerts.kept import acknowledge, snooze, unacknowledge
from tui import format as fmt
from tui.feed import Act
from tui.person import person

_SNOOZE_MS = 3_600_000


class Acknowledge(Act, frozen=True):
    """Say that somebody looks after an alert."""

    alert_id: int

    def do(self, path: Path, now_ms: int) -> str:
        """Under the name of who sits here."""
        by = person()
        acknowledge(path, self.alert_id, at_ms=now_ms, by=by)
        return f"acknowledged by {by}; a takes it back"


class Snooze(Act, frozen=True):
    """Keep an alert quiet for an hour."""

    alert_id: int

    def do(self, path: Path, now_ms: int) -> str:
        """Under the name of who sits here."""
        snooze(path, self.alert_id, until_ms=now_ms + _SNOOZE_MS, by=person())
        return f"quiet until {fmt.clock(now_ms + _SNOOZE_MS)}; Z takes it back"


class FireAgain(Act, frozen=True):
    """Take back that somebody looks after an alert, or that it is quiet."""

    alert_id: int

    def do(self, path: Path, now_ms: int) -> str:  # noqa: ARG002 (at once)
        """It fires as if nobody had said anything."""
        unacknowledge(path, self.alert_id)
        return "it fires as before"
