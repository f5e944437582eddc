"""Pictures, films and cached sound: billed at rates of their own, and otherwise at a rate that is named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import cost_nano_usd, make_bill
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook, rates_card
from pricing.card import CardStatus, RateCard, UnitRate, card_from_mapping, card_to_mapping
from pricing.modal import PARTS, card_assuming, more_than_whole
from pricing.usage import TOKEN_CLASSES, Usage

_NOVEMBER_MS = 1_795_000_000_000
MILLION = 1_000_000


def card(provider: str, model: str) -> RateCard:
    return PriceBook([Catalogue()]).card(provider, model, at_ms=_NOVEMBER_MS, prompt_tokens=0)


def of(card: RateCard, units: dict[str, int], **tokens: int) -> tuple[dict[str, int | None], str, tuple[str, ...]]:
    """What each line costs, the bill's status and what it says of borrowed rates."""
    bill = make_bill(Usage(units=tuple(sorted(units.items())), **tokens), card)
    return {line.item: line.nano_usd for line in bill.lines}, bill.status, bill.fallbacks


def test_gemini_bills_cached_sound_as_genai_prices_own_example_does() -> None:
    # pydantic/genai-prices, tests of audio tokens: one cached and 1,000 fresh tokens of text, a million cached and a
    # thousand million fresh ones of sound cost $1000.10030003 on gemini-2.5-flash.
    usage = Usage(
        input_tokens=1_000, cache_read_tokens=1 + MILLION,
        units=(("cache_audio_read_tokens", MILLION), ("input_audio_tokens", 1_000 * MILLION)),
    )  # fmt: skip
    assert cost_nano_usd(usage, card("google", "gemini-2.5-flash")) == (1_000_100_300_030, False)


def test_what_openai_s_image_model_is_shown_has_a_rate_of_its_own() -> None:
    # gpt-image-1: text $5, cached $1.25; pictures $10, cached $2.50 (openai.com/api/pricing).
    lines, status, said = of(
        card("openai", "gpt-image-1"), {"input_image_tokens": MILLION, "cache_image_read_tokens": MILLION},
        input_tokens=3 * MILLION, cache_read_tokens=2 * MILLION,
    )  # fmt: skip
    assert lines == {
        "input": 10_000_000_000, "cache_read": 1_250_000_000,
        "cache_image_read_tokens": 2_500_000_000, "input_image_tokens": 10_000_000_000,
    }  # fmt: skip
    assert (status, said) == ("priced", ())


@pytest.mark.parametrize(("provider", "model"), [("google", "gemini-2.5-flash"), ("openai", "gpt-4o")])
def test_pictures_cost_what_text_does_where_the_provider_says_so_and_the_bill_says_it(
    provider: str, model: str
) -> None:
    chosen = card(provider, model)
    lines, status, said = of(chosen, {"input_image_tokens": 258}, input_tokens=326)
    assert lines == of(chosen, {}, input_tokens=326)[0]
    assert (status, said) == ("priced", ("input_image_tokens as input",))
    assert card_assuming(Usage(input_tokens=326, units=(("input_image_tokens", 258),)), chosen) is chosen


def test_of_other_providers_it_is_assumed_and_such_a_cost_is_an_estimate() -> None:
    chosen = card("x-ai", "grok-4.5")
    usage = Usage(input_tokens=326, units=(("input_image_tokens", 258),))
    assert chosen.status is CardStatus.PRICED
    bill = make_bill(usage, chosen)
    assert (bill.status, bill.fallbacks) == ("estimated", ("input_image_tokens as input, which is assumed",))
    stored = card_assuming(usage, chosen)
    assert (stored.status, stored.rates) == (CardStatus.ESTIMATED, chosen.rates)
    assert card_assuming(usage, chosen) is stored, "one card for all such requests"
    assert make_bill(usage, card_from_mapping(card_to_mapping(stored))).fallbacks == bill.fallbacks
    assert card_assuming(Usage(input_tokens=326), chosen) is chosen


def test_cached_sound_without_a_rate_is_billed_as_sound_that_was_not_cached_and_is_an_estimate() -> None:
    chosen = rates_card("input=4,cache_read=1,input_audio=32,output=16")
    lines, status, said = of(
        chosen, {"cache_audio_read_tokens": MILLION}, input_tokens=MILLION, cache_read_tokens=3 * MILLION
    )
    assert lines == {"input": 4_000_000_000, "cache_read": 2_000_000_000, "cache_audio_read_tokens": 32_000_000_000}
    assert (status, said) == (
        "estimated", ("cache_audio_read_tokens as input_audio_tokens, which is assumed",),
    )  # fmt: skip


def test_sound_that_google_bills_as_any_input_is_cached_at_the_rate_of_text() -> None:
    lines, status, said = of(
        card("google", "gemini-2.5-pro"), {"cache_audio_read_tokens": 10}, cache_read_tokens=MILLION
    )
    assert lines == {"cache_read": 125_000_000}
    assert (status, said) == ("priced", ("cache_audio_read_tokens as cache_read",))


def test_a_price_by_hand_says_by_itself_what_a_picture_costs() -> None:
    shown = {"input_image_tokens": MILLION}
    plain = of(rates_card("input=3,output=15"), shown, input_tokens=2 * MILLION)
    assert plain == ({"input": 6_000_000_000}, "priced", ("input_image_tokens as input",))
    entry: dict[str, Any] = {"model": "m", "input": "3", "output": "15", "input_image": "5", "cache_image_read": "0.5"}
    own = PriceBook([UserBook.from_entries([entry])]).card(None, "m", at_ms=0, prompt_tokens=0)
    lines, status, said = of(
        own, {**shown, "cache_image_read_tokens": MILLION}, input_tokens=2 * MILLION, cache_read_tokens=MILLION
    )
    assert lines == {
        "input": 3_000_000_000, "input_image_tokens": 5_000_000_000, "cache_image_read_tokens": 500_000_000,
    }  # fmt: skip
    assert (status, said) == ("priced", ())


_counts = st.integers(0, MILLION)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Prompts whose parts are no more than their classes."""
    tokens = [draw(_counts) for _ in range(8)]
    left = list(tokens)
    units = []
    for unit, inside in sorted(PARTS.items()):
        position = TOKEN_CLASSES.index(inside)
        amount = draw(st.integers(0, left[position]))
        left[position] -= amount
        units += [(unit, amount)] if amount else []
    return Usage.of([*tokens, 0], tuple(units))


@given(usage=usages(), rate=st.integers(0, 10**5), rated=st.sets(st.sampled_from(sorted(PARTS))))
def test_every_token_is_billed_once_whichever_part_has_a_rate(usage: Usage, rate: int, rated: set[str]) -> None:
    """With one rate for everything a prompt costs its tokens times that rate."""
    flat = RateCard(
        book="test", record="m", status=CardStatus.PRICED, rates=(rate * MILLION,) * 8,
        unit_rates=tuple(UnitRate(unit=unit, nano_usd=rate * MILLION, per=MILLION) for unit in sorted(rated)),
    )  # fmt: skip
    assert more_than_whole(usage) is None
    assert cost_nano_usd(usage, flat) == (usage.total_tokens * rate, False)


def test_parts_that_are_more_than_their_class_are_named() -> None:
    wrong = Usage(input_tokens=10, units=(("input_image_tokens", 8), ("input_video_tokens", 3)))
    assert more_than_whole(wrong) == "input_image_tokens is a part of input, which has no more than 10 tokens"
