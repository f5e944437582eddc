"""The same traffic under other conditions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.books.userbook import rates_card
from pricing.hosts.kvcache import KvShape, all_sequences, grouped, host_memory, most_sequences
from pricing.usage import Usage
from pricing.whatif.caching import (
    CacheRates,
    PrefixTraffic,
    first_then_usd,
    hit_share,
    kept_warm_usd,
    reads_per_hour_to_pay_storage,
    reads_to_pay_write,
    rewrites_to_pay_longer,
    storage_usd,
    writes_at,
)
from pricing.whatif.longcontext import LongContext
from pricing.whatif.rules import (
    Change,
    Route,
    discounted_usd,
    fallback_factor,
    reasoning_factor,
    retried_usd,
    retry_share,
    routed_usd,
    share_of_day,
    stubborn_retry_share,
    traffic_usd,
    with_reasoning,
)

SONNET = CacheRates(input=Decimal(3), read=Decimal("0.30"), write=Decimal("3.75"), output=Decimal(15))
SYSTEM_PROMPT = PrefixTraffic(prefix_tokens=50_000, fresh_tokens=500, output_tokens=300, requests=100_000)

shares = st.decimals(0, 1, places=3)
dollars = st.decimals(0, 10**6, places=4)
rates = st.decimals("0.01", 100, places=2)


def test_a_cached_system_prompt_is_written_once_read_often_and_its_answers_are_paid() -> None:
    assert SYSTEM_PROMPT.uncached_usd(SONNET) == 15_600
    assert SYSTEM_PROMPT.cached_usd(SONNET, 1) == Decimal("2100.1725")


def test_storage_is_paid_for_what_is_held_as_long_as_it_is_held() -> None:
    gemini = CacheRates(
        input=Decimal("1.25"),
        read=Decimal("0.31"),
        write=Decimal("1.25"),
        output=Decimal(5),
        storage_per_hour=Decimal("4.5"),
    )
    stored = SYSTEM_PROMPT.cached_usd(gemini, 1, Decimal(24)) - SYSTEM_PROMPT.cached_usd(gemini, 1)

    assert stored == storage_usd(50_000, Decimal(24), Decimal("4.5")) == Decimal("5.4")
    assert f"{reads_per_hour_to_pay_storage(gemini):.2f}" == "4.79"


def test_more_writes_than_requests_cannot_be() -> None:
    with pytest.raises(ValueError, match="more cache writes"):
        SYSTEM_PROMPT.cached_usd(SONNET, 100_001)


@given(rates, rates, rates, st.integers(1, 500), st.integers(0, 500))
def test_caching_pays_exactly_beyond_the_reads_that_pay_its_writes(
    price: Decimal, read: Decimal, write: Decimal, writes: int, reads: int
) -> None:
    rates_now = CacheRates(input=price, read=read, write=write)
    traffic = PrefixTraffic(prefix_tokens=1_000_000, fresh_tokens=0, output_tokens=0, requests=writes + reads)
    needed = reads_to_pay_write(rates_now)
    if needed is None:
        assert read >= price
        return
    cheaper = traffic.cached_usd(rates_now, writes) < traffic.uncached_usd(rates_now)
    enough = Decimal(reads) * (price - read) > writes * (write - price)
    assert cheaper == enough
    if writes == 1 and Decimal(reads) != needed:
        assert enough == (reads > needed)


def test_a_write_for_five_minutes_is_paid_by_the_first_read() -> None:
    assert f"{reads_to_pay_write(SONNET):.3f}" == "0.278"
    assert reads_to_pay_write(CacheRates(input=Decimal(1), read=Decimal(1), write=Decimal(1))) is None


def test_the_longer_lifetime_pays_when_one_re_write_is_avoided() -> None:
    needed = rewrites_to_pay_longer(Decimal(2), Decimal("1.25"), Decimal("0.1"))

    assert needed is not None
    assert f"{needed:.3f}" == "0.652"
    # One entry for an hour, or a short one that expired once: 2 + 1 read against 2 short writes.
    assert Decimal(2) + Decimal("0.1") < 2 * Decimal("1.25")
    assert rewrites_to_pay_longer(Decimal(2), Decimal(1), Decimal(1)) is None


def test_keeping_a_cache_warm_reads_it_once_per_lifetime() -> None:
    # Eight quiet hours in steps of five minutes: 96 reads of 50,000 tokens at $0.30/M.
    assert kept_warm_usd(50_000, Decimal(8), Decimal(5), SONNET) == Decimal("1.44")


def test_writes_follow_from_reads_per_write() -> None:
    assert writes_at(1000, 4) == 200
    assert writes_at(1000, 5) == 167
    assert writes_at(0, 5) == 0


def test_a_hit_share_needs_a_prompt() -> None:
    assert hit_share(3, 1) == Decimal("0.75")
    assert hit_share(0, 0) is None
    assert first_then_usd(Decimal("1.30"), Decimal("0.36"), 10) == Decimal("4.54")


LONG = LongContext(threshold_tokens=200_000, low=Decimal("1.25"), high=Decimal("2.50"))


def test_one_token_over_the_cliff_reprices_the_whole_prompt() -> None:
    assert LONG.cliff_usd(200_000) == Decimal("0.25")
    assert LONG.cliff_usd(200_001) == Decimal("0.5000025")
    assert LONG.graduated_usd(200_001) == Decimal("0.2500025")
    assert LONG.crossing_usd(200_001) == Decimal("0.2500025")
    assert LONG.crossing_usd(200_000) == 0


@given(st.integers(0, 10**7), st.integers(0, 10**6), rates, rates)
def test_graduated_is_never_dearer_than_the_cliff_and_never_jumps(
    tokens: int, threshold: int, one: Decimal, other: Decimal
) -> None:
    price = LongContext(threshold_tokens=threshold, low=min(one, other), high=max(one, other))

    assert price.graduated_usd(tokens) <= price.cliff_usd(tokens)
    assert price.graduated_usd(tokens + 1) - price.graduated_usd(tokens) <= price.high / 10**6


def test_routes_share_the_requests_and_must_make_a_whole() -> None:
    routes = [
        Route(share=Decimal("0.70"), usd_per_request=Decimal("0.0005")),
        Route(share=Decimal("0.25"), usd_per_request=Decimal("0.005")),
        Route(share=Decimal("0.05"), usd_per_request=Decimal("0.05")),
    ]
    change = Change(before_usd=Decimal(500_000), after_usd=routed_usd(Decimal(10**8), routes))

    assert change.after_usd == 410_000
    assert change.saved_share == Decimal("0.18")
    with pytest.raises(ValueError, match="add up to 1"):
        routed_usd(Decimal(1), routes[:2])
    with pytest.raises(ValueError, match="add up to 1"):
        routed_usd(
            Decimal(1),
            [Route(share=Decimal(2), usd_per_request=Decimal(1)), Route(share=Decimal(-1), usd_per_request=Decimal(1))],
        )


def test_a_change_from_or_to_nothing_has_no_ratio() -> None:
    assert Change(before_usd=Decimal(0), after_usd=Decimal(1)).saved_share is None
    assert Change(before_usd=Decimal(1), after_usd=Decimal(0)).factor is None
    assert Change(before_usd=Decimal(3), after_usd=Decimal(1)).factor == 3


@given(dollars, shares, shares)
def test_a_discount_on_a_part_lies_between_none_and_the_whole_discount(
    usd: Decimal, share: Decimal, discount: Decimal
) -> None:
    assert usd * (1 - discount) <= discounted_usd(usd, share, discount) <= usd


def test_a_window_of_hours_may_cross_midnight() -> None:
    assert share_of_day(Decimal("16.5"), Decimal("0.5")) == Decimal(8) / 24
    assert share_of_day(Decimal(9), Decimal(17)) == Decimal(8) / 24
    assert share_of_day(Decimal(9), Decimal(9)) == 0


@given(st.decimals(0, "0.99", places=2), st.integers(0, 20))
def test_failures_that_repeat_cost_at_least_as_much_as_independent_ones(failure: Decimal, retries: int) -> None:
    independent = retry_share(failure, retries)

    assert independent <= stubborn_retry_share(failure, retries)
    assert independent < failure / (1 - failure) or not failure or independent == failure / (1 - failure)


def test_three_retries_of_one_per_cent_failures_add_three_per_cent_only_where_failures_repeat() -> None:
    assert retry_share(Decimal("0.01"), 3) == Decimal("0.010101")
    assert stubborn_retry_share(Decimal("0.01"), 3) == Decimal("0.03")
    assert retried_usd(Decimal(100), Decimal("0.03")) == 103
    assert fallback_factor(Decimal("0.005")) == Decimal("1.005")
    assert fallback_factor(Decimal("0.005"), Decimal(4)) == Decimal("1.02")


def test_thinking_is_billed_as_output_beside_the_visible_answer() -> None:
    thinking = with_reasoning(Usage(input_tokens=800, output_tokens=500), Decimal(8))

    assert (thinking.output_tokens, thinking.reasoning_tokens) == (4_500, 4_000)
    assert with_reasoning(thinking, Decimal(0)) == Usage(input_tokens=800, output_tokens=500)
    assert reasoning_factor(Decimal(30)) == 31
    assert traffic_usd(thinking, rates_card("input=0.55,output=2.19")) == Decimal("0.010295")


def test_traffic_with_a_class_that_has_no_rate_has_no_price() -> None:
    assert traffic_usd(Usage(input_tokens=1, output_tokens=1), rates_card("input=1")) is None


def test_the_key_value_cache_of_a_seventy_billion_model() -> None:
    ungrouped = KvShape(layers=80, kv_heads=64, head_size=128)
    llama = KvShape(layers=80, kv_heads=8, head_size=128)

    assert ungrouped.bytes_per_token == 2_621_440
    assert llama.bytes_per_token == grouped(ungrouped.bytes_per_token, 64, 8) == 327_680
    assert llama.bytes_of(128_000, 2) == 2 * 128_000 * 327_680
    assert KvShape(layers=80, kv_heads=8, head_size=128, bytes_per_element=Fraction(1, 2)).bytes_per_token == 81_920
    assert all_sequences(Fraction(333), 100) == 33_300


def test_sequences_that_fit_beside_the_weights() -> None:
    memory = host_memory(8, Fraction(80))

    assert memory == 640
    assert most_sequences(memory, Fraction(70), Fraction(42)) == 13
    assert most_sequences(Fraction(60), Fraction(70), Fraction(42)) == 0
    with pytest.raises(ValueError, match="takes some memory"):
        most_sequences(memory, Fraction(70), Fraction(0))
