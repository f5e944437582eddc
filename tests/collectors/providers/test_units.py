"""Every trap in the units of providers' money and counts, each by name, with the figures of their documentation."""

import json
from decimal import Decimal
from typing import Any

import pytest

from collectors.providers import anthropic, deepseek, moonshot, openai, openrouter
from collectors.providers.answers import cents, ticks, units_and_nanos, usd
from collectors.providers.provider import DAY, MINUTE, Ask, Page, Span
from pricing.usage import Usage
from store.provider_facts import BalanceCounts
from tests.fakes.provider_server import NOW_MS

SPAN = Span(since_ms=0, until_ms=NOW_MS, width_seconds=DAY)
ASK = Ask("/")


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def openai_page(row: dict[str, Any], kind: str = "completions") -> Page:
    page = {"data": [{"start_time": 1_764_000_000, "results": [row]}]}
    return openai.read_usage(kind, body(page), SPAN, ASK)


def anthropic_cost(**row: Any) -> Page:
    page = {"data": [{"starting_at": "2026-11-22T00:00:00Z", "results": [{"amount": "1", **row}]}]}
    return anthropic.read_costs(body(page), SPAN, ASK)


def test_anthropic_amounts_are_cents_as_decimal_strings() -> None:
    (cost,) = anthropic_cost(amount="123.45", currency="USD").costs
    assert cost.nano_usd == 1_234_500_000  # $1.2345


def test_anthropic_analytics_amounts_are_fractional_cents() -> None:
    row = {"starting_at": "2026-11-22T08:00:00Z", "cost": {"amount": "0.0625", "list_amount": "1", "currency": "USD"}}
    page = anthropic.read_analytics(body({"data": [row], "data_refreshed_at": "2026-11-22T08:03:00Z"}), SPAN, ASK)
    assert [cost.nano_usd for cost in page.costs] == [625_000]  # a sixteenth of a cent
    assert page.complete_until_ms == 1_795_334_580_000


def test_xai_ticks_are_ten_thousand_million_to_the_dollar() -> None:
    assert ticks(12_345_678_900) == 1_234_567_890  # $1.23456789


def test_google_money_is_units_and_nanos() -> None:
    assert units_and_nanos(1, 500_000_000) == 1_500_000_000  # $1.50
    assert units_and_nanos(-1, -750_000_000) == -1_750_000_000


def test_openai_costs_are_dollars_as_numbers_and_exact_to_the_last_digit() -> None:
    row = b'{"amount": {"value": 0.060000000123456789, "currency": "usd"}, "line_item": "gpt-5, input"}'
    page = openai.read_costs(b'{"data": [{"start_time": 1764000000, "results": [' + row + b"]}]}", SPAN, ASK)
    assert [(cost.nano_usd, cost.model) for cost in page.costs] == [(60_000_000, "gpt-5")]
    assert usd(Decimal("0.1") + Decimal("0.2")) == 300_000_000


def openai_limit(status: str) -> Page:
    limit = {"threshold_amount": 1_050_000, "currency": "USD", "interval": "month", "enforcement": {"status": status}}
    return openai.read_limit(body(limit), SPAN, ASK)


def test_an_openai_limit_is_in_cents_and_says_something_once_it_is_enforced() -> None:
    assert openai_limit("inactive").notice == ""
    assert "spend limit of $10,500.00 a month is reached" in openai_limit("enforcing").notice


def test_deepseek_balances_are_strings_in_more_than_one_currency() -> None:
    infos = [{"currency": "CNY", "total_balance": "7.05"}, {"currency": "USD", "total_balance": "110.00"}]
    found = deepseek.read_balance(body({"balance_infos": infos}), SPAN, ASK).balances
    assert [(one.currency, one.nano) for one in found] == [("CNY", 7_050_000_000), ("USD", 110_000_000_000)]


@pytest.mark.parametrize(("account", "currency"), [("", "USD"), ("cn", "CNY")])
def test_moonshot_balances_are_in_the_currency_of_their_host(account: str, currency: str) -> None:
    span = Span(since_ms=0, until_ms=NOW_MS, width_seconds=0, account=account)
    (found,) = moonshot.read_balance(body({"data": {"available_balance": 49.58894}}), span, ASK).balances
    assert (found.currency, found.nano) == (currency, 49_588_940_000)


def test_an_openrouter_key_counts_what_is_spent_and_its_limit_what_is_left() -> None:
    found = openrouter.read_key(body({"data": {"usage": 25.5, "limit": 100, "limit_remaining": 74.5}}), SPAN, ASK)
    assert [(one.counts, one.nano) for one in found.balances] == [
        (BalanceCounts.SPENT, 25_500_000_000),
        (BalanceCounts.LEFT, 74_500_000_000),
    ]


def test_openai_input_includes_what_was_read_from_and_written_to_the_cache() -> None:
    row = {
        "input_tokens": 150_000,
        "input_cached_tokens": 90_000,
        "input_cache_write_tokens": 20_000,
        "output_tokens": 12_000,
    }
    (bucket,) = openai_page(row).usage
    assert bucket.usage == Usage(
        input_tokens=40_000, cache_read_tokens=90_000, cache_write_tokens=20_000, output_tokens=12_000
    )
    assert bucket.usage.prompt_tokens == 150_000


