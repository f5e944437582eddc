"""Events become priced events: the card that is chosen for each, and why."""

import pytest

from collectors.prices.pricer import CLOCK_SKEW_MS, Pricer
from collectors.prices.repricer import BookChooser
from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook
from pricing.card import CardStatus
from pricing.usage import NOTHING, Usage
from store.facts import Dimensions, Outcome, PricedEvent, UsageEvent
from store.repricing import Asked
from tests.fakes.events import AT_MS, event

BOOK = PriceBook(
    [
        UserBook.from_entries(
            [
                {"model": "gpt-4o", "input": "2.5", "output": "10"},
                {"model": "gpt-4o", "input": "1.25", "output": "5", "variant": "batch"},
                {"model": "half", "input": "1"},
            ]
        )
    ]
)


def price(one: UsageEvent, now_ms: int = AT_MS) -> tuple[PricedEvent, CardStatus]:
    found = Pricer(BOOK).price([one], now_ms=now_ms)
    (priced,), (card,) = found.events, found.cards
    assert priced.card_id == card.id
    return priced, card.status


def test_a_known_model_is_billed_by_its_rates() -> None:
    priced, status = price(event())
    assert (priced.nano_usd, priced.partial, status) == (3_500_000, False, CardStatus.PRICED)


def test_cached_sound_at_an_assumed_rate_is_stored_as_an_estimate_however_it_is_priced() -> None:
    rates = {"model": "voice", "input": "4", "cache_read": "1", "input_audio": "32", "output": "16"}
    book = PriceBook([UserBook.from_entries([rates])])
    heard = Usage(cache_read_tokens=100, units=(("cache_audio_read_tokens", 40),))
    found = Pricer(book).price([event(model="voice", usage=heard), event(model="voice", usage=Usage(1))], now_ms=AT_MS)
    assert [one.nano_usd for one in found.events] == [60 * 1_000 + 40 * 32_000, 4_000]
    assert [card.status for card in found.cards] == [CardStatus.ESTIMATED, CardStatus.PRICED]
    estimated, plain = found.cards
    said = Dimensions(source="", provider=None, model="voice")
    again = BookChooser(book)
    assert again.for_request(Asked(said, AT_MS, heard, "", estimated)) == estimated
    assert again.for_request(Asked(said, AT_MS, Usage(1), "", plain)) == plain


def test_a_used_class_without_a_rate_makes_the_cost_partial() -> None:
    priced, _ = price(event(model="half"))
    assert (priced.nano_usd, priced.partial) == (1_000_000, True)


@pytest.mark.parametrize("variant", ["batch", "batches", "BATCH"])
def test_the_tier_that_was_billed_chooses_the_card(variant: str) -> None:
    assert price(event(variant=variant))[0].nano_usd == 1_750_000


def test_a_tier_that_no_book_offers_is_unpriced_and_not_billed_as_standard() -> None:
    priced, status = price(event(variant="priority"))
    assert (priced.nano_usd, status) == (None, CardStatus.UNPRICED)
    assert price(event(variant="default"))[1] is CardStatus.PRICED


@pytest.mark.parametrize(
    ("one", "nano_usd", "status"),
    [
        (event(model="nobody-knows-it"), None, CardStatus.UNPRICED),
        (event(model=None), None, CardStatus.UNPRICED),
        (event(usage=NOTHING, usage_missing=True), None, CardStatus.UNPRICED),
        (event(usage=NOTHING, outcome=Outcome.ERROR), 0, CardStatus.UNUSED),
        (event(usage=Usage()), 0, CardStatus.UNUSED),
        (event(outcome=Outcome.CACHE), 0, CardStatus.CACHED),
        (event(outcome=Outcome.CACHE, model="nobody-knows-it"), 0, CardStatus.CACHED),
        (event(provider="hosted_vllm", model="my-llama"), 0, CardStatus.HOSTED),
        (event(usage=Usage(output_tokens=1, reasoning_tokens=2)), None, CardStatus.INVALID),
        (event(usage=Usage(input_tokens=-1)), None, CardStatus.INVALID),
    ],
)
def test_unknown_is_never_zero_and_known_to_be_nothing_is_zero(
    one: UsageEvent, nano_usd: int | None, status: CardStatus
) -> None:
    priced, found = price(one)
    assert (priced.nano_usd, found) == (nano_usd, status)


def test_an_event_from_the_future_is_stored_as_received_now_and_counted() -> None:
    ahead = [event("a", ended_at_ms=AT_MS + CLOCK_SKEW_MS), event("b", ended_at_ms=AT_MS + CLOCK_SKEW_MS + 1)]
    found = Pricer(BOOK).price(ahead, now_ms=AT_MS)

    assert [one.event.ended_at_ms for one in found.events] == [AT_MS + CLOCK_SKEW_MS, AT_MS]
    assert found.clock_skew == 1


def test_each_card_of_a_batch_is_handed_over_once() -> None:
    found = Pricer(BOOK).price([event("a"), event("b"), event("c", model="?")], now_ms=AT_MS)
    assert len(found.cards) == 2


def test_prompts_of_unpriced_models_are_kept_apart_by_size() -> None:
    sizes = [1_000, 128_000, 128_001, 300_000]
    events = [event(str(size), model="?", usage=Usage(input_tokens=size)) for size in sizes]
    cards = [one.card_id for one in Pricer(BOOK).price(events, now_ms=AT_MS).events]

    assert cards[0] == cards[1]
    assert len(set(cards)) == 3


def test_an_event_whose_source_says_no_time_was_received_now_and_is_no_clock_skew() -> None:
    found = Pricer(BOOK).price([event(ended_at_ms=0)], now_ms=AT_MS)
    assert ([one.event.ended_at_ms for one in found.events], found.clock_skew) == ([AT_MS], 0)
