"""Langfuse's observations: buckets that do not overlap, with names that anybody may choose."""

import pytest

from collectors.formats.langfuse import parse, usage_of
from pricing.usage import Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

NAME = "langfuse.observation"


def test_a_generation_is_read_with_who_asked_and_how_long_it_took() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="obs-1",
            trace_id="t-77",
            ended_at_ms=1_795_335_334_500,
            duration_ms=4_500,
            first_token_ms=900,
            model="claude-sonnet-4-5",
            call_type="generation",
            usage=Usage(200, 4_000, 1_000, 0, 0, 0, 0, 410, 120),
            reported_nano_usd=11_700_000,
            user="ana",
            session="s-1",
            tags=("environment:production", "rag"),
        ),
    )


@pytest.mark.parametrize("kind", ["SPAN", "AGENT", "CHAIN", "TOOL", "EVENT"])
def test_what_repeats_the_sums_of_its_generations_costs_nothing(kind: str) -> None:
    assert parse(line(NAME, type=kind)) == ()


@pytest.mark.parametrize(
    ("bucket", "usage"),
    [
        ("input", Usage(input_tokens=7)),
        ("input_strange", Usage(input_tokens=7)),
        ("input_cached_tokens", Usage(cache_read_tokens=7)),
        ("input_cache_read", Usage(cache_read_tokens=7)),
        ("cache_read_input_tokens", Usage(cache_read_tokens=7)),
        ("input_cache_creation", Usage(cache_write_tokens=7)),
        ("cache_creation_input_tokens", Usage(cache_write_tokens=7)),
        ("input_cache_creation_5m", Usage(cache_write_5m_tokens=7)),
        ("input_cache_creation_1h", Usage(cache_write_1h_tokens=7)),
        ("output", Usage(output_tokens=7)),
        ("output_strange", Usage(output_tokens=7)),
        ("output_reasoning", Usage(output_tokens=7, reasoning_tokens=7)),
        ("output_reasoning_tokens", Usage(output_tokens=7, reasoning_tokens=7)),
        ("input_audio_tokens", Usage(units=(("input_audio_tokens", 7),))),
        ("output_audio_tokens", Usage(units=(("output_audio_tokens", 7),))),
        ("prompt_tokens", Usage(input_tokens=7)),
        ("promptTokens", Usage(input_tokens=7)),
        ("completion_tokens", Usage(output_tokens=7)),
        ("completionTokens", Usage(output_tokens=7)),
        ("cachedInputTokens", Usage(cache_read_tokens=7)),
        ("cache_creation_ephemeral_1h_input_tokens", Usage(cache_write_1h_tokens=7)),
        ("total", Usage()),
        ("totalTokens", Usage()),
        ("something", Usage()),
    ],
)
def test_a_bucket_is_in_the_class_that_its_name_tells(bucket: str, usage: Usage) -> None:
    assert usage_of({bucket: 7}) == usage
    assert usage_of({bucket: 0, "total": 9}) == Usage()


def test_an_error_is_one_and_need_not_have_used_anything() -> None:
    (event,) = parse(line(NAME, level="ERROR", usageDetails={}))
    assert (event.outcome, event.usage_missing) == (Outcome.ERROR, False)


def test_a_generation_without_counts_surely_used_something() -> None:
    (event,) = parse(line(NAME, usageDetails=None))
    assert event.usage_missing


def test_what_is_absent_is_unknown_and_not_zero() -> None:
    absent = ("endTime", "completionStartTime", "totalCost", "userId", "sessionId", "tags", "environment")
    (event,) = parse(without(NAME, *absent))

    assert (event.ended_at_ms, event.duration_ms, event.first_token_ms) == (1_795_335_330_000, None, None)
    assert (event.reported_nano_usd, event.user, event.session, event.tags) == (None, None, None, ())


def test_the_older_form_of_usage_is_read_when_it_counts_tokens() -> None:
    older = {"input": 200, "output": 410, "total": 610, "unit": "TOKENS"}
    (event,) = parse(line(NAME, usageDetails=None, usage=older))
    assert event.usage == Usage(input_tokens=200, output_tokens=410)
    (newer,) = parse(line(NAME, usage=older))
    assert newer.usage.prompt_tokens == 5_200
    (characters,) = parse(line(NAME, usageDetails=None, usage={**older, "unit": "CHARACTERS"}))
    assert characters.usage_missing


def test_a_generation_that_is_under_way_counts_when_it_has_ended_or_used_something() -> None:
    assert parse(line(NAME, endTime=None, usageDetails=None)) == ()
    assert parse(line(NAME, endTime=None, usageDetails={})) == ()
    assert len(parse(line(NAME, endTime=None))) == 1
    assert len(parse(line(NAME, endTime=None, usageDetails={}, level="ERROR"))) == 1


CALL = Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410)
CACHED = {"cache_read_input_tokens": 4_000, "cache_creation_input_tokens": 1_000, "output": 410, "total": 5_610}


@pytest.mark.parametrize(
    "buckets",
    [
        {"input": 200, **CACHED},
        # LiteLLM before November 2025: all of the prompt, and its cached parts beside it.
        {"input": 5_200, **CACHED},
        # LiteLLM since then: only what was read is taken out (BerriAI/litellm pull request 26919).
        {"input": 1_200, **CACHED},
    ],
    ids=["disjoint", "all cached twice", "writes twice"],
)
def test_cached_tokens_that_the_input_contains_too_are_counted_once(buckets: dict[str, int]) -> None:
    assert usage_of(buckets) == CALL


def test_the_cached_tokens_of_an_openai_client_are_counted_once() -> None:
    # The figures of langfuse/langfuse issue 10592: 17,903 tokens of prompt, 17,817 of them cached.
    buckets = {"input": 17_903, "input_cached_tokens": 17_817, "output": 10, "total": 17_913}
    assert usage_of(buckets) == Usage(input_tokens=86, cache_read_tokens=17_817, output_tokens=10)


def test_reasoning_that_the_output_contains_too_is_counted_once() -> None:
    thought = {"input": 200, "output": 410, "output_reasoning_tokens": 120, "total": 610}
    assert usage_of(thought) == Usage(input_tokens=200, output_tokens=410, reasoning_tokens=120)
    both = {"input": 5_200, "input_cached_tokens": 4_000, "output": 410, "output_reasoning_tokens": 120, "total": 5_610}
    assert usage_of(both) == Usage(1_200, 4_000, output_tokens=410, reasoning_tokens=120)


def test_a_total_that_no_buckets_explain_changes_nothing() -> None:
    assert usage_of({"input": 200, "input_cached_tokens": 50, "output": 5, "total": 17}) == Usage(
        input_tokens=200, cache_read_tokens=50, output_tokens=5
    )
    assert usage_of({"input": 200, "output": 5, "total": 999}) == Usage(input_tokens=200, output_tokens=5)


def test_buckets_that_say_zero_are_not_missing() -> None:
    (zero,) = parse(line(NAME, usageDetails={"input": 0, "output": 0, "total": 0}))
    (unsaid,) = parse(line(NAME, usageDetails={}))
    assert (zero.usage_missing, unsaid.usage_missing) == (False, True)
