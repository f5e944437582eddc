"""Text in lines that sends only what changed: the base of everything drawn.

A line is a row of (text, role) pieces. A role is a word for what the piece is (dim, strong, bad ...); the sheet says how
it looks. Every piece goes through `safe` once more here, so that no text can reach the terminal as a sequence.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, compress, count, islice, repeat
from operator import ne
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.events import Blur, DescendantBlur, DescendantFocus, Focus
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui import format as fmt
from tui.sending import SendingApp

Piece: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Piece, ...]

ROLES = frozenset(f"lines--{role}" for role in ("dim", "strong", "title", "good", "warn", "bad", "cursor"))
"""Component classes that the app declares for all lines: once, because finding their styles takes time."""

SERIES_ROLES = ("series-1", "series-2", "series-3", "series-4", "series-5")
"""Roles of the curves in one chart; `series-rest` is what is not named and `series-aside` what is no member."""

_SERIES_COLOURS = {
    "series-1": "blue",
    "series-2": "yellow",
    "series-3": "magenta",
    "series-4": "cyan",
    "series-5": "green",
    "series-rest": "white",
    "series-aside": "bright_black",
}
"""The terminal's own colours, dark beside light, so that neighbours differ for every kind of eye."""

_NOT_DRAWN = (-1, -1)
"""No size: a hidden widget has 0x0."""

_JOIN_CELLS = 12
"""Unchanged cells between two changed ones that cost less to send again than to move over: a move and a style twice."""


class Lines(Widget):
    """Draws the lines that `lines` returns, and refreshes the cells that differ from those drawn before."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id, classes=classes)
        self._drawn: list[Line] = []
        self._fitted: list[tuple[Line, Line]] = []
        """What `lines` returned last, and how it was drawn: a line that comes again need not be fitted again."""
        self._fitted_to = 0
        self._drawn_size = _NOT_DRAWN
        self._role_styles: dict[str, Style] = {}
        self._strips: list[Strip] = []
        self._strip_of: dict[Line, Strip] = {}
        """Made once for each line that stays: it is neither styled nor encoded again."""
        self._stripped: list[Line] = []
        self._looked: tuple[Sequence[LineFilter], Color] | None = None

    def lines(self, size: Size) -> Iterable[Line]:
        """What to draw in this many cells, top down; longer lines and further ones are cut."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """What is drawn now, without colours."""
        self._lay_out()
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._drawn)

    def redraw(self) -> None:
        """Lay out again and refresh only what looks different."""
        size = self.size
        if not self._drawn or self._drawn_size != tuple(size):
            self._drawn_size = _NOT_DRAWN
            self.refresh()
            return
        before, self._drawn = self._drawn, self._laid_out(size)
        regions = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, self._drawn, strict=True))
            if old != new
            for start, end in changed_spans(old, new, size.width)
        ]
        if regions:
            self._refresh_cells(regions)

    def _refresh_cells(self, regions: Sequence[Region]) -> None:
        """Have cells sent, or drawn again by Textual where the app has no shorter way."""
        app = self.app
        if isinstance(app, SendingApp):
            app.send_cells(self, regions)
        else:
            self.refresh(*regions)

    def looks(self, regions: Sequence[Region]) -> list[list[Segment]]:
        """The cells of regions that are one line high, as they are sent by themselves."""
        seen = self.get_line_filters(), self.background_colors[1]
        drawn = [self._drawn[region.y] if region.y < len(self._drawn) else () for region in regions]
        return [
            self._segments(cut(line, region.x, region.right, self._drawn_size[0]), *seen)
            for line, region in zip(drawn, regions, strict=True)
        ]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in a region; ours have no borders, paddings or opacity, which Textual works out for each line."""
        self._lay_out()
        self._make_strips()
        strips = self._strips[crop.y : crop.bottom]
        whole = crop.column_span == (0, self.size.width)
        return strips if whole else [strip.crop(*crop.column_span) for strip in strips]

    def _make_strips(self) -> None:
        looks = self.get_line_filters(), self.background_colors[1]
        if looks != self._looked:
            self._looked = looks
            self._strip_of.clear()
        elif self._stripped is self._drawn:
            return
        before, self._stripped = self._strip_of, self._drawn
        self._strips = [before.get(line) or self._strip(line, self.size.width, *looks) for line in self._drawn]
        self._strip_of = dict(zip(self._drawn, self._strips, strict=True))

    def _strip(self, line: Line, width: int, filters: Sequence[LineFilter], background: Color) -> Strip:
        return Strip(self._segments(line, filters, background), width)

    def _segments(self, pieces: Iterable[Piece], filters: Sequence[LineFilter], background: Color) -> list[Segment]:
        segments = [Segment(text, self._style(role)) for text, role in pieces]
        for one in filters:
            segments = one.apply(segments, background)
        return segments

    def notify_style_update(self) -> None:
        """Forget the styles of the former theme."""
        self._role_styles.clear()
        self._looked = None
        super().notify_style_update()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """No style is another one in focus, so none is looked for."""

    def on_focus(self, event: Focus) -> None:
        """No line looks different in focus, so none is drawn again."""
        event.prevent_default()
        self.has_focus = True
        self.screen.post_message(DescendantFocus(self))

    def on_blur(self, event: Blur) -> None:
        """The same for one that loses it."""
        event.prevent_default()
        self.has_focus = False
        self.screen.post_message(DescendantBlur(self))

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:  # noqa: ARG002 (Textual's signature)
        """Take another size (Textual's own hook, which has all laid out and drawn once more)."""
        resized = size != self._size
        changed = super()._size_updated(size, virtual_size, container_size, layout=False)
        if resized:
            self._exchange_repaint_regions()
        return changed

    def on_resize(self) -> None:
        """Another width can mean other columns."""
        self._lay_out()

    def _lay_out(self) -> None:
        size = self.size
        if self._drawn_size != tuple(size):
            self._drawn_size = (size.width, size.height)
            self._drawn = self._laid_out(size)

    def _laid_out(self, size: Size) -> list[Line]:
        width, height = size
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        before = chain(self._fitted if self._fitted_to == width else (), repeat(None))
        given = islice(self.lines(size), height)
        self._fitted = [
            was if was is not None and was[0] == line else (line, fit(line, width, ascii_only=ascii_only))
            for line, was in zip(given, before, strict=False)
        ]
        self._fitted_to = width
        return [drawn for _, drawn in self._fitted] + [((" " * width, ""),)] * (height - len(self._fitted))

    def _style(self, role: str) -> Style:
        if role not in self._role_styles:
            self._role_styles[role] = self.rich_style + self._role_style(role)
        return self._role_styles[role]

    def _role_style(self, role: str) -> Style:
        """The look of a role; "series-1 on series-2" is a cell with the one below and the other above."""
        front, _, back = role.partition(" on ")
        if colour := _SERIES_COLOURS.get(front):
            return Style(color=colour, bgcolor=_SERIES_COLOURS.get(back))
        with suppress(KeyError):
            return self.app.get_component_styles(f"lines--{role}").rich_style
        return Style()


