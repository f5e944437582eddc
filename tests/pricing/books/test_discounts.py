"""A contract takes its percentage off the list price of what it names, while it lasts, and says so."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import cost_nano_usd
from pricing.books.book import Offer, PriceBook, PricedModel
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import PriceError, UserBook
from pricing.card import CardStatus, RateCard, UnitRate
from pricing.usage import Usage

MARCH_MS = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
YEAR_2026 = {"effective_from": date(2026, 1, 1), "effective_to": date(2027, 1, 1)}


class ListBook:
    """One model of each name, at 1 dollar for everything, with batch at half of it."""

    name = "list"
    digest = "list"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        offers = []
        for variant, rate in (("", 10**9), ("batch", 5 * 10**8)):
            card = RateCard(
                book="list",
                record=f"openai/{model}",
                status=CardStatus.PRICED,
                rates=(rate,) * 8,
                request_rate=1000,
                unit_rates=(
                    UnitRate(unit="input_audio_tokens", nano_usd=2 * 10**9, per=10**6),
                    UnitRate(unit="images", nano_usd=10**7),
                ),
            )
            offers.append(Offer(card=card, variant=variant))
        return PricedModel(offers=tuple(offers))


def book(*discounts: Mapping[str, object], prices: Sequence[Mapping[str, object]] = ()) -> PriceBook:
    return PriceBook(UserBook.from_tables(prices, discounts).over([ListBook()]))


def agreed(**keys: object) -> dict[str, object]:
    return {"id": "commit", "provider": "openai", "models": ["gpt-5*"], "percent": "17.5", **keys}


def card(
    prices: PriceBook, model: str = "gpt-5", provider: str | None = "openai", variant: str = "", at_ms: int = MARCH_MS
) -> RateCard:
    return prices.card(provider, model, at_ms=at_ms, prompt_tokens=1, variant=variant)


def test_a_discount_is_taken_off_every_rate_and_named_on_the_card() -> None:
    reduced, listed = card(book(agreed())), card(book())
    assert set(reduced.rates) == {825_000_000}
    assert (reduced.request_rate, reduced.unit_rates[1].nano_usd) == (825, 8_250_000)
    assert reduced.conditions == ("commit: 17.5% off list",)
    assert (reduced.book, reduced.record, reduced.status) == (listed.book, listed.record, listed.status)
    assert reduced.id != listed.id


@pytest.mark.parametrize(
    ("provider", "model", "reduced"),
    [
        ("openai", "gpt-5-mini", True),
        ("openai", "openai/GPT-5", True),
        (None, "gpt-5", True),  # nobody said the provider: that of the record
        ("azure", "gpt-5", False),
        ("openai", "gpt-4o", False),
    ],
)
def test_a_discount_holds_for_its_provider_and_its_models(provider: str | None, model: str, reduced: bool) -> None:
    assert (card(book(agreed()), model, provider).rates[0] == 825_000_000) is reduced


@pytest.mark.parametrize(
    ("moment", "reduced"),
    [
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_discount_holds_from_its_first_day_until_its_last(moment: datetime, reduced: bool) -> None:
    at_ms = int(moment.timestamp() * 1000)
    found = card(book(agreed(**YEAR_2026)), at_ms=at_ms)
    assert (found.rates[0] == 825_000_000) is reduced
    if reduced:
        assert (found.effective_from, found.effective_to) == ("2026-01-01", "2027-01-01")


def test_what_is_excluded_keeps_its_list_price() -> None:
    prices = book(agreed(excludes=["batch", "fees"]))
    assert card(prices, variant="batch").rates[0] == 500_000_000
    standard = card(prices)
    assert [rate.nano_usd for rate in standard.unit_rates] == [1_650_000_000, 10_000_000]
    assert standard.request_rate == 1000
    assert card(book(agreed()), variant="batch").rates[0] == 412_500_000


def test_discounts_never_add_up_and_the_closest_holds() -> None:
    prices = book(
        agreed(id="all", models=["*"], percent="10"),
        agreed(id="family", percent="20", effective_to=date(2026, 2, 1)),
        agreed(id="mini", models=["gpt-5-mini"], percent="50", excludes=["batch"]),
    )
    january = int(datetime(2026, 1, 15, tzinfo=UTC).timestamp() * 1000)
    assert card(prices, at_ms=january).rates[0] == 800_000_000
    assert card(prices).rates[0] == 900_000_000  # the closer one has ended
    assert card(prices, "gpt-5-mini").rates[0] == 500_000_000
    assert card(prices, "gpt-5-mini", variant="batch").rates[0] == 500_000_000  # excluded by the closest


def test_a_price_of_ours_is_what_was_agreed_and_is_not_discounted_again() -> None:
    prices = book(agreed(), prices=[{"model": "gpt-5", "input": "1", "output": "1"}])
    assert card(prices).rates[0] == 1_000_000_000


def test_the_catalogue_is_discounted_after_tier_and_hours() -> None:
    google = agreed(provider="google", models=["gemini-2.5-pro"], percent="10")
    prices = PriceBook(UserBook.from_tables([], [google]).over([Catalogue()]))
    long = prices.card("vertex_ai", "gemini-2.5-pro", at_ms=MARCH_MS, prompt_tokens=200_001)
    assert (long.rates[0], long.rates[7]) == (2_250_000_000, 13_500_000_000)
    assert long.conditions == ("prompt over 200,000 tokens", "commit: 10% off catalogue")


@given(st.decimals(min_value="0.000000001", max_value="99.999999999", places=9), st.integers(0, 10**7))
def test_a_discounted_request_costs_less_and_never_less_than_nothing(percent: object, tokens: int) -> None:
    usage = Usage(input_tokens=tokens, output_tokens=3)
    listed = cost_nano_usd(usage, card(book()))[0]
    reduced = cost_nano_usd(usage, card(book(agreed(percent=f"{percent:f}"))))[0]
    assert listed is not None
    assert reduced is not None
    assert 0 <= reduced <= listed


def test_a_free_model_stays_free() -> None:
    free = agreed(provider="openrouter", models=["*"])
    prices = PriceBook(UserBook.from_tables([], [free]).over([Catalogue()]))
    found = prices.card("openrouter", "meta-llama/llama-3.3-70b-instruct:free", at_ms=MARCH_MS, prompt_tokens=1)
    assert (found.status, found.conditions) == (CardStatus.FREE, ())


def test_the_digest_of_the_books_changes_with_the_contract() -> None:
    digests = [book().digest, book(agreed()).digest, book(agreed(percent="18")).digest, book(agreed()).digest]
    assert digests[1] == digests[3]
    assert len(set(digests)) == 3


WRONG = [
    (agreed(percent=17.5), 'percent = 17.5 is not exact; write it in quotes: percent = "17.5"'),
    (agreed(percent="100"), "must be more than 0 and less than 100"),
    (agreed(percent="0"), "must be more than 0 and less than 100"),
    ({"id": "a", "models": ["*"]}, r'\[\[discount\]\] 1 \("a"\), line 7: percent is missing'),
    (agreed(models=[]), "models is missing"),
    (agreed(models="gpt-5*"), "models must be a list of texts"),
    (agreed(excludes=["cache"]), 'excludes = "cache" is not known; write batch, flex'),
    (agreed(effective_from=date(2026, 2, 1), effective_to="2026-02-01"), "effective_to = 2026-02-01 must be later"),
    (agreed(model="gpt-5"), 'unknown key "model"; did you mean "models"'),
]


@pytest.mark.parametrize(("raw", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_a_wrong_discount_is_refused_with_a_sentence(raw: dict[str, object], sentence: str) -> None:
    with pytest.raises(PriceError, match=sentence):
        UserBook.from_tables([], [raw], lines={"discount": [7]})


def test_two_discounts_that_describe_a_model_equally_well_are_refused() -> None:
    with pytest.raises(PriceError, match="describe the same model at the same time"):
        UserBook.from_tables([], [agreed(), agreed(models=["*-mini"])])
    UserBook.from_tables([], [agreed(effective_to=date(2026, 1, 1)), agreed(effective_from=date(2026, 1, 1))])
    UserBook.from_tables([], [agreed(), agreed(provider="azure")])
