"""Helicone's requests: counts of the cache stand beside the prompt's, and its own cache costs nothing."""

import pytest

from collectors.formats.helicone import parse
from pricing.usage import Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

NAME = "helicone.request"


def test_a_request_is_read_into_disjoint_classes() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="h-1",
            ended_at_ms=1_795_335_334_500,
            duration_ms=4_500,
            first_token_ms=900,
            provider="ANTHROPIC",
            model="claude-sonnet-4-5-20250929",
            deployment="claude-sonnet-4-5",
            usage=Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410),
            reported_nano_usd=11_700_000,
            user="ana",
            tags=("env:prod",),
        ),
    )


def test_an_answer_from_helicone_s_cache_costs_nothing() -> None:
    (event,) = parse(line(NAME, cache_reference_id="5f0c6f0a-8a52-4c69-a0ff-3a2d9f1d6a11"))
    assert (event.outcome, event.reported_nano_usd) == (Outcome.CACHE, 0)


@pytest.mark.parametrize("status", [400, 429, 500, 529])
def test_a_refused_request_says_why(status: int) -> None:
    (event,) = parse(line(NAME, response_status=status))
    assert (event.outcome, event.error) == (Outcome.ERROR, f"HTTP {status}")


def test_a_request_under_way_counts_when_it_has_used_something() -> None:
    nothing = {"prompt_tokens": None, "prompt_cache_read_tokens": None, "prompt_cache_write_tokens": 0}
    assert parse(line(NAME, response_status=-2, completion_tokens=0, **nothing)) == ()
    (event,) = parse(line(NAME, response_status=-3))
    assert event.outcome is Outcome.CUT


def test_the_older_name_of_the_cost_is_read() -> None:
    (event,) = parse(line(NAME, costUSD=None, cost="0.5"))
    assert event.reported_nano_usd == 500_000_000


def test_what_is_absent_is_unknown_and_not_zero() -> None:
    optional = ("costUSD", "cache_reference_id", "request_properties", "request_user_id", "time_to_first_token")
    (event,) = parse(without(NAME, *optional, "prompt_cache_read_tokens", "prompt_cache_write_tokens"))

    assert event.usage == Usage(input_tokens=200, output_tokens=410)
    assert (event.reported_nano_usd, event.user, event.tags, event.first_token_ms) == (None, None, (), None)
    (event,) = parse(without(NAME, "response_created_at"))
    assert event.ended_at_ms == 1_795_335_334_500, "the beginning and the delay"


def test_sound_stands_beside_the_other_counts() -> None:
    (event,) = parse(line(NAME, prompt_audio_tokens=300, completion_audio_tokens=50))
    assert event.usage == Usage(
        200, 4_000, 0, 0, 0, 0, 1_000, 410, units=(("input_audio_tokens", 300), ("output_audio_tokens", 50))
    )
