"""Where a budget ends: along the shape of the days seen so far, within a range, and when it is gone."""

from collections.abc import Callable
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.pattern import DAY_HOURS, WEEK_HOURS, Hour, Pattern, pattern
from pricing.periods import Period
from pricing.projection import DAY, LINE, WEEK, Projection, look_back_ms, project
from pricing.times import HOUR_MS

DAY_MS = 24 * HOUR_MS


def hours(count: int, cost: Callable[[int], int], first: int = 0) -> list[Hour]:
    """Hours from a Monday's midnight on, each at what it costs."""
    return [Hour(n * HOUR_MS, n % WEEK_HOURS, cost(n)) for n in range(first, first + count)]


def office(n: int) -> int:
    """A hundred an hour from nine to five, ten at night."""
    return 100 if 9 <= n % 24 < 17 else 10


def office_week(n: int) -> int:
    """The same from Monday to Friday, and ten at the weekend."""
    return office(n) if n % WEEK_HOURS < 120 else 10


def of_day(
    day: int,
    at_hour: float,
    spent: int,
    limit: int,
    rate: float,
    seen: Pattern | None,
    other_rates: tuple[float, ...] = (),
) -> Projection:
    """A day's budget at an hour of it."""
    period = Period(begins_ms=day * DAY_MS, ends_ms=(day + 1) * DAY_MS)
    at_ms = round(day * DAY_MS + at_hour * HOUR_MS)
    first = int(day * 24 + at_hour)
    ahead = hours((day + 1) * 24 - first, lambda n: 0, first)
    return project(
        spent, limit, at_ms, period, rate_nano_per_hour=rate, ahead=ahead, pattern=seen, other_rates=other_rates
    )


def test_without_history_it_is_a_straight_line_and_says_so() -> None:
    found = of_day(0, 2, spent=40, limit=100, rate=10.0, seen=None, other_rates=(5.0, 20.0))

    assert found.basis == LINE
    assert (found.nano_usd, found.low_nano_usd, found.high_nano_usd) == (260, 150, 480)
    assert (found.runs_out_ms, found.earliest_ms, found.latest_ms) == (8 * HOUR_MS, 5 * HOUR_MS, 14 * HOUR_MS)


def test_a_budget_that_lasts_has_no_run_out_time() -> None:
    assert of_day(0, 2, spent=40, limit=100, rate=1.0, seen=None).runs_out_ms is None
    assert of_day(0, 2, spent=40, limit=100, rate=0.0, seen=None).runs_out_ms is None
    assert of_day(0, 0, spent=0, limit=24, rate=1.0, seen=None).runs_out_ms is None, (
        "exactly at its end is not before it"
    )


def test_a_budget_that_may_last_has_an_earliest_and_no_latest_run_out() -> None:
    found = of_day(0, 2, spent=40, limit=100, rate=10.0, seen=None, other_rates=(0.0,))
    assert (found.runs_out_ms, found.earliest_ms, found.latest_ms) == (8 * HOUR_MS, 8 * HOUR_MS, None)


def test_a_budget_that_is_used_up_has_run_out_now() -> None:
    for spent in (100, 101):
        found = of_day(0, 5, spent=spent, limit=100, rate=0.0, seen=None)
        assert (found.runs_out_ms, found.earliest_ms, found.latest_ms) == (5 * HOUR_MS,) * 3


def test_the_rest_of_a_usual_day_follows_its_shape_and_not_a_line() -> None:
    seen = pattern(hours(5 * 24, office), 24, 1)
    found = of_day(5, 8, spent=80, limit=1000, rate=10.0, seen=seen)

    # 8 hours at 10 are gone; 1 more, 8 at 100 and 7 at 10 are to come. A line would say 240.
    assert found.basis == DAY
    assert found.nano_usd == 80 + 10 + 800 + 70
    assert (found.low_nano_usd, found.high_nano_usd) == (960, 960), "every day so far went exactly so"
    evening = of_day(5, 17, spent=890, limit=1000, rate=10.0, seen=seen)
    assert (evening.nano_usd, evening.runs_out_ms) == (960, None)


def test_two_weeks_of_history_know_the_weekend() -> None:
    history = hours(14 * 24 + 5 * 24, office_week)
    assert pattern(history[: 13 * 24], 24, 1) != pattern(history, 24, 1)
    found = of_day(19, 8, spent=80, limit=1000, rate=10.0, seen=pattern(history, 24, 1))

    assert found.basis == WEEK
    assert found.nano_usd == 80 + 160, "a Saturday stays at ten"


def test_what_is_spent_above_the_usual_goes_on_and_the_range_holds_its_end() -> None:
    seen = pattern(hours(5 * 24, office), 24, 1)
    found = of_day(5, 8, spent=1_000, limit=5_000, rate=510.0, seen=seen)

    usual, above = 880, 500 * 16
    assert found.nano_usd == 1_000 + usual + above
    assert (found.low_nano_usd, found.high_nano_usd) == (1_000 + usual, found.nano_usd)
    assert found.runs_out_ms is not None
    assert found.latest_ms is None, "back at the usual it lasts"


def test_the_range_is_how_far_such_forecasts_were_off_on_days_past() -> None:
    # The third day cost double, the fourth half.
    factors = {2: 2, 3: 0.5}
    history = hours(4 * 24, lambda n: round(100 * factors.get(n // 24, 1)))
    seen = pattern(history, 24, 1)
    assert seen is not None
    # Standing at the end of day 2 (usual 133.3, level 200, so 200 expected): 50 came, a quarter. At the end of day 1: 200 of 100.
    assert list(seen.errors) == pytest.approx([0.25, 2.0])


@pytest.mark.parametrize(("count", "cycle"), [(47, None), (48, DAY_HOURS), (335, DAY_HOURS), (336, WEEK_HOURS)])
def test_a_pattern_needs_two_turns_of_its_cycle(count: int, cycle: int | None) -> None:
    found = pattern(hours(count, office), 24, 1)
    assert (found.cycle_hours if found else None) == cycle


def test_a_history_in_which_nothing_was_spent_is_no_pattern() -> None:
    found = of_day(5, 8, spent=80, limit=1000, rate=10.0, seen=pattern(hours(120, lambda n: 0), 24, 1))
    assert (found.basis, found.nano_usd) == (LINE, 240)


@given(
    st.integers(0, 10**12),
    st.integers(1, 10**12),
    st.floats(0, 1e11),
    st.lists(st.integers(0, 10**10), min_size=0, max_size=400),
    st.floats(0, 23.9),
)
def test_a_projection_lies_in_its_range_and_never_below_what_is_spent(
    spent: int, limit: int, rate: float, costs: list[int], at_hour: float
) -> None:
    history = [Hour(n * HOUR_MS, n % WEEK_HOURS, cost) for n, cost in enumerate(costs)]
    found = of_day(20, at_hour, spent, limit, rate, pattern(history, 24, 1), other_rates=(rate / 2, rate * 2))

    assert spent <= found.low_nano_usd <= found.nano_usd <= found.high_nano_usd
    if found.runs_out_ms is not None:
        assert found.earliest_ms is not None
        assert found.earliest_ms <= found.runs_out_ms <= (found.latest_ms or inf)
        assert found.nano_usd >= limit - 1
    if spent < limit and found.nano_usd > limit + 1:
        assert found.runs_out_ms is not None


def test_the_present_is_a_quarter_of_an_hour_unless_the_end_is_far() -> None:
    assert look_back_ms(DAY_MS) == 15 * 60_000
    assert look_back_ms(DAY_MS + 1) == 6 * HOUR_MS