def test_openai_cache_writes_go_by_their_lifetime_where_it_is_said() -> None:
    written = {
        "input_cache_write_tokens": 20_000,
        "input_cache_write_30m_tokens": 15_000,
        "input_cache_write_12h_tokens": 5_000,
    }
    (bucket,) = openai_page({"input_tokens": 20_000, "output_tokens": 0, **written}).usage
    assert bucket.usage == Usage(cache_write_30m_tokens=15_000, cache_write_12h_tokens=5_000)


def test_openai_audio_is_part_of_the_counts_and_stands_beside_them_at_its_own_price() -> None:
    row = {
        "input_tokens": 10_000, "input_cached_tokens": 1_000, "output_tokens": 500, "input_audio_tokens": 4_000,
        "input_cached_audio_tokens": 600, "output_audio_tokens": 400, "input_image_tokens": 900,
        "input_cached_image_tokens": 300,
    }  # fmt: skip
    (bucket,) = openai_page(row).usage
    assert bucket.usage == Usage(
        input_tokens=5_600, cache_read_tokens=1_000, output_tokens=100,
        units=(
            ("cache_audio_read_tokens", 600), ("cache_image_read_tokens", 300), ("input_audio_tokens", 3_400),
            ("input_image_tokens", 600), ("output_audio_tokens", 400),
        ),
    )  # fmt: skip


def test_more_cached_than_input_tokens_never_make_a_negative_count() -> None:
    page = openai_page({"input_tokens": 10, "input_cached_tokens": 11, "output_tokens": 1})
    assert (list(page.usage), sum(reject.count for reject in page.rejects)) == ([], 1)


def test_an_openai_batch_is_billed_as_one_whatever_its_tier() -> None:
    (bucket,) = openai_page({"input_tokens": 1, "output_tokens": 1, "batch": True, "service_tier": "default"}).usage
    assert bucket.variant == "batch"


def test_what_is_no_text_keeps_its_own_unit() -> None:
    (images,) = openai_page({"images": 3, "num_model_requests": 2}, "images").usage
    (seconds,) = openai_page({"seconds": 90, "num_model_requests": 1}, "audio_transcriptions").usage
    assert (images.usage, seconds.usage) == (Usage(units=(("images", 3),)), Usage(units=(("audio_seconds", 90),)))


def test_anthropic_classes_are_disjoint_and_its_long_contexts_stand_apart() -> None:
    row = {
        "uncached_input_tokens": 200, "cache_read_input_tokens": 4_000, "output_tokens": 410,
        "cache_creation": {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 0},
        "context_window": "200k-1M",
    }  # fmt: skip
    page = {"data": [{"starting_at": "2026-11-22T08:00:00Z", "results": [row]}]}
    (bucket,) = anthropic.read_usage(body(page), SPAN, ASK).usage
    assert bucket.usage == Usage(
        input_tokens=200, cache_read_tokens=4_000, cache_write_5m_tokens=1_000, output_tokens=410
    )
    assert bucket.prompt_tokens > 200_000
    assert bucket.requests is None, "Anthropic does not count requests, which is not the same as none"


def test_openrouter_prompts_include_their_cached_part_and_reasoning_is_part_of_the_completion() -> None:
    row = {
        "date": "2026-11-17", "usage": 0.25, "prompt_tokens": 1_000, "cached_tokens": 400, "completion_tokens": 200,
        "reasoning_tokens": 50,
    }  # fmt: skip
    page = openrouter.read_activity(body({"data": [row]}), SPAN, ASK)
    assert [one.usage for one in page.usage] == [
        Usage(input_tokens=600, cache_read_tokens=400, output_tokens=200, reasoning_tokens=50)
    ]
    assert [one.nano_usd for one in page.costs] == [250_000_000]


@pytest.mark.parametrize(("cached", "fresh"), [(999, [1]), (1_000, [0]), (1_001, [])])
def test_a_whole_openrouter_prompt_may_be_cached_and_no_more_than_it(cached: int, fresh: list[int]) -> None:
    row = {"date": "2026-11-17", "usage": 1, "prompt_tokens": 1_000, "cached_tokens": cached, "completion_tokens": 0}
    page = openrouter.read_activity(body({"data": [row]}), SPAN, ASK)
    assert [one.usage.input_tokens for one in page.usage] == fresh


@pytest.mark.parametrize("said", ["NaN", "Infinity", "1e30", "-1e30"])
def test_an_amount_that_no_account_can_hold_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="no account can hold"):
        cents(Decimal(said))


def test_another_currency_is_never_taken_for_dollars() -> None:
    page = anthropic_cost(currency="EUR")
    assert (list(page.costs), [reject.reason for reject in page.rejects]) == ([], ["a cost that is not in US dollars"])


def test_a_cursor_that_is_announced_and_missing_is_no_end() -> None:
    page = {"data": [], "has_more": True, "next_page": None}
    with pytest.raises(ValueError, match="nothing says where"):
        openai.read_usage("completions", body(page), Span(since_ms=0, until_ms=1, width_seconds=MINUTE), ASK)
