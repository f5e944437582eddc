"""What is odd about a record that can be read: counts that contradict each other, parts that had to be left out.

Formats stay pure functions of a record: a doubt is noted beside what they return, for whoever reads the lines.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from store.facts import Reject

CONVENTION = "usage_convention_guess: more cached than prompted, so the prompt was taken to leave the cache out"
MISMATCH = "usage_mismatch: the counts do not add up to their total, and the source's usual way was taken"
CAPPED = "bad_value: more written to the cache than was prompted, and capped"
STRANGE_SPAN = "bad_span: not as the specification says, left out of an export whose other spans were taken"
_LEFT_OUT = frozenset({STRANGE_SPAN})
"""What these say was not taken, only what stands around it."""
UNDERCOUNT = "undercount: this gateway leaves out cached tokens or thinking of this provider, so that more was billed"

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


def as_rejects(doubts: Counter[str]) -> list[Reject]:
    """What was collected, for the counts of its source."""
    return [
        Reject(reason=doubt, count=count, example="", taken=doubt not in _LEFT_OUT) for doubt, count in doubts.items()
    ]
