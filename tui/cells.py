"""Texts in the cells of a terminal: made harmless, cut, padded and broken into lines."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

REPLACEMENT = "�"
ELLIPSIS = "…"
_BETWEEN = "   "
_DRAWN = "≥≤…�×·"
_ASCII = str.maketrans(
    {
        "≥": ">",
        "≤": "<",
        "…": "~",
        "�": "?",
        "─": "-",
        "│": "|",
        "█": "#",
        "▒": ".",
        "▁": "_",
        "▂": ".",
        "▃": "-",
        "▄": "=",
        "▅": "+",
    }
    | {"▆": "*", "▇": "%", "×": "x", "·": ".", "┤": "+", "└": "+", "╎": "|", "━": "*", "┄": "."}
)


_OF_ONE_CELL = frozenset(map(chr, (*range(0x20, 0x7F), *range(0x2500, 0x25A0), *range(0x2800, 0x2900)))) | set(_DRAWN)
"""Harmless characters of one cell each that nearly all texts are made of: ASCII, lines, blocks and braille."""


def cells(text: str) -> int:
    """How many cells a text takes."""
    is_plain = text.isascii() and text.isprintable()
    return len(text) if is_plain or _OF_ONE_CELL.issuperset(text) else _measure()(text)


@cache
def _measure() -> Callable[[str], int]:
    """Loaded when first asked: amounts are written by commands, too, which draw on no screen."""
    from rich.cells import cell_len

    return cell_len


@lru_cache(maxsize=4096)
def safe(text: str, width: int | None = None) -> str:
    """Text from outside, made harmless for a terminal and cut to `width` cells.

    Control and format characters (escapes, bidirectional overrides, zero width, line breaks) and combining marks that
    do not belong to a letter show as a visible replacement, so that no name can hide or move anything.
    """
    if width is not None and len(text) > 4 * width + 4:
        text = text[: 4 * width + 4]
    if not _OF_ONE_CELL.issuperset(text):
        text = "".join(map(_harmless, unicodedata.normalize("NFC", text)))
    return text if width is None or cells(text) <= width else _cut(text, width)


def _harmless(character: str) -> str:
    return character if character.isprintable() and cells(character) > 0 else REPLACEMENT


def _cut(text: str, width: int) -> str:
    if width <= 0:
        return ""
    room, kept = width - 1, []
    for character in text:
        room -= cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def shorten(text: str, width: int) -> str:
    """A name in so many cells: what stands before the last slash (a provider, an owner) goes first, then its end.

    A model's family and version stand at the beginning of its own name, and the date of its snapshot at the end.
    """
    text = safe(text, 200)
    if cells(text) <= width:
        return text
    own = text.rpartition("/")[2]
    marked = f"…/{own}"
    return marked if own and cells(marked) <= width else safe(own or text, width)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text of exactly `width` cells: cut when longer, filled with blanks on one side when shorter."""
    if not (len(text) <= width and text.isascii() and text.isprintable()):
        text = safe(text, width)
        width -= cells(text) - len(text)
    return text.rjust(width) if right else text.ljust(width)


def ascii_text(text: str) -> str:
    """The same number of cells in ASCII, for terminals that know nothing else."""
    text = text.translate(_ASCII)
    return text if text.isascii() else "".join(c if c.isascii() else "?" * cells(c) for c in text)


def wrap(sentence: str, width: int) -> list[str]:
    """A sentence in lines of at most `width` cells, broken between words."""
    lines: list[str] = []
    line = ""
    for word in safe(sentence).split(" "):
        longer = f"{line} {word}" if line else word
        if cells(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = safe(word, width)
    return [*lines, line]


def side_by_side(parts: Sequence[str], width: int) -> list[str]:
    """Short texts beside each other in lines of at most `width` cells, each whole; what is longer than a line is broken."""
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1]) + len(_BETWEEN) + cells(part) <= width:
            lines[-1] += _BETWEEN + part
        else:
            lines += wrap(part, width)
    return lines
