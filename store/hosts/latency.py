"""How long things took, as the buckets of a histogram: added up over any while, and asked for a percentile."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Bucket(NamedTuple):
    """How many took longer than `above` seconds and at most `up_to` (infinity in a histogram's last bucket)."""

    above: float
    up_to: float
    number: int


class Quantile(NamedTuple):
    """A percentile; `beyond` says that it is longer than `seconds`, the last bound that the histogram has."""

    seconds: float
    beyond: bool = False


def quantile(buckets: Sequence[Bucket], share: float) -> Quantile | None:
    """The duration that this share of all took at most; None where nothing was measured.

    Within a bucket durations are taken to be spread evenly, as Prometheus' `histogram_quantile` does:
    https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile.
    """
    rank, before = share * sum(one.number for one in buckets), 0
    for one in sorted(buckets, key=lambda one: (one.up_to, one.above)):
        if one.number and before + one.number >= rank:
            if math.isinf(one.up_to):
                return Quantile(one.above, beyond=True)
            return Quantile(one.above + (one.up_to - one.above) * (rank - before) / one.number)
        before += one.number
    return None


def added(buckets: Iterable[Bucket]) -> tuple[Bucket, ...]:
    """Each bucket once, with all its counts."""
    counts: dict[tuple[float, float], int] = {}
    for above, up_to, count in buckets:
        counts[above, up_to] = counts.get((above, up_to), 0) + count
    return tuple(Bucket(*bounds, count) for bounds, count in sorted(counts.items()))


def packed(buckets: Iterable[Bucket]) -> str | None:
    """As one text, which may be put behind another with a space between; None without any."""
    return " ".join(f"{above:.12g}:{up_to:.12g}:{count}" for above, up_to, count in buckets) or None


def unpacked(text: str | None) -> tuple[Bucket, ...]:
    """What was packed, added up."""
    parts = (part.split(":") for part in (text or "").split())
    return added(Bucket(float(above), float(up_to), int(count)) for above, up_to, count in parts)
