"""Rows of Portkey, Cloudflare, TensorZero, Bifrost and LangSmith, and what a gateway answers about one generation."""

from typing import Any

import pytest

from collectors.formats import bifrost, cloudflare, generation, langsmith, portkey, tensorzero
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

AT_MS = 1_795_335_334_500


def test_portkey_counts_cents() -> None:
    assert portkey.parse(line("portkey.export")) == (
        UsageEvent(
            id="pk-1",
            trace_id="t-77",
            ended_at_ms=AT_MS,
            duration_ms=4_500,
            provider="openai",
            model="gpt-5",
            usage=Usage(input_tokens=1_500, output_tokens=420),
            reported_nano_usd=6_075_000,
            user="ana",
            tags=("env:prod",),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"cache_status": "HIT"}, Outcome.CACHE),
        ({"cache_status": "SEMANTIC HIT"}, Outcome.CACHE),
        ({"cache_status": "MISS"}, Outcome.OK),
        ({"is_success": False}, Outcome.ERROR),
        ({"response_status_code": 429}, Outcome.ERROR),
    ],
)
def test_portkey_s_own_cache_and_failures_are_told_apart(changes: dict[str, Any], outcome: Outcome) -> None:
    (event,) = portkey.parse(line("portkey.export", **changes))
    assert event.outcome is outcome


def test_an_amount_in_another_currency_is_not_taken_for_dollars() -> None:
    (event,) = portkey.parse(line("portkey.export", cost_currency="EUR"))
    assert event.reported_nano_usd is None


def test_an_admin_may_leave_fields_out_of_an_export() -> None:
    (event,) = portkey.parse(without("portkey.export", "res_units", "cost", "metadata", "is_success", "response_time"))
    assert (event.usage, event.reported_nano_usd) == (Usage(input_tokens=1_500), None)
    assert (event.user, event.tags, event.duration_ms) == (None, (), None)


def test_cloudflare_says_an_estimate_and_what_the_caller_noted() -> None:
    assert cloudflare.parse(line("cloudflare.aig")) == (
        UsageEvent(
            id="cf-1",
            ended_at_ms=AT_MS,
            duration_ms=4_500,
            provider="openai",
            model="gpt-5",
            call_type="chat",
            usage=Usage(input_tokens=1_500, output_tokens=420),
            reported_nano_usd=6_100_000,
            tags=("team:search", "paid:True"),
        ),
    )


@pytest.mark.parametrize("metadata", [None, "", "not JSON", "[1]", "{}"])
def test_metadata_that_say_nothing_take_nothing_else_with_them(metadata: str | None) -> None:
    (event,) = cloudflare.parse(line("cloudflare.aig", metadata=metadata))
    assert (event.tags, event.usage.input_tokens) == ((), 1_500)


def test_cloudflare_s_cache_and_failures_are_told_apart() -> None:
    (hit,), (failed,) = (
        cloudflare.parse(line("cloudflare.aig", cached=True)),
        cloudflare.parse(line("cloudflare.aig", success=False, status_code=500, tokens_in=None, tokens_out=None)),
    )
    assert hit.outcome is Outcome.CACHE
    assert (failed.outcome, failed.error, failed.usage) == (Outcome.ERROR, "HTTP 500", NOTHING)


def test_tensorzero_s_input_contains_its_cache() -> None:
    assert tensorzero.parse(line("tensorzero.clickhouse")) == (
        UsageEvent(
            id="019ab697-e800-7000-8000-000000000001",
            trace_id="i-1",
            ended_at_ms=1_764_000_000_000,
            duration_ms=4_500,
            first_token_ms=900,
            provider="anthropic",
            model="claude-sonnet-4-5",
            call_type="answer",
            usage=Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410),
            reported_nano_usd=11_700_000,
            tags=("env:prod",),
        ),
    )


def test_tensorzero_s_newer_columns_may_be_absent_and_an_id_tells_its_time() -> None:
    newer = ("provider_cache_read_input_tokens", "provider_cache_write_input_tokens", "cost", "tags", "timestamp")
    (event,) = tensorzero.parse(without("tensorzero.clickhouse", *newer))

    assert event.usage == Usage(input_tokens=5_200, output_tokens=410)
    assert (event.reported_nano_usd, event.tags, event.ended_at_ms) == (None, (), 1_764_000_000_000)


def test_a_record_of_tensorzero_without_any_time_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time"):
        tensorzero.parse(line("tensorzero.clickhouse", id="5f0c6f0a-8a52-4c69-a0ff-3a2d9f1d6a11", timestamp=None))


def test_counts_that_tensorzero_does_not_know_are_missing_and_zero_is_zero() -> None:
    unknown = {"input_tokens": None, "output_tokens": None}
    (missing,) = tensorzero.parse(line("tensorzero.clickhouse", **unknown))
    (cached,) = tensorzero.parse(line("tensorzero.clickhouse", cached=True, **unknown))
    assert (missing.usage_missing, cached.usage_missing, cached.outcome) == (True, False, Outcome.CACHE)


