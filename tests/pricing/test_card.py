"""A card says everything about a price, and says the same after a trip through a store."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.card import (
    HOSTED,
    CardStatus,
    RateCard,
    UnitRate,
    card_from_mapping,
    card_to_mapping,
    unpriced,
)
from pricing.graduated import Bracket

rates = st.none() | st.integers(min_value=0, max_value=10**12)
texts = st.text(max_size=8)


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    names = draw(st.lists(texts, unique=True, max_size=3))
    return RateCard(
        book=draw(texts),
        record=draw(texts),
        status=draw(st.sampled_from(CardStatus)),
        rates=tuple(draw(rates) for _ in range(8)),
        reasoning_rate=draw(rates),
        request_rate=draw(rates),
        unit_rates=tuple(
            UnitRate(unit=name, nano_usd=draw(st.integers(0, 9)), per=draw(st.integers(1, 9))) for name in names
        ),
        match_rule=draw(texts),
        conditions=tuple(draw(st.lists(texts, max_size=2))),
        fallbacks=tuple(draw(st.lists(texts, max_size=2))),
        effective_from=draw(st.none() | texts),
        checked=draw(st.none() | texts),
        effective_to=draw(st.none() | st.sampled_from(["2026-07-01"])),
        graduated=tuple(
            Bracket(above_prompt_tokens=above, rates=tuple(draw(rates) for _ in range(8)))
            for above in sorted(draw(st.frozensets(st.integers(1, 9), max_size=2)))
        ),
        not_covered=tuple(draw(st.lists(texts, max_size=1))),
    )


@given(cards())
def test_a_card_and_its_id_survive_json(card: RateCard) -> None:
    again = card_from_mapping(json.loads(json.dumps(card_to_mapping(card))))
    assert again == card
    assert again.id == card.id


@pytest.mark.parametrize(
    "change",
    [
        {"rates": (1,) + (None,) * 7},
        {"reasoning_rate": 0},
        {"request_rate": 0},
        {"match_rule": "exact"},
        {"conditions": ("batch",)},
        {"effective_from": "2026-01-01"},
        {"status": CardStatus.ESTIMATED},
        {"effective_to": "2026-01-01"},
        {"graduated": (Bracket(above_prompt_tokens=1, rates=(1,) * 8),)},
        {"not_covered": ("a search",)},
        {"unit_rates": (UnitRate(unit="web_searches", nano_usd=1),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_id_changes_with_anything_the_card_says(change: dict[str, object]) -> None:
    card = RateCard(book="catalogue", record="openai/gpt-4o", status=CardStatus.PRICED)
    changed = replace(card, **change)  # type: ignore[arg-type]  # each case names a field and a value of its type
    assert changed.id != card.id
    assert changed.id.startswith("catalogue:openai/gpt-4o:")


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"book": "b", "record": "r", "status": "cheap"},
        {"book": "b", "record": "r", "status": "priced", "rates": [1]},
        {"book": "b", "record": "r", "status": "priced", "colour": 1},
    ],
)
def test_what_is_no_card_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a rate card"):
        card_from_mapping(broken)


def test_unpriced_requests_are_kept_apart_at_the_long_context_thresholds() -> None:
    bands = [unpriced(tokens).conditions for tokens in (0, 128_000, 128_001, 200_000, 200_001, 272_000, 272_001)]
    assert bands == [
        ("prompt up to 128000",),
        ("prompt up to 128000",),
        ("prompt up to 200000",),
        ("prompt up to 200000",),
        ("prompt up to 272000",),
        ("prompt up to 272000",),
        ("prompt over 272000",),
    ]


def test_an_unpriced_card_has_no_rate_at_all_and_a_hosted_one_has_zeros() -> None:
    assert set(unpriced(1).rates) == {None}
    assert set(HOSTED.rates) == {0}
