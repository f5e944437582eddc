"""The same traps at the smaller providers: decimal text, cents, turned signs, missing zones, rates."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from collectors.providers import (
    claude_code,
    deepinfra,
    fireworks,
    groq,
    litellm_activity,
    portkey,
    together,
    vercel,
    xai,
)
from collectors.providers.provider import DAY, HOUR, Ask, Span
from collectors.providers.registry import found_keys
from collectors.settings.providers import provider_facts
from collectors.settings.sourceconfig import SourceConfig
from pricing.times import DAY_MS
from pricing.usage import Usage
from store.provider_facts import BalanceCounts, Role

BEGINS_MS = 1_795_305_600_000
"""2026-11-22T00:00:00Z."""
DAY_SPAN = Span(since_ms=BEGINS_MS, until_ms=BEGINS_MS + DAY_MS, width_seconds=DAY, account="team-1")
HOUR_SPAN = Span(since_ms=BEGINS_MS, until_ms=BEGINS_MS + DAY_MS, width_seconds=HOUR)
ASK = Ask("/")


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_together_amounts_are_decimal_text_in_dollars() -> None:
    item = {"product_name": "p", "cost": "0.000000125", "quantity": "1"}
    page = {"currency": "USD", "data": [{"start_time": "2026-11-22T08:00:00Z", "line_items": [item]}]}
    (cost,) = together.read(body(page), HOUR_SPAN, ASK).costs
    assert (cost.nano_usd, cost.begins_ms) == (125, BEGINS_MS + 8 * 3_600_000)


def test_two_items_of_one_product_are_two_costs_where_anything_tells_them_apart() -> None:
    items = [
        {"product_name": "p", "cost": "1", "pricing_dimensions": {"token_type": kind}} for kind in ("input", "output")
    ]
    page = {"data": [{"start_time": "2026-11-22T08:00:00Z", "line_items": items}]}
    costs = together.read(body(page), HOUR_SPAN, ASK).costs
    assert len({cost.item for cost in costs}) == 2


def test_a_span_over_the_end_of_a_month_asks_about_both() -> None:
    span = Span(since_ms=BEGINS_MS - 30 * DAY_MS, until_ms=BEGINS_MS, width_seconds=HOUR)
    assert [dict(one.query)["month"] for one in together.ask(span)] == ["2026-10", "2026-11"]
    whole = Span(since_ms=BEGINS_MS - 21 * DAY_MS, until_ms=BEGINS_MS + 9 * DAY_MS, width_seconds=HOUR)
    assert [dict(one.query)["month"] for one in together.ask(whole)] == ["2026-11"]


def test_fireworks_money_is_units_as_text_and_nanos() -> None:
    ask = fireworks.ask(DAY_SPAN)[0]
    item = {"description": "x", "totalCost": {"currencyCode": "USD", "units": "3", "nanos": 141_592_653}}
    (cost,) = fireworks.read(body({"lineItems": [item]}), DAY_SPAN, ask).costs
    assert (cost.nano_usd, cost.begins_ms) == (3_141_592_653, BEGINS_MS)


def test_fireworks_days_end_where_the_next_begins() -> None:
    assert [dict(one.query) for one in fireworks.ask(DAY_SPAN)] == [
        {"startTime": "2026-11-22T00:00:00Z", "endTime": "2026-11-23T00:00:00Z"}
    ]


def test_deepinfra_amounts_are_cents_and_the_newest_month_counts() -> None:
    months = [{"period": "2026.10", "total_cost": 9_999}, {"period": "2026.11", "total_cost": 12.5}]
    (spent,) = deepinfra.read(body({"months": months}), DAY_SPAN, ASK).balances
    assert (spent.nano, spent.counts) == (125_000_000, BalanceCounts.SPENT)  # 12.5 cents


def test_vercel_amounts_are_dollars_and_its_cached_tokens_a_part_of_the_input() -> None:
    row = {
        "hour": "2026-11-22T08:00:00Z", "model": "openai/gpt-5", "total_cost": "0.125", "market_cost": "9",
        "input_tokens": "100", "output_tokens": 10, "cached_input_tokens": 40,
    }  # fmt: skip
    page = vercel.read_report(body({"results": [row]}), HOUR_SPAN, ASK)
    assert [one.nano_usd for one in page.costs] == [125_000_000]
    assert [one.usage for one in page.usage] == [Usage(input_tokens=60, cache_read_tokens=40, output_tokens=10)]
    assert vercel.read_report(body({"results": [{**row, "cached_input_tokens": 101}]}), HOUR_SPAN, ASK).rejects


def test_xai_asks_with_times_that_have_no_t_and_no_zone() -> None:
    (ask,) = xai.ask_usage(DAY_SPAN)
    assert ask.path == "/v1/billing/teams/team-1/usage"
    assert json.loads(ask.body or b"")["analyticsRequest"]["timeRange"] == {
        "startTime": "2026-11-22 00:00:00", "endTime": "2026-11-23 00:00:00", "timezone": "Etc/GMT",
    }  # fmt: skip


def test_an_xai_balance_is_cents_as_text_with_its_sign_turned_around() -> None:
    (left,) = xai.read_balance(body({"total": {"val": "-4250"}}), DAY_SPAN, ASK).balances
    assert left.nano == 42_500_000_000


def test_an_xai_answer_that_was_cut_off_is_none() -> None:
    with pytest.raises(ValueError, match="cut off"):
        xai.read_usage(body({"timeSeries": [], "limitReached": True}), DAY_SPAN, ASK)


def test_an_xai_description_names_its_model() -> None:
    series = {
        "groupLabels": ["Chat grok-4-0709"],
        "dataPoints": [{"timestamp": "2026-11-22T00:00:00Z", "values": ["0.75"]}],
    }
    (cost,) = xai.read_usage(body({"timeSeries": [series]}), DAY_SPAN, ASK).costs
    assert (cost.model, cost.nano_usd) == ("grok-4-0709", 750_000_000)


def groq_page(values: list[list[object]], metric: str = "model_project_id:tokens_in:rate5m") -> Any:
    answer = {
        "status": "success",
        "data": {"resultType": "matrix", "result": [{"metric": {"model": "m"}, "values": values}]},
    }
    return groq.read(body(answer), HOUR_SPAN, Ask("/", (("query", metric),)))


def test_groq_rates_are_per_second_over_the_five_minutes_before_their_instant() -> None:
    (bucket,) = groq_page([[1_795_306_200, "2.5"]]).usage
    assert (bucket.begins_ms, bucket.width_seconds, bucket.usage) == (1_795_305_900_000, 300, Usage(input_tokens=750))
    (requests,) = groq_page([[1_795_306_200, "0.02"]], "model_project_id_status_code:requests:rate5m").usage
    assert (requests.requests, requests.usage) == (6, Usage())


@pytest.mark.parametrize("rate", ["NaN", "+Inf", "-1"])
def test_a_groq_rate_that_cannot_be_is_refused(rate: str) -> None:
    page = groq_page([[1_795_306_200, rate]])
    assert (list(page.usage), [reject.reason for reject in page.rejects]) == ([], ["a rate that cannot be"])


def test_portkey_amounts_are_cents_of_whole_days() -> None:
    (ask,) = portkey.ask(DAY_SPAN)
    assert dict(ask.query)["time_of_generation_max"] == "2026-11-22T23:59:59Z"
    (cost,) = portkey.read(body({"summary": {"total": 123.45, "avg": 1}}), DAY_SPAN, ask).costs
    assert (cost.nano_usd, cost.begins_ms) == (1_234_500_000, BEGINS_MS)  # $1.2345


def test_litellm_prompts_include_their_cached_parts_whoever_served_them() -> None:
    metrics = {
        "spend": 0.5, "prompt_tokens": 1_000, "completion_tokens": 7, "cache_read_input_tokens": 300,
        "cache_creation_input_tokens": 200, "api_requests": 2,
    }  # fmt: skip
    models = {"anthropic/claude-haiku-4-5": {"metrics": metrics}}
    page = litellm_activity.read_activity(
        body({"results": [{"date": "2026-11-22", "breakdown": {"models": models}}]}), DAY_SPAN, ASK
    )
    assert [(one.provider, one.model, one.usage) for one in page.usage] == [
        (
            "anthropic",
            "claude-haiku-4-5",
            Usage(input_tokens=500, cache_read_tokens=300, cache_write_tokens=200, output_tokens=7),
        )
    ]
    assert [one.nano_usd for one in page.costs] == [500_000_000]


def test_claude_codes_estimates_are_cents_as_numbers_and_each_persons_kind_can_be_kept_apart() -> None:
    def record(kind: str) -> dict[str, Any]:
        tokens = {"input": 10, "output": 2, "cache_read": 3, "cache_creation": 4}
        estimate = {"amount": 186, "currency": "USD"}
        return {
            "date": "2026-11-22", "actor": {"type": "user_actor", "email_address": "ada@example.com"}, "customer_type": kind,
            "model_breakdown": [{"model": "claude-sonnet-4-20250514", "tokens": tokens, "estimated_cost": estimate}],
        }  # fmt: skip

    said = body({"data": [record("api"), record("subscription")]})
    page = claude_code.read(said, replace(DAY_SPAN, account="subscription"), ASK)
    assert [(cost.nano_usd, cost.key) for cost in page.costs] == [(1_860_000_000, "ada@example.com")]
    assert [one.usage for one in page.usage] == [
        Usage(input_tokens=10, output_tokens=2, cache_read_tokens=3, cache_write_tokens=4)
    ]
    assert len(claude_code.read(said, replace(DAY_SPAN, account=""), ASK).costs) == 2


def test_claude_codes_figures_add_nothing_of_themselves() -> None:
    (fact,) = provider_facts([SourceConfig(type="claude_code")])
    assert (fact.role, fact.covers) == (Role.RECONCILE, "provider=none")
    assert found_keys(["ANTHROPIC_ADMIN_KEY"]) == {"ANTHROPIC_ADMIN_KEY": "anthropic"}
