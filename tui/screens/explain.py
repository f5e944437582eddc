"""What stands behind the figures of the screen it was called from, one at a time."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.pictures.explain import Explanation
from tui.screens.page import Page
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.explanation import explanation_lines
from tui.widgets.footer import Keys
from tui.widgets.paper import Paper


class ExplainScreen(Page[None], inherit_bindings=False):
    """One opaque page per figure; it stays as it was when it was asked for."""

    AUTO_FOCUS = "Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right,tab", "step(1)", "next figure", id="explain.next"),
        Binding("p,shift+tab", "step(-1)", "previous figure", id="explain.previous"),
        Binding("escape,left,q,i", "dismiss", "back", id="explain.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._path, self._paper = Breadcrumb(), Paper()
        self.explanations: tuple[Explanation, ...] = ()
        self._place = 0

    @property
    def shown(self) -> Explanation:
        """The explanation in front."""
        return self.explanations[self._place]

    def compose(self) -> ComposeResult:
        """Where we are, the page and the keys."""
        yield self._path
        yield self._paper
        yield Keys()

    def tell_of(self, explanations: Sequence[Explanation]) -> None:
        """Take these, and show the first."""
        self.explanations, self._place = tuple(explanations), 0
        self.action_step(0)

    def action_step(self, figures: int) -> None:
        """Go on to another figure, around at the end."""
        self._place = (self._place + figures) % len(self.explanations)
        one = self.shown
        self._path.show(
            ["explain", *filter(None, [one.of]), one.figure], f"{self._place + 1} of {len(self.explanations)}"
        )
        self._paper.begin(lambda width: list(explanation_lines(one, width)))
