"""The articles' sheet holds every row as printed, decides nothing silently, and prices only what is certain enough."""

import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations

import pytest

from pricing.bill import make_bill
from pricing.books.article import _CHOICES, ArticlePrice, ArticleSheet
from pricing.books.book import PriceBook, PricedModel
from pricing.books.catalogue import Catalogue
from pricing.card import CardStatus, RateCard
from pricing.money import usd_text
from pricing.usage import Usage

SHEET = ArticleSheet()
NOON_MS = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
NIGHT_MS = int(datetime(2026, 11, 20, 23, 59, tzinfo=UTC).timestamp() * 1000)


def card(provider: str | None, model: str, prompt_tokens: int = 1, variant: str = "", at_ms: int = NOON_MS) -> RateCard:
    return PriceBook([SHEET]).card(provider, model, at_ms=at_ms, prompt_tokens=prompt_tokens, variant=variant)


def row(model: str, line: int) -> ArticlePrice:
    return next(price for price in SHEET.variants(model) if price.row.line == line)


def offer_card(priced: PricedModel) -> RateCard:
    return priced.offers[0].card


def test_the_sheet_holds_every_row_with_its_section_and_date() -> None:
    assert len(SHEET.prices) == 192
    assert len({(price.article, price.row.line, price.row.seller, price.row.model) for price in SHEET.prices}) == 192
    per_article = [sum(price.article == article for price in SHEET.prices) for article in SHEET.articles]
    assert per_article == [3, 33, 3, 153]
    assert [article.date for article in SHEET.articles.values()] == ["2025-09-06", None, None, "mid-2026"]
    assert all(price.section and price.row.line > 0 for price in SHEET.prices)


def test_a_price_says_where_it_stands_and_that_it_is_an_estimate() -> None:
    found = card("openai", "gpt-4o")
    assert (found.book, found.record, found.status) == ("article-2026", "openai/gpt-4o", CardStatus.ESTIMATED)
    section = "Per-provider 2026 pricing tear-down > OpenAI: GPT-5, o3, o4, GPT-4o family"
    assert found.match_rule == f'exact name, section "{section}" line 641'
    assert found.checked == "article 003, mid-2026"
    assert (found.rates[0], found.rates[1], found.rates[7]) == (2_500_000_000, 1_250_000_000, 10_000_000_000)


def test_sections_that_contradict_each_other_stay_apart() -> None:
    gpt5 = {
        price.row.line: (price.row.input, price.row.output, price.row.cache_read) for price in SHEET.variants("GPT-5")
    }
    assert gpt5 == {
        88: ("5..15", "20..60", None),
        636: ("5.00", "20.00", "1.25"),
        1131: ("5.00", "20.00", None),
        1410: ("5", "15", "0.50"),
    }
    assert card("openai", "gpt-5").rates[7] == 20_000_000_000
    other = offer_card(SHEET.priced(row("gpt-5", 1410)))
    assert (other.rates[7], other.rates[1]) == (15_000_000_000, 500_000_000)


def test_every_contradiction_is_decided_by_name() -> None:
    usable = defaultdict(list)
    for price in SHEET.prices:
        if price.row.prices_traffic:
            usable[price.row.seller, price.row.model].append(price.row)
    contradicting = set()
    for key, rows in usable.items():
        for left, right in combinations(rows, 2):
            for field in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "above_input_tokens"):
                ours, theirs = getattr(left, field), getattr(right, field)
                if ours and theirs and float(ours) != float(theirs):
                    contradicting.add(key)
    assert ("openai", "gpt-5") in contradicting
    assert contradicting <= set(_CHOICES)
    for (seller, model), (line, why) in _CHOICES.items():
        assert why
        assert line is None or any(entry.line == line for entry in usable[seller, model])


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "o3"),  # 15/60 was never its price and 2/8 is an approximation
        ("openai", "gpt-5-or-o3"),
        ("openai", "o4-mini"),
        ("openai", "whisper-1"),
        ("openai", "gpt-5-long"),
        ("meta", "llama-3.1-8b"),
        ("nscale", "deepseek-r1-distill-llama-8b"),
        ("deepseek", "deepseek-v4-flash"),  # a reseller's price is not the maker's
        ("google", "gpt-4o"),
        (None, "no-such-model"),
    ],
)
def test_what_is_a_range_an_approximation_or_a_doubt_prices_nothing(provider: str | None, model: str) -> None:
    assert card(provider, model).status is CardStatus.UNPRICED


def test_no_row_that_is_uncertain_makes_an_offer() -> None:
    uncertain = [price for price in SHEET.prices if price.row.approximate or price.row.is_range or price.row.doubt]
    assert len(uncertain) > 30
    assert [price.place for price in uncertain if SHEET.priced(price).offers] == []
    assert [price.place for price in SHEET.prices if price not in uncertain and not SHEET.priced(price).offers] == []


