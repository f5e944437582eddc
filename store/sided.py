"""Sums by user, end user and tag, from their own rollups where one of them is asked for; by session from kept requests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import sub

from pricing.filters import Filter
from store.reader import Reader
from store.records import KeptSum
from store.sums import Sum, SumKey
from store.tables import DIMENSIONS, GPU, KEPT_DIMENSIONS, MEASURES, SIDE_DIMENSIONS

TAG = "tag"
SESSION = "session"
_BESIDE = (*SIDE_DIMENSIONS, *KEPT_DIMENSIONS)
_REQUESTS = MEASURES.index("requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sided:
    """Everything in a window, divided as far as a report asks."""

    whole: Sequence[Sum]
    """Each request once."""
    members: Sequence[Sum] | None = None
    """Each request once for each of its tags, where tags are the groups; they do not add up to the whole."""
    doubts: tuple[str, ...] = ()

    def layers(self) -> Iterator[list[Sum]]:
        """For each tag, each request once: those that have it, and all others without a tag."""
        whole = _stripped(self.whole)
        tags = dict.fromkeys(one.key.value(TAG) for one in self.members or ())
        for tag in tags:
            members = [one for one in self.members or () if one.key.value(TAG) == tag]
            yield [*members, *_unsaid((), whole, members)]


def asked_sides(dimensions: Sequence[str], wanted: Filter) -> tuple[str, ...]:
    """The dimensions beside a series that a report needs: those it is grouped by or filtered by."""
    named = {*dimensions, *(term.dimension for term in wanted.terms)}
    return tuple(side for side in _BESIDE if side in named)


def wants(wanted: Filter, key: SumKey) -> bool:
    """Whether every condition holds; one on tags when any tag meets it or, negated, when none is excluded."""
    for term in wanted.terms:
        said: list[str | None] = [value for name, value in key.sides if name == term.dimension]
        if term.dimension not in _BESIDE:
            holds = term.holds(key.values((*DIMENSIONS, GPU)))
        else:
            each = [term.holds({term.dimension: value}) for value in said or [None]]
            holds = all(each) if term.negated else any(each)
        if not holds:
            return False
    return True


def sided(reader: Reader, since_ms: int, until_ms: int, dimensions: Sequence[str], wanted: Filter) -> Sided:
    """The sums of a window, as the groups and conditions of a report need them."""
    sides = asked_sides(dimensions, wanted)
    plain = reader.sums(since_ms, until_ms)
    if not sides:
        return Sided(whole=plain)
    side = sides[0]
    terms = [term for term in wanted.terms if term.dimension == TAG]
    if len(sides) > 1 or SESSION in sides or any(term.negated for term in terms):
        return _kept(reader, since_ms, until_ms, dimensions, sides, wanted)
    divided = reader.side_sums(side, since_ms, until_ms)
    if side != TAG:
        return Sided(whole=[*divided, *_unsaid(((side, None),), plain, divided)])
    if not terms:
        return Sided(whole=plain, members=divided)
    met = [one for one in divided if all(term.holds({TAG: one.key.value(TAG)}) for term in terms)]
    if len(terms) > 1 or not terms[0].pattern or len({one.key.value(TAG) for one in met}) > 1:
        return _kept(reader, since_ms, until_ms, dimensions, sides, wanted)
    return Sided(whole=[*met, *_unsaid((), plain, met)], members=met if TAG in dimensions else None)


def _unsaid(sides: tuple[tuple[str, str | None], ...], plain: Iterable[Sum], divided: Iterable[Sum]) -> list[Sum]:
    """What is left of each series when a part of it was divided off, in which each request is once at most."""
    said: Counter[tuple[SumKey, int]] = Counter()
    for one in divided:
        key = one.key._replace(sides=())
        for place, amount in enumerate(one.measures):
            said[key, place] += amount
    found = []
    for one in plain:
        gone = tuple(said[one.key, place] for place in range(len(MEASURES)))
        rest = Sum(one.key._replace(sides=sides), tuple(map(sub, one.measures, gone)))
        if rest.measures[_REQUESTS] > 0:
            found.append(rest)
    return found


def _stripped(sums: Iterable[Sum]) -> list[Sum]:
    """The same by series and card alone."""
    found: dict[SumKey, tuple[int, ...]] = {}
    for one in sums:
        key = one.key._replace(sides=())
        before = found.get(key)
        found[key] = one.measures if before is None else tuple(map(int.__add__, before, one.measures))
    return [Sum(key, measures) for key, measures in found.items()]


def _kept(
    reader: Reader, since_ms: int, until_ms: int, dimensions: Sequence[str], sides: Sequence[str], wanted: Filter
) -> Sided:
    """Only single requests know their session, and which user, end user and tags go together."""
    kept = reader.kept_sums(since_ms, until_ms, by_session=SESSION in sides)
    doubt = f"{' and '.join(sides)}: only single requests say this, and the report counts those that are kept"
    kept_since_ms = reader.kept_since_ms()
    if kept_since_ms is None or kept_since_ms > since_ms:
        doubt += "; of the window's beginning there may be none"
    mine = [one for one in kept if wants(wanted, one.sum.key._replace(sides=one.sides))]
    return Sided(
        whole=[one.sum._replace(key=one.sum.key._replace(sides=one.sides)) for one in kept],
        members=[part for one in mine for part in _expanded(one, wanted)] if TAG in dimensions else None,
        doubts=(doubt,),
    )


def _expanded(one: KeptSum, wanted: Filter) -> Iterator[Sum]:
    """The same sum once for each of its tags that the filter lets through."""
    others = tuple(side for side in one.sides if side[0] != TAG)
    tags = [side for side in one.sides if side[0] == TAG]
    for tag in tags:
        key = one.sum.key._replace(sides=(tag, *others))
        if wants(wanted, key):
            yield one.sum._replace(key=key)
