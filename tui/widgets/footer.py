"""The last two lines: what is uncertain in the figures, and the keys that work here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input

from tui import format as fmt
from tui.widgets.lines import Line, Lines, Piece, spread

_BETWEEN = "   "
_KEPT = ("live", "help")
"""Keys that are never left out: the way back to now, and the list of all."""
_MORE_CELLS = 12
"""Room for how many did not fit."""
_SHORT = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "dollar_sign": "$",
}


class Doubts(Lines):
    """The worst doubt first; a failure or a notice before any of them."""

    def __init__(self) -> None:
        super().__init__()
        self._failure: str | None = None
        self._said: str | None = None
        self._notices: tuple[str, ...] = ()
        self._doubts: tuple[str, ...] = ()

    def show(
        self, *, failure: str | None, notices: Sequence[str], doubts: Sequence[str], said: str | None = None
    ) -> None:
        """Take what must be said, and what has just been done."""
        self._failure, self._said = failure, said
        self._notices, self._doubts = tuple(notices), tuple(doubts)
        self.redraw()

    @property
    def all(self) -> tuple[str, ...]:
        """Every failure, notice and doubt, also those that do not fit."""
        return (*filter(None, [self._failure]), *self._notices, *self._doubts)

    def lines(self, size: Size) -> Iterable[Line]:
        """One line, or as many as there is height."""
        parts: list[Piece] = []
        if self._failure:
            parts.append((f"! {self._failure}", "bad"))
        if self._said:
            parts.append((self._said, "strong"))
        parts += [(notice, "warn") for notice in self._notices]
        if self.screen.size.width < 80 or self.screen.size.height < 24:
            parts.append((f"small terminal {self.screen.size.width}x{self.screen.size.height}, made for 80x24", "warn"))
        parts += [(doubt, "") for doubt in self._doubts]
        yield tuple(_fitting(parts, size.width))


def _fitting(parts: Sequence[Piece], width: int) -> Iterator[Piece]:
    """As many as fit, and how many did not."""
    room = width
    for number, (text, role) in enumerate(parts):
        more = len(parts) - number
        text = fmt.safe(text, room if number or more == 1 else room - _MORE_CELLS)
        if number and cell_len(text) + len(_BETWEEN) > room - (_MORE_CELLS if more > 1 else 0):
            yield f"{_BETWEEN}{more} more: ?", "dim"
            return
        yield (_BETWEEN if number else "") + text, role
        room -= cell_len(text) + (len(_BETWEEN) if number else 0)


class Keys(Lines):
    """The keys of the bindings that are shown, in the order in which they are declared."""

    def on_mount(self) -> None:
        """Draw again when other keys work."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def lines(self, size: Size) -> Iterable[Line]:
        """As many as fit, whole, those that lead on to others among them, and at the right what the terminal is sent when that is asked for."""
        keys = shown_keys(self.screen)
        rate = str(getattr(self.app, "rate_text", ""))
        width = size.width - (cell_len(rate) + 2 if rate else 0)
        text = _joined(keys)
        if cell_len(text) > width:
            sections = [key for key, _ in keys if key.isdigit()]
            ways = [(f"{sections[0]}-{sections[-1]}", "screens")] * bool(sections)
            ways += [pair for pair in keys if pair[1] in _KEPT]
            keys = [pair for pair in keys if not pair[0].isdigit() and pair[1] not in _KEPT]
            text = _joined([*keys, *ways])
            while keys and cell_len(text) > width:
                keys.pop()
                text = _joined([*keys, *ways])
        yield spread(text, rate, size.width, "dim") if rate else ((text, "dim"),)

    def _bindings_changed(self, screen: Screen[object]) -> None:  # noqa: ARG002 (what the signal sends)
        self.redraw()


def _joined(keys: Sequence[tuple[str, str]]) -> str:
    return "  ".join(f"{key} {description}" for key, description in keys)


def shown_keys(screen: Screen[object]) -> list[tuple[str, str]]:
    """(key, what it does in a word) of the bindings that are shown and work on this screen now.

    While a line is typed, only its own: all other keys are text.
    """
    keys: dict[str, str] = {}
    words: Mapping[str, str] = getattr(screen, "key_words", {})
    line = screen.focused if isinstance(screen.focused, Input) else None
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.description and binding.show and (line is None or active.node is line):
            keys.setdefault(words.get(binding.action, binding.description), key_name(binding))
    return [(key, description) for description, key in keys.items()]


def all_keys(screen: Screen[object]) -> list[tuple[str, str]]:
    """(keys, what they do) of every binding that works on this screen now, also those that are not shown."""
    keys: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.description:
            keys.setdefault(binding.tooltip or binding.description, []).append(key_name(binding))
    return [(", ".join(names), description) for description, names in keys.items()]


def key_name(binding: Binding) -> str:
    """A key as it is printed on a keyboard."""
    return _SHORT.get(binding.key, binding.key)
