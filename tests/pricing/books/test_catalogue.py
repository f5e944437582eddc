"""The catalogue's cards bill what genai-prices itself bills, and know what they do not know."""

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

import genai_prices
import pytest
from genai_prices import types
from genai_prices.data_snapshot import get_snapshot

from pricing.bill import cost_nano_usd, make_bill
from pricing.books.book import PriceBook, PricedModel
from pricing.books.catalogue import Catalogue
from pricing.card import CardStatus, RateCard
from pricing.money import nano_from_usd, usd_text
from pricing.usage import Usage
from tests.fakes.catalogues import catalogue_json

CATALOGUE = Catalogue()
NANO_USD_PER_LINE = 2
CONTEXTS: dict[str, list[dict[str, str] | None]] = {
    "": [None],
    "batch": [{"processing": "batch"}],
    "flex": [{"service_tier": "flex"}],
    "priority": [{"service_tier": "priority"}],
    "fast": [{"service_tier": "fast"}, {"speed": "fast"}],
}
INSTANTS = [
    datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 7, 15, 2, 30, tzinfo=UTC),
    datetime(2026, 8, 17, tzinfo=UTC),
    datetime(2026, 10, 13, 8, tzinfo=UTC),
    datetime(2026, 11, 20, 5, 59, tzinfo=UTC),
    datetime(2026, 11, 20, 16, 30, tzinfo=UTC),
    datetime(2027, 1, 2, 0, 15, tzinfo=UTC),
]
PROMPTS = [0, 1, 999, 32_000, 32_001, 100_001, 128_001, 200_000, 200_001, 256_001, 272_000, 272_001, 600_000]


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def found(provider: str, model: str) -> PricedModel:
    priced = CATALOGUE.find(provider, model)
    assert priced is not None
    return priced


def card(provider: str, model: str, moment: datetime, prompt_tokens: int = 0, variant: str = "") -> RateCard:
    chosen = found(provider, model).card(ms(moment), prompt_tokens, variant)
    assert chosen is not None
    return chosen


@cache
def records() -> list[tuple[types.Provider, types.ModelInfo]]:
    """Every record of the catalogue that our own book finds under its very id."""
    return [(provider, model) for provider in get_snapshot().providers for model in provider.models]


def random_usage(rng: random.Random, rates: RateCard) -> Usage:
    """Tokens of every class that the card prices, with a prompt near a threshold."""
    prompt = rng.choice(PROMPTS) if rates.rates[0] is not None else 0
    fresh = rng.randint(0, prompt)
    read = rng.randint(0, prompt - fresh)
    write = prompt - fresh - read
    by_5m = rng.randint(0, write)
    by_1h = rng.randint(0, write - by_5m) if rates.rates[3] is not None else 0
    output = rng.randint(0, 50_000) if rates.rates[7] is not None else 0
    searches = rng.randint(0, 5) if any(rate.unit == "web_searches" for rate in rates.unit_rates) else 0
    units = (("web_searches", searches),) if searches else ()
    return Usage(
        fresh, read, by_5m, by_1h, 0, 0, write - by_5m - by_1h, output, rng.randint(0, output) if output else 0, units
    )


def as_theirs(usage: Usage) -> types.Usage:
    return types.Usage(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_any_tokens,
        cache_write_5m_tokens=usage.cache_write_5m_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
        **dict(usage.units),
    )


def random_requests(
    seed: int, count: int
) -> Iterator[tuple[types.Provider, types.ModelInfo, datetime, str, random.Random]]:
    rng = random.Random(seed)
    # Half of the draws fall on what is easy to get wrong: dates, hours, tiers, variants.
    tricky = [pair for pair in records() if isinstance(pair[1].prices, list) or pair[1].price_variants]
    for turn in range(count):
        provider, model = rng.choice(tricky if turn % 2 else records())
        yield provider, model, rng.choice(INSTANTS), rng.choice(list(CONTEXTS)), rng


def test_random_requests_cost_what_genai_prices_says() -> None:
    compared: dict[str, int] = dict.fromkeys(CONTEXTS, 0)
    for provider, model, moment, variant, rng in random_requests(seed=20261122, count=1_500):
        priced = CATALOGUE.find(provider.id, f"{provider.id}/{model.id}")
        if (
            priced is None
            or (sample := priced.card(ms(moment), 0, variant)) is None
            or sample.status is CardStatus.FREE
        ):
            continue
        usage = random_usage(rng, sample)
        chosen = priced.card(ms(moment), usage.prompt_tokens, variant)
        assert chosen is not None
        bill = make_bill(usage, chosen)
        assert bill.nano_usd is not None
        theirs = [
            nano_from_usd(
                model.calc_price(
                    as_theirs(usage), provider, genai_request_timestamp=moment, price_context=context
                ).total_price
            )
            for context in CONTEXTS[variant]
        ]
        allowed = NANO_USD_PER_LINE * max(1, len(bill.lines))
        assert min(abs(bill.nano_usd - other) for other in theirs) <= allowed, (provider.id, model.id, moment, variant)
        assert bill.missing == (), (provider.id, model.id)
        compared[variant] += 1
    assert compared[""] > 200
    assert all(compared[variant] > 5 for variant in CONTEXTS)


