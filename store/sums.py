"""Sums out of the rollups, and turning many of them into `Totals` by any dimension."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from pricing.card import UNKNOWN_COST, CardStatus
from pricing.totals import Totals
from pricing.usage import Usage
from store.facts import Dimensions, Outcome
from store.tables import GPU, KEPT_DIMENSIONS, MEASURES, SIDE_DIMENSIONS, TOKEN_COLUMNS
from store.units import Units

_AT = {name: position for position, name in enumerate(MEASURES)}
_TOKENS = slice(_AT["input"], _AT["input"] + len(TOKEN_COLUMNS))
_BILLED = slice(_AT["input"], _AT["output"] + 1)


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
        if dimension in (*SIDE_DIMENSIONS, *KEPT_DIMENSIONS, GPU):
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

_LOST = (Outcome.ERROR, Outcome.CUT)


def group(sums: Iterable[Sum], of: Callable[[SumKey], Group]) -> dict[Group, Totals]:
    """Totals of each group of sums."""
    groups: dict[Group, list[Sum]] = {}
    for one in sums:
        groups.setdefault(of(one.key), []).append(one)
    return {name: total(members) for name, members in groups.items()}


def total(sums: Iterable[Sum]) -> Totals:
    """All of them in one; what a gateway's cache served stands apart from the tokens."""
    everything = list(sums)
    served = [one for one in everything if one.key.card.status is not CardStatus.CACHED]
    cached = [one for one in everything if one.key.card.status is CardStatus.CACHED]
    all_measures, billed = _add(everything), _add(served)
    unknown = [one for one in everything if one.key.card.status in UNKNOWN_COST]
    failed = [one for one in everything if one.key.dimensions.outcome is Outcome.ERROR]
    cut = [one for one in everything if one.key.dimensions.outcome is Outcome.CUT]
    return Totals(
        requests=all_measures[_AT["requests"]],
        errors=_sum(failed, "requests"),
        retries=all_measures[_AT["retries"]],
        unpriced_requests=_sum(unknown, "requests"),
        unmetered_requests=_sum((one for one in unknown if not one.tokens and not one.units), "requests"),
        failed_nano_usd=_sum(failed, "nano_usd"),
        cut_requests=_sum(cut, "requests"),
        cut_nano_usd=_sum(cut, "nano_usd"),
        lost_unpriced_requests=_sum((one for one in unknown if one.key.dimensions.outcome in _LOST), "requests"),
        partial_requests=all_measures[_AT["partial"]],
        estimated_requests=_count(everything, lambda key: key.card.status is CardStatus.ESTIMATED),
        tokens=Usage.of(billed[_TOKENS], _units(served)),
        hosted_tokens=sum(one.tokens for one in everything if one.key.card.status is CardStatus.HOSTED),
        unknown_tokens=sum(one.tokens for one in unknown),
        cached_requests=_sum(cached, "requests"),
        cached_tokens=sum(one.tokens for one in cached),
        metered_nano_usd=all_measures[_AT["nano_usd"]],
        reported_nano_usd=all_measures[_AT["reported_nano_usd"]],
        reported_requests=all_measures[_AT["reported"]],
        duration_ms=all_measures[_AT["duration_ms"]],
        durations=all_measures[_AT["durations"]],
        first_token_ms=all_measures[_AT["first_token_ms"]],
        first_tokens=all_measures[_AT["first_tokens"]],
    )


def _sum(sums: Iterable[Sum], measure: str) -> int:
    return sum(one.measures[_AT[measure]] for one in sums)


def _add(sums: list[Sum]) -> list[int]:
    return [sum(column) for column in zip(*(one.measures for one in sums), strict=True)] or [0] * len(MEASURES)


def _units(sums: Iterable[Sum]) -> Units:
    found: Counter[str] = Counter()
    for one in sums:
        found.update(dict(one.units))
    return tuple(sorted(found.items()))


def _count(sums: Iterable[Sum], wanted: Callable[[SumKey], bool]) -> int:
    return sum(one.measures[_AT["requests"]] for one in sums if wanted(one.key))
