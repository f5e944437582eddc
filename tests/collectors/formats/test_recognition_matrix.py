"""A file may hold lines of any formats in any order: what stood before a line never decides what it is taken for."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats.lines import LineReader
from collectors.formats.registry import FORMATS
from tests.fakes.bodies import BATCHED, BODIES, EMBEDDINGS, RERANK
from tests.fakes.gateway_lines import RECORDS
from tests.fakes.payloads import payload

CODEX = {
    "timestamp": "2026-11-22T08:15:30.123Z", "type": "event_msg", "payload": {"type": "token_count", "info": {
        "total_token_usage": {"input_tokens": 1500, "cached_input_tokens": 0, "output_tokens": 420},
        "last_token_usage": {"input_tokens": 1500, "cached_input_tokens": 0, "output_tokens": 420},
    }},
}  # fmt: skip
STREAM_START = {"type": "message_start", "message": {"id": "msg_2", "type": "message", "model": "claude-sonnet-4-5"}}
REALTIME = {"type": "response.done", "event_id": "event_1", "response": {
    "object": "realtime.response", "id": "resp_001", "status": "completed", "usage": {"input_tokens": 5},
}}  # fmt: skip

LINES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, record) for name, record in (*RECORDS.items(), *BODIES.items())},
    "embeddings": ("openai.chat", EMBEDDINGS),
    "batch.results": ("batch.results", BATCHED),
    "rerank": ("cohere.v2", RERANK),
    "litellm.slp": ("litellm.slp", json.loads(payload("a"))),
    "codex.jsonl": ("codex.jsonl", CODEX),
    "anthropic.stream": ("anthropic.stream", STREAM_START),
    "openai.realtime": ("openai.realtime", REALTIME),
    "cohere.stream": (
        "cohere.stream",
        {"type": "message-end", "delta": {"usage": {"billed_units": {"input_tokens": 5.0}}}},
    ),
}
"""What each line is, and the line; every known format has one."""


def as_line(name: str) -> bytes:
    return json.dumps(LINES[name][1]).encode()


ALONE = {name: LineReader().read([as_line(name)]).events for name in LINES}


def test_every_known_format_has_a_line_here() -> None:
    assert {name for name, _ in LINES.values()} == {known.name for known in FORMATS}


@pytest.mark.parametrize("name", LINES)
def test_no_other_format_claims_a_line(name: str) -> None:
    format_name, record = LINES[name]
    assert [known.name for known in FORMATS if known.recognises(frozenset(record))] == [format_name]


@pytest.mark.parametrize("first", LINES)
def test_a_line_after_one_of_another_format_is_what_it_is_alone(first: str) -> None:
    for second in LINES:
        parsed = LineReader().read([as_line(first), as_line(second)])
        assert (parsed.format_name, parsed.rejects) == (LINES[second][0], ()), second
        again = () if first == second == "codex.jsonl" else ALONE[second]
        assert list(parsed.events) == [*ALONE[first], *again], second


@given(name=st.sampled_from(sorted(LINES)), before=st.sampled_from(sorted(LINES)), random=st.randoms())
def test_the_order_of_its_keys_tells_nothing(name: str, before: str, random: Random) -> None:
    shuffled = json.dumps(_shuffled(LINES[name][1], random)).encode()
    for lines in ([shuffled], [as_line(before), shuffled]):
        parsed = LineReader().read(lines)
        assert (parsed.format_name, parsed.rejects) == (LINES[name][0], ())
        assert [_without_id(event) for event in parsed.events[-len(ALONE[name]) :] if ALONE[name]] == [
            _without_id(event) for event in ALONE[name]
        ]


def _without_id(event: Any) -> tuple[Any, ...]:
    """All that an event says beside its id, which is made of the bytes where a line has none."""
    return tuple(getattr(event, field) for field in event.__struct_fields__ if field != "id")


def _shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(item, random) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    random.shuffle(names)
    return {name: _shuffled(value[name], random) for name in names}
