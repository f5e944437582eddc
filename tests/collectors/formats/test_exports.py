"""Rows of Portkey, Cloudflare, TensorZero, Bifrost and LangSmith, and what a gateway answers about one generation."""

import json
from typing import Any

import pytest

from collectors.formats import bifrost, cloudflare, generation, langsmith, portkey, tensorzero
from collectors.formats.lines import LineReader
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import RECORDS, line, without

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
        (
            {
                "prompt_tokens": 254, "completion_tokens": 45, "prompt_tokens_details": {
                    "cached_read_tokens": 200, "cached_write_tokens": 44,
                    "cached_write_token_details": {"cached_write_tokens_5m": 33, "cached_write_tokens_1h": 11},
                    "cached_tokens": 200,
                },
            },
            Usage(10, 200, 33, 11, output_tokens=45),
        ),
        (
            {
                "prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623,
                "completion_tokens_details": {"reasoning_tokens": 405},
            },
            Usage(20, output_tokens=603, reasoning_tokens=405),
        ),
        (
            {
                "prompt_tokens": 50, "prompt_tokens_details": {"audio_tokens": 40}, "completion_tokens": 100,
                "completion_tokens_details": {"image_tokens": 60, "audio_tokens": 30},
            },
            Usage(10, output_tokens=10, units=(
                ("input_audio_tokens", 40), ("output_audio_tokens", 30), ("output_image_tokens", 60),
            )),
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


@pytest.mark.parametrize(
    "debug", ['{"cache_hit":true,"hit_type":"direct"}', {"cache_hit": True, "hit_type": "semantic"}]
)
def test_what_bifrost_s_own_cache_answered_is_not_billed_again(debug: Any) -> None:
    (event,) = bifrost.parse(line("bifrost.logs", cache_debug=debug, cost=0))
    assert (event.outcome, event.usage.output_tokens, event.usage_missing) == (Outcome.CACHE, 410, False)


@pytest.mark.parametrize("debug", [None, "", "null", '{"cache_hit":false}', {"cache_hit": False}])
def test_a_look_into_bifrost_s_cache_that_found_nothing_is_an_ordinary_call(debug: Any) -> None:
    (event,) = bifrost.parse(line("bifrost.logs", cache_debug=debug))
    assert event.outcome is Outcome.OK


CLAUDE_S_ANSWER = {
    "id": "msg_1", "type": "message", "model": "claude-sonnet-4-5", "usage": {
        "input_tokens": 200, "cache_creation_input_tokens": 1_000, "cache_read_input_tokens": 4_000,
        "output_tokens": 410, "service_tier": "batch",
    },
}  # fmt: skip


@pytest.mark.parametrize("response", [CLAUDE_S_ANSWER, json.dumps(CLAUDE_S_ANSWER)], ids=["object", "text"])
def test_the_answer_that_portkey_exports_knows_more_than_its_counts(response: Any) -> None:
    (event,) = portkey.parse(line("portkey.export", ai_org="anthropic", req_units=5_200, response=response))
    assert event.usage == Usage(200, 4_000, 1_000, 0, 0, 0, 0, 410)
    assert (event.id, event.provider, event.variant) == ("pk-1", "anthropic", "batch")


GEMINI_S_ANSWER = {
    "responseId": "r1", "modelVersion": "gemini-2.5-pro", "candidates": [{"finishReason": "STOP"}], "usageMetadata": {
        "promptTokenCount": 3_000, "cachedContentTokenCount": 2_048, "candidatesTokenCount": 250,
        "thoughtsTokenCount": 900, "totalTokenCount": 4_150,
    },
}  # fmt: skip


def test_an_answer_of_gemini_through_portkey_counts_its_thoughts() -> None:
    (event,) = portkey.parse(line("portkey.export", req_units=3_000, res_units=250, response=GEMINI_S_ANSWER))
    assert event.usage == Usage(952, 2_048, output_tokens=1_150, reasoning_tokens=900)


@pytest.mark.parametrize(
    "response",
    [None, "", "{", "[]", {}, {"error": {"message": "no"}}, {"choices": [], "id": "x", "model": "m"}, 7, "data: {}"],
    ids=repr,
)
def test_without_an_answer_portkey_s_counts_count(response: Any) -> None:
    (event,) = portkey.parse(line("portkey.export", response=response))
    assert (event.usage, event.variant) == (Usage(input_tokens=1_500, output_tokens=420), "")


def langsmith_with(inside: dict[str, Any], outside: dict[str, Any]) -> UsageEvent:
    details = {"prompt_token_details": inside, "completion_token_details": outside}
    (event,) = langsmith.parse(line("langsmith.run", **details))
    return event


@pytest.mark.parametrize("whole", [0, 1_000], ids=["newer", "older"])
def test_langchain_says_for_how_long_claude_s_cache_was_written(whole: int) -> None:
    inside = {
        "cache_read": 4_000, "cache_creation": whole, "ephemeral_5m_input_tokens": 600,
        "ephemeral_1h_input_tokens": 400,
    }  # fmt: skip
    assert langsmith_with(inside, {}).usage == Usage(200, 4_000, 600, 400, output_tokens=410)


@pytest.mark.parametrize("tier", ["flex", "priority"])
def test_langchain_writes_the_service_tier_into_the_names_of_the_counts(tier: str) -> None:
    event = langsmith_with(
        {"audio": None, f"{tier}_cache_read": 4_000, tier: 1_200}, {f"{tier}_reasoning": 120, tier: 290}
    )
    assert event.usage == Usage(1_200, 4_000, output_tokens=410, reasoning_tokens=120)
    assert event.variant == tier


def test_langsmith_s_sound_has_prices_of_its_own() -> None:
    event = langsmith_with({"audio": 5_000, "cache_read": 400}, {"audio": 400, "reasoning": 120})
    assert event.usage == Usage(
        0, 400, output_tokens=10, reasoning_tokens=10,
        units=(("cache_audio_read_tokens", 200), ("input_audio_tokens", 4_800), ("output_audio_tokens", 400)),
    )  # fmt: skip
    assert event.usage.prompt_tokens == 5_200, "what the threshold of long contexts is compared with"


def test_zero_tokens_of_a_run_are_not_missing() -> None:
    (counted,) = langsmith.parse(line("langsmith.run", prompt_tokens=0, completion_tokens=0))
    (unsaid,) = langsmith.parse(
        line("langsmith.run", prompt_tokens=None, prompt_token_details=None, completion_tokens=None)
    )
    assert (counted.usage_missing, unsaid.usage_missing) == (False, True)


def test_a_generation_that_counts_twice_is_openrouter_s_and_only_its_native_counts_are_billed() -> None:
    said = {"tokens_prompt": 4_100, "tokens_completion": 390, "provider_name": "Google AI Studio"}
    (event,) = generation.parse(line("vercel.generation", **said))
    assert (event.provider, event.usage.prompt_tokens, event.usage.output_tokens) == ("openrouter", 5_200, 410)


def test_the_answer_about_one_generation_is_read_as_the_interface_gives_it() -> None:
    parsed = LineReader().read([json.dumps({"data": RECORDS["vercel.generation"]}).encode()])
    assert [event.id for event in parsed.events] == ["gen_01"]
