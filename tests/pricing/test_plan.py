"""The plan of a launch: through its points, and even between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.plan import plan_of, points_from_rates

HOUR_MS = 3_600_000


def test_without_a_plan_the_budget_is_spent_evenly() -> None:
    plan = plan_of((), 6 * HOUR_MS, 600)
    assert [plan.spent_by(n * HOUR_MS) for n in (0, 1, 3, 6, 9)] == [0, 100, 300, 600, 600]
    assert [plan.nano_usd_per_hour(n * HOUR_MS) for n in (0, 5, 6)] == [100, 100, 0]


def test_a_plan_goes_through_its_points() -> None:
    plan = plan_of(((HOUR_MS, 10), (2 * HOUR_MS, 110)), 4 * HOUR_MS, 999)
    assert [plan.spent_by(round(n * HOUR_MS)) for n in (0, 0.5, 1, 1.5, 2, 3, 4)] == [0, 5, 10, 60, 110, 110, 110]
    assert [plan.nano_usd_per_hour(n * HOUR_MS) for n in (0, 1, 2)] == [10, 100, 0]


def test_rates_become_points() -> None:
    # 50 an hour for half an hour, then 200 for an hour and a half.
    points = points_from_rates(((0, 50), (HOUR_MS // 2, 200)), 2 * HOUR_MS)
    assert points == ((0, 0), (HOUR_MS // 2, 25), (2 * HOUR_MS, 325))
    assert plan_of(points, 2 * HOUR_MS, 1).nano_usd_per_hour(HOUR_MS) == 200


steps = st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**12)), min_size=1, max_size=20)


@given(steps, st.integers(0, 10**8), st.integers(0, 10**8))
def test_a_plan_never_takes_money_back(parts: list[tuple[int, int]], first: int, second: int) -> None:
    points, at, spent = [], 0, 0
    for after, more in parts:
        at, spent = at + after, spent + more
        points.append((at, spent))
    plan = plan_of(points, at + 1, spent)
    early, late = sorted((first, second))

    assert 0 <= plan.spent_by(early) <= plan.spent_by(late) <= spent
    assert [plan.spent_by(after) for after, _ in points] == pytest.approx([usd for _, usd in points])
