"""Counts that contradict each other are taken as the source usually means them, and counted as a doubt that is no loss."""

import json
from typing import Any

import pytest

from collectors.formats import doubts
from collectors.formats.doubts import collecting, note
from collectors.formats.lines import LineReader
from tests.fakes.gateway_lines import line
from tests.fakes.payloads import payload


def chat(**usage: Any) -> bytes:
    return json.dumps(
        {"id": "c", "object": "chat.completion", "model": "gpt-5", "choices": [], "usage": usage}
    ).encode()


def doubted(*lines: bytes) -> list[tuple[str, int, bool]]:
    parsed = LineReader().read(lines)
    assert len(parsed.events) == len(lines)
    return [(reject.reason, reject.count, reject.taken) for reject in parsed.rejects]


CACHED = {"cached_tokens": 900}


@pytest.mark.parametrize(
    "strange",
    [
        chat(prompt_tokens=100, completion_tokens=5, prompt_tokens_details=CACHED),
        payload("a", prompt_tokens=100, metadata={"usage_object": {"cache_read_input_tokens": 900}}),
        line("langsmith.run", prompt_tokens=100),
        line("bifrost.logs", prompt_tokens=100, token_usage=None),
    ],
)
def test_more_cached_than_prompted_is_a_convention_that_was_guessed(strange: bytes) -> None:
    assert doubted(strange, strange) == [(doubts.CONVENTION, 2, True)]


def test_sums_that_fit_neither_way_are_a_mismatch() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 5}}
    assert doubted(chat(**usage, total_tokens=99)) == [(doubts.MISMATCH, 1, True)]
    assert doubted(chat(**usage, total_tokens=30), chat(**usage, total_tokens=35), chat(**usage)) == []


def test_iterations_that_say_less_than_their_message_are_a_mismatch() -> None:
    def message(output: int) -> bytes:
        usage = {"input_tokens": 10, "output_tokens": 20, "iterations": [{"input_tokens": 10, "output_tokens": output}]}
        return json.dumps({"id": "m", "type": "message", "model": "claude-sonnet-4-5", "usage": usage}).encode()

    assert doubted(message(19)) == [(doubts.MISMATCH, 1, True)]
    assert doubted(message(20), message(25)) == []


def test_writes_beyond_the_prompt_are_capped_and_counted() -> None:
    details = {"cached_tokens": 60, "cache_write_tokens": 50}
    assert doubted(chat(prompt_tokens=100, completion_tokens=1, prompt_tokens_details=details)) == [
        (doubts.CAPPED, 1, True)
    ]


def test_what_fits_is_no_doubt_and_nobody_has_to_collect() -> None:
    assert doubted(payload("a"), chat(prompt_tokens=1_000, completion_tokens=5, prompt_tokens_details=CACHED)) == []
    note(doubts.MISMATCH)
    with collecting() as outer:
        with collecting() as inner:
            note(doubts.CAPPED)
        note(doubts.MISMATCH)
    assert (dict(outer), dict(inner)) == ({doubts.MISMATCH: 1}, {doubts.CAPPED: 1})


def test_a_part_that_was_left_out_is_a_loss_and_no_doubt() -> None:
    with collecting() as found:
        note(doubts.STRANGE_SPAN)
        note(doubts.CAPPED)
    assert [(said.reason, said.taken) for said in doubts.as_rejects(found)] == [
        (doubts.STRANGE_SPAN, False),
        (doubts.CAPPED, True),
    ]


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "gemini"])
def test_what_kong_counts_of_some_providers_is_less_than_is_billed(provider: str) -> None:
    usage = {"prompt_tokens": 200, "completion_tokens": 410}

    def proxied(**more: Any) -> bytes:
        return line("kong.ai", ai={"proxy": {"meta": {"provider_name": provider}, "usage": {**usage, **more}}})

    assert doubted(proxied()) == [(doubts.UNDERCOUNT, 1, True)]
    assert doubted(proxied(prompt_tokens_details={"cached_tokens": 0}), line("kong.ai")) == []
