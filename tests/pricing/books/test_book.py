"""The first book that knows a model prices it, and nobody's silence is a zero."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import cost_nano_usd
from pricing.books import book as book_module
from pricing.books.book import Offer, PriceBook, PricedModel, normal_variant
from pricing.books.hours import Hours
from pricing.card import CardStatus, RateCard
from pricing.usage import Usage

MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS


def card(record: str) -> RateCard:
    return RateCard(book="test", record=record, status=CardStatus.PRICED, rates=(1,) * 8)


@dataclass
class FakeBook:
    """Knows some models and counts how often it was asked."""

    name: str
    models: dict[str, PricedModel] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    digest: str = "fake"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        self.asked.append(model)
        return self.models.get(model)


def priced(*offers: Offer) -> PricedModel:
    return PricedModel(offers=offers)


def record(book: PriceBook, model: str, at_ms: int = 0, prompt_tokens: int = 0, variant: str = "") -> str:
    return book.card("openai", model, at_ms=at_ms, prompt_tokens=prompt_tokens, variant=variant).record


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(0, 10**13))
def test_hours_and_the_hours_between_them_cover_the_day_exactly_once(start: int, end: int, at_ms: int) -> None:
    if start == end:
        return
    inside = Offer(card=card("in"), hours=Hours(start=start, end=end)).applies(at_ms, 0)
    outside = Offer(card=card("out"), hours=Hours(start=end, end=start)).applies(at_ms, 0)
    assert inside != outside


@pytest.mark.parametrize(
    ("minute", "applies"), [(990, True), (1_439, True), (0, True), (29, True), (30, False), (989, False)]
)
def test_hours_may_cross_midnight(minute: int, applies: bool) -> None:
    offer = Offer(card=card("night"), hours=Hours(start=990, end=30))
    assert offer.applies(20_000 * DAY_MS + minute * MINUTE_MS, 0) is applies


def test_a_price_begins_at_its_very_millisecond() -> None:
    book = PriceBook(
        [FakeBook("a", {"m": priced(Offer(card=card("old")), Offer(card=card("new"), from_ms=5 * DAY_MS))})]
    )
    assert record(book, "m", at_ms=5 * DAY_MS - 1) == "old"
    assert record(book, "m", at_ms=5 * DAY_MS) == "new"


def test_a_long_prompt_is_strictly_longer_than_the_threshold() -> None:
    offers = priced(Offer(card=card("short")), Offer(card=card("long"), above_prompt_tokens=200_000))
    book = PriceBook([FakeBook("a", {"m": offers})])
    assert record(book, "m", prompt_tokens=200_000) == "short"
    assert record(book, "m", prompt_tokens=200_001) == "long"


def test_the_last_offer_that_applies_wins() -> None:
    offers = priced(Offer(card=card("first")), Offer(card=card("second")), Offer(card=card("third"), from_ms=DAY_MS))
    assert record(PriceBook([FakeBook("a", {"m": offers})]), "m") == "second"


def test_the_first_book_that_knows_a_model_wins_as_a_whole() -> None:
    mine = FakeBook("mine", {"m": priced(Offer(card=card("mine"), from_ms=DAY_MS))})
    theirs = FakeBook("theirs", {"m": priced(Offer(card=card("theirs"))), "n": priced(Offer(card=card("theirs")))})
    book = PriceBook([mine, theirs])
    assert record(book, "m", at_ms=DAY_MS) == "mine"
    assert record(book, "n") == "theirs"
    before = book.card("openai", "m", at_ms=0, prompt_tokens=0)
    assert (before.status, before.match_rule) == (CardStatus.UNPRICED, "no standard price at that time")


def test_a_model_that_nobody_knows_costs_an_unknown_amount_and_not_zero() -> None:
    nobody = PriceBook([FakeBook("empty")]).card("openai", "m", at_ms=0, prompt_tokens=300_000)
    assert nobody.status is CardStatus.UNPRICED
    assert nobody.conditions == ("prompt over 272000",)
    assert cost_nano_usd(Usage(input_tokens=300_000), nobody) == (None, False)


@pytest.mark.parametrize(
    ("variant", "rule"),
    [
        ("batch", "no batch price at that time"),
        ("flex", "no flex price at that time"),
        ("scale", "no price for this service tier"),
    ],
)
def test_a_variant_that_is_not_offered_is_never_billed_at_the_standard_price(variant: str, rule: str) -> None:
    book = PriceBook([FakeBook("a", {"m": priced(Offer(card=card("standard")))})])
    found = book.card("openai", "m", at_ms=0, prompt_tokens=0, variant=variant)
    assert (found.status, found.match_rule) == (CardStatus.UNPRICED, rule)


@pytest.mark.parametrize("tier", ["", "standard", "default", "auto", "Default", "ON_DEMAND", None])
def test_the_ordinary_tier_has_many_names(tier: str | None) -> None:
    book = PriceBook([FakeBook("a", {"m": priced(Offer(card=card("standard")))})])
    assert normal_variant(tier) == ""
    assert record(book, "m", variant=tier or "") == "standard"


def test_a_variant_is_found_under_the_name_the_provider_gives_it() -> None:
    book = PriceBook(
        [FakeBook("a", {"m": priced(Offer(card=card("plain")), Offer(card=card("half"), variant="batch"))})]
    )
    assert [record(book, "m", variant=variant) for variant in ("batch", "BATCH", "batches", "")] == ["half"] * 3 + [
        "plain"
    ]


@pytest.mark.parametrize(
    ("provider", "model"), [("hosted_vllm", "llama"), ("ollama", "x/y"), (None, "vllm/llama"), ("LM-Studio", "q")]
)
def test_a_model_on_our_own_hosts_is_hosted_unless_the_user_prices_it(provider: str | None, model: str) -> None:
    hosted = PriceBook([FakeBook("empty")]).card(provider, model, at_ms=0, prompt_tokens=9, variant="priority")
    assert hosted.status is CardStatus.HOSTED
    mine = PriceBook([FakeBook("mine", {model: priced(Offer(card=card("mine")))})])
    assert mine.card(provider, model, at_ms=0, prompt_tokens=9).record == "mine"


def test_books_are_asked_once_per_name_and_also_remember_what_they_do_not_know() -> None:
    source = FakeBook("a", {"known": priced(Offer(card=card("known")))})
    book = PriceBook([source])
    for model in ("known", "unknown", "known", "unknown"):
        record(book, model)
    assert source.asked == ["known", "unknown"]


def test_made_up_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "_FOUND_AT_MOST", 10)
    book = PriceBook([FakeBook("a", {"known": priced(Offer(card=card("known")))})])
    for number in range(1_000):
        record(book, f"made-up-{number}")
        assert len(book._found) <= 10
    assert record(book, "known") == "known"


def test_a_model_without_offers_has_no_card() -> None:
    assert priced().card(0, 0) is None


def test_a_book_that_cannot_decide_leaves_the_name_to_the_next() -> None:
    unsure = FakeBook("unsure", {"m": PricedModel(offers=(), between=("a/m", "b/m"))})
    knows = FakeBook("knows", {"m": priced(Offer(card=card("known")))})
    assert record(PriceBook([unsure, knows]), "m") == "known"
    doubtful = PriceBook([unsure, FakeBook("empty")])
    found = doubtful.card("openai", "m", at_ms=0, prompt_tokens=0, variant="batch")
    assert found.status is CardStatus.UNPRICED
    assert found.match_rule == "the name does not decide between a/m, b/m; say the provider or give it a price"
    assert doubtful.card("vllm", "m", at_ms=0, prompt_tokens=0).status is CardStatus.HOSTED


def test_a_doubt_between_many_names_only_some() -> None:
    between = tuple(f"host-{number}/m" for number in range(9))
    rule = PricedModel(offers=(), between=between).why_not("")
    assert "host-3/m and 5 more;" in rule
    assert "host-4" not in rule


def test_an_offer_ends_at_its_very_millisecond() -> None:
    book = PriceBook([FakeBook("a", {"m": priced(Offer(card=card("old")), Offer(card=card("sale"), until_ms=DAY_MS))})])
    assert record(book, "m", at_ms=DAY_MS - 1) == "sale"
    assert record(book, "m", at_ms=DAY_MS) == "old"


def test_the_digest_of_all_books_changes_with_any_of_them_and_with_their_order() -> None:
    one, two = FakeBook("one", digest="1"), FakeBook("two", digest="2")
    digests = [PriceBook(books).digest for books in ([one], [one, two], [two, one], [one, FakeBook("two", digest="3")])]
    assert len(set(digests)) == 4
    assert PriceBook([one, two]).digest == digests[1]
