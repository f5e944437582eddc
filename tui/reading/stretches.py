"""A window cut where a price, a capacity or the engines on a host changed, so that each dollar meets the work of its time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from store.asking import Ask
from store.hosts.capacity import seen_between, watched_between
from store.hosts.hosting import HostFacts
from tui.reading.moment import Moment

_MOST = 24
"""More cuts than that are not worth their time: the shortest stretches join their neighbours."""

_PATIENCE_SECONDS = 120
"""An engine that is not read for so long, while others are, is not there."""


def stretches(facts: HostFacts, at: Moment) -> list[Moment]:
    """The window in whole minutes, one stretch where nothing changed."""
    edges = _edges({*facts.changes_ms(), *_comings_and_goings(facts.ask, at)}, at)
    while len(edges) > _MOST:
        lengths = [(later - edge, place) for place, (edge, later) in enumerate(pairwise(edges[1:]))]
        del edges[min(lengths)[1] + 1]
    return [replace(at, since_ms=a, until_ms=b) for a, b in pairwise(edges)]


def _edges(changes_ms: Iterable[int], at: Moment) -> list[int]:
    minutes = {change // 60_000 * 60_000 for change in changes_ms}
    return [at.since_ms, *sorted(edge for edge in minutes if at.since_ms < edge < at.until_ms), at.until_ms]


def _comings_and_goings(ask: Ask, at: Moment) -> Iterator[int]:
    """When engines came and went, while others were watched: when nobody watches, nobody can tell."""
    seen = seen_between(ask, at.since_ms, at.until_ms)
    watched = watched_between(ask, at.since_ms, at.until_ms, seen) if seen else None
    if watched is None:
        return
    for _, _, first, last in seen:
        if first > watched[0] + _PATIENCE_SECONDS:
            yield first * 1000
        if last < watched[1] - _PATIENCE_SECONDS:
            yield (last + 60) * 1000
