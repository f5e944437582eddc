"""Streams logged piece by piece: each call once, also where nothing says what it used or the stream breaks off."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats.lines import LineReader
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes.gateway_lines import line

USAGE = {"prompt_tokens": 1500, "completion_tokens": 420, "total_tokens": 1920}
CALL = Usage(input_tokens=1500, output_tokens=420)


def chunk(call: str, **said: Any) -> dict[str, Any]:
    whose = {"id": call, "object": "chat.completion.chunk", "created": 1764000000, "model": "gpt-5", "usage": None}
    return {**whose, "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}], **said}


def end(call: str) -> dict[str, Any]:
    return chunk(call, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])


def usage(call: str) -> dict[str, Any]:
    return chunk(call, choices=[], usage=USAGE)


def gemini(answered: int, **candidate: Any) -> dict[str, Any]:
    counts = {"promptTokenCount": 3000, "candidatesTokenCount": answered, "totalTokenCount": 3000 + answered}
    return {"responseId": "r1", "modelVersion": "gemini-2.5-pro", "candidates": [candidate], "usageMetadata": counts}


def response(kind: str, status: str, **said: Any) -> dict[str, Any]:
    answer = {"id": "resp_1", "object": "response", "created_at": 1764000000, "status": status, "model": "gpt-5"}
    return {"type": f"response.{kind}", "sequence_number": 0, "response": {**answer, **said}}


def as_lines(*pieces: dict[str, Any]) -> list[bytes]:
    return [b"data: " + json.dumps(piece).encode() for piece in pieces]


def read_to_the_end(*pieces: dict[str, Any]) -> tuple[list[UsageEvent], list[UsageEvent]]:
    """What the lines tell, and what is told when no more will come."""
    reader = LineReader()
    parsed = reader.read(as_lines(*pieces), b"")
    rest = reader.rest()
    assert (parsed.rejects, reader.rest().events) == ((), ()), "what is left is told once"
    return list(parsed.events), list(rest.events)


def test_a_whole_stream_is_one_call_and_leaves_nothing() -> None:
    told, rest = read_to_the_end(chunk("a"), chunk("a"), end("a"), usage("a"))
    assert [(event.id, event.outcome, event.usage, event.usage_missing) for event in told] == [
        ("a", Outcome.OK, CALL, False)
    ]
    assert rest == []


def test_a_stream_whose_client_did_not_ask_for_usage_is_a_call_of_unknown_usage() -> None:
    told, (event,) = read_to_the_end(chunk("a"), end("a"))
    assert told == []
    assert (event.id, event.model, event.outcome) == ("a", "gpt-5", Outcome.OK)
    assert (event.usage, event.usage_missing) == (NOTHING, True)


def test_a_stream_that_breaks_off_is_cut_and_of_unknown_usage() -> None:
    _, (event,) = read_to_the_end(chunk("a"), chunk("a"))
    assert (event.outcome, event.usage, event.usage_missing) == (Outcome.CUT, NOTHING, True)


def test_a_usage_that_grew_until_the_stream_broke_off_is_what_was_used() -> None:
    growing = [chunk("a", usage={"prompt_tokens": 10, "completion_tokens": count}) for count in (1, 2, 3)]
    _, (event,) = read_to_the_end(*growing)
    assert (event.outcome, event.usage, event.usage_missing) == (
        Outcome.CUT, Usage(input_tokens=10, output_tokens=3), False,
    )  # fmt: skip


def test_an_answer_that_the_provider_could_not_finish_is_an_error() -> None:
    broken = chunk("a", choices=[{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}])
    _, (unsaid,) = read_to_the_end(chunk("a"), broken)
    assert (unsaid.outcome, unsaid.error, unsaid.usage_missing) == (Outcome.ERROR, "error", False)
    _, (used,) = read_to_the_end(chunk("a", usage=USAGE), broken)
    assert (used.outcome, used.usage, used.usage_missing) == (Outcome.ERROR, CALL, False)
    (whole,), rest = read_to_the_end({**broken, "object": "chat.completion", "usage": USAGE})
    assert (whole.outcome, whole.usage, rest) == (Outcome.ERROR, CALL, [])


def test_a_stream_of_gemini_that_breaks_off_has_used_what_its_last_piece_says() -> None:
    told, (event,) = read_to_the_end(gemini(5), gemini(12))
    assert told == []
    assert (event.outcome, event.usage) == (Outcome.CUT, Usage(input_tokens=3000, output_tokens=12))
    (whole,), rest = read_to_the_end(gemini(5), gemini(12), gemini(20, finishReason="STOP"))
    assert (whole.outcome, whole.usage.output_tokens, rest) == (Outcome.OK, 20, [])


def test_a_stream_of_the_responses_api_that_breaks_off_is_a_call_of_unknown_usage() -> None:
    delta = {"type": "response.output_text.delta", "sequence_number": 3, "delta": "Hi"}
    begun = [response("created", "in_progress"), response("in_progress", "in_progress"), delta]
    told, (event,) = read_to_the_end(*begun)
    assert told == []
    assert (event.id, event.outcome, event.usage_missing) == ("resp_1", Outcome.CUT, True)

    counts = {"input_tokens": 1500, "output_tokens": 420, "total_tokens": 1920}
    (whole,), rest = read_to_the_end(*begun, response("completed", "completed", usage=counts))
    assert (whole.outcome, whole.usage, rest) == (Outcome.OK, CALL, [])


def test_a_background_answer_that_is_looked_at_again_and_again_is_no_stream() -> None:
    looked_at = response("", "in_progress")["response"] | {"output": []}
    assert read_to_the_end(looked_at, looked_at) == ([], [])


@given(st.permutations(["a"] * 4 + ["b"] * 4 + ["c"] * 4), st.integers(0, 12))
def test_streams_may_be_mixed_and_the_reading_may_stop_anywhere(order: list[str], stop: int) -> None:
    left = {call: [chunk(call), chunk(call), end(call), usage(call)] for call in "abc"}
    lines = as_lines(*(left[call].pop(0) for call in order))
    first = LineReader().read(lines[:stop], b"")
    second = LineReader().read(lines[stop:], first.memory)

    assert sorted((event.id, event.usage) for event in (*first.events, *second.events)) == [
        (call, CALL) for call in "abc"
    ]  # fmt: skip
    assert second.memory == b""


def test_lines_of_another_log_in_between_do_not_make_a_stream_forgotten() -> None:
    reader = LineReader()
    parsed = reader.read([*as_lines(chunk("a")), line("kong.ai"), *as_lines(end("a")), line("kong.ai")], b"")
    assert [event.id for event in parsed.events] == ["6b1f", "6b1f"]
    assert [(event.id, event.outcome) for event in LineReader().rest(parsed.memory).events] == [("a", Outcome.OK)]


def test_what_is_waited_for_is_bounded() -> None:
    told, rest = read_to_the_end(*(chunk(str(number)) for number in range(1_000)))
    assert len(told) + len(rest) == 1_000
    assert (len(rest), {event.outcome for event in told}) == (64, {Outcome.CUT})

    told, rest = read_to_the_end(*(end(str(number)) for number in range(100)))
    assert (len(told), len(rest), {event.outcome for event in told}) == (92, 8, {Outcome.OK})


@pytest.mark.parametrize(
    "memory", [b"", b"{}", b"null", b"\xff", b'{"type":"codex.jsonl"}', b'{"type":"pieces","calls":7}']
)
def test_a_memory_of_something_else_is_an_empty_one(memory: bytes) -> None:
    parsed = LineReader().read(as_lines(end("a")), memory)
    assert [event.id for event in LineReader().rest(parsed.memory).events] == ["a"]


def test_a_stream_without_ids_is_known_by_its_last_piece_alone() -> None:
    anonymous = {"object": "chat.completion.chunk", "model": "m", "choices": [{"delta": {"content": "x"}}]}
    told, rest = read_to_the_end(anonymous, {**anonymous, "id": None}, {**anonymous, "choices": [], "usage": USAGE})
    assert ([event.usage for event in told], rest) == ([CALL], [])
