"""Durations out of the counters of a histogram: their sum, their number, and how many fell into which bucket."""

from collections.abc import Hashable, Mapping
from math import isnan

from collectors.engines.page import Count, Histogram, Series
from store.facts import Timed
from store.hosts.latency import Bucket

_PARTS = ("_bucket", "_sum", "_count")


def histogram_of(series: Series) -> Hashable:
    """What a series belongs to: the counters of one histogram begin anew together."""
    _, metric, labels = series
    for part in _PARTS:
        if metric.endswith(part):
            return metric.removesuffix(part), frozenset(label for label in labels if label[0] != "le")
    return metric, labels


def timed(sums: Mapping[Count, float], gains: Mapping[Series, float], of: Histogram) -> Timed | None:
    """What was measured between two pages, or None where the page does not expose it."""
    seconds, count = sums.get(of.seconds), sums.get(of.number)
    if seconds is None or count is None:
        return None
    return Timed(seconds, round(count), _buckets(gains, of.buckets))


def _buckets(gains: Mapping[Series, float], of: Count | None) -> tuple[Bucket, ...]:
    """The buckets that gained something; on a page each counts those below it, too."""
    reached: dict[float, float] = {}
    for (count, _, labels), gain in gains.items():
        bound = _bound(dict(labels).get("le", "")) if count is of else None
        if bound is not None:
            reached[bound] = reached.get(bound, 0.0) + gain
    found, above, below = [], 0.0, 0.0
    for bound in sorted(reached):
        # One that was written while the page was made may stand below the one before it.
        if (gained := round(reached[bound] - below)) > 0:
            found.append(Bucket(above, bound, gained))
        above, below = bound, max(below, reached[bound])
    return tuple(found)


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if isnan(bound) or bound < 0 else bound
