"""Bedrock's invocation log: the cache stands beside the input, and its lifetimes stand only in the body."""

from typing import Any

import pytest

from collectors.formats.bedrock_log import parse
from collectors.formats.format import NotUsageError
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

NAME = "bedrock.invocation"


def with_body(body: Any) -> Usage:
    (event,) = parse(line(NAME, output={"outputTokenCount": 410, "outputBodyJson": body}))
    return event.usage


def test_the_documented_example() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="b2c1",
            ended_at_ms=1_795_335_330_000,
            provider="bedrock",
            model="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            tenant="t9",
            key="arn:aws:sts::111122223333:assumed-role/app/i-0abc",
            call_type="ConverseStream",
            usage=Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410),
            tags=("tenant:t9",),
        ),
    )


@pytest.mark.parametrize(
    "usage",
    [
        {"cacheDetails": [{"ttl": "5m", "inputTokens": 400}, {"ttl": "1h", "inputTokens": 600}]},
        {"cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}},
    ],
)
def test_a_logged_body_tells_for_how_long_the_cache_was_written(usage: dict[str, Any]) -> None:
    assert with_body({"usage": usage}) == Usage(200, 4_000, 400, 600, 0, 0, 0, 410)


def test_a_body_that_says_more_than_was_written_is_not_believed() -> None:
    many = {"cacheDetails": [{"ttl": "1h", "inputTokens": 5_000}]}
    assert with_body({"usage": many}) == Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410)


@pytest.mark.parametrize("body", [None, [], [{"chunk": 1}], {}, {"usage": None}, {"usage": {}}, "text", 5])
def test_a_body_that_tells_nothing_takes_nothing_away(body: Any) -> None:
    assert with_body(body) == Usage(200, 4_000, 0, 0, 0, 0, 1_000, 410)


def test_a_failure_says_its_code_and_need_not_have_used_anything() -> None:
    (event,) = parse(without(NAME, "output", "input")[:-1] + b',"errorCode":"ThrottlingException"}')
    assert (event.outcome, event.error) == (Outcome.ERROR, "ThrottlingException")
    assert (event.usage, event.usage_missing) == (NOTHING, False)


def test_a_success_without_counts_surely_used_something() -> None:
    (event,) = parse(without(NAME, "output", "input", "identity", "requestMetadata"))
    assert (event.usage_missing, event.tenant, event.key, event.tags) == (True, None, None, ())


def test_another_kind_of_log_is_no_usage() -> None:
    with pytest.raises(NotUsageError, match="no model invocation log"):
        parse(line(NAME, schemaType="ModelEvaluationLog"))
