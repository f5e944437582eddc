"""Provisioned capacity at providers over a window: what it cost, and which requests it covers."""

from dataclasses import dataclass
from decimal import Decimal

from pricing.filters import Filter, parse_filter
from pricing.hosts.economics import accrued_nano
from pricing.money import usd_from_nano
from store.facts import CommitmentFact
from store.reader import Reader
from store.sums import SumKey
from store.tables import DIMENSIONS
from tui.reading.moment import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One commitment over one window."""

    name: str
    nano_usd: int
    """Accrued over the window."""
    usd_per_hour: Decimal
    """At the window's end; 0 when it is not in force any more."""
    filter: Filter

    @property
    def unused(self) -> str:
        """What its dollars are called while no request uses it."""
        return f"(unused: {self.name})"

    def covers(self, key: SumKey) -> bool:
        """Whether a series is under it."""
        return self.filter.matches(key.values(DIMENSIONS))


def commitments(reader: Reader, at: Moment) -> tuple[Commitment, ...]:
    """Every commitment that accrued in the window."""
    found = (_over(fact, at) for fact in reader.commitments())
    return tuple(one for one in found if one.nano_usd)


def _over(fact: CommitmentFact, at: Moment) -> Commitment:
    ends_ms = at.until_ms if fact.until_ms is None else min(fact.until_ms, at.until_ms)
    in_force = fact.since_ms <= at.until_ms and (fact.until_ms is None or fact.until_ms > at.until_ms)
    return Commitment(
        name=fact.name,
        nano_usd=accrued_nano(fact.usd_per_hour_nano, max(fact.since_ms, at.since_ms), ends_ms),
        usd_per_hour=usd_from_nano(fact.usd_per_hour_nano) if in_force else Decimal(0),
        filter=parse_filter(fact.filter, DIMENSIONS),
    )
