"""Cells to draw curves on: stacked columns in eighths of a cell, and lines in dots of a quarter."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tui.widgets.lines import Line, Piece

EIGHTHS = " ▁▂▃▄▅▆▇█"
PATTERNS = "█▓▒░╱·"
"""Fills of bands where colours cannot tell them apart."""
_ASCII_PATTERNS = "#%=+-."
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE = 0x2800

Grid = list[list[Piece]]
"""Rows of cells, the top row first."""


def blank(width: int, height: int) -> Grid:
    """An empty grid."""
    return [[(" ", "")] * width for _ in range(height)]


def line_of(cells: Sequence[Piece]) -> Line:
    """A row of cells as a line."""
    return tuple(cells)


def pattern(place: int, *, ascii_only: bool) -> str:
    """The fill of the band with this number."""
    fills = _ASCII_PATTERNS if ascii_only else PATTERNS
    return fills[place % len(fills)]


def stack_column(levels: Sequence[int], rows: int, roles: Sequence[str]) -> Iterator[Piece]:
    """One column from the bottom up. `levels` are the tops of the bands in eighths of a cell, each on the one before."""
    for row in range(rows):
        low, high = row * 8, row * 8 + 8
        inside = [(place, min(high, top) - low) for place, top in enumerate(levels) if top > low]
        if not inside:
            yield " ", ""
            continue
        first, filled = inside[0]
        above = next((place for place, part in inside if part > filled), None)
        if filled >= 8 or above is None:
            yield EIGHTHS[filled], roles[first]
        elif max(part for _, part in inside) >= 8:
            yield EIGHTHS[filled], f"{roles[first]} on {roles[_widest(inside)]}"
        else:
            # Two bands and air in one cell: a cell has two colours, so the wider band has the whole part below the air.
            top = max(part for _, part in inside)
            yield EIGHTHS[top], roles[first if filled * 2 >= top else above]


def _widest(inside: Sequence[tuple[int, int]]) -> int:
    """The band that fills most of a cell above the first one in it."""
    parts = [(part - before, place) for (_, before), (place, part) in pairwise(inside)]
    return max(parts)[1]


def pattern_column(levels: Sequence[int], rows: int, *, ascii_only: bool) -> Iterator[Piece]:
    """The same with one fill for each band, in whole cells: what holds the middle of a cell has it."""
    for row in range(rows):
        middle = row * 8 + 4
        place = next((place for place, top in enumerate(levels) if top > middle), None)
        is_foot = place is None and row == 0 and any(levels)
        place = next(place for place, top in enumerate(levels) if top) if is_foot else place
        yield (" ", "") if place is None else (pattern(place, ascii_only=ascii_only), "")


class Dots:
    """Curves in dots, two to a cell across and four down."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width * 2, height * 4
        self._cells: dict[tuple[int, int], int] = {}

    def curve(self, values: Sequence[float | None], top: float) -> None:
        """A line through values from zero to `top`, spread over the whole width; a gap interrupts it."""
        last = max(1, len(values) - 1)
        before: tuple[int, int] | None = None
        for place, value in enumerate(values):
            if value is None:
                before = None
                continue
            here = round(place * (self.width - 1) / last), round(min(1.0, max(0.0, value / top)) * (self.height - 1))
            self._segment(before or here, here)
            before = here

    def cells(self, *, ascii_sign: str | None = None) -> Iterator[tuple[int, int, str]]:
        """(row from the top, column, character) of every cell with a dot."""
        for (row, column), dots in self._cells.items():
            yield row, column, ascii_sign or chr(_BRAILLE + dots)

    def _segment(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        (x0, y0), (x1, y1) = start, end
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(length + 1):
            self._dot(x0 + round((x1 - x0) * step / length), y0 + round((y1 - y0) * step / length))

    def _dot(self, x: int, y: int) -> None:
        from_top = self.height - 1 - y
        cell = from_top // 4, x // 2
        self._cells[cell] = self._cells.get(cell, 0) | _DOTS[x % 2][from_top % 4]
