"""Azure OpenAI's diagnostic log: requests, errors and latency without a single token."""

from typing import Any

import pytest

from collectors.formats.azure_log import parse
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line, without

NAME = "azure.diag"


def test_a_request_has_no_counts_and_says_so() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="c-1 2026-11-22T08:15:31.0000000Z",
            ended_at_ms=1_795_335_331_000,
            duration_ms=877,
            provider="azure",
            model="gpt-4o",
            deployment="prod-chat",
            call_type="ChatCompletions_Create",
            usage_missing=True,
        ),
    )


@pytest.mark.parametrize("category", ["Audit", "Trace", "AzureOpenAIRequestUsage"])
def test_other_categories_are_known_and_count_nothing(category: str) -> None:
    assert parse(line(NAME, category=category)) == ()


def test_a_refusal_is_an_error_that_need_not_have_used_anything() -> None:
    (event,) = parse(line(NAME, resultSignature="429"))
    assert (event.outcome, event.error, event.usage_missing) == (Outcome.ERROR, "HTTP 429", False)


def test_a_request_ended_when_its_response_did_not_when_it_was_logged() -> None:
    # 639,309,321,312,500,000 x 100 ns after the year 1 is 2026-11-22T08:15:31.250Z.
    (event,) = parse(line(NAME, properties={"responseTime": 639_309_321_312_500_000}))
    assert event.ended_at_ms == 1_795_335_331_250


@pytest.mark.parametrize("took", [-5, None])
def test_a_negative_duration_is_unknown(took: int | None) -> None:
    (event,) = parse(line(NAME, durationMs=took))
    assert event.duration_ms is None


@pytest.mark.parametrize("properties", [{}, "{}", None])
def test_properties_may_be_an_object_or_text_and_may_say_nothing(properties: Any) -> None:
    (event,) = parse(line(NAME, properties=properties))
    assert (event.model, event.deployment, event.ended_at_ms) == (None, None, 1_795_335_331_000)


def test_only_a_time_and_a_category_are_needed() -> None:
    (event,) = parse(without(NAME, "operationName", "resultSignature", "durationMs", "correlationId"))
    assert (event.call_type, event.outcome, event.duration_ms) == (None, Outcome.OK, None)
