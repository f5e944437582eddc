"""Money is whole nano-dollars, rounded half to even once."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.money import decimal_text, divide_half_even, nano_from_usd, usd_from_nano, usd_text

nano_amounts = st.integers(min_value=-(10**18), max_value=10**18)


@given(nano_amounts)
def test_nano_dollars_survive_the_trip_to_dollars_and_back(nano_usd: int) -> None:
    assert nano_from_usd(usd_from_nano(nano_usd)) == nano_usd


@pytest.mark.parametrize(
    ("dollars", "nano_usd"),
    [
        ("0.0028", 2_800_000),
        ("75", 75_000_000_000),
        ("0.0000000005", 0),  # a tie goes to the even 0
        ("0.0000000015", 2),  # and to the even 2
        ("0.0000000025", 2),
        ("0.13999999999999999", 140_000_000),
    ],
)
def test_dollars_become_the_nearest_nano_dollar(dollars: str, nano_usd: int) -> None:
    assert nano_from_usd(Decimal(dollars)) == nano_usd


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        nano_from_usd(Decimal(text))


@given(st.integers(min_value=0, max_value=10**15), st.integers(min_value=1, max_value=10**9))
def test_division_is_python_s_own_rounding_of_the_exact_fraction(amount: int, per: int) -> None:
    assert divide_half_even(amount, per) == round(Fraction(amount, per))


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=1, max_value=10**9))
def test_halves_go_to_the_even_one(whole: int, half: int) -> None:
    assert divide_half_even((2 * whole + 1) * half, 2 * half) == whole + whole % 2


@pytest.mark.parametrize(
    ("nano_usd", "text"),
    [(12_500_000_000, "12.5"), (0, "0"), (1, "0.000000001"), (-250_000_000, "-0.25"), (100_000_000_000, "100")],
)
def test_money_is_written_in_plain_digits_without_trailing_zeros(nano_usd: int, text: str) -> None:
    assert usd_text(nano_usd) == text


def test_an_unknown_amount_has_no_text() -> None:
    assert usd_text(None) is None


def test_a_large_power_of_ten_is_written_without_an_exponent() -> None:
    assert decimal_text(Decimal("1E+3")) == "1000"
    assert decimal_text(Decimal("-0.00")) == "0"
