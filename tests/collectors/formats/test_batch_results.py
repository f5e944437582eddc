"""Results of a batch: each answer as the provider would have sent it, at the price of a batch."""

import json
from typing import Any

import pytest

from collectors.formats.bodies.batch_results import parse
from collectors.formats.lines import LineReader
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.bodies import BATCHED, BODIES


def one(**changes: Any) -> UsageEvent:
    (event,) = parse(json.dumps({**BATCHED, **changes}).encode())
    return event


def test_an_answer_of_openai_is_billed_as_part_of_a_batch() -> None:
    event = one()
    assert (event.id, event.model, event.usage) == ("chatcmpl-1", "gpt-5", Usage(input_tokens=5))
    assert (event.variant, event.outcome) == ("batch", Outcome.OK)


@pytest.mark.parametrize("tier", ["batch", None])
def test_a_message_of_anthropic_is_billed_as_part_of_a_batch(tier: str | None) -> None:
    message = BODIES["anthropic.messages"]
    message = {**message, "usage": {**message["usage"], "service_tier": tier}}
    event = one(id=None, response=None, result={"type": "succeeded", "message": message})
    assert (event.id, event.variant) == ("msg_1", "batch")
    assert event.usage == Usage(input_tokens=200, cache_read_tokens=4000, cache_write_5m_tokens=1000, output_tokens=410)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response": {"status_code": 400, "body": {"error": {"message": "a prompt"}}}}, "HTTP 400"),
        ({"response": None, "error": {"code": "batch_expired", "message": "..."}}, "batch_expired"),
        ({"response": None, "result": {"type": "expired"}}, "expired"),
        ({"response": None, "result": {"type": "canceled"}}, "canceled"),
        (
            {"response": None, "result": {"type": "errored", "error": {
                "type": "error", "error": {"type": "invalid_request_error", "message": "a prompt"},
            }}},
            "invalid_request_error",
        ),
    ],
)  # fmt: skip
def test_a_request_without_an_answer_was_not_billed_and_says_why(changes: dict[str, Any], error: str) -> None:
    event = one(**changes)
    assert (event.outcome, event.error, event.usage, event.usage_missing) == (Outcome.ERROR, error, NOTHING, False)


def test_an_answer_of_no_known_kind_is_rejected() -> None:
    parsed = LineReader().read([json.dumps({**BATCHED, "response": {"status_code": 200, "body": {"x": 1}}}).encode()])
    assert [(reject.reason, reject.count) for reject in parsed.rejects] == [
        ("a result of a batch without an answer that is known", 1)
    ]
