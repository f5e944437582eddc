"""Prepaid money: what is left, top-ups recognised, and when it is gone at the present burn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.prepaid import prepaid

HOUR_MS = 3_600_000


def every_hour(*left: int) -> list[tuple[int, int]]:
    return [(n * HOUR_MS, nano) for n, nano in enumerate(left)]


def test_what_is_left_lasts_as_long_as_it_is_spent_now() -> None:
    found = prepaid(every_hour(100, 96, 92, 88, 84, 80, 76, 66))
    assert found is not None
    assert (found.left_nano, found.stood_nano, found.spent_nano) == (66, 100, 34)
    assert found.per_hour == {"1h": 10.0, "6h": 5.0, "3d": None}
    assert found.runs_out_ms == round((7 + 6.6) * HOUR_MS)
    assert (found.earliest_ms, found.latest_ms) == (found.runs_out_ms, round((7 + 13.2) * HOUR_MS))


def test_a_top_up_begins_anew_and_is_no_income() -> None:
    found = prepaid(every_hour(20, 10, 110, 100, 90))
    assert found is not None
    assert (found.topped_up_ms, found.stood_nano, found.spent_nano) == (2 * HOUR_MS, 110, 20)
    assert found.per_hour["1h"] == 10.0
    over = prepaid(every_hour(50, 40, 30, 20, 120, 110, 100, 90))
    assert over is not None
    assert over.per_hour["6h"] == 50 / 6


def test_an_account_of_which_nothing_is_spent_lasts() -> None:
    found = prepaid([(0, 50), (HOUR_MS, 50)])
    assert found is not None
    assert (found.per_hour["1h"], found.runs_out_ms, found.earliest_ms, found.latest_ms) == (0.0, None, None, None)


def test_an_empty_account_is_gone_now() -> None:
    found = prepaid(every_hour(10, 5, 0))
    assert found is not None
    assert found.runs_out_ms == 2 * HOUR_MS


@pytest.mark.parametrize(("minutes", "known"), [(14, False), (15, True), (59, True)])
def test_a_rate_needs_a_quarter_of_an_hour(minutes: int, known: bool) -> None:
    found = prepaid([(0, 100), (minutes * 60_000, 90)])
    assert found is not None
    assert found.per_hour["1h"] is None
    assert (found.runs_out_ms is not None) == known


def test_what_went_while_nobody_read_is_no_burn_of_the_last_hour() -> None:
    found = prepaid([(0, 100), (HOUR_MS, 100), (73 * HOUR_MS, 28)])
    assert found is not None
    assert found.per_hour == {"1h": 1.0, "6h": 1.0, "3d": 1.0}
    assert found.runs_out_ms == (73 + 28) * HOUR_MS


def test_nothing_read_is_nothing_known() -> None:
    assert prepaid([]) is None


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=50))
def test_what_stood_less_what_is_left_is_what_was_spent_since_the_top_up(amounts: list[int]) -> None:
    found = prepaid(every_hour(*amounts))
    assert found is not None
    assert 0 <= found.spent_nano <= found.stood_nano
    assert found.left_nano == amounts[-1]
    if found.earliest_ms is not None and found.latest_ms is not None:
        assert found.earliest_ms <= (found.runs_out_ms or 0) <= found.latest_ms
