"""What is looked at: the feed, the view, whether it stands still, and what is said and drawn of it on the screen in front."""

from tui.feed import Feed
from tui.pictures.header import Header
from tui.pictures.view import View
from tui.rate import CountingApp
from tui.screens.monitor import MonitorScreen


class LookingApp(CountingApp):
    """Knows what is looked at, through which feed, and whether that moves on with time."""

    def __init__(self, feed: Feed, view: View, *, ascii_only: bool = False, theme: str | None = None) -> None:
        super().__init__(ascii_only=ascii_only, theme=theme)
        self.feed = feed
        self.view = view
        self.paused = False
        self.is_copy = False
        """Whether the store is a copy, in which nothing changes any more."""

    @property
    def is_live(self) -> bool:
        """Whether the picture moves on with time."""
        return not self.paused and self.view.until_ms is None

    @property
    def header(self) -> Header | None:
        """The header of the picture in front, or None before there is one."""
        return getattr(getattr(self.screen, "picture", None), "header", None)

    @property
    def moves_on(self) -> bool:
        """Whether the screen in front is read again by itself; what is always of now is in the past, too."""
        is_of_now = not self.paused and getattr(self.screen, "ALWAYS_OF_NOW", False)
        return (self.is_live or is_of_now) and not self.is_copy

    def redraw_all(self) -> None:
        """Draw every screen again with what it has."""
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, MonitorScreen):
                    screen.draw()

    def say(self, sentence: str) -> None:
        """Say on the screen in front what has just been done."""
        screen = self.screen
        if isinstance(screen, MonitorScreen):
            screen.say(sentence)