def test_a_model_that_many_sell_at_different_prices_is_ambiguous_until_the_provider_is_said() -> None:
    doubt = card(None, "llama-3.3-70b")
    assert doubt.status is CardStatus.UNPRICED
    assert "together/llama-3.3-70b at 0.88/0.88 (article 003, line 747)" in doubt.match_rule
    assert card("groq", "llama-3.3-70b").rates[7] == 790_000_000
    assert card("bedrock", "llama-3.3-70b").rates[7] == 720_000_000
    assert card("fireworks", "mixtral-8x22b").rates[0] == 1_200_000_000


def test_the_doubt_about_o3_names_all_its_prices() -> None:
    rule = card("openai", "o3").match_rule
    assert "openai/o3 at 15" in rule
    assert "openai/o3 at 2/8" in rule


def test_a_rate_that_a_row_does_not_state_is_no_rate() -> None:
    bill = make_bill(Usage(input_tokens=10, cache_read_tokens=10), card("together", "llama-3.1-405b"))
    assert (bill.status, bill.missing) == ("partial", ("cache_read",))
    assert card("together", "llama-3.1-405b").fallbacks == ()


@pytest.mark.parametrize(
    ("line", "prompt_tokens", "dollars"),
    [(680, 500_000, "1"), (1429, 500_000, "1.25"), (1429, 200_000, "0.25"), (680, 200_000, "0.25")],
)
def test_the_two_readings_of_a_long_prompt_are_two_rows(line: int, prompt_tokens: int, dollars: str) -> None:
    chosen = SHEET.priced(row("gemini-2.5-pro", line)).card(NOON_MS, prompt_tokens)
    assert chosen is not None
    assert usd_text(make_bill(Usage(input_tokens=prompt_tokens), chosen).nano_usd) == dollars


def test_the_whole_request_is_repriced_as_the_provider_does() -> None:
    assert card("gemini", "gemini-2.5-pro", 200_001).rates[7] == 10_000_000_000
    assert card("gemini", "gemini-2.5-pro", 200_001).conditions == ("prompt over 200,000 tokens",)
    assert card("gemini", "gemini-2.5-pro", 200_001, "batch").rates[0] == 1_250_000_000


def test_nights_and_batches_cost_less() -> None:
    night = card("deepseek", "deepseek-v3", at_ms=NIGHT_MS)
    assert (night.rates[0], night.rates[7]) == (140_000_000, 550_000_000)
    assert night.conditions == ("off-peak: 16:30 to 00:30 UTC",)
    assert card("deepseek", "deepseek-v3").rates[0] == 270_000_000
    assert card("anthropic", "claude-sonnet-4-6", variant="batch").rates[0] == 1_500_000_000


UNITS = [
    ("google", "imagen-4", ("images", 5), "0.2"),
    ("google", "veo-3", ("video_seconds", 8), "4"),
    ("cohere", "rerank-v3", ("rerank_searches", 5_000), "10"),
    ("openai", "tts-1-hd", ("input_characters", 100_000), "3"),
    ("openai", "gpt-4o-realtime", ("output_audio_tokens", 10_000), "0.8"),
]


@pytest.mark.parametrize(("provider", "model", "unit", "dollars"), UNITS, ids=[model for _, model, _, _ in UNITS])
def test_images_seconds_searches_and_characters_have_their_price(
    provider: str, model: str, unit: tuple[str, int], dollars: str
) -> None:
    assert usd_text(make_bill(Usage(units=(unit,)), card(provider, model)).nano_usd) == dollars


def test_cache_storage_is_a_row_of_its_own() -> None:
    stored = offer_card(SHEET.priced(row("gemini-2.5-pro", 692)))
    usage = Usage(units=(("cache_storage_token_seconds", 1_000_000 * 7_200),))
    assert usd_text(make_bill(usage, stored).nano_usd) == "9"


def test_free_is_what_an_article_calls_free() -> None:
    assert card("google", "gemini-nano").status is CardStatus.FREE
    half = card("global-apis.com", "ernie-speed-128k")
    assert (half.status, half.rates[0], half.rates[7]) == (CardStatus.ESTIMATED, 0, 200_000_000)


def test_the_sheet_is_the_last_resort() -> None:
    books = PriceBook([Catalogue(), SHEET])
    known = books.card("openai", "gpt-4o", at_ms=NOON_MS, prompt_tokens=1)
    assert known.book == "catalogue"
    only_here = books.card("deepinfra", "bge-large", at_ms=NOON_MS, prompt_tokens=1)
    assert (only_here.book, only_here.rates[0]) == ("article-2026", 5_000_000)


def test_the_rows_are_not_loaded_before_they_are_asked_for() -> None:
    code = "import sys, pricing.books.article; print('pricing.books.article_data' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_the_digest_is_the_same_in_every_process() -> None:
    code = "from pricing.books.article import ArticleSheet; print(ArticleSheet().digest)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == SHEET.digest
