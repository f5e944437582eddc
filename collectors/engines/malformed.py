"""Malformed lines of a metrics page, told once: a page repeats itself at every poll."""

from collectors.door import visible
from collectors.engines.exposition import Scan
from store.facts import Reject


class Malformed:
    """How many of them the page before had."""

    def __init__(self) -> None:
        self._before = 0

    def rejects(self, found: Scan) -> list[Reject]:
        """Lines that are malformed now and were not on the previous page."""
        more, self._before = found.malformed - self._before, found.malformed
        if more <= 0:
            return []
        return [Reject(reason="a malformed line on the metrics page", count=more, example=visible(found.example))]
