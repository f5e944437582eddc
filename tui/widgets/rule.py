"""A line across."""

from collections.abc import Iterable

from textual.geometry import Size

from tui.widgets.lines import Line, Lines


class Rule(Lines):
    """Separates what is above from what is below."""

    def lines(self, size: Size) -> Iterable[Line]:
        """One line as wide as the screen."""
        yield (("─" * size.width, "dim"),)
