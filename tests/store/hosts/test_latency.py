"""Percentiles out of the buckets of histograms."""

import bisect
import math

from hypothesis import given
from hypothesis import strategies as st

from store.hosts.latency import Bucket, Quantile, added, packed, quantile, unpacked

BOUNDS = (0.1, 0.25, 0.5, 1.0, math.inf)


def histogram(durations: list[float]) -> list[Bucket]:
    """Durations sorted into the bounds by hand."""
    counts = [0] * len(BOUNDS)
    for seconds in durations:
        counts[bisect.bisect_left(BOUNDS, seconds)] += 1
    return [
        Bucket(*bounds, count) for bounds, count in zip(zip((0.0, *BOUNDS), BOUNDS, strict=False), counts, strict=True)
    ]


def test_within_a_bucket_durations_are_spread_evenly() -> None:
    """Of ten, two are below 100 ms, and eight between 250 and 500: the fifth is the third of these eight."""
    buckets = [Bucket(0.0, 0.1, 2), Bucket(0.25, 0.5, 8)]
    assert quantile(buckets, 0.5) == Quantile(0.25 + 0.25 * 3 / 8)
    assert quantile(buckets, 0.1) == Quantile(0.05)
    assert quantile(buckets, 1.0) == Quantile(0.5)


def test_beyond_the_last_bound_it_is_longer_than_that() -> None:
    buckets = [Bucket(0.5, 1.0, 9), Bucket(1.0, math.inf, 1)]
    assert quantile(buckets, 0.5) == Quantile(0.5 + 0.5 * 5 / 9)
    assert quantile(buckets, 0.95) == Quantile(1.0, beyond=True)


def test_nothing_measured_has_no_percentile() -> None:
    assert quantile([], 0.5) is None
    assert quantile([Bucket(0.0, 0.1, 0)], 0.5) is None


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=40), st.sampled_from([0.5, 0.95]))
def test_a_percentile_lies_in_the_bucket_of_the_duration_that_it_is(durations: list[float], share: float) -> None:
    buckets = histogram(durations)
    found = quantile(buckets, share)
    true = sorted(durations)[math.ceil(share * len(durations)) - 1]
    assert found is not None
    at = bisect.bisect_left(BOUNDS, true)
    if math.isinf(BOUNDS[at]):
        assert found == Quantile(1.0, beyond=True)
    else:
        assert (0.0, *BOUNDS)[at] <= found.seconds <= BOUNDS[at] * (1 + 1e-9)


buckets = st.lists(
    st.integers(0, len(BOUNDS) - 1).flatmap(
        lambda at: st.integers(1, 9).map(lambda count: Bucket((0.0, *BOUNDS)[at], BOUNDS[at], count))
    ),
    max_size=8,
)


@given(buckets, buckets)
def test_what_is_packed_one_behind_the_other_is_their_sum(first: list[Bucket], second: list[Bucket]) -> None:
    texts = [text for text in (packed(first), packed(second)) if text is not None]
    assert unpacked(" ".join(texts) or None) == added([*first, *second])
    assert sum(one.number for one in added([*first, *second])) == sum(one.number for one in [*first, *second])
