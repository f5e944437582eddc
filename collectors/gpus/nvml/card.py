"""A card as it was listed, and a figure that it can be asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card or MIG instance as it was listed; `fault` says why it could not be reached at all."""

    index: int
    uuid: str
    name: str | None = None
    handle: Any = None
    parent: "Card | None" = None
    """The card that a MIG instance is part of."""
    instance: int | None = None
    """Number of the GPU instance within that card."""
    slices: int | None = None
    """Compute slices of an instance, and of a card that has instances."""
    sm_clock_max_mhz: int | None = None
    fault: str | None = None


Way: TypeAlias = Callable[[ModuleType, Card], Any]
"""One way to ask a card for a figure (the binding, the card), already in our units."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something a card can be asked, and the ways to ask it, newest first: the binding is newer than most drivers."""

    name: str
    ways: tuple[Way, ...]
