"""Kong's log: what its AI plugins count, and what their zeros do not mean."""

from typing import Any

import pytest

from collectors.formats.kong import parse
from collectors.formats.lines import LineReader
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import RECORDS, line, without

NAME = "kong.ai"
PROXY: dict[str, Any] = RECORDS[NAME]["ai"]["proxy"]


def with_usage(**usage: Any) -> UsageEvent:
    (event,) = parse(line(NAME, ai={"proxy": {**PROXY, "usage": usage}}))
    return event


def test_the_documented_example() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="6b1f",
            ended_at_ms=1_764_000_004_323,
            duration_ms=4_200,
            provider="openai",
            model="gpt-5-2025-08-07",
            deployment="gpt-5",
            tenant="checkout",
            usage=Usage(input_tokens=1_500, output_tokens=420),
            tags=("workspace:default",),
        ),
    )


def test_a_cost_of_zero_means_that_no_price_is_configured() -> None:
    assert with_usage(prompt_tokens=10, cost=0).reported_nano_usd is None
    assert with_usage(prompt_tokens=10, cost=0.25).reported_nano_usd == 250_000_000


def test_the_details_of_newer_versions_are_parts_of_the_counts() -> None:
    event = with_usage(
        prompt_tokens=1_500, completion_tokens=420, prompt_tokens_details={"cached_tokens": 1_024},
        completion_tokens_details={"reasoning_tokens": 300},
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=476, cache_read_tokens=1_024, output_tokens=420, reasoning_tokens=300)


def test_counts_of_what_is_not_text_stand_under_other_names() -> None:
    assert with_usage(prompt_tokens=0, input_tokens=30, output_tokens=50).usage == Usage(30, output_tokens=50)


@pytest.mark.parametrize("said", [0, None, "", "-", "NaN"])
def test_a_count_that_is_not_known_is_missing_and_not_zero(said: Any) -> None:
    event = with_usage(prompt_tokens=said, completion_tokens=said)
    assert (event.usage, event.usage_missing) == (NOTHING, True)


@pytest.mark.parametrize("said", [-1, 1.5, "x", "-5", 2**32])
def test_a_count_that_no_request_can_have_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="no request can have"):
        with_usage(prompt_tokens=said)


def test_an_answer_of_the_semantic_cache_and_a_refusal_are_told_apart() -> None:
    (hit,) = parse(line(NAME, ai={"proxy": {**PROXY, "cache": {"cache_status": "Hit"}}}))
    (miss,) = parse(line(NAME, ai={"proxy": {**PROXY, "cache": {"cache_status": "Miss"}}}))
    (refused,) = parse(line(NAME, response={"status": 429}))

    assert (hit.outcome, miss.outcome) == (Outcome.CACHE, Outcome.OK)
    assert (refused.outcome, refused.error) == (Outcome.ERROR, "HTTP 429")


# The example of the references of 3.6 and 3.7 (docs.konghq.com, AI audit log reference): two plugins asked a model each.
OLDER = {
    "payload": {"request": "..."},
    "ai-proxy": {
        "payload": {"response": "..."},
        "usage": {"prompt_token": 28, "total_tokens": 48, "completion_token": 20, "cost": 0.0038, "time_per_token": 133},
        "meta": {
            "request_model": "command", "provider_name": "cohere", "response_model": "command",
            "plugin_id": "546c3856-24b3-469a-bd6c-f6083babd2cd", "llm_latency": 2670,
        },
    },
    "ai-request-transformer": {
        "payload": {"response": "..."},
        "usage": {"prompt_token": 89, "total_tokens": 145, "completion_token": 56, "cost": 0.0012, "time_per_token": 87},
        "meta": {
            "request_model": "gpt-35-turbo", "provider_name": "azure", "response_model": "gpt-35-turbo",
            "plugin_id": "5df193be-47a3-4f1b-8c37-37e31af0568b", "llm_latency": 4927,
        },
    },
}  # fmt: skip


def test_the_documented_example_of_older_versions_is_a_call_for_each_plugin_that_asked_a_model() -> None:
    proxied, transformed = parse(line(NAME, ai=OLDER))
    assert (proxied.id, proxied.provider, proxied.model, proxied.usage, proxied.reported_nano_usd) == (
        "6b1f", "cohere", "command", Usage(input_tokens=28, output_tokens=20), 3_800_000,
    )  # fmt: skip
    assert (transformed.provider, transformed.model, transformed.usage, transformed.reported_nano_usd) == (
        "azure", "gpt-35-turbo", Usage(input_tokens=89, output_tokens=56), 1_200_000,
    )  # fmt: skip
    assert (transformed.id, transformed.tags) == (
        "6b1f:ai-request-transformer", ("workspace:default", "plugin:ai-request-transformer"),
    )  # fmt: skip


def test_an_older_line_without_costs_and_without_an_id_is_read_as_well() -> None:
    # As 3.6 wrote it: no cost, no latencies of the model.
    usage = {"prompt_token": 89, "total_tokens": 145, "completion_token": 56}
    meta = {"request_model": "gpt-35-turbo", "provider_name": "azure", "response_model": "gpt-35-turbo"}
    both = {name: {"usage": usage, "meta": meta} for name in ("ai-proxy", "ai-response-transformer")}
    (proxied, transformed) = parse(line(NAME, request={}, ai=both))
    assert proxied.usage == transformed.usage == Usage(input_tokens=89, output_tokens=56)
    assert (proxied.reported_nano_usd, proxied.id == transformed.id) == (None, False)


def test_an_older_line_is_told_by_itself() -> None:
    parsed = LineReader().read([line(NAME, ai=OLDER)])
    assert (parsed.format_name, len(parsed.events), parsed.rejects) == (NAME, 2, ())


def test_a_request_that_no_ai_plugin_saw_costs_nothing() -> None:
    assert parse(line(NAME, ai={})) == ()


def test_without_an_id_equal_lines_are_one_request_and_others_are_not() -> None:
    (first,), (again,) = parse(line(NAME, request={})), parse(line(NAME, request={}))
    (later,) = parse(line(NAME, request={}, started_at=1764000000124))
    assert first.id == again.id != later.id


def test_what_is_absent_is_unknown() -> None:
    (event,) = parse(without(NAME, "consumer", "workspace_name", "latencies", "response"))
    assert (event.tenant, event.tags, event.duration_ms, event.outcome) == (None, (), None, Outcome.OK)