def test_bifrost_s_prompt_contains_its_cache() -> None:
    assert bifrost.parse(line("bifrost.logs")) == (
        UsageEvent(
            id="bf-1",
            call_id="bf-1",
            ended_at_ms=AT_MS,
            duration_ms=4_500,
            provider="anthropic",
            model="claude-sonnet-4-5",
            deployment="sonnet",
            tenant="team-a",
            key="checkout",
            call_type="chat_completion",
            usage=Usage(200, 4_000, 1_000, 0, 0, 0, 0, 410, 120),
            reported_nano_usd=11_700_000,
            user="ana",
            tags=("customer:acme",),
        ),
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, Usage(1_200, 4_000, output_tokens=410)),
        ("", Usage(1_200, 4_000, output_tokens=410)),
        ({"input_tokens": 30, "output_tokens": 5}, Usage(30, output_tokens=5)),
        ({"prompt_tokens": 30, "prompt_tokens_details": {"cached_tokens": 10}}, Usage(20, 10)),
        (
            {"prompt_tokens": 30, "prompt_tokens_details": {"cached_write_tokens": 10}},
            Usage(input_tokens=20, cache_write_tokens=10),
        ),
        ({"completion_tokens": 3, "completion_tokens_details": {"num_search_queries": 2}}, Usage(output_tokens=3, units=(("web_searches", 2),))),
    ],
)  # fmt: skip
def test_every_version_s_names_of_bifrost_s_counts_are_read(usage: Any, expected: Usage) -> None:
    (event,) = bifrost.parse(line("bifrost.logs", token_usage=usage))
    assert event.usage == expected


def test_a_row_of_bifrost_counts_when_it_is_final() -> None:
    assert bifrost.parse(line("bifrost.logs", status="processing")) == ()
    (failed,) = bifrost.parse(line("bifrost.logs", status="error", parent_request_id="bf-0"))
    assert (failed.outcome, failed.trace_id, failed.usage.output_tokens) == (Outcome.ERROR, "bf-0", 410)


def test_a_fallback_of_bifrost_is_an_attempt_of_the_call_that_it_took_over() -> None:
    (first,) = bifrost.parse(line("bifrost.logs", status="error"))
    (fallback,) = bifrost.parse(line("bifrost.logs", id="bf-2", parent_request_id="bf-1", fallback_index=1))
    assert fallback.call_id == first.call_id == first.id
    # Other requests have parents, too, whose calls they are not attempts of.
    (child,) = bifrost.parse(line("bifrost.logs", id="bf-3", parent_request_id="bf-1", fallback_index=0))
    assert (child.call_id, child.trace_id) == ("bf-3", "bf-1")


def test_langsmith_s_details_are_parts_of_its_counts() -> None:
    assert langsmith.parse(line("langsmith.run")) == (
        UsageEvent(
            id="run-1",
            trace_id="t-77",
            ended_at_ms=AT_MS,
            duration_ms=4_500,
            first_token_ms=900,
            provider="anthropic",
            model="claude-sonnet-4-5",
            call_type="llm",
            usage=Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410, 120),
            reported_nano_usd=11_700_000,
            tags=("rag",),
        ),
    )


def test_the_newer_generation_of_langsmith_writes_capitals_and_raw_details() -> None:
    (event,) = langsmith.parse(
        line(
            "langsmith.run", run_type="LLM", status="SUCCESS", thread_id="s-1", ls_user_id="ana", extra=None,
            prompt_token_details={"raw": {"cache_read": 4_000, "cache_write": 1_000}}, total_cost=0.0117,
            completion_token_details={"raw": {"reasoning": 120}}, metadata={"ls_model_name": "claude-sonnet-4-5"},
        )
    )  # fmt: skip
    assert event.usage == Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410, 120)
    assert (event.session, event.user, event.provider, event.model) == ("s-1", "ana", None, "claude-sonnet-4-5")
    assert event.reported_nano_usd == 11_700_000


@pytest.mark.parametrize("kind", ["chain", "tool", "retriever", "CHAIN"])
def test_chains_repeat_the_sums_of_their_children_and_cost_nothing(kind: str) -> None:
    assert langsmith.parse(line("langsmith.run", run_type=kind)) == ()


def test_a_run_without_its_model_s_name_is_counted_without_one() -> None:
    assert langsmith.parse(line("langsmith.run", status="pending")) == ()
    (event,) = langsmith.parse(without("langsmith.run", "extra", "end_time", "first_token_time", "total_cost", "tags"))
    assert (event.model, event.duration_ms, event.first_token_ms, event.reported_nano_usd) == (None, None, None, None)
    (failed,) = langsmith.parse(line("langsmith.run", error="boom: a prompt", prompt_tokens=0, completion_tokens=0))
    assert (failed.outcome, failed.error) == (Outcome.ERROR, "error"), "an error's text may hold a prompt"


def test_a_generation_says_the_final_counts_and_cost() -> None:
    assert generation.parse(line("vercel.generation")) == (
        UsageEvent(
            id="gen_01",
            ended_at_ms=AT_MS,
            duration_ms=4_500,
            first_token_ms=900,
            provider="anthropic",
            model="anthropic/claude-sonnet-4-5",
            usage=Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410, 120),
            reported_nano_usd=11_700_000,
        ),
    )


def test_with_an_own_key_the_provider_s_money_is_added_to_the_gateway_s_fee() -> None:
    (event,) = generation.parse(line("vercel.generation", is_byok=True, total_cost=0.001))
    assert event.reported_nano_usd == 12_700_000


def test_a_generation_may_say_little() -> None:
    (event,) = generation.parse(
        without("vercel.generation", "total_cost", "native_tokens_cached", "is_byok", "latency")
    )
    assert (event.reported_nano_usd, event.first_token_ms) == (None, None)
    assert event.usage == Usage(input_tokens=4_200, cache_write_tokens=1_000, output_tokens=410, reasoning_tokens=120)
    (searched,) = generation.parse(line("vercel.generation", billable_web_search_calls=3, cancelled=True))
    assert (searched.usage.units, searched.outcome) == ((("web_searches", 3),), Outcome.CUT)
