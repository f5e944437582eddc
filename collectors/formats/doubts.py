"""Records that were taken although their counts contradict each other: how often that happened, by what was made of them.

Formats stay pure functions of a record: a doubt is noted beside what they return, for whoever reads the lines.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CONVENTION = "usage_convention_guess: more cached than prompted, so the prompt was taken to leave the cache out"
MISMATCH = "usage_mismatch: the counts do not add up to their total, and the source's usual way was taken"
CAPPED = "bad_value: more written to the cache than was prompted, and capped"

_noted: ContextVar[Counter[str] | None] = ContextVar("doubts", default=None)


def note(doubt: str) -> None:
    """Count a doubt of the record that is read now; without somebody who collects them nothing happens."""
    found = _noted.get()
    if found is not None:
        found[doubt] += 1


@contextmanager
def collecting() -> Iterator[Counter[str]]:
    """The doubts that are noted meanwhile, in this thread alone."""
    found: Counter[str] = Counter()
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)
