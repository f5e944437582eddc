"""What an engine can do: configured before learned, raised where it was exceeded, and never for the time before."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.economics import Capacity, Served
from pricing.hosts.saturation import Configured, Learned, differs, in_force, is_saturated, learn, work_over, work_rate

JOINT = Configured(
    capacity=Capacity(prefill_tokens_per_second=1_500, decode_tokens_per_second=300), source="configured"
)
"""Saturated at 3,000, an output token weighs 5."""


def learned(at_s: int, k: int, *, raised: bool = False, weight: int = 5) -> Learned:
    return Learned(
        since_ms=at_s * 1000, work_per_second=Fraction(k), decode_weight=Fraction(weight), raised=raised, minutes=7
    )


def test_what_is_configured_wins_over_what_was_learned() -> None:
    found = in_force(JOINT, [learned(0, 2_000)], 10_000)
    assert found is not None
    assert (float(found.work_per_second), found.source, found.is_learned) == (3_000, "configured", False)


def test_what_was_exceeded_is_raised_from_that_minute_on_and_not_before() -> None:
    history = [learned(60, 3_600, raised=True)]
    before, after = in_force(JOINT, history, 59_999), in_force(JOINT, history, 60_000)

    assert before is not None
    assert after is not None
    assert (float(before.work_per_second), before.source) == (3_000, "configured")
    assert (float(after.work_per_second), after.source, after.since_ms) == (3_600, "configured, raised", 60_000)


def test_work_that_was_weighed_otherwise_raises_nothing() -> None:
    found = in_force(JOINT, [learned(0, 9_000, raised=True, weight=4)], 1_000)
    assert found is not None
    assert found.work_per_second == 3_000


def test_without_a_configuration_the_last_one_learned_is_in_force_and_before_the_first_nothing_is_known() -> None:
    history = [learned(60, 100), learned(120, 90)]
    found = in_force(None, history, 130_000)

    assert in_force(None, history, 59_000) is None
    assert found is not None
    assert (float(found.work_per_second), found.source, found.is_learned, found.minutes) == (90, "learned", True, 7)


def test_saturation_over_a_window_is_each_k_times_its_seconds() -> None:
    history = [learned(0, 100), learned(60, 200), learned(90, 50)]
    assert work_over(None, history, 30_000, 120_000) == 30 * 100 + 30 * 200 + 30 * 50
    assert work_over(None, history, -60_000, 60_000) == 60 * 100, "before the first one nothing is known"
    assert work_over(JOINT, [], 0, 60_000) == 60 * 3_000


ks = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 10**6)), max_size=8).map(
    lambda steps: [learned(at, k) for at, k in sorted(dict(steps).items())]
)


@given(ks, st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_window_in_two_parts_is_as_much_as_in_one(history: list[Learned], a: int, b: int, c: int) -> None:
    first, middle, last = sorted((a, b, c))
    parts = [work_over(None, history, x * 1000, y * 1000) for x, y in ((first, middle), (middle, last))]
    assert sum(parts) == work_over(None, history, first * 1000, last * 1000)


def test_k_is_the_995th_of_a_thousand_saturated_minutes() -> None:
    rates = [Fraction(rate) for rate in range(1, 1_001)]
    assert learn(rates, []) == 995


def test_two_saturated_minutes_teach_nothing() -> None:
    assert learn([Fraction(10), Fraction(11)], []) is None
    assert learn([Fraction(10), Fraction(11), Fraction(9)], []) == 11


def test_what_was_surely_done_once_is_not_unlearned() -> None:
    assert learn([Fraction(10)] * 3, [learned(0, 14, raised=True)]) == 14


def test_a_minute_counts_as_saturated_when_most_of_it_was() -> None:
    assert is_saturated(30.0, 60.0)
    assert not is_saturated(29.0, 60.0)
    assert not is_saturated(0.0, 0.0)


def test_a_minute_that_was_hardly_observed_has_no_rate() -> None:
    assert work_rate(Served(input_tokens=600), 29.0, Fraction(5)) is None
    assert work_rate(Served(input_tokens=600, output_tokens=120), 60.0, Fraction(5)) == 20


def test_a_fiftieth_is_no_other_k() -> None:
    assert not differs(Fraction(102), Fraction(100))
    assert differs(Fraction(103), Fraction(100))
    assert differs(Fraction(97), Fraction(100))
