"""Codex' rollouts: what counts is what the counters say that is new, at the model of the turn, wherever reading is cut."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats.codex import FORMAT, Rollout
from collectors.formats.lines import LineReader
from collectors.logs.fileid import Key, key_of
from collectors.logs.files import FileSource
from pricing.usage import Usage
from store.facts import Position, UsageEvent

BORN = "0199a2f0-0000-7000-8000-000000000001"
"""A session's id, a UUID of version 7: the first twelve digits are milliseconds."""
EARLIER = "0199a2e0-0000-7000-8000-00000000000a"
LATER = "0199a2f0-0001-7000-8000-00000000000b"
BORN_MS = int("0199a2f00000", 16)


def written(kind: str, at: str, payload: dict[str, Any]) -> bytes:
    return json.dumps({"timestamp": at, "type": kind, "payload": payload}).encode()


def session(at: str = "2025-10-02T08:00:00.000Z", **changes: Any) -> bytes:
    plain = {"id": "s-1", "timestamp": at, "cwd": "/home/ana/shop", "originator": "codex_cli_rs", "source": "cli"}
    return written("session_meta", at, {**plain, **changes})


def turn(model: str | None, at: str = "2025-10-02T08:00:01.000Z", **more: Any) -> bytes:
    return written("turn_context", at, {"cwd": "/home/ana/shop", "model": model, **more})


def counts(fresh_and_cached: int, cached: int, output: int, reasoning: int) -> dict[str, int]:
    return {
        "input_tokens": fresh_and_cached, "cached_input_tokens": cached, "output_tokens": output,
        "reasoning_output_tokens": reasoning, "total_tokens": fresh_and_cached + output,
    }  # fmt: skip


def count(total: tuple[int, ...], last: tuple[int, ...] | None, at: str = "2025-10-02T08:00:05.000Z") -> bytes:
    info: dict[str, Any] = {"total_token_usage": counts(*total), "model_context_window": 272_000}
    if last is not None:
        info["last_token_usage"] = counts(*last)
    return written("event_msg", at, {"type": "token_count", "info": info, "rate_limits": None})


FIRST = count((1_500, 1_024, 420, 300), (1_500, 1_024, 420, 300))
SECOND = count((3_700, 2_524, 500, 310), (2_200, 1_500, 80, 10), "2025-10-02T08:01:05.000Z")
TALK = written("response_item", "2025-10-02T08:00:02.000Z", {"type": "message", "content": "hello"})
NO_INFO = written("event_msg", "2025-10-02T08:00:03.000Z", {"type": "token_count", "info": None})
ROLLOUT = [session(), turn("gpt-5-codex"), TALK, NO_INFO, FIRST, FIRST, turn("gpt-5.1"), SECOND, SECOND]


def read(*lines: bytes) -> list[UsageEvent]:
    rollout = Rollout()
    return [event for line in lines for event in rollout.parse(line)]


def test_each_advance_of_the_counters_is_one_call_at_the_model_of_its_turn() -> None:
    first, second = read(*ROLLOUT)
    assert first == UsageEvent(
        id="s-1#1500-1024-420-300",
        call_id="s-1#1500-1024-420-300",
        ended_at_ms=1_759_392_005_000,
        provider="openai",
        model="gpt-5-codex",
        call_type="responses",
        # 1,500 with 1,024 cached inside; 420 with 300 of reasoning inside.
        usage=Usage(input_tokens=476, cache_read_tokens=1_024, output_tokens=420, reasoning_tokens=300),
        session="s-1",
        tags=("directory:/home/ana/shop",),
    )
    assert (second.model, second.usage) == ("gpt-5.1", Usage(700, 1_500, 0, 0, 0, 0, 0, 80, 10))


def test_a_line_is_recognised_and_what_is_said_in_it_is_no_reject() -> None:
    parsed = LineReader().read(ROLLOUT)
    assert (parsed.format_name, len(parsed.events), parsed.rejects) == (FORMAT.name, 2, ())


def test_without_the_counts_of_the_last_call_the_cumulative_ones_tell_it() -> None:
    events = read(session(), turn("gpt-5"), count((100, 0, 10, 0), None), count((250, 100, 30, 5), None))
    assert [event.usage for event in events] == [Usage(100, output_tokens=10), Usage(50, 100, 0, 0, 0, 0, 0, 20, 5)]


def test_counters_that_begin_anew_count_from_zero() -> None:
    events = read(session(), turn("gpt-5"), count((900, 0, 90, 0), None), count((50, 0, 5, 0), None))
    assert [event.usage.total_tokens for event in events] == [990, 55]


def test_fields_that_are_absent_are_unknown_and_not_an_error() -> None:
    bare = written(
        "event_msg", "2025-10-02T08:00:05Z", {"type": "token_count", "info": {"last_token_usage": {"input_tokens": 7}}}
    )
    (event,) = read(written("session_meta", "2025-10-02T08:00:00Z", {}), bare)
    assert (event.model, event.provider, event.usage) == (None, "openai", Usage(7))
    assert read(written("event_msg", "2025-10-02T08:00:05Z", {"type": "token_count"})) == []
    assert read(written("event_msg", "2025-10-02T08:00:05Z", {"type": "token_count", "info": {}})) == []


def test_another_provider_of_the_session_is_kept() -> None:
    (event,) = read(session(model_provider="azure"), turn("gpt-5"), FIRST)
    assert event.provider == "azure"


