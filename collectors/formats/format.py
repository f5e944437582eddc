"""What every log format is: a name, how its records are told by their keys, and a pure way from one to events."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from store.facts import UsageEvent


class NotUsageError(Exception):
    """A valid record that is no usage, and should be one; the text is the reason that rejects are counted by."""


class Follower(Protocol):
    """Reads the lines of one file in their order, where a line means nothing without those before it."""

    def parse(self, line: bytes, /) -> Sequence[UsageEvent]:
        """The events that this line completes."""
        ...

    def memory(self) -> bytes:
        """What to know of the lines so far to go on behind them: small, and stored with the position."""
        ...


class Rest(NamedTuple):
    """What lines leave open that nothing follows: the calls, and what is remembered once they are told."""

    events: Sequence[UsageEvent]
    memory: bytes


class LineFormat(NamedTuple):
    """One log format.

    `parse` gives the events of one record: none for a record that this format knows and that carries no usage, several
    where one line holds many. It raises ValueError (msgspec's errors are some) for a record that cannot be read, and
    NotUsageError with a reason. Where lines hang together, `follow` makes what reads on from a memory (empty at the
    start of a file, and never an error), and `parse` takes a line that stands alone; `rest` says what a memory (of any
    format) leaves open, or None.
    """

    name: str
    recognises: Callable[[frozenset[str]], bool]
    parse: Callable[[bytes], Sequence[UsageEvent]]
    follow: Callable[[bytes], Follower] | None = None
    rest: Callable[[bytes], Rest | None] | None = None
