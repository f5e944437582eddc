"""What every section has: a picture that is read in a thread, held in one reactive, and drawn by watchers."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget

from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.pictures.view import View
from tui.summary import row_line
from tui.widgets.filter import FilterLine
from tui.widgets.footer import Doubts, Keys
from tui.widgets.header import HeaderLine, is_old
from tui.widgets.lines import ROLES
from tui.widgets.prompt import Prompt
from tui.widgets.table import Table

if TYPE_CHECKING:
    from tui.app import MonitorApp

P = TypeVar("P")

_SAID_SECONDS = 8.0
"""How long a sentence about what was done stays."""


class MonitorScreen(Screen[None], Generic[P], inherit_bindings=False):
    """A header, a body, what is doubtful, and the keys; subclasses say what to read and how to draw it."""

    COMPONENT_CLASSES = set(ROLES)
    AUTO_FOCUS = "Table, Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "filter", id="screen.filter", tooltip="filter as you type, e.g. model=gpt-* !tenant=acme"
        ),
        Binding("i", "explain", "explain", id="screen.explain", tooltip="explain these figures, one by one"),
        Binding("escape,left", "back", "back", id="screen.back", show=False),
    ]
    EVERY_TICKS = 1
    """After how many refreshes it is read again."""
    FILTERS = True
    """Whether what it shows can be filtered."""

    picture: var[Any] = var(None, init=False, always_update=True)
    failure: var[str | None] = var(None, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._said: str | None = None
        self.outdated = True
        """Something else was asked for since the picture was read."""

    @property
    def monitor(self) -> "MonitorApp":
        """The app this screen is part of."""
        return cast("MonitorApp", self.app)

    @property
    def shown(self) -> P | None:
        """The picture, with its type."""
        return cast("P | None", self.picture)

    def read(self, feed: Feed, view: View) -> P:
        """The picture for this view; runs in a thread and touches no widget."""
        raise NotImplementedError

    def compose_body(self) -> Sequence[Widget]:
        """The widgets between the header and the last two lines."""
        raise NotImplementedError

    def draw_body(self, picture: P) -> None:
        """Hand the picture to the widgets."""
        raise NotImplementedError

    def doubts(self, picture: P) -> Sequence[str]:  # noqa: ARG002 (for those who have some)
        """What is uncertain in the figures, worst first."""
        return ()

    def explain(self, picture: P) -> Iterable[Explanation]:  # noqa: ARG002 (for those who have figures)
        """What stands behind each figure: of the row under the cursor first, then of the whole screen."""
        return ()

    def summary(self, picture: P) -> str:
        """One line for an incident channel: where, when, and the row under the cursor."""
        tables = self.query(Table)
        return row_line(cast("Header", getattr(picture, "header", None)), tables.first() if tables else None)

    def return_to(self, cursor: object) -> None:
        """Put the cursor back where it was."""

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        yield HeaderLine()
        yield from self.compose_body()
        yield Doubts()
        yield Keys()

    def on_mount(self) -> None:
        """Draw what is known so far."""
        self.draw()

    def on_screen_resume(self) -> None:
        """In front again: the figures are old."""
        self.draw()
        self.monitor.ask()

    def watch_picture(self) -> None:
        """Draw the new picture."""
        self.draw()

    def watch_failure(self) -> None:
        """Draw the failure, or that it is over."""
        self.draw()

    def draw(self) -> None:
        """Hand everything to the widgets, which send what changed."""
        if not self.is_mounted:
            return
        picture, failure = self.shown, self.failure
        header: Header | None = getattr(picture, "header", None)
        self.set_class(failure is not None or (is_old(header) and not self.monitor.is_copy), "-frozen")
        self.query_one(HeaderLine).show(
            header, paused=self.monitor.paused, failing=failure is not None, is_copy=self.monitor.is_copy
        )
        notices = header.notices if header else ()
        doubts = () if picture is None else self.doubts(picture)
        self.query_one(Doubts).show(failure=failure, said=self._said, notices=notices, doubts=doubts)
        if picture is not None:
            self.draw_body(picture)

    def say(self, sentence: str) -> None:
        """Say what has just been done, for a while."""

        def forget() -> None:
            if self._said == sentence:
                self._said = None
                self.draw()

        self._said = sentence
        self.draw()
        self.set_timer(_SAID_SECONDS, forget)

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
        if action == "explain":
            return type(self).explain is not MonitorScreen.explain
        return action != "filter" or (self.FILTERS and not isinstance(self.focused, FilterLine))

    def action_back(self) -> None:
        """One place back; stay at the top."""
        self.monitor.go_back()

    def action_explain(self) -> None:
        """Show what stands behind the figures."""
        from tui.screens.explain import ExplainScreen

        explanations = () if self.shown is None else tuple(self.explain(self.shown))
        if explanations:
            self.app.push_screen(ExplainScreen(explanations))

    def action_filter(self) -> None:
        """Open the filter with what was typed last."""
        text = self.monitor.view.filter or self.monitor.last_filter
        line = FilterLine(text, self.monitor.feed.names)
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