def fit(line: Line, width: int, *, ascii_only: bool = False) -> Line:
    """The line in exactly `width` cells: harmless, joined by role, cut or filled with blanks."""
    pieces: list[Piece] = []
    room = width
    for text, role in line:
        if not text or room <= 0:
            continue
        text = fmt.safe(text, room)
        room -= fmt.cells(text)
        if pieces and pieces[-1][1] == role:
            pieces[-1] = (pieces[-1][0] + text, role)
        else:
            pieces.append((text, role))
    if room > 0:
        pieces.append((" " * room, ""))
    return tuple((fmt.ascii_text(text), role) for text, role in pieces) if ascii_only else tuple(pieces)


def cut(line: Line, start: int, end: int, width: int) -> Iterator[Piece]:
    """The pieces of a fitted line of `width` cells from one cell to another; half of a wide character is a blank."""
    x, is_narrow = 0, _is_narrow(line, width)
    for text, role in line:
        cells = len(text) if is_narrow else fmt.cells(text)
        if x < end and x + cells > start:
            first, last = max(0, start - x), min(cells, end - x)
            yield (text[first:last] if cells == len(text) else "".join(_halved(text, first, last))), role
        x += cells


def _is_narrow(line: Line, width: int) -> bool:
    """Whether each character of a fitted line of `width` cells has one of them: none of what is fitted has less."""
    return sum([len(text) for text, _ in line]) == width


def _halved(text: str, first: int, last: int) -> Iterator[str]:
    x = 0
    for character in text:
        width = fmt.cells(character)
        seen = min(last, x + width) - max(first, x)
        if width == 0 and first < x <= last:
            yield character
        elif seen > 0:
            yield character if seen == width else " " * seen
        x += width


def changed_spans(old: Line, new: Line, width: int) -> Iterator[tuple[int, int]]:
    """Stretches of cells, as (start, end), in which two fitted lines of `width` cells look different."""
    changed = [*compress(count(), map(ne, *_cell_by_cell(old, new, width)))]
    if not changed:
        return
    start = end = changed[0]
    for x in changed:
        if x - end > _JOIN_CELLS:
            yield start, end
            start = x
        end = x + 1
    yield start, end


def _cell_by_cell(old: Line, new: Line, width: int) -> tuple[Sequence[object], Sequence[object]]:
    """The cells of two lines; single characters where the same roles stand in the same cells of both."""
    same = [(len(text), role) for text, role in old] == [(len(text), role) for text, role in new]
    if same and _is_narrow(old, width):
        return "".join([text for text, _ in old]), "".join([text for text, _ in new])
    return _cells(old), _cells(new)


def _cells(line: Line) -> list[Piece]:
    cells: list[Piece] = []
    for text, role in line:
        if len(text) == fmt.cells(text):
            cells += [(character, role) for character in text]
            continue
        for character in text:
            cells.append((character, role))
            # Both halves of a wide character change together.
            cells += [(character, role)] * (fmt.cells(character) - 1)
    return cells


def spread(left: str, right: str, width: int, role: str = "") -> Line:
    """Two texts on one line, the right one at the right edge and cut first when there is no room for both."""
    room = width - fmt.cells(left) - fmt.cells(right)
    if room < 2:
        return ((left, role),)
    return ((left + " " * room + right, role),)
