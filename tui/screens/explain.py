"""What stands behind the figures of the screen it was called from, one at a time."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.pictures.explain import Explanation
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.explanation import explanation_lines
from tui.widgets.footer import Keys
from tui.widgets.lines import ROLES
from tui.widgets.paper import Paper


class ExplainScreen(Screen[None], inherit_bindings=False):
    """One opaque page per figure; it stays as it was when it was asked for."""

    COMPONENT_CLASSES = set(ROLES)
    AUTO_FOCUS = "Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right,tab", "step(1)", "next figure", id="explain.next"),
        Binding("p,shift+tab", "step(-1)", "previous figure", id="explain.previous"),
        Binding("escape,left,q,i", "dismiss", "back", id="explain.back"),
    ]

    def __init__(self, explanations: Sequence[Explanation]) -> None:
        super().__init__()
        self.explanations = tuple(explanations)
        self._place = 0

    @property
    def shown(self) -> Explanation:
        """The explanation in front."""
        return self.explanations[self._place]

    def compose(self) -> ComposeResult:
        """Where we are, the page and the keys."""
        yield Breadcrumb()
        yield Paper()
        yield Keys()

    def on_mount(self) -> None:
        """Show the first."""
        self.action_step(0)

    def action_step(self, figures: int) -> None:
        """Go on to another figure, around at the end."""
        self._place = (self._place + figures) % len(self.explanations)
        one = self.shown
        self.query_one(Breadcrumb).show(
            ["explain", *filter(None, [one.of]), one.figure], f"{self._place + 1} of {len(self.explanations)}"
        )
        self.query_one(Paper).show(lambda width: list(explanation_lines(one, width)))
