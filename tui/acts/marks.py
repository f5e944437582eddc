"""Marking an instant."""

from pathlib import Path
from typing import ClassVar

from store.alerts.marks import set_mark
from tui import format as fmt
from tui.feed import Act


class SetMark(Act, frozen=True):
    """Mark an instant, or now: a launch, a deploy, a flag that was flipped."""

    REFUSED: ClassVar[str] = "no mark was set: "

    text: str
    at_ms: int | None = None

    def do(self, path: Path, now_ms: int) -> str:
        """To the second."""
        mark = set_mark(path, (now_ms if self.at_ms is None else self.at_ms) // 1000 * 1000, self.text)
        return f"marked {fmt.clock(mark.at_ms)}: {mark.text}"
