"""Where pictures come from and what is written: a protocol, so that screens are tested without a store.

A question is a frozen value that knows what answers it, an act one that knows how it is done; each screen has its own
(`tui.questions`, `tui.acts`), so that a feed does not grow with the screens.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from pricing.books.book import PriceBook
    from pricing.books.catalogue import Catalogue
    from store.reader import Reader

P = TypeVar("P")

Prices: TypeAlias = "Callable[[], tuple[PriceBook, Catalogue]]"
"""The books in force, and the catalogue among them."""


class FeedError(Exception):
    """The picture cannot be read now; the text is a sentence for the screen."""


class OpenStore(msgspec.Struct, frozen=True, kw_only=True):
    """An open store, and what else an answer depends on."""

    reader: Reader
    now_ms: int
    machine: str
    demo: bool
    prices: Prices | None
    """None where prices of other models are not loaded."""


class Question(msgspec.Struct, Generic[P], frozen=True):
    """Something that a screen wants to know."""

    def answer(self, store: OpenStore) -> P:
        """The picture; what reads it is loaded when it is first asked for. Raises FeedError or StoreError."""
        raise NotImplementedError


class Act(msgspec.Struct, frozen=True):
    """Something that a person at the screen wants to be written."""

    REFUSED: ClassVar[str] = ""
    """How a sentence about its failure begins."""

    def do(self, path: Path, now_ms: int) -> str:
        """Write it into the store; what was done, in a sentence. Raises FeedError, StoreError or ValueError."""
        raise NotImplementedError


class Feed(Protocol):
    """Answers questions and does acts, blocking, from any thread; raises FeedError."""

    def read(self, question: Question[P]) -> P:
        """The answer as of now."""
        ...

    def do(self, act: Act) -> str:
        """What was done, in a sentence."""
        ...
