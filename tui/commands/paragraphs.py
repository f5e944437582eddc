"""Sentences and amounts as plain commands print them: wrapped to 80 columns, small amounts with their digits."""

import textwrap
from decimal import Decimal

from tui.commands.common import plain

_WIDTH = 80
_SMALLEST = Decimal("0.000000001")


def paragraph(text: str, *, first: str = "", indent: int = 0) -> list[str]:
    """Lines of at most 80 columns; `first` stands before the first one, the others are indented as far."""
    width = max(indent, len(first))
    return textwrap.wrap(
        plain(text),
        _WIDTH,
        initial_indent=first.ljust(width),
        subsequent_indent=" " * width,
        break_on_hyphens=False,
    )


def dollars(usd: Decimal, *, signed: bool = False) -> str:
    """An amount with at least three digits that mean something: 1,234.50, 0.0352, 0.000304."""
    places = 2 if abs(usd) >= 100 else 4
    if usd and abs(usd) < Decimal("0.1"):
        places = min(9, 2 - max(usd.adjusted(), _SMALLEST.adjusted()))
    return f"{usd:{'+' if signed else ''},.{places}f}"
