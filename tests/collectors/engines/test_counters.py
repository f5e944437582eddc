"""Counters: what was gained between two looks, whatever happened to the process in between."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.engines.counters import SERIES_REMEMBERED, Counters, Difference, began_anew


def test_a_counter_gains_what_it_grew() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 100.0})
    assert counters.take({"a": 130.0}) == {"a": 30.0}
    assert counters.take({"a": 130.0}) == {"a": 0.0}


def test_the_first_look_gains_nothing_that_is_known() -> None:
    assert Counters[str]().take({"a": 100.0}) == {}


def test_after_a_restart_all_of_the_new_value_is_new() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 400.0})
    assert counters.take({"a": 50.0}) == {"a": 50.0}
    assert counters.take({"a": 60.0}) == {"a": 10.0}


def test_a_restart_that_already_passed_the_old_value_is_seen_by_its_start() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 400.0})
    assert counters.take({"a": 1_000.0, "b": 7.0}, began_anew=True) == {"a": 1_000.0, "b": 7.0}


def test_a_series_that_was_not_on_the_page_before_began_after_it() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 1.0})
    assert counters.take({"a": 2.0, "b": 500.0}) == {"a": 1.0, "b": 500.0}
    assert counters.take({"a": 2.0, "b": 505.0}) == {"a": 0.0, "b": 5.0}


def test_a_page_without_any_series_yet_is_a_page() -> None:
    counters: Counters[str] = Counters()
    counters.take({})
    assert counters.take({"a": 7.0}) == {"a": 7.0}


def test_a_series_that_may_have_been_on_a_page_that_was_not_understood_gains_nothing_that_is_known() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 1.0}, complete=False)
    assert counters.take({"a": 2.0, "b": 500.0}) == {"a": 1.0}
    assert counters.take({"a": 2.0, "b": 505.0}) == {"a": 0.0, "b": 5.0}

    of_nonsense: Counters[str] = Counters()
    of_nonsense.take({"b": math.nan})
    assert of_nonsense.take({"b": 500.0}) == {}


def test_new_series_that_count_what_others_counted_before_gain_nothing_that_is_known() -> None:
    counters: Counters[str] = Counters()
    counters.take({"settled": 400.0})
    assert counters.take({"live": 450.0}, new_ones_count=False) == {}
    assert counters.take({"live": 460.0}) == {"live": 10.0}


def test_a_series_that_vanishes_and_comes_back_is_no_restart() -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 100.0})
    assert counters.take({}) == {}
    assert counters.take({"a": 120.0}) == {"a": 20.0}


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -1.0])
def test_a_value_that_no_counter_has_is_passed_over(nonsense: float) -> None:
    counters: Counters[str] = Counters()
    counters.take({"a": 100.0})
    assert counters.take({"a": nonsense}) == {}
    assert counters.take({"a": 101.0}) == {"a": 1.0}


def test_ever_new_labels_do_not_grow_for_ever() -> None:
    counters: Counters[int] = Counters()
    counters.take({0: 1.0})
    counters.take(dict.fromkeys(range(1, SERIES_REMEMBERED + 1), 1.0))
    assert counters.take({0: 5.0, 1: 5.0}) == {1: 4.0}, "a forgotten one may be an old one"


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1), min_size=1))
def test_nothing_is_lost_between_looks_over_any_number_of_restarts(lives: list[list[int]]) -> None:
    """Each life of the process is looked at after each of its steps; only what is before the first look is unknown."""
    counters: Counters[str] = Counters()
    total, unknown = 0.0, lives[0][0]
    for number, life in enumerate(lives):
        value = 0
        for look, step in enumerate(life):
            value += step
            restarted = number > 0 and look == 0
            total += counters.take({"a": float(value)}, began_anew=restarted).get("a", 0.0)
    assert total == sum(map(sum, lives)) - unknown


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 1000))))
def test_nothing_is_lost_of_series_that_begin_with_their_first_event(steps: list[dict[str, int]]) -> None:
    """From an empty page on, whatever begins or is missing for a while."""
    counters: Counters[str] = Counters()
    counters.take({})
    values: dict[str, float] = {}
    gained = 0.0
    for step in steps:
        for series, events in step.items():
            values[series] = values.get(series, 0.0) + events
        shown = {series: values[series] for series in step}
        gained += sum(counters.take(shown).values())
    assert gained == sum(values.values())


@given(st.lists(st.floats(0, 1e9)), st.lists(st.floats(0, 1e9)))
def test_a_gain_is_never_negative(one: list[float], other: list[float]) -> None:
    counters: Counters[str] = Counters()
    for value in [*one, *other]:
        assert all(gain >= 0 for gain in counters.take({"a": value}).values())


class TestBeganAnew:
    """Unix seconds: 100 is when we began to watch, 110 is now."""

    def test_a_process_that_started_while_we_watched_did(self) -> None:
        assert began_anew(105.0, previous_start_s=None, watched_since_s=100.0, now_s=110.0)
        assert began_anew(105.0, previous_start_s=50.0, watched_since_s=100.0, now_s=110.0)

    def test_one_that_was_there_before_us_did_not(self) -> None:
        assert not began_anew(99.0, previous_start_s=None, watched_since_s=100.0, now_s=110.0)

    def test_nobody_who_just_arrived_can_tell(self) -> None:
        assert not began_anew(105.0, previous_start_s=None, watched_since_s=None, now_s=110.0)

    def test_a_page_that_does_not_say_when_it_started_cannot_tell(self) -> None:
        assert not began_anew(None, previous_start_s=None, watched_since_s=100.0, now_s=110.0)

    def test_a_clock_ahead_of_ours_counts_nothing_twice(self) -> None:
        assert not began_anew(111.0, previous_start_s=None, watched_since_s=100.0, now_s=110.0)
        assert not began_anew(105.0, previous_start_s=105.0, watched_since_s=100.0, now_s=110.0)

    def test_a_start_that_moves_by_rounding_is_the_same_start(self) -> None:
        assert not began_anew(105.9, previous_start_s=105.0, watched_since_s=100.0, now_s=110.0)


def test_a_part_counted_early_is_owed_and_not_lost() -> None:
    difference = Difference()
    assert difference.take(whole=0, part=80) == 0
    assert difference.take(whole=100, part=0) == 20
    assert difference.take(whole=10, part=4) == 6


def test_what_a_dead_process_owed_went_with_it() -> None:
    difference = Difference()
    difference.take(whole=0, part=80)
    difference.forget()
    assert difference.take(whole=100, part=0) == 100


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000))))
def test_a_difference_of_sums_comes_out_as_soon_as_it_is_reached(steps: list[tuple[int, int]]) -> None:
    """The gains so far are the highest that whole less part has ever stood: none is negative, none is counted twice."""
    difference = Difference()
    stood, highest, gained = 0, 0, 0.0
    for whole, part in steps:
        gain = difference.take(whole, part)
        stood += whole - part
        highest, gained = max(highest, stood), gained + gain
        assert gain >= 0
        assert gained == highest


def test_series_that_belong_together_begin_again_together() -> None:
    counters: Counters[str] = Counters(lambda name: name[0])
    counters.take({"a1": 5.0, "a2": 5.0, "b1": 5.0})
    assert counters.take({"a1": 0.0, "a2": 7.0, "b1": 7.0}) == {"a1": 0.0, "a2": 7.0, "b1": 2.0}


def test_a_sum_that_was_added_up_in_another_order_did_not_begin_again() -> None:
    counters: Counters[str] = Counters()
    counters.take({"seconds": 0.1 + 0.2 + 0.3})
    assert counters.take({"seconds": 0.3 + 0.2 + 0.1}) == {"seconds": 0.0}
    assert not counters.fell
