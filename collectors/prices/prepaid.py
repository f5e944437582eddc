"""What is paid by the hour at providers and so not by the token: which requests, and between which dates."""

from collections.abc import Iterable, Mapping, Sequence

from pricing.filters import parse_filter
from store.facts import CommitmentFact

PREPAID_DIMENSIONS = ("provider", "model", "deployment", "tenant", "key", "call_type", "outcome")
"""What a commitment can be matched by: what a request says of itself before it is priced."""


class Prepaid:
    """Commitments with the dates between which they are in force; a request belongs to its own time."""

    def __init__(self, facts: Iterable[CommitmentFact] = ()) -> None:
        self._bought = [(parse_filter(f.filter, PREPAID_DIMENSIONS), f.since_ms, f.until_ms) for f in facts]

    def __bool__(self) -> bool:
        return bool(self._bought)

    def covers(self, said: Mapping[str, str | None], at_ms: int) -> bool:
        """Whether a request of these dimensions that ended at this instant was paid by the hour."""
        return any(
            since_ms <= at_ms and (until_ms is None or at_ms < until_ms) and wanted.matches(said)
            for wanted, since_ms, until_ms in self._bought
        )


def in_force(stored: Sequence[CommitmentFact], configured: Sequence[CommitmentFact]) -> list[CommitmentFact]:
    """What the store knows, and what a configuration says beyond it before a collector has put that in force.

    One with dates tells its whole past; one without begins when a collector first sees it, which is in the store.
    """
    known = {fact.name for fact in stored}
    dated = {fact.name for fact in configured if fact.dated}
    return [
        *(fact for fact in stored if fact.name not in dated),
        *(fact for fact in configured if fact.dated or fact.name not in known),
    ]
