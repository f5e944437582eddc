"""Help: the keys that work on the screen it was called from, taken from its bindings."""

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui import format as fmt
from tui.screens.page import Page
from tui.widgets.footer import Doubts, Keys, all_keys
from tui.widgets.lines import Line
from tui.widgets.paper import Paper

_WORDS = (
    ("$/HOUR", "what providers bill over the window, scaled to an hour, and what hosts cost now"),
    ("$/M", "dollars spent / tokens served x 1e6 over the window"),
    ("≥", "at least: something in it has no known price"),
    ("--", "not known; zero is shown as zero"),
    ("ERR, RETRY, CACHE", "shares of requests that failed or were repeated; of prompt tokens read from a cache"),
    ("USED", "token saturation of our own hosts; BUSY is the driver's busy time"),
    ("pace", "share of budget spent / share of its period gone: 1.0x is on plan"),
)


class HelpScreen(Page[None], inherit_bindings=False):
    """One opaque page."""

    AUTO_FOCUS = "Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,q,question_mark", "dismiss", "back", id="help.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._paper = Paper()
        self._keys: list[tuple[str, str]] = []
        self._doubts: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The page and the keys."""
        yield self._paper
        yield Keys()

    def tell_of(self, screen: Screen[Any]) -> None:
        """Take the keys and the doubts of this screen."""
        self._keys = all_keys(screen)
        self._doubts = tuple(doubt for widget in screen.query(Doubts) for doubt in widget.all)
        self._paper.begin(lambda width: list(self._lines(width)))

    def _lines(self, width: int) -> Iterator[Line]:
        yield ((" KEYS HERE", "title"),)
        yield from (((f"   {fmt.pad(keys, 16)}", "strong"), (description, "")) for keys, description in self._keys)
        yield ()
        if self._doubts:
            yield ((" IN DOUBT HERE", "title"),)
            yield from (((f"   {part}", ""),) for doubt in self._doubts for part in fmt.wrap(doubt, max(20, width - 4)))
            yield ()
        yield ((" WORDS", "title"),)
        for word, meaning in _WORDS:
            for number, part in enumerate(fmt.wrap(meaning, max(20, width - 24))):
                yield ((f"   {fmt.pad('' if number else word, 18)}", "strong"), (part, ""))
        yield ()
        yield (("   usdtop only reads: no key changes or deletes recorded data.", ""),)
