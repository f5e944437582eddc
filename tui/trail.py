"""The way down: where each descent began, so that back returns to the same row."""

import msgspec
from msgspec.structs import replace

from tui.pictures.view import View


class Step(msgspec.Struct, frozen=True):
    """A place to come back to: a section, what it showed, and the row under its cursor."""

    mode: str
    view: View
    cursor: object


class Trail(msgspec.Struct):
    """Steps from the top down."""

    steps: list[Step] = []

    def remember(self, mode: str, view: View, cursor: object) -> None:
        """A descent begins here."""
        self.steps.append(Step(mode, view, cursor))

    def back(self, now: View) -> Step | None:
        """The last place, at the time and window that are looked at now; None at the top."""
        if not self.steps:
            return None
        step = self.steps.pop()
        view = replace(step.view, window_seconds=now.window_seconds, until_ms=now.until_ms)
        return Step(step.mode, view, step.cursor)
