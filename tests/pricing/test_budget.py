"""Budgets: their periods, their pace, and when they run out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.budget import Period, pace, period_at, runs_out_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "instant", "begins", "ends"),
    [
        ("hour", "2026-05-16T14:23:07", "2026-05-16T14:00:00", "2026-05-16T15:00:00"),
        ("day", "2026-12-31T23:59:59", "2026-12-31T00:00:00", "2027-01-01T00:00:00"),
        ("week", "2026-05-16T14:23:07", "2026-05-11T00:00:00", "2026-05-18T00:00:00"),
        ("week", "2027-01-02T00:00:00", "2026-12-28T00:00:00", "2027-01-04T00:00:00"),
        ("month", "2028-02-29T12:00:00", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
        ("month", "2027-02-28T12:00:00", "2027-02-01T00:00:00", "2027-03-01T00:00:00"),
        ("month", "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("month", "2026-01-31T00:00:00", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
    ],
)
def test_a_period_is_the_calendar_s_in_utc(period: str, instant: str, begins: str, ends: str) -> None:
    assert period_at(period, at(instant)) == Period(begins_ms=at(begins), ends_ms=at(ends))


instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
    lambda moment: round(moment.replace(tzinfo=UTC).timestamp() * 1000)
)


@given(st.sampled_from(("hour", "day", "week", "month")), instants)
def test_periods_follow_each_other_without_gap_or_overlap(name: str, instant: int) -> None:
    period = period_at(name, instant)

    assert period.begins_ms <= instant < period.ends_ms
    assert period_at(name, period.begins_ms) == period
    assert period_at(name, period.ends_ms).begins_ms == period.ends_ms
    assert period_at(name, period.begins_ms - 1).ends_ms == period.begins_ms


def test_another_word_is_no_period() -> None:
    with pytest.raises(ValueError, match="'fortnight'"):
        period_at("fortnight", 0)


def test_pace_is_one_when_spending_is_exactly_on_plan() -> None:
    assert pace(25, 100, 0.25) == 1.0
    assert pace(50, 100, 0.25) == 2.0
    assert pace(0, 100, 0.25) == 0.0
    assert pace(1, 100, 0.0) is None
    assert pace(1, 0, 0.5) is None


DAY = Period(begins_ms=0, ends_ms=DAY_MS)


def test_a_budget_runs_out_when_what_is_left_is_spent_at_this_rate() -> None:
    assert runs_out_ms(40, 100, 10, 2 * HOUR_MS, DAY) == 8 * HOUR_MS


def test_a_budget_that_lasts_has_no_run_out_time() -> None:
    assert runs_out_ms(40, 100, 1, 2 * HOUR_MS, DAY) is None
    assert runs_out_ms(40, 100, 0, 2 * HOUR_MS, DAY) is None
    assert runs_out_ms(0, 24, 1, 0, DAY) is None, "exactly at the end of its period is not before it"


def test_a_budget_that_is_used_up_has_run_out_now() -> None:
    assert runs_out_ms(100, 100, 10, 5, DAY) == 5
    assert runs_out_ms(101, 100, 0, 5, DAY) == 5


def test_a_share_of_a_period_stays_between_nothing_and_all_of_it() -> None:
    assert DAY.elapsed_share(-1) == 0.0
    assert DAY.elapsed_share(6 * HOUR_MS) == 0.25
    assert DAY.elapsed_share(DAY_MS + 1) == 1.0


def test_a_daylight_saving_change_does_not_bend_a_day() -> None:
    period = period_at("day", at("2026-03-29T12:00:00"))
    assert timedelta(milliseconds=period.ends_ms - period.begins_ms) == timedelta(days=1)
