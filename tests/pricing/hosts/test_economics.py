"""What own GPUs cost per token: every dollar of the host comes out exactly once."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.economics import Capacity, Served, accrued_nano, at_full, own_price, utilisation
from pricing.money import NANO_PER_USD

JOINT = Capacity(prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000, basis="joint")
SEPARATE = Capacity(prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000, basis="separate")
HOST_NANO_PER_HOUR = 20 * NANO_PER_USD

tokens = st.integers(0, 10**12)
services = st.builds(Served, input_tokens=tokens, cache_read_tokens=tokens, output_tokens=tokens)


def test_a_saturated_host_measured_jointly_gives_both_prices_at_half_of_the_whole_host() -> None:
    hour = Served(input_tokens=15_000 * 3600, output_tokens=3_000 * 3600)
    price = own_price(HOST_NANO_PER_HOUR, hour, JOINT.decode_weight)

    assert price.input == pytest.approx(Decimal("0.185185185"), abs=Decimal("1e-9"))
    assert price.output == pytest.approx(Decimal("0.925925926"), abs=Decimal("1e-9"))
    assert price.blended == pytest.approx(Decimal("0.308641975"), abs=Decimal("1e-9"))
    assert utilisation(hour, JOINT, 3600) == 1.0


@pytest.mark.parametrize(
    ("served", "input_usd", "output_usd"),
    [
        (Served(input_tokens=15_000 * 3600), "0.370370370", "1.851851852"),
        (Served(output_tokens=3_000 * 3600), "0.370370370", "1.851851852"),
    ],
)
def test_a_host_measured_one_phase_at_a_time_is_full_with_either_phase_alone(
    served: Served, input_usd: str, output_usd: str
) -> None:
    price = own_price(HOST_NANO_PER_HOUR, served, SEPARATE.decode_weight)

    assert utilisation(served, SEPARATE, 3600) == 1.0
    assert price.input == pytest.approx(Decimal(input_usd), abs=Decimal("1e-9"))
    assert price.output == pytest.approx(Decimal(output_usd), abs=Decimal("1e-9"))


@pytest.mark.parametrize(
    ("usd_per_hour", "output_per_second", "output_usd"),
    [("20", 400, "13.888888889"), ("20", 200, "27.777777778"), ("20", 600, "9.259259259"), ("20", 3300, "1.683501684")],
)
def test_output_alone_carries_the_whole_host(usd_per_hour: str, output_per_second: int, output_usd: str) -> None:
    price = own_price(int(usd_per_hour) * NANO_PER_USD, Served(output_tokens=output_per_second * 3600))

    assert price.output == pytest.approx(Decimal(output_usd), abs=Decimal("1e-9"))
    assert price.blended == price.output


@given(served=services, nano_usd=st.integers(0, 10**15), weight=st.fractions(Fraction(1, 10), 50))
def test_input_cached_and_output_tokens_at_their_prices_add_up_to_the_dollars(
    served: Served, nano_usd: int, weight: Fraction
) -> None:
    price = own_price(nano_usd, served, weight)
    if not served.total_tokens:
        assert price.blended is price.input is price.cache_read is price.output is None
        return
    assert price.input is not None
    assert price.cache_read is not None
    assert price.output is not None
    recovered = (
        served.input_tokens * price.input
        + served.cache_read_tokens * price.cache_read
        + served.output_tokens * price.output
    ) / 10**6
    assert float(recovered) == pytest.approx(nano_usd / NANO_PER_USD, rel=1e-12)


def test_a_cached_prompt_token_weighs_a_twentieth_of_a_computed_one() -> None:
    price = own_price(HOST_NANO_PER_HOUR, Served(input_tokens=1, cache_read_tokens=1, output_tokens=1))

    assert price.input is not None
    assert price.cache_read is not None
    assert float(price.cache_read / price.input) == pytest.approx(0.05)


def test_price_at_full_is_price_now_times_utilisation_and_never_above_price_now() -> None:
    half = Served(input_tokens=7_500 * 3600, output_tokens=1_500 * 3600)
    price = own_price(HOST_NANO_PER_HOUR, half, JOINT.decode_weight)
    used = utilisation(half, JOINT, 3600)

    assert used == 0.5
    assert price.blended == pytest.approx(Decimal("0.617283951"), abs=Decimal("1e-9"))
    assert at_full(price, used) == pytest.approx(Decimal("0.308641975"), abs=Decimal("1e-9"))
    assert at_full(price, 1.4) == price.blended
    assert at_full(price, None) is None
    assert at_full(own_price(1, Served()), 0.5) is None


def test_utilisation_is_unknown_without_observed_time() -> None:
    assert utilisation(Served(input_tokens=1), JOINT, 0) is None


def test_a_host_accrues_by_time_and_not_by_samples() -> None:
    assert accrued_nano(HOST_NANO_PER_HOUR, 0, 3_600_000) == HOST_NANO_PER_HOUR
    assert accrued_nano(HOST_NANO_PER_HOUR, 0, 90_000) == 500_000_000
    assert accrued_nano(HOST_NANO_PER_HOUR, 90_000, 0) == 0


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_accrual_over_parts_of_a_window_is_within_rounding_of_the_whole(
    nano_per_hour: int, start: int, first: int, second: int
) -> None:
    parts = accrued_nano(nano_per_hour, start, start + first) + accrued_nano(
        nano_per_hour, start + first, start + first + second
    )
    assert abs(parts - accrued_nano(nano_per_hour, start, start + first + second)) <= 1


def test_an_engine_with_a_part_of_the_gpus_has_that_part_of_the_capacity() -> None:
    half = JOINT.part(Fraction(1, 2))

    assert (half.prefill_tokens_per_second, half.decode_tokens_per_second) == (7_500, 1_500)
    assert half.work_per_second == JOINT.work_per_second / 2
