"""Anthropic's streams, event by event: the same call as the whole message, whoever sends which counts when."""

import json
from typing import Any

import pytest

from collectors.formats.bodies import anthropic
from collectors.formats.bodies.messages_stream import FORMAT, Stream
from collectors.formats.lines import LineReader
from pricing.usage import Usage
from store.facts import Outcome, UsageEvent

# The golden call: 200 fresh, 4,000 read, 1,000 written for five minutes, 410 out, in the events of the documentation.
STARTED = {
    "input_tokens": 200, "cache_creation_input_tokens": 1000, "cache_read_input_tokens": 4000, "output_tokens": 1,
    "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 0}, "service_tier": "standard",
}  # fmt: skip
WHOLE = Usage(input_tokens=200, cache_read_tokens=4000, cache_write_5m_tokens=1000, output_tokens=410)


def start(usage: dict[str, Any] = STARTED, message_id: str = "msg_01abc") -> dict[str, Any]:
    message = {"id": message_id, "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "usage": usage}
    return {"type": "message_start", "message": message}


def delta(**usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}


BETWEEN: list[dict[str, Any]] = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_stop", "index": 0},
]
END = {"type": "message_stop"}


def read(*events: dict[str, Any]) -> list[UsageEvent]:
    stream = Stream()
    return [found for event in events for found in stream.parse(json.dumps(event).encode())]


def test_a_stream_is_the_call_that_its_whole_message_is() -> None:
    (event,) = read(start(), *BETWEEN, delta(output_tokens=410), END)
    message = {**start()["message"], "usage": {**STARTED, "output_tokens": 410}}
    (whole,) = anthropic.parse(json.dumps(message).encode())
    assert event == whole
    assert event.usage == WHOLE


def test_counts_are_cumulative_and_never_added() -> None:
    calls = read(start(), delta(output_tokens=100), delta(output_tokens=300), delta(output_tokens=410), END)
    assert {call.id for call in calls} == {"msg_01abc"}
    assert calls[-1].usage == WHOLE


def test_a_clone_that_says_the_whole_prompt_first_is_not_doubled() -> None:
    first = {"input_tokens": 5200, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 0}
    last = {
        "input_tokens": 200,
        "cache_read_input_tokens": 4000,
        "cache_creation_input_tokens": 1000,
        "output_tokens": 410,
    }
    (event,) = read(start(first), delta(**last), END)
    assert event.usage == WHOLE


def test_a_delta_that_knows_nothing_of_the_cache_does_not_change_the_input() -> None:
    (event,) = read(start(), delta(input_tokens=5200, output_tokens=410), END)
    assert event.usage == WHOLE


def test_an_end_that_says_the_whole_prompt_and_no_cache_takes_nothing_of_the_cache_away() -> None:
    zeros = {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    (event,) = read(start(), delta(input_tokens=5200, output_tokens=410, **zeros), END)
    assert event.usage == WHOLE


def test_a_stream_that_was_cut_off_is_told_when_the_next_one_begins() -> None:
    cut, whole = read(start(message_id="msg_cut"), *BETWEEN[:2], start(), delta(output_tokens=410), END)
    assert (cut.id, cut.outcome, cut.usage.prompt_tokens, cut.usage.output_tokens) == ("msg_cut", Outcome.CUT, 5200, 1)
    assert (whole.id, whole.outcome) == ("msg_01abc", Outcome.OK)


def test_what_comes_without_its_beginning_is_no_call() -> None:
    assert read(BETWEEN[2], delta(output_tokens=410), END) == []


@pytest.mark.parametrize("as_event_stream", [True, False])
def test_its_lines_are_recognised_bare_or_as_server_sent_events_and_none_is_rejected(as_event_stream: bool) -> None:
    events = [start(), *BETWEEN, delta(output_tokens=410), END]
    lines = []
    for event in events:
        if as_event_stream:
            lines.append(f"event: {event['type']}".encode())
        lines.append((b"data: " if as_event_stream else b"") + json.dumps(event).encode())
    parsed = LineReader().read(lines)
    assert ([event.usage for event in parsed.events], parsed.rejects) == ([WHOLE], ())
    assert parsed.format_name == FORMAT.name


def test_a_memory_goes_on_in_the_middle_of_a_stream() -> None:
    events = [json.dumps(event).encode() for event in (start(), *BETWEEN, delta(output_tokens=410), END)]
    for cut in range(len(events)):
        first = LineReader().read(events[:cut], b"")
        rest = LineReader().read(events[cut:], first.memory)
        assert [event.usage for event in (*first.events, *rest.events)] == [WHOLE]


@pytest.mark.parametrize("line", [b'{"type":"invoice","index":0}', b'{"type":"metric"}'])
def test_another_kind_of_object_with_the_same_keys_is_rejected(line: bytes) -> None:
    parsed = LineReader().read([line])
    assert (parsed.events, [reject.count for reject in parsed.rejects]) == ([], [1])
