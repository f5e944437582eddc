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
        ("total", Usage()),
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
