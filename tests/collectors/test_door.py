"""What every number, instant and name from outside passes on its way in."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.door import MAX_NAME, MAX_NAMES, count, duration, names, pairs, text_milliseconds, tick_milliseconds


@pytest.mark.parametrize(
    ("said", "amount"),
    [(0, 0), (7, 7), (7.0, 7), ("7", 7), (" 7 ", 7), (None, None), ("", None), ("-", None), ("NaN", None), (" ", None)],
)
def test_a_count_is_a_number_or_unknown(said: Any, amount: int | None) -> None:
    assert count(said) == amount


@given(st.integers() | st.floats() | st.text(max_size=30))
def test_a_count_is_never_negative_broken_or_without_bounds(said: Any) -> None:
    try:
        amount = count(said)
    except ValueError:
        return
    assert amount is None or (type(amount) is int and 0 <= amount < 2**32)


@given(st.integers() | st.floats() | st.decimals(allow_nan=False))
def test_a_duration_is_whole_milliseconds_and_no_clock_makes_it_negative(said: Any) -> None:
    try:
        ms = duration(said)
    except ValueError:
        assert not said <= 10**10
        return
    assert type(ms) is int
    assert ms >= 0
    assert said < 0 or abs(Decimal(ms) - Decimal(said)) <= Decimal("0.5")


@pytest.mark.parametrize(
    "said", ["", "now", "2026-13-01", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "9" * 400]
)
def test_a_text_that_is_no_instant_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="no instant"):
        text_milliseconds(said)


def test_an_instant_as_text_keeps_its_milliseconds() -> None:
    assert [text_milliseconds(f"2025-11-24T16:00:00.{ms:03d}Z") for ms in range(1_000)] == list(
        range(1_764_000_000_000, 1_764_000_001_000)
    )
    assert text_milliseconds("2025-11-24T16:00:00.123456789Z") == 1_764_000_000_123


def test_ticks_count_from_the_year_one() -> None:
    # 621,355,968,000,000,000 x 100 ns lie between the year 1 and 1970.
    assert tick_milliseconds(621_355_968_000_000_000 + 1_764_000_000_123 * 10_000) == 1_764_000_000_123
    with pytest.raises(ValueError, match="no instant"):
        tick_milliseconds(0)


@given(st.lists(st.text(max_size=MAX_NAME + 50), max_size=MAX_NAMES + 10))
def test_names_are_few_short_and_each_stands_once(said: list[str]) -> None:
    found = names(said)
    assert len(found) == len(set(found)) <= MAX_NAMES
    assert all(0 < len(name) <= MAX_NAME for name in found)


def test_of_a_map_only_plain_values_become_names() -> None:
    assert list(pairs({"a": "x", "b": 5, "c": None, "d": [1], "e": {}, "f": True})) == ["a:x", "b:5", "f:True"]
