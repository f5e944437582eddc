"""Budgets: their pace, their burn rates and their thresholds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.budget import BudgetState, Burn, burn_rate, pace
from pricing.periods import Period
from pricing.projection import LINE, Projection

HOUR_MS = 3_600_000
DAY = Period(begins_ms=0, ends_ms=24 * HOUR_MS)
NOWHERE = Projection(
    nano_usd=0, low_nano_usd=0, high_nano_usd=0, basis=LINE, runs_out_ms=None, earliest_ms=None, latest_ms=None
)


def state(spent: int, limit: int = 100, at_ms: int = 6 * HOUR_MS, **changes: object) -> BudgetState:
    plain: dict[str, object] = {
        "name": "launch", "period_name": "day", "filter": "", "counts": "both", "period": DAY, "at_ms": at_ms,
        "limit_nano_usd": limit, "spent_nano_usd": spent, "burns": (), "projection": NOWHERE,
    }  # fmt: skip
    return BudgetState(**(plain | changes))  # type: ignore[arg-type]  # a dictionary has one type of value


def test_pace_is_one_when_spending_is_exactly_on_plan() -> None:
    assert pace(25, 100, 0.25) == 1.0
    assert pace(50, 100, 0.25) == 2.0
    assert pace(0, 100, 0.25) == 0.0
    assert pace(1, 100, 0.0) is None
    assert pace(1, 0, 0.5) is None


def test_a_burn_rate_of_one_uses_the_budget_exactly_in_its_period() -> None:
    # 240 dollars a day are 10 an hour.
    assert burn_rate(10.0, 240, DAY) == 1.0
    assert burn_rate(144.0, 240, DAY) == pytest.approx(14.4)
    assert burn_rate(0.0, 240, DAY) == 0.0
    assert burn_rate(10.0, 0, DAY) is None


@given(st.integers(1, 10**15), st.integers(1, 8_784), st.floats(0.01, 100))
def test_a_budget_spent_at_a_constant_burn_rate_lasts_one_over_that_of_its_period(
    limit: int, hours: int, rate: float
) -> None:
    period = Period(begins_ms=0, ends_ms=hours * HOUR_MS)
    nano_per_hour = rate * limit / hours
    assert burn_rate(nano_per_hour, limit, period) == pytest.approx(rate)
    assert limit / nano_per_hour == pytest.approx(hours / rate)


def test_what_is_left_and_how_far_the_period_is() -> None:
    one = state(30)
    assert (one.left_nano_usd, one.elapsed_share, one.spent_share) == (70, 0.25, 0.3)
    assert one.pace == pytest.approx(1.2)
    assert state(130).left_nano_usd == -30


@pytest.mark.parametrize(
    ("spent", "crossed"), [(0, None), (79, None), (80, "soft"), (99, "soft"), (100, "hard"), (500, "hard")]
)
def test_a_threshold_is_crossed_when_it_is_reached(spent: int, crossed: str | None) -> None:
    assert state(spent).crossed == crossed


def test_thresholds_are_the_budget_s_own() -> None:
    found = [state(spent, soft_share=0.5, hard_share=1.2).crossed for spent in (49, 50, 119, 120)]
    assert found == [None, "soft", "soft", "hard"]


def test_a_burn_rate_that_is_not_known_is_none_and_not_zero() -> None:
    one = state(1, burns=(Burn(window="5m", nano_usd_per_hour=8.0, rate=2.0),))
    assert (one.burn("5m"), one.burn("3d")) == (2.0, None)