def test_a_kind_of_line_that_codex_does_not_write_is_rejected() -> None:
    parsed = LineReader().read([written("metric", "2025-10-02T08:00:05Z", {})])
    assert [reject.count for reject in parsed.rejects] == [1]


OLD_FIRST = count((1_500, 1_024, 420, 300), (1_500, 1_024, 420, 300), "2025-10-02T10:00:00.010Z")
OLD_SECOND = count((3_700, 2_524, 500, 310), (2_200, 1_500, 80, 10), "2025-10-02T10:00:00.020Z")
OWN = count((4_000, 2_600, 530, 315), (300, 76, 30, 5), "2025-10-02T10:00:09.000Z")


def fork(*lines: bytes, **marks: Any) -> list[UsageEvent]:
    """A session that begins with its parent's history, which is written again with the time of the fork."""
    head = session("2025-10-02T10:00:00.000Z", id=BORN, **marks)
    return read(head, session("2025-10-02T10:00:00.005Z", id="s-1"), *lines)


@pytest.mark.parametrize(
    "marks",
    [{"forked_from_id": "s-1"}, {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "s-1", "depth": 1}}}}],
)
def test_a_copied_history_counts_once_and_the_session_keeps_its_own_name(marks: dict[str, Any]) -> None:
    now = "2025-10-02T10:00:00.030Z"
    copied = (turn("gpt-5", now, turn_id=EARLIER), OLD_FIRST, turn("gpt-5.1", now, turn_id=EARLIER), OLD_SECOND)
    (event,) = fork(*copied, turn("gpt-5.1", "2025-10-02T10:00:00.040Z", turn_id=LATER), OWN, **marks)
    assert (event.session, event.model, event.usage.total_tokens) == (BORN, "gpt-5.1", 330)


def test_without_dated_turns_a_pause_ends_the_copy() -> None:
    copied = (turn("gpt-5", "2025-10-02T10:00:00.005Z"), OLD_FIRST, OLD_SECOND)
    (event,) = fork(*copied, turn("gpt-5.1", "2025-10-02T10:00:07.000Z"), OWN, forked_from_id="s-1")
    assert event.usage.total_tokens == 330


def test_a_slow_copy_whose_turns_are_dated_does_not_end_by_a_pause() -> None:
    late_copy = count((3_700, 2_524, 500, 310), (2_200, 1_500, 80, 10), "2025-10-02T10:00:05.000Z")
    copied = (turn("gpt-5", "2025-10-02T10:00:00.005Z", turn_id=EARLIER), OLD_FIRST, late_copy)
    assert fork(*copied, forked_from_id="s-1") == []


def test_what_is_older_than_its_session_is_another_one_s() -> None:
    (event,) = read(session("2025-10-02T10:00:00.000Z"), turn("gpt-5"), FIRST, SECOND, OWN)
    assert event.usage.total_tokens == 330


class Collector:
    """Reads a file with a memory that is kept with the position, and can die after every poll."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.positions: dict[Key, Position] = {}
        self.events: list[UsageEvent] = []

    def live(self) -> None:
        """One life: take up the positions, read to the end, die."""
        source = FileSource("codex", str(self.path), list(self.positions.values()))
        poll = source.read()
        source.close()
        self.events += poll.events
        self.positions |= {key_of(position): position for position in poll.positions}


@given(cuts=st.sets(st.integers(0, sum(len(line) + 1 for line in ROLLOUT))))
def test_wherever_reading_is_cut_and_taken_up_again_the_calls_are_the_same(
    cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = b"".join(line + b"\n" for line in ROLLOUT)
    path = tmp_path_factory.mktemp("codex") / "rollout-1.jsonl"
    collector = Collector(path)
    for cut in sorted({*cuts, len(whole)}):
        path.write_bytes(whole[:cut])
        collector.live()
    assert collector.events == read(*ROLLOUT)


def test_two_sessions_that_grow_in_turns_do_not_mix_their_models(tmp_path: Path) -> None:
    one, two = tmp_path / "rollout-1.jsonl", tmp_path / "rollout-2.jsonl"
    one.write_bytes(session(id="one") + b"\n" + turn("gpt-5") + b"\n")
    two.write_bytes(session(id="two") + b"\n" + turn("o4-mini") + b"\n")
    source = FileSource("codex", str(tmp_path / "rollout-*.jsonl"), ())
    source.read()
    for path in (two, one):
        with path.open("ab") as file:
            file.write(FIRST + b"\n")
    found = {event.session: event.model for event in source.read().events}
    source.close()
    assert found == {"one": "gpt-5", "two": "o4-mini"}


def test_a_file_that_was_emptied_and_begun_anew_remembers_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rollout-1.jsonl"
    path.write_bytes(b"\n".join(ROLLOUT) + b"\n")
    collector = Collector(path)
    collector.live()
    path.write_bytes(b"")
    collector.live()
    assert [position.memory for position in collector.positions.values()] == [b""]
    path.write_bytes(session(id="s-2") + b"\n" + FIRST + b"\n")
    collector.live()
    assert (collector.events[-1].session, collector.events[-1].model) == ("s-2", None)


@pytest.mark.parametrize("memory", [b"{}", b"not JSON", b'{"type":"other"}'])
def test_a_memory_that_is_none_of_a_rollout_is_empty(memory: bytes) -> None:
    assert [event.model for event in Rollout(memory).parse(FIRST)] == [None]
