"""Envoy AI Gateway's access log with the keys of its documented example."""

import pytest

from collectors.formats.envoy import parse
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

NAME = "envoy.access"
INPUT, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"


def test_the_documented_example() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="7c9e 2026-11-22T08:15:30.123Z",
            ended_at_ms=1_795_335_334_243,
            duration_ms=4_120,
            model="gpt-5-2025-08-07",
            deployment="gpt-5",
            usage=Usage(input_tokens=1_500, output_tokens=420),
            tags=("backend:default/openai",),
        ),
    )


@pytest.mark.parametrize("said", [None, "-", ""])
def test_missing_metadata_are_unknown(said: str | None) -> None:
    (event,) = parse(line(NAME, **{INPUT: said, OUTPUT: said, "gen_ai.provider.name": said}))
    assert (event.usage, event.usage_missing, event.tags) == (NOTHING, True, ())


def test_counts_may_be_text() -> None:
    (event,) = parse(line(NAME, **{INPUT: "1500", OUTPUT: "420"}))
    assert event.usage == Usage(input_tokens=1_500, output_tokens=420)


def test_counts_of_the_cache_are_parts_of_the_input() -> None:
    (event,) = parse(line(NAME, **{"gen_ai.usage.cached_input_tokens": 1_024}))
    assert event.usage == Usage(input_tokens=476, cache_read_tokens=1_024, output_tokens=420)


def test_a_request_that_went_to_no_model_costs_nothing() -> None:
    none = {"gen_ai.request.model": None, "gen_ai.response.model": "-", INPUT: None, OUTPUT: "-"}
    assert parse(line(NAME, **none)) == ()


def test_a_client_that_hung_up_cut_its_stream_and_a_refusal_is_an_error() -> None:
    (cut,), (refused,) = parse(line(NAME, response_flags="DC", response_code=0)), parse(line(NAME, response_code=503))
    assert cut.outcome is Outcome.CUT
    assert (refused.outcome, refused.error) == (Outcome.ERROR, "HTTP 503")


def test_retries_that_share_a_request_id_are_two_requests() -> None:
    (first,), (second,) = parse(line(NAME)), parse(line(NAME, start_time="2026-11-22T08:15:31.123Z"))
    assert first.id != second.id


def test_only_the_start_is_needed() -> None:
    (event,) = parse(without(NAME, "duration", "response_code", "x-request-id", "gen_ai.response.model", OUTPUT))
    assert (event.model, event.duration_ms, event.usage) == ("gpt-5", None, Usage(input_tokens=1_500))


@pytest.mark.parametrize("unsaid", [None, "-", ""])
def test_without_a_request_id_two_requests_of_one_millisecond_stay_two(unsaid: str | None) -> None:
    said = {"x-request-id": unsaid}
    (first,), (second,) = parse(line(NAME, **said)), parse(line(NAME, **{**said, OUTPUT: 421}))
    (again,) = parse(line(NAME, **said))
    assert first.id == again.id != second.id
