"""Messages of Anthropic: the cache stands beside the input, and what a compaction used stands beside everything."""

import json
from typing import Any

import pytest

from collectors.formats.bodies import anthropic
from collectors.formats.format import NotUsageError
from pricing.usage import Usage
from store.facts import UsageEvent

DOCUMENTED = {
    "id": "msg_01abc", "type": "message", "model": "claude-sonnet-4-5-20250929", "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 200, "cache_creation_input_tokens": 1000, "cache_read_input_tokens": 4000,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 0}, "output_tokens": 410,
        "output_tokens_details": {"thinking_tokens": 120},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}, "service_tier": "standard",
        "speed": "standard", "inference_geo": "us",
    },
}  # fmt: skip


def parsed(usage: dict[str, Any], **changes: Any) -> list[UsageEvent]:
    return list(anthropic.parse(json.dumps({**DOCUMENTED, "usage": usage, **changes}).encode()))


def test_the_documented_message() -> None:
    (event,) = anthropic.parse(json.dumps(DOCUMENTED).encode())

    assert event.usage == Usage(
        input_tokens=200, cache_read_tokens=4000, cache_write_5m_tokens=1000, output_tokens=410, reasoning_tokens=120,
        units=(("web_searches", 1),),
    )  # fmt: skip
    assert event.usage.prompt_tokens == 5200, "what the threshold of long contexts is compared with"
    assert (event.id, event.provider, event.model) == ("msg_01abc", "anthropic", "claude-sonnet-4-5-20250929")
    assert (event.ended_at_ms, event.variant) == (0, "us")


def test_writes_of_no_said_lifetime_are_of_five_minutes() -> None:
    (event,) = parsed({"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 1000})
    assert event.usage == Usage(input_tokens=1, cache_write_5m_tokens=1000, output_tokens=2)


def test_the_split_of_writes_is_no_addition() -> None:
    (event,) = parsed(
        {
            "input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 1000,
            "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 700},
        }
    )  # fmt: skip
    assert event.usage == Usage(
        input_tokens=1, cache_write_5m_tokens=300, cache_write_1h_tokens=700, output_tokens=2
    )  # fmt: skip


def test_what_a_compaction_used_is_billed_and_not_in_the_counts_of_the_message() -> None:
    (event,) = parsed(
        {
            "input_tokens": 100, "output_tokens": 50,
            "iterations": [
                {"type": "compaction", "input_tokens": 9000, "output_tokens": 700},
                {"type": "message", "input_tokens": 100, "output_tokens": 50},
            ],
        }
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=9100, output_tokens=750)


def test_each_model_that_worked_on_a_message_has_its_own_tokens() -> None:
    own, advised = parsed(
        {
            "input_tokens": 100, "output_tokens": 50,
            "iterations": [
                {"type": "message", "input_tokens": 100, "output_tokens": 50},
                {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 30, "output_tokens": 5},
            ],
        }
    )  # fmt: skip
    assert (own.id, own.usage) == ("msg_01abc", Usage(input_tokens=100, output_tokens=50))
    assert (advised.model, advised.usage) == ("claude-opus-4-5", Usage(input_tokens=30, output_tokens=5))
    assert advised.id != own.id


def test_iterations_that_say_less_than_the_message_leave_the_message_its_counts() -> None:
    (event,) = parsed(
        {"input_tokens": 100, "output_tokens": 50, "cache_read_input_tokens": 7, "iterations": [{"input_tokens": 40}]}
    )
    assert event.usage == Usage(input_tokens=100, cache_read_tokens=7, output_tokens=50)


def test_fast_mode_and_tiers_are_variants() -> None:
    (fast,) = parsed({"input_tokens": 1, "output_tokens": 1, "speed": "fast", "service_tier": "standard"})
    (batch,) = parsed({"input_tokens": 1, "output_tokens": 1, "service_tier": "batch"})
    assert (fast.variant, batch.variant) == ("fast", "batch")


@pytest.mark.parametrize(
    ("message_id", "model", "provider"),
    [
        ("msg_bdrk_01", "claude-sonnet-4-5-20250929", "bedrock"),
        ("msg_vrtx_01", "claude-sonnet-4-5-20250929", "vertex_ai"),
        ("msg_1", "kimi-k2", None),
    ],
)
def test_others_sell_claude_and_others_speak_its_dialect(message_id: str, model: str, provider: str | None) -> None:
    (event,) = parsed({"input_tokens": 1, "output_tokens": 1}, id=message_id, model=model)
    assert event.provider == provider


def test_a_message_without_counts_is_missing_them() -> None:
    (event,) = parsed({})
    assert event.usage_missing


@pytest.mark.parametrize("change", [{"type": "error"}, {"type": "message_delta"}, {"usage": None}])
def test_what_is_no_whole_message_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(NotUsageError):
        anthropic.parse(json.dumps({**DOCUMENTED, **change}).encode())


def test_writes_whose_lifetime_an_iteration_does_not_say_are_not_added_to_those_of_the_message() -> None:
    events = parsed(
        {
            "input_tokens": 100, "output_tokens": 50, "cache_creation_input_tokens": 1000,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1000},
            "iterations": [{"input_tokens": 100, "output_tokens": 50, "cache_creation_input_tokens": 1000}],
        }
    )  # fmt: skip
    assert sum(event.usage.cache_write_any_tokens for event in events) == 1000


def test_thinking_of_a_message_is_never_more_than_its_own_model_wrote() -> None:
    own, other = parsed(
        {
            "input_tokens": 1, "output_tokens": 1000, "output_tokens_details": {"thinking_tokens": 500},
            "iterations": [
                {"input_tokens": 1, "output_tokens": 100},
                {"model": "claude-opus-4-5", "input_tokens": 0, "output_tokens": 900},
            ],
        }
    )  # fmt: skip
    assert (own.usage.output_tokens, own.usage.reasoning_tokens, other.usage.output_tokens) == (100, 100, 900)


@pytest.mark.parametrize(
    ("usage", "variant"),
    [
        ({"inference_geo": "us"}, "us"),
        ({"inference_geo": "us", "service_tier": "standard", "speed": "standard"}, "us"),
        ({"inference_geo": "us", "service_tier": "batch"}, "batch-us"),
        ({"inference_geo": "us", "speed": "fast", "service_tier": "standard"}, "fast-us"),
        ({"inference_geo": "global", "service_tier": "standard"}, "standard"),
        ({"inference_geo": "not_available"}, ""),
    ],
)
def test_where_the_model_ran_has_a_price_of_its_own(usage: dict[str, Any], variant: str) -> None:
    (event,) = parsed({"input_tokens": 1, "output_tokens": 1, **usage})
    assert event.variant == variant
