"""What every log format is: a name, how its records are told by their keys, and a pure way from one to events."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from store.facts import UsageEvent


class NotUsageError(Exception):
    """A valid record that is no usage, and should be one; the text is the reason that rejects are counted by."""


class LineFormat(NamedTuple):
    """One log format.

    `parse` gives the events of one record: none for a record that this format knows and that carries no usage, several
    where one line holds many. It raises ValueError (msgspec's errors are some) for a record that cannot be read, and
    NotUsageError with a reason.
    """

    name: str
    recognises: Callable[[frozenset[str]], bool]
    parse: Callable[[bytes], Sequence[UsageEvent]]
