"""What a screen shows, for a program: the picture as JSON, or its table as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tui.pictures.view import View

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(screen: str, view: View, picture: object) -> str:
    """Everything in the picture, amounts as decimal text, what is unknown as null; it can be read by machines."""
    document: dict[str, Any] = {"schema": 1, "screen": screen, "view": view, "picture": picture}
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def as_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as it is drawn; names that a spreadsheet would run are quoted with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(titles)
    writer.writerows([_inert(cell.strip()) for cell in row] for row in rows)
    return text.getvalue()


def _inert(cell: str) -> str:
    is_number = cell[:1] in "+-" and cell[1:2] in "$0123456789-"
    return f"'{cell}" if cell.startswith(_FORMULA) and not is_number else cell
