"""The columns of a table: which of them there is room for, their titles, and a row's texts under them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec

from tui import format as fmt

_MOST_KEPT = 256

Layout: TypeAlias = Sequence[tuple[int, int]]
"""The columns that are drawn, as (place, width)."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column; those of a low `rank` stay when there is little room."""

    title: str
    width: int
    rank: int = 0
    right: bool = True
    grows_to: int = 0
    """Widest it becomes when there is room to spare; 0 keeps its width."""
    is_name: bool = False
    """Whether a longer text loses its middle."""
    keeps_end: bool = False
    """Whether a longer text loses its beginning: a curve, whose newest value is last."""
    falls: bool = False
    """Whether its text stands on a line of its own under the row where there is no room for it; not under a dim row."""


def titles_text(columns: Sequence[Column], layout: Layout, gap: int, sorted_by: str, *, margin: int) -> str:
    """The titles behind a margin; the mark of the sorted column stands behind its title, or in the gap before a full one."""
    text = " " * (margin - gap)
    for place, width in layout:
        column, between = columns[place], " " * gap
        title = column.title
        if title and title == sorted_by:
            title, between = (f"{title}*", between) if fmt.cells(title) < width else (title, f"{between[:-1]}*")
        text += between + fmt.pad(title, width, right=column.right)
    return text


def row_text(cells: Sequence[str], columns: Sequence[Column], layout: Layout, gap: int, note: str = "") -> str:
    """A row's texts under these columns; a note takes the room after the last text that is not empty."""
    if note:
        last = max((place for place, text in enumerate(cells) if text), default=0)
        layout = [(place, width) for place, width in layout if place <= last]
    text = (" " * gap).join([_cell(cells[place], columns[place], width) for place, width in layout])
    return f"{text}  {note}" if note else text


def _cell(text: str, column: Column, width: int) -> str:
    if column.is_name:
        text = fmt.shorten(text, width)
    return fmt.pad(text[-width:] if column.keeps_end else text, width, right=column.right)


@lru_cache(maxsize=_MOST_KEPT)
def fit_columns(columns: tuple[Column, ...], width: int, gap: int) -> tuple[tuple[int, int], ...]:
    """Which columns fit, as (place, width): by rank, then those that grow share the spare room evenly."""
    widths: dict[int, int] = {}
    room = width + gap
    for place, column in sorted(enumerate(columns), key=lambda pair: (pair[1].rank, pair[0])):
        if column.width + gap > room:
            break
        widths[place] = column.width
        room -= column.width + gap
    growing = sorted(place for place in widths if columns[place].grows_to > widths[place])
    while growing and room >= 1:
        for place in growing[:room]:
            widths[place] += 1
        room -= min(room, len(growing))
        growing = [place for place in growing if columns[place].grows_to > widths[place]]
    return tuple(sorted(widths.items()))
