"""A table that keeps its cursor by row key, picks its columns by width and sends only changed cells."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import ClassVar, overload

import msgspec
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message

from tui import format as fmt
from tui.widgets.columns import Column, fit_columns, row_text, titles_text
from tui.widgets.lines import Line, Lines

_MARK_CELLS = 2
_DRAWN = 256
"""Rows kept as texts until the next ones come."""
_WHEEL_ROWS = 3
_FALLEN_CELLS = 9
"""How far a text that fell under its row is indented."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row, already in texts: one per column; `note` takes the room after the last text that is not empty."""

    key: Hashable
    cells: tuple[str, ...]
    role: str = ""
    note: str = ""
    opens: bool = True


class Drawn(Sequence[Row]):
    """Rows that become texts when they are looked at: of thousands, a screen shows a few."""

    def __init__(self, keys: Sequence[Hashable], draw: Callable[[int], Row]) -> None:
        self.keys = keys
        self._draw = lru_cache(maxsize=_DRAWN)(draw)

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self._draw(one) for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._draw(place % len(self))


class Table(Lines, can_focus=True):
    """Rows under a title line, or sentences when there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "open", "open", id="table.open", tooltip="open the row under the cursor"),
        Binding("j,down", "move(1)", "down", id="table.down", show=False),
        Binding("k,up", "move(-1)", "up", id="table.up", show=False),
        Binding("g,home", "move(-1000000)", "first row", id="table.first", show=False),
        Binding("G,end", "move(1000000)", "last row", id="table.last", show=False),
        Binding("pagedown", "page(1)", "page down", id="table.page_down", show=False),
        Binding("pageup", "page(-1)", "page up", id="table.page_up", show=False),
    ]

    class Chosen(Message):
        """A row was opened."""

        def __init__(self, key: Hashable) -> None:
            super().__init__()
            self.key = key

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, key: Hashable) -> None:
            super().__init__()
            self.key = key

    def __init__(self, columns: Sequence[Column], *, opens: bool = True, gap: int = 2) -> None:
        super().__init__()
        self._gap = gap
        self._columns = tuple(columns)
        self._rows: Sequence[Row] = ()
        self._keys: Sequence[Hashable] = ()
        self._empty: tuple[str, ...] = ()
        self._opens = opens
        self._cursor = 0
        self._top = 0
        self._places: list[int] = []
        """The place of the row that each drawn line belongs to."""
        self._wanted: Hashable = None
        self._was_moved = False
        """Whether somebody put the cursor where it is; until then it stays on no row that does not open."""
        self._starts_over = False
        self._sorted_by = ""

    @property
    def cursor_key(self) -> Hashable:
        """The key of the row under the cursor; None in an empty table."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def titles(self) -> tuple[str, ...]:
        """What all columns are called, also those there is no room for."""
        return tuple(column.title for column in self._columns)

    @property
    def titles_shown(self) -> tuple[str, ...]:
        """What the columns are called that there is room for."""
        return tuple(self._columns[place].title for place, _ in self._layout(self.size.width))

    @property
    def cursor_texts(self) -> list[tuple[str, str]]:
        """(title, text) of the row under the cursor."""
        return list(zip(self.titles, self._rows[self._cursor].cells, strict=False)) if self._rows else []

    @property
    def rows(self) -> Sequence[Row]:
        """The rows shown."""
        return self._rows

    def show(
        self,
        rows: Iterable[Row],
        *,
        columns: Sequence[Column] = (),
        empty: Sequence[str] = (),
        sorted_by: str = "",
    ) -> None:
        """Take new rows, and other columns where they are named; the cursor stays on its row wherever that is now.

        `sorted_by` is the title of the column that is marked.
        """
        before, had_rows = self.cursor_key, bool(self._rows)
        self._columns = tuple(columns) or self._columns
        self._empty, self._sorted_by = tuple(empty), sorted_by
        self._rows = rows if isinstance(rows, Drawn) else tuple(rows)
        self._keys = self._rows.keys if isinstance(self._rows, Drawn) else [row.key for row in self._rows]
        places = {key: place for place, key in enumerate(self._keys)}
        if self._starts_over:
            self._cursor, self._starts_over = 0, False
        elif self._wanted in places:
            self._cursor, self._wanted = places[self._wanted], None
        else:
            self._cursor = places.get(before, min(self._cursor, max(0, len(self._rows) - 1)))
            if self._rows and not self._was_moved and not self._rows[self._cursor].opens:
                self._cursor = 0
        self.redraw()
        if bool(self._rows) != had_rows:
            self.refresh_bindings()
        if self.cursor_key != before:
            self.post_message(self.Moved(self.cursor_key))

    def go_to(self, key: Hashable) -> None:
        """Put the cursor on this row, now or as soon as it is shown."""
        self._wanted, self._was_moved = key, True
        self.show(self._rows, empty=self._empty, sorted_by=self._sorted_by)

    def start_over(self) -> None:
        """Put the cursor on the first of the rows that are shown next: they come in another order."""
        self._wanted, self._was_moved, self._starts_over = None, False, True

    def stay_or_start_over(self) -> None:
        """The rows come in another order: the cursor stays on the row that somebody chose, else on the first."""
        if not self._was_moved:
            self.start_over()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        before = self._cursor
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor + rows))
        if self._cursor != before:
            self._wanted, self._was_moved = None, True
            self.redraw()
            self.post_message(self.Moved(self.cursor_key))

    def action_page(self, pages: int) -> None:
        """Move by what fits on the screen."""
        self.action_move(pages * max(1, self.size.height - 2))

    def on_click(self, event: Click) -> None:
        """Where the mouse is taken: a click moves the cursor, a second one opens."""
        if 0 < event.y <= len(self._places):
            self.action_move(self._places[event.y - 1] - self._cursor)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the cursor."""
        self.action_move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self) -> None:
        """The wheel moves the cursor."""
        self.action_move(-_WHEEL_ROWS)

    def action_open(self) -> None:
        """Open the row under the cursor, when it opens."""
        if self._rows and self._rows[self._cursor].opens:
            self.post_message(self.Chosen(self.cursor_key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's signature)
        """Offer to open rows only where they open."""
        return action != "open" or (self._opens and bool(self._rows))

    def lines(self, size: Size) -> Iterable[Line]:
        """The titles, then the rows around the cursor."""
        self._places = []
        if not self._rows:
            for sentence in self._empty:
                yield from (((f"  {part}", ""),) for part in fmt.wrap(sentence, size.width - 3))
            return
        layout = self._layout(size.width)
        yield ((titles_text(self._columns, layout, self._gap, self._sorted_by, margin=_MARK_CELLS), "title"),)
        fallen = next((place for place, column in enumerate(self._columns) if column.falls), None)
        fallen = None if fallen is None or any(place == fallen for place, _ in layout) else fallen
        room = max(1, size.height - 1)
        self._top = self._first(room, fallen)
        for place in range(self._top, min(self._top + room, len(self._rows))):
            row = self._rows[place]
            text = row_text(row.cells, self._columns, layout, self._gap, row.note)
            self._places.append(place)
            if place == self._cursor:
                yield ((fmt.pad(f"> {text}", size.width), "cursor"),)
            else:
                yield ((f"  {text}", row.role),)
            if below := _fallen_text(row, fallen):
                self._places.append(place)
                yield ((" " * (_MARK_CELLS + _FALLEN_CELLS), ""), (below, ""))

    def _first(self, room: int, fallen: int | None) -> int:
        """The place of the first row drawn: as before, so far as the cursor's row is among them and no line stays empty."""
        last = len(self._rows) - 1
        if fallen is None:
            return max(min(self._top, self._cursor, last + 1 - room), self._cursor - room + 1, 0)
        heights = [1 + bool(_fallen_text(row, fallen)) for row in self._rows]
        first = min(self._top, self._cursor)
        while first < self._cursor and sum(heights[first : self._cursor + 1]) > room:
            first += 1
        while first > 0 and sum(heights[first - 1 :]) <= room:
            first -= 1
        return first

    def _layout(self, width: int) -> Sequence[tuple[int, int]]:
        return fit_columns(self._columns, width - _MARK_CELLS, self._gap)


def _fallen_text(row: Row, fallen: int | None) -> str:
    return "" if fallen is None or row.role == "dim" else row.cells[fallen]