DIFFERENCES: dict[str, str] = {}
"""Record -> why its bills may differ from those of genai-prices; the test fails for one that no longer does."""


def is_chat(model: types.ModelInfo) -> bool:
    prices = [model.prices] if isinstance(model.prices, types.ModelPrice) else [each.prices for each in model.prices]
    return any(price.input_mtok is not None and price.output_mtok is not None for price in prices)


def disagreement(provider: types.Provider, model: types.ModelInfo, rng: random.Random) -> int:
    """By how many nano-dollars a line the worst of twenty random requests differs."""
    priced = found(provider.id, f"{provider.id}/{model.id}")
    worst = 0
    for _ in range(20):
        moment = rng.choice(INSTANTS)
        sample = priced.card(ms(moment), 0)
        assert sample is not None
        usage = random_usage(rng, sample)
        chosen = priced.card(ms(moment), usage.prompt_tokens)
        assert chosen is not None
        bill = make_bill(usage, chosen)
        theirs = model.calc_price(as_theirs(usage), provider, genai_request_timestamp=moment).total_price
        assert bill.nano_usd is not None
        assert bill.missing == ()
        worst = max(worst, -(-abs(bill.nano_usd - nano_from_usd(theirs)) // max(1, len(bill.lines))))
    return worst


def test_every_chat_model_costs_what_genai_prices_says() -> None:
    rng = random.Random(20261123)
    chat = [(provider, model) for provider, model in records() if is_chat(model)]
    worst = {f"{provider.id}/{model.id}": disagreement(provider, model, rng) for provider, model in chat}
    assert len(worst) > 1_500
    assert {record for record, nano_usd in worst.items() if nano_usd > NANO_USD_PER_LINE} == set(DIFFERENCES)


def test_every_record_is_found_under_its_own_name_or_has_no_price() -> None:
    for provider, model in records():
        priced = CATALOGUE.find(provider.id, f"{provider.id}/{model.id}")
        empty = isinstance(model.prices, types.ModelPrice) and not vars(model.prices)
        if priced is None:
            assert empty, (provider.id, model.id)
            continue
        assert priced.offers[0].card.record == f"{provider.id}/{model.id}"
        assert (priced.offers[0].card.status is CardStatus.FREE) == (empty and model.id.endswith(":free"))


@pytest.mark.parametrize(("prompt_tokens", "dollars"), [(200_000, "0.25"), (200_001, "0.5000025")])
def test_one_token_over_the_threshold_reprices_the_whole_prompt(prompt_tokens: int, dollars: str) -> None:
    chosen = card("google", "gemini-2.5-pro", INSTANTS[4], prompt_tokens)
    assert usd_text(cost_nano_usd(Usage(input_tokens=prompt_tokens), chosen)[0]) == dollars


def test_over_the_threshold_the_output_is_repriced_too() -> None:
    assert card("google", "gemini-2.5-pro", INSTANTS[4], 200_000).rates[7] == 10_000_000_000
    long = card("google", "gemini-2.5-pro", INSTANTS[4], 200_001)
    assert long.rates[7] == 15_000_000_000
    assert long.conditions == ("prompt over 200,000 tokens",)


def test_o3_costs_a_fifth_from_the_day_its_price_was_cut() -> None:
    before = card("openai", "o3", datetime(2025, 6, 9, 23, 59, 59, 999_000, tzinfo=UTC))
    after = card("openai", "o3", datetime(2025, 6, 10, tzinfo=UTC))
    assert (before.rates[0], before.rates[7], before.effective_from) == (10_000_000_000, 40_000_000_000, None)
    assert (after.rates[0], after.rates[7], after.effective_from) == (2_000_000_000, 8_000_000_000, "2025-06-10")


def test_deepseek_costs_double_at_its_peak_hours() -> None:
    rates = [
        card("deepseek", "deepseek-v4-flash", datetime(2026, 11, 20, hour, minute, tzinfo=UTC)).rates[0]
        for hour, minute in ((0, 59), (1, 0), (3, 59), (4, 0), (6, 0), (10, 0))
    ]
    assert rates == [150_000_000, 300_000_000, 300_000_000, 150_000_000, 300_000_000, 150_000_000]
    assert card("deepseek", "deepseek-v4-flash", datetime(2026, 11, 20, 2, tzinfo=UTC)).conditions == (
        "01:00 to 04:00 UTC",
    )


def test_a_batch_costs_half_from_the_day_that_price_was_recorded_and_is_unknown_before() -> None:
    book = PriceBook([CATALOGUE])
    moments = [datetime(2026, 10, 13, 23, 59, tzinfo=UTC), datetime(2026, 10, 14, tzinfo=UTC)]
    before, after = (
        book.card("openai", "gpt-4o", at_ms=ms(moment), prompt_tokens=1, variant="batch") for moment in moments
    )
    assert before.status is CardStatus.UNPRICED
    assert (after.rates[0], after.conditions, after.effective_from) == (1_250_000_000, ("batch",), "2026-10-14")


@pytest.mark.parametrize(("model", "rates"), [("claude-opus-4-6", ("5.5", "27.5")), ("claude-sonnet-4-5", ("3", "15"))])
def test_inference_in_the_united_states_costs_a_tenth_more_from_claude_4_6_on(
    model: str, rates: tuple[str, str]
) -> None:
    plain, in_us = (card("anthropic", model, INSTANTS[4], 1_000, variant) for variant in ("", "us"))
    assert (in_us.rates[0], in_us.rates[7]) == tuple(nano_from_usd(Decimal(rate)) for rate in rates)
    assert in_us.unit_rates == plain.unit_rates
    assert found("bedrock", "us.anthropic.claude-opus-4-6-v1:0").card(ms(INSTANTS[4]), 1_000, "us") is None


def test_inference_in_the_united_states_follows_every_price_that_the_model_has_had() -> None:
    # The long prompts of Claude Sonnet 4.6 cost twice as much until they no longer did.
    for moment in INSTANTS:
        for prompt in (1_000, 200_001):
            plain = card("anthropic", "claude-sonnet-4-6", moment, prompt).rates
            in_us = card("anthropic", "claude-sonnet-4-6", moment, prompt, "us").rates
            assert [rate and rate * 10 for rate in in_us] == [rate and rate * 11 for rate in plain]


@pytest.mark.parametrize("variant", ["batch", "flex", "scale", "made-up"])
def test_a_variant_that_the_record_does_not_list_is_unpriced(variant: str) -> None:
    book = PriceBook([CATALOGUE])
    chosen = book.card(
        "groq",
        "llama-3.3-70b-versatile" if variant != "batch" else "gemma2-9b-it",
        at_ms=ms(INSTANTS[4]),
        prompt_tokens=1,
        variant=variant,
    )
    assert chosen.status is CardStatus.UNPRICED
    assert cost_nano_usd(Usage(input_tokens=1_000), chosen) == (None, False)


def test_azure_sells_at_openai_list_prices_but_its_batches_are_its_own() -> None:
    priced = found("azure", "gpt-4o")
    assert priced.card(ms(INSTANTS[4]), 1) is not None
    assert priced.card(ms(INSTANTS[4]), 1, "batch") is None


@pytest.mark.parametrize("model", ["whisper-large-v3", "whisper-large-v3-turbo"])
@pytest.mark.parametrize("seconds", [1, 9, 10, 11, 3_600])
@pytest.mark.parametrize("variant", ["", "batch"])
def test_groq_bills_ten_seconds_at_least_as_its_calculator_does(model: str, seconds: int, variant: str) -> None:
    chosen = PriceBook([CATALOGUE]).card("groq", model, at_ms=ms(INSTANTS[4]), prompt_tokens=0, variant=variant)
    theirs = genai_prices.calc_price(
        {"audio_seconds": seconds}, model, provider_id="groq", genai_request_timestamp=INSTANTS[4],
        price_context={"processing": "batch"} if variant else None,
    )  # fmt: skip
    ours, partial = cost_nano_usd(Usage(units=(("audio_seconds", seconds),)), chosen)
    assert not partial
    assert ours is not None
    assert abs(ours - theirs.total_price * 10**9) <= 1


def test_other_providers_bill_the_seconds_that_were_heard() -> None:
    assert [rate.minimum for rate in card("openai", "whisper-1", INSTANTS[4]).unit_rates] == [0, 0]


def test_an_empty_record_is_unknown_and_not_free() -> None:
    assert CATALOGUE.find("cerebras", "qwen-3-coder-480b") is None
    assert CATALOGUE.find("openai", "moderation") is None


def test_a_listing_that_is_called_free_is_free() -> None:
    chosen = card("openrouter", "meta-llama/llama-3.3-70b-instruct:free", INSTANTS[4])
    assert chosen.status is CardStatus.FREE
    assert cost_nano_usd(Usage(input_tokens=10, output_tokens=10), chosen) == (0, False)


def test_a_zero_that_no_listing_calls_free_is_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    groq = next(provider for provider in get_snapshot().providers if provider.id == "groq")
    nothing = types.ModelPrice(input_mtok=Decimal(0), output_mtok=Decimal(0))
    zero = types.ModelInfo(id="zero", match=types.ClauseEquals("zero"), prices=nothing)
    monkeypatch.setattr(groq, "models", [*groq.models, zero])
    assert CATALOGUE.find("groq", "zero") is None


def test_writes_of_five_minutes_fall_back_and_writes_of_an_hour_never_do() -> None:
    with_both = card("anthropic", "claude-sonnet-4-5", INSTANTS[4])
    assert with_both.rates[2:4] == (3_750_000_000, 6_000_000_000)
    assert "cache_write_5m as cache_write" in with_both.fallbacks
    short_only = card("google", "claude-3-5-sonnet", INSTANTS[4])
    assert short_only.rates[2:7] == (3_750_000_000, None, None, None, 3_750_000_000)
    without = card("openai", "gpt-4o", INSTANTS[4])
    assert without.rates[2:7] == (2_500_000_000, None, 2_500_000_000, None, 2_500_000_000)
    assert "cache_write as input" in without.fallbacks
    bill = make_bill(Usage(input_tokens=1_000_000, cache_write_1h_tokens=5), without)
    assert (bill.status, bill.missing) == ("partial", ("cache_write_1h",))


def test_only_openai_writes_for_thirty_minutes_at_its_listed_write_rate() -> None:
    theirs = card("openai", "gpt-6-luna", INSTANTS[4])
    assert theirs.rates[4] == theirs.rates[6] == 125_000_000
    assert theirs.rates[5] is None
    assert card("anthropic", "claude-sonnet-4-5", INSTANTS[4]).rates[4] is None


def test_reads_without_a_price_are_billed_as_input_and_say_so() -> None:
    chosen = card("groq", "llama-3.3-70b-versatile", INSTANTS[4])
    assert chosen.rates[1] == chosen.rates[0]
    assert "cache_read as input" in chosen.fallbacks


def test_fees_and_reasoning_of_their_own_are_billed() -> None:
    sonar = card("perplexity", "sonar", INSTANTS[4])
    assert sonar.request_rate == 12_000_000  # $12 per thousand requests
    deep = card("perplexity", "sonar-deep-research", INSTANTS[4])
    assert deep.reasoning_rate == 3_000_000_000


def test_audio_is_billed_at_its_own_rate_or_makes_the_bill_partial() -> None:
    heard = Usage(input_tokens=10, units=(("input_audio_tokens", 1_000_000),))
    assert (
        usd_text(make_bill(heard._replace(input_tokens=0), card("openai", "gpt-realtime", INSTANTS[4])).nano_usd)
        == "32"
    )
    assert make_bill(heard, card("openai", "gpt-4o-audio-preview", INSTANTS[4])).missing == ("input_audio_tokens",)
    gemini = card("google", "gemini-2.5-pro", INSTANTS[4])
    assert usd_text(make_bill(heard._replace(input_tokens=0), gemini).nano_usd) == "1.25"
    assert "input_audio_tokens as input" in gemini.fallbacks


def test_a_card_says_which_catalogue_it_comes_from() -> None:
    assert CATALOGUE.version == f"genai-prices {genai_prices.__version__}"
    assert card("openai", "gpt-4o", INSTANTS[4]).checked == CATALOGUE.version
    assert card("openai", "gpt-4o", INSTANTS[4]).book == "catalogue"


def test_a_price_of_the_catalogue_is_found_without_the_code_of_the_package_behind_it() -> None:
    code = (
        "import sys; from pricing.books.catalogue import Catalogue; assert Catalogue().find('openai', 'gpt-4o').offers;"
        "print([name for name in ('genai_prices', 'pydantic', 'httpx2') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_digest_is_that_of_the_data_and_the_same_in_every_process() -> None:
    code = "from pricing.books.catalogue import Catalogue; print(Catalogue().digest)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == Catalogue().digest
    assert Catalogue().digest.startswith(CATALOGUE.version)
    known, other = (Catalogue(catalogue_json({"m": {"input_mtok": usd}}), CATALOGUE.version) for usd in (1, 2))
    assert known.digest != other.digest
    assert known.digest == Catalogue(catalogue_json({"m": {"input_mtok": 1}}), CATALOGUE.version).digest
