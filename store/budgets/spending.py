"""Dollars as a budget counts them: metered ones that its filter lets through, committed ones that it covers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pricing.budget import BOTH, COMMITTED, METERED
from pricing.card import UNKNOWN_COST, CardStatus
from pricing.filters import Filter, FilterError, parse_filter
from pricing.hosts.economics import accrued_nano
from pricing.pattern import Hour
from pricing.periods import local_time
from pricing.times import HOUR_MS, MINUTE_MS
from store.facts import CommitmentFact, HostFact
from store.hosts.hosting import FACT_TABLES, HostFacts
from store.providers.beyond import beyond
from store.reader import Reader
from store.sided import asked_sides, sided, wants
from store.sums import Sum, SumKey, total
from store.tables import DIMENSIONS, ROLLUPS, SIDE_DIMENSIONS

_MOST_HISTORY_MS = 28 * 24 * HOUR_MS
_MOST_KEPT = 256
_OF_A_CARD = {None, "priced_as"}
"""What a filter can ask of the price and not of the series; None is a word that is looked for everywhere."""


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


_Row: TypeAlias = tuple[int, int, int, int, int, int]
"""As `Reader.spend` answers."""


class _Part(NamedTuple):
    """Metered dollars of a stretch of time; whether some have no price, and whether own hosts served tokens."""

    nano_usd: int = 0
    is_unknown: bool = False
    is_hosted: bool = False

    def and_(self, other: "_Part") -> "_Part":
        return _Part(
            self.nano_usd + other.nano_usd, self.is_unknown or other.is_unknown, self.is_hosted or other.is_hosted
        )


@dataclass(slots=True)
class Spending:
    """Asks one store each question once; for one picture, since the store goes on."""

    reader: Reader
    _rows: dict[tuple[int, int], list[_Row]] = field(default_factory=dict)
    _parts: dict[tuple[str, int, int], _Part] = field(default_factory=dict)
    _beyond: dict[tuple[int, int, bool], list[Sum]] = field(default_factory=dict)
    _facts: list[HostFact | CommitmentFact] | None = None
    _host_facts: HostFacts | None = None

    def spent(self, scope: Scope, since_ms: int, until_ms: int, *, lagging: bool = False) -> Spent:
        """What a scope cost over [since, until), widened to whole minutes; parts of a window add up to it exactly.

        `lagging` is for rates: what only providers count ends where it is complete.
        """
        wanted = parsed(scope.filter)
        if wanted is None:
            return Spent(0, is_lower_bound=True, doubts=(f"its filter cannot be read: {scope.filter}",))
        since_ms = since_ms // MINUTE_MS * MINUTE_MS
        fixed = 0 if scope.counts == METERED else self._committed(wanted, since_ms, until_ms)
        if scope.counts == COMMITTED:
            return Spent(fixed, is_lower_bound=False)
        part, doubts = self._metered(scope.filter, wanted, since_ms, until_ms, lagging=lagging)
        unpaid = part.is_hosted and scope.counts == BOTH and not fixed
        return Spent(part.nano_usd + fixed, is_lower_bound=part.is_unknown or unpaid, doubts=doubts)

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
        stamp = (self.reader.sums_stamp(last_ms), self.reader.facts_stamp("commitments", *FACT_TABLES))
        asked = (scope, first_ms, last_ms, zone)
        return self.reader.kept("hours", asked, stamp, lambda: self._hours(scope, wanted, *asked[1:]))

    def steps(self, scope: Scope, since_ms: int, until_ms: int, step_s: int) -> list[int]:
        """Nano-dollars of each step of [since, until), the first beginning at `since`; minutes or hours where it can be."""
        wanted = parsed(scope.filter)
        edges = range(since_ms, until_ms, step_s * 1000)
        if wanted is None:
            return [0] * len(edges)
        if step_s not in ROLLUPS.values() or asked_sides((), wanted):
            return [self.spent(scope, at, min(at + step_s * 1000, until_ms)).nano_usd for at in edges]
        spent, keys = [0] * len(edges), None if wanted.is_empty else wanted
        for bucket, key, nano_usd, _ in (
            [] if scope.counts == COMMITTED else self.reader.steps(since_ms, until_ms, step_s)
        ):
            place = (bucket * 1000 - since_ms) // (step_s * 1000)
            if 0 <= place < len(spent) and (keys is None or keys.matches(key.values(DIMENSIONS))):
                spent[place] += nano_usd
        if scope.counts == METERED:
            return spent
        fixed = (self._committed(wanted, at, min(at + step_s * 1000, until_ms)) for at in edges)
        return [metered + more for metered, more in zip(spent, fixed, strict=True)]

    def _hours(self, scope: Scope, wanted: Filter, first_ms: int, last_ms: int, zone: tzinfo) -> tuple[Hour, ...]:
        nano_usd = {} if scope.counts == COMMITTED else self._hourly(wanted, first_ms, last_ms)
        if scope.counts != METERED:
            for begins_ms in range(first_ms, last_ms, HOUR_MS):
                fixed = self._committed(wanted, begins_ms, begins_ms + HOUR_MS)
                nano_usd[begins_ms // 1000] = nano_usd.get(begins_ms // 1000, 0) + fixed
        return tuple(
            hour._replace(nano_usd=nano_usd.get(hour.begins_ms // 1000, 0))
            for hour in hours_between(first_ms, last_ms, zone)
        )

    def _hourly(self, wanted: Filter, first_ms: int, last_ms: int) -> dict[int, int]:
        if wanted.is_empty:
            return self.reader.hourly(first_ms, last_ms)
        if not _OF_A_CARD & {term.dimension for term in wanted.terms}:
            names = [name for name in DIMENSIONS if name not in _OF_A_CARD]
            mine = [
                number
                for number, one in self.reader.series_by_id().items()
                if wanted.matches({name: getattr(one, name) for name in names})
            ]
            return self.reader.hourly(first_ms, last_ms, mine)
        hours: dict[int, int] = {}
        for bucket, key, nano_usd, _ in self.reader.steps(first_ms, last_ms, HOUR_MS // 1000):
            if nano_usd and wanted.matches(key.values(DIMENSIONS)):
                hours[bucket] = hours.get(bucket, 0) + nano_usd
        return hours

    def _metered(
        self, text: str, wanted: Filter, since_ms: int, until_ms: int, *, lagging: bool
    ) -> tuple[_Part, tuple[str, ...]]:
        if asked_sides((), wanted):
            found = sided(self.reader, since_ms, until_ms, (), wanted)
            return _part_of(one for one in found.whole if wants(wanted, one.key)), found.doubts
        window = (since_ms // MINUTE_MS, -(-until_ms // MINUTE_MS), lagging)
        if window not in self._beyond:
            self._beyond[window] = beyond(self.reader, since_ms, until_ms, lagging=lagging)
        logged = self._logged(text, wanted, since_ms, until_ms)
        if not self._beyond[window]:
            return logged, ()
        more = _part_of(one for one in self._beyond[window] if wanted.matches(one.key.values(DIMENSIONS)))
        return logged.and_(more), ()

    def _logged(self, text: str, wanted: Filter, since_ms: int, until_ms: int) -> _Part:
        """What logs hold: hours that are over, minutes of this hour that are over, and the running minute."""
        edges_ms = (until_ms // HOUR_MS * HOUR_MS, until_ms // MINUTE_MS * MINUTE_MS)
        whole = _Part()
        for edge_ms in edges_ms:
            if since_ms < edge_ms:
                whole = whole.and_(self._over(text, wanted, since_ms, edge_ms))
                since_ms = edge_ms
        return whole.and_(self._part(text, wanted, since_ms, until_ms)) if since_ms < until_ms else whole

    def _over(self, text: str, wanted: Filter, since_ms: int, until_ms: int) -> _Part:
        """Of minutes that are over."""
        asked, stamp = (text, since_ms, until_ms), self.reader.sums_stamp(until_ms)
        return self.reader.kept("spent", asked, stamp, lambda: self._part(text, wanted, since_ms, until_ms), _MOST_KEPT)

    def _part(self, text: str, wanted: Filter, since_ms: int, until_ms: int) -> _Part:
        window = (since_ms // MINUTE_MS, -(-until_ms // MINUTE_MS))
        if (text, *window) not in self._parts:
            if window not in self._rows:
                self._rows[window] = self.reader.spend(since_ms, until_ms)
            self._parts[text, *window] = self._sum(text, wanted, self._rows[window])
        return self._parts[text, *window]

    def _sum(self, text: str, wanted: Filter, rows: Iterable[_Row]) -> _Part:
        lets_in, spent, unknown, hosted = self._lets_in(text), 0, False, False
        for series, card, requests, partial, tokens, nano_usd in rows:
            pair = (series, card)
            if pair not in lets_in:
                lets_in[pair] = _status(self.reader.key(series, card), wanted)
            status = lets_in[pair]
            if status is not None:
                spent += nano_usd
                unknown = unknown or partial > 0 or (status in UNKNOWN_COST and requests > 0)
                hosted = hosted or (status is CardStatus.HOSTED and tokens > 0)
        return _Part(spent, unknown, hosted)

    def _lets_in(self, text: str) -> dict[tuple[int, int], CardStatus | None]:
        """By (series, card): how it is priced, None where a filter keeps it out; it fills, since neither ever changes."""
        return self.reader.kept("lets in", text, None, dict[tuple[int, int], CardStatus | None])

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
            self._host_facts = self.reader.host_facts()
        return self._host_facts


def hours_between(first_ms: int, until_ms: int, zone: tzinfo) -> tuple[Hour, ...]:
    """The hours of UTC that begin in [first, until), with the hour of the week that clocks in a zone show then."""
    return _whole_hours(first_ms // HOUR_MS, -(-until_ms // HOUR_MS), zone)


@lru_cache(maxsize=64)
def _whole_hours(first: int, end: int, zone: tzinfo) -> tuple[Hour, ...]:
    return tuple(
        Hour(hour * HOUR_MS, (local := local_time(hour * HOUR_MS, zone)).weekday() * 24 + local.hour)
        for hour in range(first, end)
    )


@lru_cache(maxsize=_MOST_KEPT)
def parsed(text: str) -> Filter | None:
    """A scope's filter, or None for one that a newer or older version wrote."""
    try:
        return parse_filter(text, (*DIMENSIONS, *SIDE_DIMENSIONS))
    except FilterError:
        return None


def _status(key: SumKey, wanted: Filter) -> CardStatus | None:
    return key.card.status if wanted.is_empty or wanted.matches(key.values(DIMENSIONS)) else None


def _part_of(sums: Iterable[Sum]) -> _Part:
    totals = total(sums)
    unknown = totals.unpriced_requests > 0 or totals.partial_requests > 0
    return _Part(totals.metered_nano_usd, unknown, totals.hosted_tokens > 0)


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
