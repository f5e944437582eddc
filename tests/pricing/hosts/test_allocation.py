"""A host's dollars divided over those who used it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.allocation import allocate, largest_remainder

works = st.dictionaries(st.text(max_size=3), st.fractions(0, 10**9), max_size=6)
amounts = st.integers(0, 10**15)


@given(amounts, works, st.none() | st.fractions(0, 10**9))
def test_not_a_nano_dollar_is_lost_or_billed_twice(
    nano_usd: int, work: dict[str, Fraction], saturation: Fraction | None
) -> None:
    parts = allocate(nano_usd, work, "(idle)", saturation)

    assert sum(parts.values()) == nano_usd
    assert all(part >= 0 for part in parts.values())


@given(amounts, st.dictionaries(st.text(max_size=3), st.fractions(Fraction(1, 9), 10**6), min_size=1, max_size=6))
def test_each_part_is_its_exact_share_rounded_up_or_down(amount: int, shares: dict[str, Fraction]) -> None:
    whole = sum(shares.values(), Fraction(0))
    for owner, part in largest_remainder(amount, shares).items():
        assert abs(part - amount * shares[owner] / whole) < 1


def test_what_the_host_could_have_done_and_did_not_is_idle() -> None:
    parts = allocate(1_000, {"acme": Fraction(30), "globex": Fraction(20)}, "(idle)", Fraction(100))

    assert parts == {"acme": 300, "globex": 200, "(idle)": 500}


def test_work_beyond_the_assumed_saturation_leaves_nothing_idle() -> None:
    assert allocate(900, {"acme": Fraction(200), "globex": Fraction(100)}, "(idle)", Fraction(100)) == {
        "acme": 600,
        "globex": 300,
    }


def test_without_a_known_saturation_those_who_worked_carry_everything() -> None:
    assert allocate(900, {"acme": Fraction(1)}, "(idle)", None) == {"acme": 900}


def test_a_host_that_nobody_used_is_idle_as_a_whole() -> None:
    assert allocate(900, {}, "(idle)", None) == {"(idle)": 900}
    assert allocate(900, {"acme": Fraction(0)}, "(idle)", Fraction(10)) == {"(idle)": 900}


def test_remainders_go_to_the_largest_fractions_and_ties_to_the_earlier_owner() -> None:
    assert largest_remainder(100, {"a": Fraction(1), "b": Fraction(1), "c": Fraction(1)}) == {"a": 34, "b": 33, "c": 33}
    assert largest_remainder(10, {"a": Fraction(26), "b": Fraction(35), "c": Fraction(39)}) == {"a": 3, "b": 3, "c": 4}
