"""Marks: what somebody did and when (a deploy, a flag flipped), to be drawn on every time chart."""

from pathlib import Path

import msgspec

from store.asking import Ask
from store.brief import brief_transaction

MOST_CHARACTERS = 200
"""A mark is a label on a chart, not a place to store things."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at an instant."""

    at_ms: int
    text: str


def set_mark(path: Path, at_ms: int, text: str) -> Mark:
    """Set a mark, from any process; the same mark set again stays one. ValueError for an empty text."""
    mark = Mark(at_ms=at_ms, text=_label(text))
    with brief_transaction(path) as connection:
        connection.execute("INSERT OR IGNORE INTO marks (at_ms, text) VALUES (?, ?)", (mark.at_ms, mark.text))
    return mark


def remove_mark(path: Path, mark: Mark) -> bool:
    """Take a mark away again; whether it was there."""
    with brief_transaction(path) as connection:
        found = connection.execute("DELETE FROM marks WHERE at_ms = ? AND text = ?", (mark.at_ms, mark.text))
        return found.rowcount > 0


def read_marks(ask: Ask, since_ms: int, until_ms: int) -> list[Mark]:
    """The marks of [since, until), oldest first."""
    question = "SELECT at_ms, text FROM marks WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, text"
    return [Mark(at_ms=row[0], text=row[1]) for row in ask(question, (since_ms, until_ms))]


def _label(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("a mark needs a text, such as `deploy 41`")
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"
