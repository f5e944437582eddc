"""Dollars as a budget counts them: metered ones that its filter lets through, committed ones that it covers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from weakref import WeakKeyDictionary

from pricing.budget import BOTH, COMMITTED, METERED
from pricing.filters import Filter, FilterError, parse_filter
from pricing.hosts.economics import accrued_nano
from pricing.pattern import HOUR_MS, Hour
from pricing.periods import local_time
from pricing.totals import Totals
from store.facts import CommitmentFact, HostFact
from store.hosting import HostFacts, host_facts
from store.reader import Reader
from store.sided import asked_sides, sided, wants
from store.sums import Sum, SumKey, total
from store.tables import DIMENSIONS, ROLLUPS, SIDE_DIMENSIONS

_MINUTE_MS = 60_000
_MOST_HISTORY_MS = 28 * 24 * HOUR_MS
_RENEWED_MS = 10 * _MINUTE_MS
_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """What a budget is about: a filter, and metered dollars, committed ones or both."""

    filter: str = ""
    counts: str = BOTH


@dataclass(frozen=True, slots=True)
class Spent:
    """Nano-dollars, and whether there is more that has no known price."""

    nano_usd: int
    is_lower_bound: bool
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Spending:
    """Asks one store each question once; for one picture, since the store goes on."""

    reader: Reader
    _sums: dict[tuple[int, int, bool], list[Sum]] = field(default_factory=dict)
    _facts: list[HostFact | CommitmentFact] | None = None
    _host_facts: HostFacts | None = None

    def spent(self, scope: Scope, since_ms: int, until_ms: int, *, lagging: bool = False) -> Spent:
        """What a scope cost over [since, until), widened to whole minutes; parts of a window add up to it exactly.

        `lagging` is for rates: what only providers count ends where it is complete.
        """
        wanted = parsed(scope.filter)
        if wanted is None:
            return Spent(0, is_lower_bound=True, doubts=(f"its filter cannot be read: {scope.filter}",))
        since_ms = since_ms // _MINUTE_MS * _MINUTE_MS
        fixed = 0 if scope.counts == METERED else self._committed(wanted, since_ms, until_ms)
        if scope.counts == COMMITTED:
            return Spent(fixed, is_lower_bound=False)
        totals, doubts = self._metered(wanted, since_ms, until_ms, lagging=lagging)
        return Spent(totals.metered_nano_usd + fixed, _is_lower_bound(totals, scope, fixed), doubts)

    def history_since_ms(self, scope: Scope) -> int | None:
        """From when on a scope's dollars are known: the oldest sum, else the first host; None in an empty store."""
        oldest_ms = None if scope.counts == COMMITTED else self.reader.known_since_ms()
        return (
            oldest_ms if oldest_ms is not None else min((one.since_ms for one in self._committed_facts()), default=None)
        )

    def hours(self, scope: Scope, until_ms: int, zone: tzinfo) -> tuple[Hour, ...]:
        """Whole hours up to the one that holds `until_ms`, at most four weeks of them, without gaps, oldest first.

        Empty for filters by user or tag, of which there are no sums to tell a pattern from.
        """
        wanted, begins_ms = parsed(scope.filter), self.reader.known_since_ms()
        if wanted is None or begins_ms is None or asked_sides((), wanted):
            return ()
        last_ms = until_ms // HOUR_MS * HOUR_MS
        first_ms = max(-(-begins_ms // HOUR_MS) * HOUR_MS, last_ms - _MOST_HISTORY_MS)
        kept = _HOURS.setdefault(self.reader, {})
        key = (scope, first_ms, last_ms, until_ms // _RENEWED_MS, zone)
        if key not in kept:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[key] = self._hours(scope, wanted, first_ms, last_ms, zone)
        return kept[key]

    def steps(self, scope: Scope, since_ms: int, until_ms: int, step_s: int) -> list[int]:
        """Nano-dollars of each step of [since, until), the first beginning at `since`; minutes or hours where it can be."""
        wanted = parsed(scope.filter)
        edges = range(since_ms, until_ms, step_s * 1000)
        if wanted is None:
            return [0] * len(edges)
        if step_s not in ROLLUPS.values() or asked_sides((), wanted):
            return [self.spent(scope, at, min(at + step_s * 1000, until_ms)).nano_usd for at in edges]
        spent, keys = [0] * len(edges), _keys(wanted)
        for bucket, key, nano_usd, _ in (
            [] if scope.counts == COMMITTED else self.reader.steps(since_ms, until_ms, step_s)
        ):
            place = (bucket * 1000 - since_ms) // (step_s * 1000)
            if 0 <= place < len(spent) and (keys is None or keys(key)):
                spent[place] += nano_usd
        if scope.counts == METERED:
            return spent
        fixed = (self._committed(wanted, at, min(at + step_s * 1000, until_ms)) for at in edges)
        return [metered + more for metered, more in zip(spent, fixed, strict=True)]

    def _hours(self, scope: Scope, wanted: Filter, first_ms: int, last_ms: int, zone: tzinfo) -> tuple[Hour, ...]:
        metered = {} if scope.counts == COMMITTED else self.reader.hourly(first_ms, last_ms, _keys(wanted))
        fixed = scope.counts != METERED
        return tuple(
            hour._replace(
                nano_usd=metered.get(hour.begins_ms // 1000, 0)
                + (self._committed(wanted, hour.begins_ms, hour.begins_ms + HOUR_MS) if fixed else 0)
            )
            for hour in hours_between(first_ms, last_ms, zone)
        )

    def _metered(
        self, wanted: Filter, since_ms: int, until_ms: int, *, lagging: bool
    ) -> tuple[Totals, tuple[str, ...]]:
        if asked_sides((), wanted):
            found = sided(self.reader, since_ms, until_ms, (), wanted)
            return total(one for one in found.whole if wants(wanted, one.key)), found.doubts
        window = (since_ms // _MINUTE_MS, -(-until_ms // _MINUTE_MS), lagging)
        if window not in self._sums:
            self._sums[window] = self.reader.sums(since_ms, until_ms, lagging=lagging)
        keys = _keys(wanted)
        return total(one for one in self._sums[window] if keys is None or keys(one.key)), ()

    def _committed(self, wanted: Filter, since_ms: int, until_ms: int) -> int:
        """What the hosts and commitments that a filter covers accrued, taken from when each began so that parts add up."""
        covered = [fact for fact in self._committed_facts() if wanted.is_empty or wanted.matches(_said(fact))]
        energy = sum(self._hosts.energy(one, since_ms, until_ms) for one in covered if isinstance(one, HostFact))
        return energy + sum(_accrued_by(fact, until_ms) - _accrued_by(fact, since_ms) for fact in covered)

    def _committed_facts(self) -> list[HostFact | CommitmentFact]:
        if self._facts is None:
            self._facts = [*self._hosts.hosts, *self.reader.commitments()]
        return self._facts

    @property
    def _hosts(self) -> HostFacts:
        if self._host_facts is None:
            self._host_facts = host_facts(self.reader.ask)
        return self._host_facts


_HOURS: WeakKeyDictionary[Reader, dict[tuple[Scope, int, int, int, tzinfo], tuple[Hour, ...]]] = WeakKeyDictionary()
"""Hours that are over, as read a few minutes ago: they only change when old logs are imported."""


@lru_cache(maxsize=64)
def hours_between(first_ms: int, until_ms: int, zone: tzinfo) -> tuple[Hour, ...]:
    """The hours of UTC that begin in [first, until), with the hour of the week that clocks in a zone show then."""
    return tuple(
        Hour(begins_ms, (local := local_time(begins_ms, zone)).weekday() * 24 + local.hour)
        for begins_ms in range(first_ms // HOUR_MS * HOUR_MS, until_ms, HOUR_MS)
    )


def parsed(text: str) -> Filter | None:
    """A scope's filter, or None for one that a newer or older version wrote."""
    try:
        return parse_filter(text, (*DIMENSIONS, *SIDE_DIMENSIONS))
    except FilterError:
        return None


def _keys(wanted: Filter) -> Callable[[SumKey], bool] | None:
    return None if wanted.is_empty else lambda key: wanted.matches(key.values(DIMENSIONS))


def _is_lower_bound(totals: Totals, scope: Scope, fixed: int) -> bool:
    unpaid = scope.counts == BOTH and totals.hosted_tokens > 0 and not fixed
    return totals.unpriced_requests > 0 or totals.partial_requests > 0 or unpaid


def _accrued_by(fact: HostFact | CommitmentFact, at_ms: int) -> int:
    ends_ms = at_ms if fact.until_ms is None else min(at_ms, fact.until_ms)
    return accrued_nano(fact.usd_per_hour_nano or 0, fact.since_ms, ends_ms)


def _said(fact: HostFact | CommitmentFact) -> dict[str, str | None]:
    """What a host or a commitment says of itself: its name, or what it was bought for."""
    said: dict[str, str | None] = dict.fromkeys(DIMENSIONS)
    if isinstance(fact, HostFact):
        return said | {"host": fact.name}
    bought = parsed(fact.filter)
    terms: Sequence[tuple[str | None, str]] = (
        [(t.dimension, t.pattern) for t in bought.terms if not t.negated] if bought else []
    )
    return said | {name: pattern for name, pattern in terms if name in said}
