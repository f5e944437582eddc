"""Sums out of the rollups, and turning many of them into `Totals` by any dimension."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import add
from typing import NamedTuple, TypeVar

from pricing.card import UNKNOWN_COST, CardStatus
from pricing.totals import Totals
from pricing.usage import Usage
from store.facts import Dimensions, Outcome
from store.requests.units import Units, merged
from store.tables import ENGINE, GPU, KEPT_DIMENSIONS, MEASURES, SIDE_DIMENSIONS, TOKEN_COLUMNS

_AT = {name: position for position, name in enumerate(MEASURES)}
_TOKENS = slice(_AT["input"], _AT["input"] + len(TOKEN_COLUMNS))
_BILLED = slice(_AT["input"], _AT["output"] + 1)
_OF_SIDES = frozenset((*SIDE_DIMENSIONS, *KEPT_DIMENSIONS, GPU, ENGINE))
"""What no series says."""


class CardNote(NamedTuple):
    """What a sum needs to know of a card."""

    card_id: str
    status: CardStatus
    record: str


class SumKey(NamedTuple):
    """What a sum is of."""

    dimensions: Dimensions
    card: CardNote
    sides: tuple[tuple[str, str | None], ...] = ()
    """User, end user, tag or session, for sums that are of one: (dimension, value)."""

    def value(self, dimension: str) -> str | None:
        """This sum's member of a dimension; `priced_as` is the record that its card stands for."""
        for name, value in self.sides:
            if name == dimension:
                return value
        if dimension in _OF_SIDES:
            return None
        return self.card.record if dimension == "priced_as" else getattr(self.dimensions, dimension)

    def values(self, dimensions: Iterable[str]) -> dict[str, str | None]:
        """This sum's members of several dimensions."""
        return {dimension: self.value(dimension) for dimension in dimensions}


class Sum(NamedTuple):
    """Measures of one series at one card, in the order of MEASURES."""

    key: SumKey
    measures: tuple[int, ...]
    units: Units = ()
    """What is billed beside tokens; sums by user, end user or tag do not know it."""

    def plus(self, other: "Sum") -> "Sum":
        """The same series and card over both times."""
        units = merged(self.units, other.units) if self.units or other.units else ()
        return Sum(self.key, tuple(map(add, self.measures, other.measures)), units)

    @property
    def tokens(self) -> int:
        """Tokens of every class."""
        return sum(self.measures[_BILLED])

    @property
    def requests(self) -> int:
        """How many records these are."""
        return self.measures[_AT["requests"]]

    @property
    def nano_usd(self) -> int:
        """What they cost, as far as it is known."""
        return self.measures[_AT["nano_usd"]]

    @property
    def usage(self) -> Usage:
        """The tokens by class, and what is billed beside them."""
        return Usage.of(self.measures[_TOKENS], self.units)


Group = TypeVar("Group")

_ORDINARY = {
    "requests": "requests",
    "retries": "retries",
    "partial_requests": "partial",
    "metered_nano_usd": "nano_usd",
    "duration_ms": "duration_ms",
    "durations": "durations",
}
"""Counts of `Totals` that are measures of every sum."""
_BILLED_ALONE = {"reported_nano_usd": "reported_nano_usd", "reported_requests": "reported"}
"""The same without what a gateway's cache served."""
_OUTCOMES = {Outcome.RETRIED: "retried", Outcome.FALLBACK: "fallback", Outcome.CUT: "cut"}
"""Outcomes whose requests and dollars are counted by themselves."""


def group(sums: Iterable[Sum], of: Callable[[SumKey], Group]) -> dict[Group, Totals]:
    """Totals of each group of sums."""
    groups: dict[Group, list[Sum]] = {}
    for one in sums:
        groups.setdefault(of(one.key), []).append(one)
    return {name: total(members) for name, members in groups.items()}


def total(sums: Iterable[Sum]) -> Totals:
    """All of them in one; what a gateway's cache served stands apart from the tokens."""
    everything = list(sums)
    apart: dict[str, int] = {}
    for one in everything:
        if one.key.card.status is not CardStatus.PRICED or one.key.dimensions.outcome is not Outcome.OK:
            for count, amount in _apart(one):
                apart[count] = apart.get(count, 0) + amount
    measures = _add(everything)
    counts = {count: measures[_AT[measure]] for count, measure in _ORDINARY.items()}
    if "cached_requests" in apart:
        everything = [one for one in everything if one.key.card.status is not CardStatus.CACHED]
        measures = _add(everything)
    counts |= {count: measures[_AT[measure]] for count, measure in _BILLED_ALONE.items()}
    return Totals(tokens=Usage.of(measures[_TOKENS], _units(everything)), **counts, **apart)


def _apart(one: Sum) -> Iterator[tuple[str, int]]:
    """(count of `Totals`, amount) of what counts as more than requests that were answered at a known price."""
    requests, nano_usd, outcome, status = one.requests, one.nano_usd, one.key.dimensions.outcome, one.key.card.status
    if outcome.failed:
        yield "errors", requests
        yield "failed_nano_usd", nano_usd
    if outcome in _OUTCOMES:
        yield f"{_OUTCOMES[outcome]}_requests", requests
        yield f"{_OUTCOMES[outcome]}_nano_usd", nano_usd
    if status in UNKNOWN_COST:
        yield "unpriced_requests", requests
        yield "unknown_tokens", one.tokens
        if not one.tokens and not one.units:
            yield "unmetered_requests", requests
        if outcome.failed or outcome is Outcome.CUT:
            yield "lost_unpriced_requests", requests
    elif status is CardStatus.ESTIMATED:
        yield "estimated_requests", requests
    elif status is CardStatus.HOSTED:
        yield "hosted_tokens", one.tokens
    elif status is CardStatus.CACHED:
        yield "cached_requests", requests
        yield "cached_tokens", one.tokens
        yield "saved_nano_usd", one.measures[_AT["reported_nano_usd"]]
        yield "saved_requests", one.measures[_AT["reported"]]


def _add(sums: list[Sum]) -> Sequence[int]:
    if len(sums) == 1:
        return sums[0].measures
    return [sum(column) for column in zip(*[one.measures for one in sums], strict=True)] or [0] * len(MEASURES)


def _units(sums: Iterable[Sum]) -> Units:
    billed = [one.units for one in sums if one.units]
    if not billed:
        return ()
    found: Counter[str] = Counter()
    for units in billed:
        found.update(dict(units))
    return tuple(sorted(found.items()))
