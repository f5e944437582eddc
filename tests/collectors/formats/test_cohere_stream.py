"""Cohere's streams, event by event: the call that its whole answer is, wherever the log begins and ends."""

import json
from typing import Any

import pytest

from collectors.formats.bodies import cohere
from collectors.formats.bodies.any_body import body_events
from collectors.formats.bodies.cohere_stream import FORMAT, Stream
from collectors.formats.lines import LineReader
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

# The example of Cohere's documentation (docs.cohere.com/v2/docs/streaming): 21 and 124 are billed, of 186 and 124 tokens.
CALL = "146f3a92-6b5d-46df-b369-59001cca307d"
START = {
    "id": CALL, "type": "message-start",
    "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}},
}  # fmt: skip
BETWEEN: list[dict[str, Any]] = [
    {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "C"}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "oca"}}}},
    {"type": "content-end", "index": 0},
]
USAGE = {
    "billed_units": {"input_tokens": 21, "output_tokens": 124}, "tokens": {"input_tokens": 186, "output_tokens": 124},
}  # fmt: skip
END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": USAGE}}
BILLED = Usage(input_tokens=21, output_tokens=124)


def lines(*events: dict[str, Any]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def read(*events: dict[str, Any]) -> list[UsageEvent]:
    parsed = LineReader().read(lines(*events))
    assert parsed.rejects == ()
    return list(parsed.events)


def test_a_stream_is_the_call_that_its_whole_answer_is() -> None:
    (event,) = read(START, *BETWEEN, END)
    whole = {"id": CALL, "finish_reason": "COMPLETE", "message": {"role": "assistant"}, "usage": USAGE}
    assert event == cohere.parse(json.dumps(whole).encode())[0]
    assert (event.id, event.usage, event.outcome) == (CALL, BILLED, Outcome.OK)


def test_a_stream_as_it_came_over_the_wire_is_read_and_so_is_one_that_somebody_put_into_a_list() -> None:
    wire = b"".join(
        b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode())
        for event in (START, *BETWEEN, END)
    )
    assert [event.usage for event in LineReader().read([*wire.split(b"\n"), b"data: [DONE]"]).events] == [BILLED]
    listed = json.dumps([START, *BETWEEN, END]).encode()
    assert [event.id for event in LineReader().read([listed]).events] == [CALL]


def test_a_last_event_alone_is_a_call_and_so_it_is_inside_a_gateway_s_record() -> None:
    assert [event.usage for event in read(END)] == [BILLED]
    assert [event.id for event in read({**END, "id": "run_1"})] == ["run_1"]
    assert [event.usage for event in body_events(json.dumps(END).encode())] == [BILLED]


def test_the_model_is_known_where_somebody_has_put_it_beside_the_first_or_the_last_event() -> None:
    named = {"model": "command-r-plus-08-2024"}
    assert [event.model for event in read(START, *BETWEEN, END)] == [None]
    for events in ([{**START, **named}, END], [START, {**END, **named}], [{**END, **named}]):
        assert [event.model for event in read(*events)] == ["command-r-plus-08-2024"]
    begun = LineReader().read(lines({**START, **named}))
    assert [event.model for event in LineReader().rest(begun.memory).events] == ["command-r-plus-08-2024"]


def test_a_log_that_begins_in_the_middle_of_a_stream_loses_nothing_and_complains_of_nothing() -> None:
    tool_call = {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {}}}}
    plan = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "Voy"}}}
    assert [event.usage for event in read(BETWEEN[1], BETWEEN[3], tool_call, plan, END)] == [BILLED]


def test_streams_one_after_the_other_are_calls_of_their_own() -> None:
    second = {**START, "id": "second"}
    assert [event.id for event in read(START, *BETWEEN, END, second, END)] == [CALL, "second"]


def test_a_stream_without_an_end_is_cut_when_the_next_begins_or_the_log_ends() -> None:
    reader = LineReader()
    (cut_off,) = reader.read(lines(START, *BETWEEN, {**START, "id": "second"})).events
    assert (cut_off.id, cut_off.outcome, cut_off.usage, cut_off.usage_missing) == (CALL, Outcome.CUT, NOTHING, True)
    rest = reader.rest()
    assert [(event.id, event.outcome) for event in rest.events] == [("second", Outcome.CUT)]
    assert LineReader().rest(rest.memory).events == ()
    (late,) = LineReader(FORMAT.name).read(lines(END), rest.memory).events
    assert (late.id, late.outcome, late.usage) == ("second", Outcome.OK, BILLED), "it went on after all"


def test_what_was_begun_is_ended_from_the_memory_of_it_wherever_it_is_cut() -> None:
    events = lines(START, *BETWEEN, END)
    for place in range(1, len(events)):
        for name in (None, FORMAT.name):
            first = LineReader().read(events[:place])
            later = LineReader(name).read(events[place:], first.memory)
            assert [(event.id, event.usage) for event in (*first.events, *later.events)] == [(CALL, BILLED)]


def test_streams_of_two_vendors_in_one_file_are_told_apart_piece_by_piece() -> None:
    theirs: list[dict[str, Any]] = [
        {
            "type": "message_start",
            "message": {"id": "msg_1", "type": "message", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 9}},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    ]
    both = read(START, *BETWEEN, END, *theirs, {**START, "id": "second"}, *BETWEEN, END)
    assert [event.id for event in both] == [CALL, "msg_1", "second"]


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_a_stream_that_cohere_could_not_finish_is_an_error(reason: str) -> None:
    broken = {"type": "message-end", "delta": {"error": "the prompt was ...", "finish_reason": reason}}
    (event,) = read(START, broken)
    assert (event.outcome, event.error, event.usage_missing) == (Outcome.ERROR, reason, False)


def test_an_end_that_says_no_usage_is_a_call_of_unknown_cost() -> None:
    (event,) = read(START, {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}})
    assert (event.usage, event.usage_missing) == (NOTHING, True)
    assert [event.usage_missing for event in read({"type": "message-end", "delta": None})] == [True]


def test_events_of_something_else_are_no_usage_and_say_so() -> None:
    parsed = LineReader().read([b'{"type": "price", "delta": {}}'])
    assert [reject.reason for reject in parsed.rejects] == ["no event of a stream of Cohere's chat"]
    with pytest.raises(ValueError, match="billed units"):
        Stream().parse(b'{"type": "message-end", "delta": {"usage": {"billed_units": {"input_tokens": -1}}}}')
