"""The keys that every section answers: back, explain, filter, and questions of one line."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.questions.burn import NamesQuestion
from tui.screens.section import P, Section
from tui.widgets.filter import FilterLine
from tui.widgets.footer import Keys
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.widgets.paper import Paper


class MonitorScreen(Section[P], inherit_bindings=False):
    """A section that can be left, explained and filtered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "filter", id="screen.filter", tooltip="filter as you type, e.g. model=gpt-* tenant!=acme"
        ),
        Binding("i", "explain", "explain", id="screen.explain", tooltip="explain these figures, one by one"),
        Binding("escape,left", "back", "back", id="screen.back", show=False),
        Binding("J", "scroll_below(1)", "text down", id="screen.below_down", show=False),
        Binding("K", "scroll_below(-1)", "text up", id="screen.below_up", show=False),
    ]
    FILTERS = True
    """Whether what it shows can be filtered."""

    def question(self, question: str, answer: Callable[[str], None], text: str = "") -> None:
        """Ask for one line above the keys."""
        line = Prompt(question, answer, text=text)
        self.mount(line, before=self.query_one(Keys))
        # At once, not when it is drawn: the keys that follow are for it.
        self.set_focus(line)

    def remarks(self, *parts: str) -> str:
        """The remark at the right of the breadcrumb, with the filter in force."""
        filtered = (f"filter {self.monitor.view.filter}",) if self.monitor.view.filter else ()
        return "   ".join((*filtered, *parts))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's signature)
        """Offer the filter only where it filters, and explanations only where there are any."""
        if action == "scroll_below":
            return any(paper is not self.focused for paper in self.query("Paper"))
        if action == "explain":
            return type(self).explain is not MonitorScreen.explain
        return action != "filter" or (self.FILTERS and not isinstance(self.focused, FilterLine))

    def action_back(self) -> None:
        """One place back; stay at the top."""
        self.monitor.go_back()

    def action_scroll_below(self, lines: int) -> None:
        """Scroll the text beside a table that has the keys."""
        for paper in self.query("Paper"):
            cast("Paper", paper).action_scroll_by(lines)

    def action_explain(self) -> None:
        """Show what stands behind the figures."""
        from tui.screens.explain import ExplainScreen

        explanations = () if self.shown is None else tuple(self.explain(self.shown))
        if explanations:
            page = self.monitor.kept(ExplainScreen)
            page.tell_of(explanations)
            self.app.push_screen(page)

    def action_filter(self) -> None:
        """Open the filter with what was typed last."""
        text = self.monitor.view.filter or self.monitor.last_filter
        line = FilterLine(text, lambda: self.monitor.feed.read(NamesQuestion()))
        self.mount(line, before=self.query_one(Keys))
        # At once, not when it is drawn: the keys that follow are for it.
        self.set_focus(line)
        self._filter_by(text)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Filter as it is typed."""
        self._filter_by(message.text)

    def _filter_by(self, text: str) -> None:
        self.monitor.last_filter = text or self.monitor.last_filter
        self.monitor.look(replace(self.monitor.view, filter=text))

    def on_filter_line_closed(self) -> None:
        """Take the line away and give the keys back to the body."""
        self.query(FilterLine).remove()
        body = self.query(self.AUTO_FOCUS or "*")
        self.set_focus(body.first(Widget) if body else None)
        self.draw()
