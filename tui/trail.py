"""The way down: where each descent began, so that back returns to the same row."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from tui.pictures.view import View


@dataclass(frozen=True, slots=True)
class Step:
    """A place to come back to: a section, what it showed, and the row under its cursor."""

    mode: str
    view: View
    cursor: object


@dataclass(slots=True)
class Trail:
    """Steps from the top down."""

    steps: list[Step] = field(default_factory=list)

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
