"""What every section has: a picture that is read in a thread, held in one reactive, and drawn by watchers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.reactive import var
from textual.widget import Widget

from collectors.clock import now_ms
from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.pictures.view import View
from tui.screens.page import Page
from tui.summary import row_line
from tui.widgets.footer import Doubts, Keys
from tui.widgets.header import HeaderLine, is_old
from tui.widgets.table import Table

if TYPE_CHECKING:
    from tui.app import MonitorApp

P = TypeVar("P")

_SAID_SECONDS = 5.0
"""How long a sentence about what was done stays."""


class Section(Page[None], Generic[P], inherit_bindings=False):
    """A header, a body, what is doubtful, and the keys; subclasses say what to read and how to draw it."""

    AUTO_FOCUS = "Table, Paper"
    EVERY_TICKS = 1
    """After how many refreshes it is read again."""
    ALWAYS_OF_NOW = False
    """Whether it shows the state of now, wherever in time the view stopped."""
    HAS_WINDOW = True
    OWN_WINDOW = ""
    """Why its window may be another."""

    picture: var[Any] = var(None, init=False, always_update=True)
    failure: var[str | None] = var(None, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._said: str | None = None
        self.seen: View | None = None
        """What the picture was read for."""
        self.outdated = True
        """Something else was asked for since the picture was read."""
        self._taken_ms = now_ms()

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

    def watch_picture(self) -> None:
        """Draw the new picture."""
        self._taken_ms = now_ms()
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
        self.draw_header()
        notices = header.notices if header else ()
        doubts = () if picture is None else (*self._silent(header), *self.doubts(picture), *self._own_window(header))
        self.query_one(Doubts).show(failure=failure, said=self._said, notices=notices, doubts=doubts)
        if picture is not None:
            self.draw_body(picture)

    def draw_header(self) -> None:
        """Hand the first line what it needs; what stands still grows older, except in a copy."""
        is_copy, failing = self.monitor.is_copy, self.failure is not None
        waited_ms = 0 if is_copy else max(0, now_ms() - self._taken_ms)
        self.query_one(HeaderLine).show(
            getattr(self.picture, "header", None),
            paused=self.monitor.paused, failing=failing, is_copy=is_copy, waited_ms=waited_ms,
        )  # fmt: skip

    def _silent(self, header: Header | None) -> Iterator[str]:
        """Which sources do not speak, wherever there is no list of them."""
        if header is None or header.past or self.ALWAYS_OF_NOW or header.sources_ok == header.sources_total:
            return
        names = [f"{fmt.safe(one.name, 24)} is {one.state}" for one in header.sources if one.state != "ok"]
        yield f"{names[0]}, 6 says why" if len(names) == 1 else f"{len(names)} sources do not speak, 6 says why"

    def _own_window(self, header: Header | None) -> Iterator[str]:
        """That its figures are over another window than those elsewhere, and why."""
        chosen = self.monitor.view.window_seconds
        if header is not None and header.own_window and header.window_seconds != chosen:
            here, elsewhere = fmt.window(header.window_seconds), fmt.window(chosen)
            yield f"over {here} here, not the {elsewhere} of other screens: {self.OWN_WINDOW}"

    def say(self, sentence: str) -> None:
        """Say what has just been done, for a while."""

        def forget() -> None:
            if self._said == sentence:
                self._said = None
                self.draw()

        self._said = sentence
        self.draw()
        self.set_timer(_SAID_SECONDS, forget)
