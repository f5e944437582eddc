"""Sums out of the rollups, and turning many of them into `Totals` by any dimension."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
    "reported_nano_usd": "reported_nano_usd",
    "reported_requests": "reported",
    "duration_ms": "duration_ms",
    "durations": "durations",
}
"""Counts of `Totals` that are measures of every sum."""


def group(sums: Iterable[Sum], of: Callable[[SumKey], Group]) -> dict[Group, Totals]:
    """Totals of each group of sums."""
    groups: dict[Group, list[Sum]] = {}
    for one in sums:
        groups.setdefault(of(one.key), []).append(one)
    return {name: total(members) for name, members in groups.items()}


def total(sums: Iterable[Sum]) -> Totals:
    """All of them in one; what a gateway's cache served stands apart from the tokens."""
    everything = list(sums)
    # Those that count as more than requests that were answered at a known price.
    special = [
        one
        for one in everything
        if one.key.card.status is not CardStatus.PRICED or one.key.dimensions.outcome is not Outcome.OK
    ]
    if not special:
        return _ordinary(everything)
    cached = [one for one in special if one.key.card.status is CardStatus.CACHED]
    served = [one for one in everything if one.key.card.status is not CardStatus.CACHED] if cached else everything
    all_measures = _add(everything)
    billed = _add(served) if cached else all_measures
    unknown = [one for one in special if one.key.card.status in UNKNOWN_COST]
    failed = [one for one in special if one.key.dimensions.outcome.failed]
    retried, fallback, cut = (_of(special, how) for how in (Outcome.RETRIED, Outcome.FALLBACK, Outcome.CUT))
    return Totals(
        errors=_sum(failed, "requests"),
        unpriced_requests=_sum(unknown, "requests"),
        unmetered_requests=_sum([one for one in unknown if not one.tokens and not one.units], "requests"),
        failed_nano_usd=_sum(failed, "nano_usd"),
        retried_requests=_sum(retried, "requests"),
        retried_nano_usd=_sum(retried, "nano_usd"),
        fallback_requests=_sum(fallback, "requests"),
        fallback_nano_usd=_sum(fallback, "nano_usd"),
        cut_requests=_sum(cut, "requests"),
        cut_nano_usd=_sum(cut, "nano_usd"),
        lost_unpriced_requests=_sum([one for one in unknown if _is_lost(one.key.dimensions.outcome)], "requests"),
        estimated_requests=_sum([one for one in special if one.key.card.status is CardStatus.ESTIMATED], "requests"),
        tokens=Usage.of(billed[_TOKENS], _units(served)),
        hosted_tokens=sum([one.tokens for one in special if one.key.card.status is CardStatus.HOSTED]),
        unknown_tokens=sum([one.tokens for one in unknown]),
        cached_requests=_sum(cached, "requests"),
        cached_tokens=sum([one.tokens for one in cached]),
        saved_nano_usd=_sum(cached, "reported_nano_usd"),
        saved_requests=_sum(cached, "reported"),
        **_measured(all_measures)
        | {"reported_nano_usd": billed[_AT["reported_nano_usd"]], "reported_requests": billed[_AT["reported"]]},
    )


def _of(sums: Iterable[Sum], outcome: Outcome) -> list[Sum]:
    return [one for one in sums if one.key.dimensions.outcome is outcome]


def _is_lost(outcome: Outcome) -> bool:
    return outcome.failed or outcome is Outcome.CUT


def _ordinary(sums: list[Sum]) -> Totals:
    """The same where nothing stands apart, which is nearly always, and quicker."""
    measures = _add(sums)
    return Totals(
        tokens=Usage.of(measures[_TOKENS], _units(sums)),
        **_measured(measures),
    )


def _measured(measures: Sequence[int]) -> dict[str, int]:
    return {name: measures[_AT[measure]] for name, measure in _ORDINARY.items()}


def _sum(sums: Sequence[Sum], measure: str) -> int:
    if not sums:
        return 0
    place = _AT[measure]
    return sum([one.measures[place] for one in sums])


def _add(sums: list[Sum]) -> Sequence[int]:
    if len(sums) == 1:
        return sums[0].measures
    return [sum(column) for column in zip(*(one.measures for one in sums), strict=True)] or [0] * len(MEASURES)


def _units(sums: Iterable[Sum]) -> Units:
    found: Counter[str] = Counter()
    for one in sums:
        if one.units:
            found.update(dict(one.units))
    return tuple(sorted(found.items()))
