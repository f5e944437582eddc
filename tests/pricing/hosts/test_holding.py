"""Which part of a host each engine holds: cards, MIG instances, and what nobody says, together never more than the host."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.holding import BY_MEMORY, SHARED, SILENT, TOO_MUCH, UNSIZED, Claim, Share, shares


def cards(*indices: int) -> list[Claim]:
    return [Claim(index) for index in indices]


def instance(name: str, slices: int, *, card: int = 0, of: int = 7) -> Claim:
    return Claim(card, name, Fraction(slices, of), divided=True)


def parts(found: list[Share]) -> list[Fraction]:
    return [one.of_host for one in found]


def why(found: list[Share]) -> list[str]:
    return [one.assumed for one in found]


def test_engines_that_say_nothing_share_what_nobody_claims() -> None:
    found = shares([cards(0, 1, 2, 3), [], []], 8)
    assert (parts(found), why(found)) == ([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], ["", SILENT, SILENT])


def test_an_engine_alone_on_its_host_has_all_of_it_and_one_that_names_its_gpus_has_those() -> None:
    assert shares([[]], 8) == [Share(of_host=Fraction(1))]
    assert parts(shares([cards(0, 1)], 8)) == [Fraction(1, 4)]


def test_claims_beyond_the_host_are_scaled_down_to_fit_and_are_assumed() -> None:
    found = shares([cards(0, 1, 2, 3, 4, 5), cards(6, 7, 8, 9, 10, 11)], 8)
    assert (parts(found), why(found)) == ([Fraction(1, 2), Fraction(1, 2)], [TOO_MUCH, TOO_MUCH])
    assert parts(shares([cards(0, 1), []], 1)) == [1, 0], "nothing is left for who says nothing"


def test_a_card_that_two_engines_hold_is_half_of_each_and_that_is_assumed() -> None:
    found = shares([cards(0, 1), cards(1)], 2)
    assert (parts(found), why(found)) == ([Fraction(3, 4), Fraction(1, 4)], [SHARED, SHARED])


def test_an_instance_is_its_slices_of_its_card_and_the_rest_is_nobody_s() -> None:
    found = shares([[instance("a", 3)], [instance("b", 2)]], 1)
    assert (parts(found), why(found)) == ([Fraction(3, 7), Fraction(2, 7)], ["", ""])
    assert found[0].cards == {0: Fraction(3, 7)}


def test_a_host_whose_number_of_gpus_nobody_knows_has_those_that_are_claimed() -> None:
    assert parts(shares([[instance("a", 3)]], None)) == [Fraction(3, 7)], "of one card"
    assert parts(shares([[instance("a", 3)], []], None)) == [Fraction(3, 14), Fraction(11, 14)]


def test_an_instance_that_two_engines_share_is_half_of_it_for_each() -> None:
    found = shares([[instance("a", 4)], [instance("a", 4)], [instance("b", 3)]], 1)
    assert (parts(found), why(found)) == ([Fraction(2, 7), Fraction(2, 7), Fraction(3, 7)], [SHARED, SHARED, ""])


def test_who_names_only_a_divided_card_has_what_the_known_instances_leave_of_it() -> None:
    found = shares([[instance("a", 3)], [Claim(0, divided=True)]], 1)
    assert (parts(found), why(found)) == ([Fraction(3, 7), Fraction(4, 7)], ["", UNSIZED])


def test_alone_on_a_divided_card_it_has_all_of_it_which_is_assumed() -> None:
    found = shares([[Claim(0, divided=True)]], 2)
    assert (parts(found), why(found)) == ([Fraction(1, 2)], [UNSIZED])


def test_claims_that_contradict_each_other_on_one_card_leave_the_other_cards_alone() -> None:
    found = shares([[instance("a", 7)], cards(0), cards(1)], 2)
    assert (parts(found), why(found)) == ([Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)], [SHARED, SHARED, ""])


def test_a_part_that_was_taken_by_memory_says_so() -> None:
    (found,) = shares([[Claim(0, "a", Fraction(1, 8), BY_MEMORY)]], 1)
    assert (found.of_host, found.assumed) == (Fraction(1, 8), BY_MEMORY)


claims = st.builds(
    Claim,
    card=st.integers(0, 3),
    instance=st.none() | st.sampled_from("abc"),
    part=st.none() | st.integers(1, 7).map(lambda slices: Fraction(slices, 7)),
    divided=st.booleans(),
)


@given(st.lists(st.lists(claims, max_size=4), min_size=1, max_size=5), st.none() | st.integers(1, 6))
def test_no_more_than_the_whole_host_nor_any_card_is_shared_out(engines: list[list[Claim]], gpus: int | None) -> None:
    found = shares(engines, gpus)
    assert sum(parts(found)) <= 1
    assert all(share >= 0 for share in parts(found))
    for card in range(4):
        assert sum(one.cards.get(card, Fraction(0)) for one in found) <= 1
    silent = [one.of_host for one, mine in zip(found, engines, strict=True) if not mine]
    assert len(set(silent)) <= 1, "who says nothing has as much as the others who say nothing"
    if silent and sum(parts(found)) < 1:
        pytest.fail("what nobody claims belongs to those who say nothing")
