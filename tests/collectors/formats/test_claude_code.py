"""Claude Code's transcripts: each answer counts once, however often it is written."""

import json
from typing import Any

import pytest

from collectors.formats.claude_code import parse
from pricing.usage import Usage
from store.facts import UsageEvent
from tests.fakes.gateway_lines import RECORDS, line, without

NAME = "claude_code.jsonl"
MESSAGE: dict[str, Any] = RECORDS[NAME]["message"]


def with_message(**changes: Any) -> tuple[UsageEvent, ...]:
    return parse(line(NAME, message={**MESSAGE, **changes}))


def with_usage(**usage: Any) -> Usage:
    (event,) = with_message(usage=usage)
    return event.usage


def test_an_answer_is_read_into_disjoint_classes() -> None:
    assert parse(line(NAME)) == (
        UsageEvent(
            id="msg_01abc",
            call_id="msg_01abc",
            trace_id="req_1",
            ended_at_ms=1_795_335_330_123,
            provider="anthropic",
            model="claude-sonnet-4-5-20250929",
            usage=Usage(200, 4_000, 1_000, 0, 0, 0, 0, 410, 120),
            variant="standard",
            session="s-1",
            tags=("directory:/home/ana/shop",),
        ),
    )


def test_a_message_repeated_under_another_request_keeps_its_identity() -> None:
    (first,), (again,) = parse(line(NAME)), parse(line(NAME, requestId="req_2", isSidechain=True, sessionId="s-2"))
    assert (first.id, first.call_id) == (again.id, again.call_id)


@pytest.mark.parametrize(
    "said",
    [
        b'{"type":"user","sessionId":"s","message":{"role":"user","content":"hello"}}',
        b'{"type":"system","sessionId":"s","content":"compacted"}',
        b'{"type":"assistant","sessionId":"s","message":null}',
        line(NAME, isApiErrorMessage=True),
    ],
)
def test_what_no_model_answered_is_known_and_costs_nothing(said: bytes) -> None:
    assert parse(said) == ()


def test_a_synthetic_message_and_one_without_usage_cost_nothing() -> None:
    assert with_message(model="<synthetic>") == ()
    assert with_message(usage=None) == ()


def test_a_split_is_a_part_of_the_writes_and_not_an_addition() -> None:
    split = {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 600}
    usage = with_usage(input_tokens=1, output_tokens=2, cache_creation_input_tokens=1_000, cache_creation=split)
    assert usage == Usage(1, 0, 400, 600, 0, 0, 0, 2)


def test_writes_without_a_split_are_of_five_minutes() -> None:
    assert with_usage(input_tokens=1, output_tokens=2, cache_creation_input_tokens=1_000).cache_write_5m_tokens == 1_000


def test_searches_and_the_tier_change_the_price() -> None:
    tools = {"web_search_requests": 2, "web_fetch_requests": 3}
    (event,) = with_message(usage={**MESSAGE["usage"], "server_tool_use": tools, "service_tier": "batch"})
    assert (event.usage.units, event.variant) == ((("web_searches", 2),), "batch")


def test_the_cost_of_older_lines_is_kept_as_reported() -> None:
    (event,) = parse(line(NAME, costUSD=0.0117))
    assert event.reported_nano_usd == 11_700_000


def test_only_an_id_a_time_and_a_session_are_needed() -> None:
    (event,) = parse(without(NAME, "requestId", "cwd", "version"))
    assert (event.trace_id, event.tags) == (None, ())
    (event,) = parse(json.dumps({**RECORDS[NAME], "message": {"usage": {"output_tokens": 5}}}).encode())
    assert (event.id, event.call_id, event.model) == ("u-1", None, None)
    with pytest.raises(ValueError, match="without an id or a time"):
        parse(without(NAME, "timestamp"))


def test_what_a_compaction_and_another_model_used_is_billed_as_in_the_answer_itself() -> None:
    iterations = [
        {"type": "compaction", "input_tokens": 9_000, "output_tokens": 700},
        {"type": "message", "input_tokens": 100, "output_tokens": 50},
        {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 30, "output_tokens": 5},
    ]
    own, advised = with_message(usage={"input_tokens": 100, "output_tokens": 50, "iterations": iterations})
    assert (own.id, own.call_id, own.usage) == ("msg_01abc", "msg_01abc", Usage(9_100, 0, 0, 0, 0, 0, 0, 750))
    assert (advised.model, advised.usage) == ("claude-opus-4-5", Usage(30, 0, 0, 0, 0, 0, 0, 5))
    assert (advised.id, advised.call_id) == ("msg_01abc#1", "msg_01abc#1")


@pytest.mark.parametrize(
    ("message", "provider"),
    [
        ({"id": "msg_bdrk_01", "model": "claude-sonnet-4-5-20250929"}, "bedrock"),
        ({"id": "msg_vrtx_01", "model": "claude-sonnet-4-5-20250929"}, "vertex_ai"),
        ({"model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}, None),
        ({"model": "kimi-k2"}, None),
        ({}, "anthropic"),
    ],
)
def test_who_sends_the_bill_is_told_by_the_message(message: dict[str, Any], provider: str | None) -> None:
    (event,) = with_message(**message)
    assert event.provider == provider


def test_zero_is_not_missing() -> None:
    (event,) = with_message(usage={"input_tokens": 0, "output_tokens": 0})
    assert not event.usage_missing
