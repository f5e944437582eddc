"""Sums over many requests and the ratios that are taken of them."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pricing.totals import EMPTY, Totals, usd_per_hour, usd_per_million
from pricing.usage import Usage

counts = st.integers(0, 10**9)
units = st.dictionaries(st.sampled_from(("images", "web_searches")), st.integers(1, 99)).map(
    lambda found: tuple(sorted(found.items()))
)
usages = st.builds(lambda nine, more: Usage.of(nine, more), st.lists(counts, min_size=9, max_size=9), units)
totals = st.builds(
    Totals,
    requests=counts,
    errors=counts,
    unpriced_requests=counts,
    tokens=usages,
    metered_nano_usd=counts,
    allocated_nano_usd=counts,
    duration_ms=counts,
    durations=counts,
)


@given(totals, totals, totals)
def test_sums_are_exact_whatever_the_order(a: Totals, b: Totals, c: Totals) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + EMPTY == a


@given(totals, totals)
def test_dollars_per_token_is_a_ratio_of_sums_and_never_a_mean_of_ratios(a: Totals, b: Totals) -> None:
    both = a + b
    tokens = a.tokens.total_tokens + b.tokens.total_tokens
    expected = Decimal(a.nano_usd + b.nano_usd) / 1000 / tokens if tokens else None
    assert both.usd_per_million_tokens == expected


def test_two_unlike_groups_are_not_averaged() -> None:
    dear = Totals(requests=1, tokens=Usage(output_tokens=1_000_000), metered_nano_usd=10 * 10**9)
    cheap = Totals(requests=3, tokens=Usage(input_tokens=9_000_000), metered_nano_usd=9 * 10**9)

    assert (dear + cheap).usd_per_million_tokens == Decimal("1.9")
    assert (dear + cheap).usd_per_request == Decimal("4.75")


def test_nothing_served_has_no_ratio() -> None:
    assert EMPTY.usd_per_million_tokens is None
    assert EMPTY.usd_per_request is None
    assert EMPTY.cache_hit_ratio is None
    assert EMPTY.mean_duration_ms is None
    assert usd_per_hour(5, 0) is None
    assert usd_per_million(5, 0) is None


def test_a_window_is_scaled_to_an_hour() -> None:
    assert usd_per_hour(5 * 10**9, 300) == 60
    assert usd_per_hour(5 * 10**9, 0.5) == 36_000


def test_cache_hits_are_a_share_of_the_prompt_and_not_of_the_answer() -> None:
    used = Usage(input_tokens=100, cache_read_tokens=300, cache_write_5m_tokens=100, output_tokens=10_000)
    assert Totals(tokens=used).cache_hit_ratio == 0.6


def test_a_sum_with_an_unknown_price_is_a_lower_bound() -> None:
    known = Totals(requests=2, metered_nano_usd=5)
    assert not known.is_lower_bound
    assert (known + Totals(unpriced_requests=1)).is_lower_bound
    assert (known + Totals(partial_requests=1)).is_lower_bound
    hosted = replace(known, hosted_tokens=10)
    assert hosted.is_lower_bound, "nobody pays for these tokens yet"
    assert not replace(hosted, allocated_nano_usd=1).is_lower_bound
