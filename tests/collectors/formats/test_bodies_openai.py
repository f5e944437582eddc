"""Bodies in OpenAI's dialect: what contains what, and who sent it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats.bodies import chat, responses
from collectors.formats.bodies.openai_usage import Counts, openai_usage
from collectors.formats.format import NotUsageError
from collectors.formats.lines import LineReader
from pricing.bill import make_bill
from pricing.books.catalogue import Catalogue
from pricing.modal import more_than_whole
from pricing.usage import NOTHING, Usage, invalid_reason
from store.facts import Outcome, UsageEvent

DOCUMENTED = {
    "id": "chatcmpl-9x", "object": "chat.completion", "created": 1764000000, "model": "gpt-5-2025-08-07",
    "service_tier": "default", "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "no"}}],
    "usage": {
        "prompt_tokens": 1500, "completion_tokens": 420, "total_tokens": 1920,
        "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 256, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 300, "audio_tokens": 0, "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
}  # fmt: skip
ANSWERED = {
    "id": "resp_1", "object": "response", "created_at": 1764000000, "status": "completed", "model": "gpt-5",
    "output": [], "service_tier": "flex",
    "usage": {
        "input_tokens": 1500, "input_tokens_details": {
            "cached_tokens": 1024, "cache_write_tokens": 256,
            "cache_write_tokens_details": {"ttl_30m_tokens": 56, "ttl_12h_tokens": 200},
        },
        "output_tokens": 420, "output_tokens_details": {"reasoning_tokens": 300}, "total_tokens": 1920,
    },
}  # fmt: skip


def body(usage: dict[str, Any], **changes: Any) -> UsageEvent:
    (event,) = chat.parse(json.dumps({**DOCUMENTED, "usage": usage, **changes}).encode())
    return event


def answer(**changes: Any) -> UsageEvent:
    (event,) = responses.parse(json.dumps({**ANSWERED, **changes}).encode())
    return event


def test_the_documented_chat_completion() -> None:
    (event,) = chat.parse(json.dumps(DOCUMENTED).encode())

    assert event.usage == Usage(
        input_tokens=220, cache_read_tokens=1024, cache_write_tokens=256, output_tokens=420, reasoning_tokens=300
    )
    assert (event.id, event.ended_at_ms, event.model) == ("chatcmpl-9x", 1764000000000, "gpt-5-2025-08-07")
    assert (event.variant, event.provider, event.usage_missing) == ("default", None, False)


@pytest.mark.parametrize(
    ("total", "reasoning", "output"),
    [(150, 30, 50), (180, 30, 80), (None, 30, 50), (999, 30, 50), (150, None, 50), (150, 0, 50), (None, 60, 110)],
)
def test_the_total_tells_whether_reasoning_is_in_the_completion(
    total: int | None, reasoning: int | None, output: int
) -> None:
    usage = openai_usage(Counts(prompt=100, completion=50, total=total, reasoning=reasoning))
    assert (usage.output_tokens, usage.reasoning_tokens) == (output, reasoning or 0)


def test_a_provider_that_counts_reasoning_apart_is_believed_where_the_sums_are_mute() -> None:
    counts = Counts(prompt=100, completion=50, reasoning=30)

    assert openai_usage(counts, reasoning_outside=True).output_tokens == 80
    assert openai_usage(counts._replace(total=150), reasoning_outside=True).output_tokens == 50


def test_more_cached_than_prompted_means_that_the_prompt_leaves_the_cache_out() -> None:
    usage = openai_usage(Counts(prompt=200, completion=10, cached=4000))
    assert usage == Usage(input_tokens=200, cache_read_tokens=4000, output_tokens=10)


def test_unadjusted_writes_are_capped_by_the_prompt() -> None:
    usage = openai_usage(Counts(prompt=1000, completion=10, cached=900, written=300))
    assert usage == Usage(cache_read_tokens=900, cache_write_tokens=100, output_tokens=10)


_COUNT = st.none() | st.integers(0, 2**32 - 1)


@given(st.builds(Counts, *[_COUNT] * len(Counts._fields)), st.booleans())
def test_no_class_falls_below_zero_and_reasoning_stays_in_the_output(counts: Counts, outside: bool) -> None:
    usage = openai_usage(counts, reasoning_outside=outside)

    assert invalid_reason(usage) is None
    assert more_than_whole(usage) is None
    heard = dict(usage.units).get("input_audio_tokens", 0)
    if counts.prompt or counts.completion:
        assert usage.prompt_tokens + heard >= (counts.prompt or 0)


@pytest.mark.parametrize(
    ("usage", "provider"),
    [
        ({"cost_in_usd_ticks": 12345678900}, "xai"),
        ({"prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 7}, "deepseek"),
        ({"cost": 0.0012, "is_byok": False}, "openrouter"),
        ({"cost": {"total_cost": 0.006}, "num_search_queries": 2}, "perplexity"),
        ({"estimated_cost": 0.0001}, "deepinfra"),
        ({"queue_time": 0.01, "total_time": 0.5}, "groq"),
        ({"prompt_audio_seconds": 4}, "mistral"),
        ({}, None),
    ],
)
def test_a_provider_is_told_by_the_fields_that_only_it_sends(usage: dict[str, Any], provider: str | None) -> None:
    plain = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    assert body({**plain, **usage}).provider == provider


def test_azure_fireworks_and_moonshot() -> None:
    plain = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}

    assert body(plain, prompt_filter_results=[]).provider == "azure"
    assert body(plain, model="accounts/fireworks/models/kimi-k2").provider == "fireworks_ai"
    assert body({**plain, "cached_tokens": 4}).usage == Usage(input_tokens=6, cache_read_tokens=4, output_tokens=5)


def test_xai_counts_reasoning_beside_the_completion_and_says_what_it_charged() -> None:
    event = body(
        {
            "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "cost_in_usd_ticks": 12345678900,
            "prompt_tokens_details": {"cached_tokens": 6}, "completion_tokens_details": {"reasoning_tokens": 94},
        }
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=26, cache_read_tokens=6, output_tokens=103, reasoning_tokens=94)
    assert event.reported_nano_usd == 1_234_567_890
    inside = answer(
        usage={
            "input_tokens": 32, "input_tokens_details": {"cached_tokens": 6}, "output_tokens": 103,
            "output_tokens_details": {"reasoning_tokens": 94}, "total_tokens": 135, "cost_in_usd_ticks": 12345678900,
        }
    )  # fmt: skip
    assert (inside.usage, inside.reported_nano_usd) == (event.usage, event.reported_nano_usd)


def test_deepseek_says_hits_and_misses_apart() -> None:
    event = body(
        {
            "prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050, "prompt_cache_hit_tokens": 896,
            "prompt_cache_miss_tokens": 104, "prompt_tokens_details": {"cached_tokens": 896},
        }
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=104, cache_read_tokens=896, output_tokens=50)


@pytest.mark.parametrize(("byok", "nano"), [(False, 1_000_000), (True, 21_000_000)])
def test_openrouters_cost_is_its_fee_only_with_a_key_of_ones_own(byok: bool, nano: int) -> None:
    event = body(
        {
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.001, "is_byok": byok,
            "cost_details": {"upstream_inference_cost": 0.02},
        }
    )  # fmt: skip
    assert event.reported_nano_usd == nano


def test_of_a_stream_the_last_piece_counts() -> None:
    chunk = {**DOCUMENTED, "object": "chat.completion.chunk"}
    growing = {**chunk, "choices": [{"finish_reason": None, "delta": {"content": "so far"}}]}

    assert chat.parse(json.dumps({**growing, "usage": None}).encode()) == ()
    assert chat.parse(json.dumps(growing).encode()) == ()
    assert len(chat.parse(json.dumps({**chunk, "choices": []}).encode())) == 1
    assert len(chat.parse(json.dumps(chunk).encode())) == 1


def test_groq_says_the_usage_of_a_stream_in_a_place_of_its_own_if_at_all() -> None:
    plain = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "total_time": 0.5}
    chunk = {**DOCUMENTED, "object": "chat.completion.chunk", "usage": None, "x_groq": {"id": "r", "usage": plain}}
    (event,) = chat.parse(json.dumps(chunk).encode())

    assert (event.usage, event.provider) == (Usage(input_tokens=10, output_tokens=5), "groq")
    assert chat.parse(json.dumps({**chunk, "x_groq": {"id": "r"}}).encode()) == ()


def test_embeddings_have_no_answer() -> None:
    embedded = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    (event,) = chat.parse(json.dumps(embedded).encode())

    assert (event.usage, event.call_type) == (Usage(input_tokens=8), "embeddings")


def test_audio_is_a_part_with_a_price_of_its_own() -> None:
    event = body(
        {
            "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"audio_tokens": 60}, "completion_tokens_details": {"audio_tokens": 40},
        }
    )  # fmt: skip
    units = (("input_audio_tokens", 60), ("output_audio_tokens", 40))
    assert event.usage == Usage(input_tokens=40, output_tokens=10, units=units)


def test_cached_sound_and_pictures_are_told_apart_inside_their_classes() -> None:
    details = {
        "cached_tokens": 64, "audio_tokens": 22, "image_tokens": 10,
        "cached_tokens_details": {"text_tokens": 48, "audio_tokens": 12, "image_tokens": 4},
    }  # fmt: skip
    units = (
        ("cache_audio_read_tokens", 12), ("cache_image_read_tokens", 4), ("input_audio_tokens", 10),
        ("input_image_tokens", 6),
    )  # fmt: skip
    whole = Usage(input_tokens=58, cache_read_tokens=64, output_tokens=121, units=units)
    event = body(
        {"prompt_tokens": 132, "completion_tokens": 121, "total_tokens": 253, "prompt_tokens_details": details}
    )
    assert event.usage == whole
    answer = {
        "id": "r", "object": "response", "status": "completed", "output": [], "model": "gpt-5",
        "usage": {"input_tokens": 132, "output_tokens": 121, "total_tokens": 253, "input_tokens_details": details},
    }  # fmt: skip
    assert responses.parse(json.dumps(answer).encode())[0].usage == whole


def test_nothing_said_is_missing_and_zero_is_not() -> None:
    assert body({}).usage_missing
    (event,) = chat.parse(json.dumps({**DOCUMENTED, "usage": None}).encode())
    assert (event.usage, event.usage_missing) == (NOTHING, True)
    assert not body({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}).usage_missing


def test_a_body_without_id_and_time_is_itself_and_was_received_now() -> None:
    line = json.dumps({**DOCUMENTED, "id": None, "created": None}).encode()
    (event,), (again,) = chat.parse(line), chat.parse(line)
    (other,) = chat.parse(line + b" ")

    assert event.ended_at_ms == 0
    assert event.id == again.id != other.id


def test_the_documented_answer_of_the_responses_api() -> None:
    event = answer()

    assert event.usage == Usage(
        input_tokens=220, cache_read_tokens=1024, cache_write_30m_tokens=56, cache_write_12h_tokens=200,
        output_tokens=420, reasoning_tokens=300,
    )  # fmt: skip
    assert (event.id, event.ended_at_ms, event.variant) == ("resp_1", 1764000000000, "flex")


def test_an_answer_counts_when_it_is_finished_and_in_the_event_that_ends_its_stream() -> None:
    def event(kind: str, **changes: Any) -> bytes:
        return json.dumps({"type": kind, "sequence_number": 3, "response": {**ANSWERED, **changes}}).encode()

    assert responses.parse(event("response.created", status="in_progress", usage=None)) == ()
    assert responses.parse(json.dumps({**ANSWERED, "status": "queued"}).encode()) == ()
    (ended,) = responses.parse(event("response.completed"))
    assert ended == answer()


def test_a_failed_answer_is_an_error_and_misses_nothing() -> None:
    event = answer(status="failed", usage=None, error={"code": "server_error"})
    assert (event.outcome, event.error, event.usage_missing) == (Outcome.ERROR, "server_error", False)
    assert answer(status="incomplete", usage=None).usage_missing


@pytest.mark.parametrize("record", [{}, {"object": "list", "data": [], "usage": {}}, {"object": "chat.completion"}])
def test_what_is_no_answer_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(NotUsageError):
        responses.parse(json.dumps(record).encode())


@pytest.mark.parametrize("value", [-1, 2**32, 1.5, "7"])
def test_a_count_that_cannot_be_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(ValueError, match=r"usage\.prompt_tokens"):
        body({"prompt_tokens": value})


def test_of_a_logged_stream_of_the_responses_api_the_last_event_counts_and_no_piece_is_rejected() -> None:
    answer = {
        "id": "resp_1", "object": "response", "created_at": 1764000000, "status": "in_progress", "model": "gpt-5",
        "output": [], "usage": None,
    }  # fmt: skip
    done = {**answer, "status": "completed", "usage": {"input_tokens": 36, "output_tokens": 87, "total_tokens": 123}}
    events = [
        {"type": "response.created", "sequence_number": 0, "response": answer},
        {"type": "response.output_text.delta", "sequence_number": 1, "item_id": "m", "output_index": 0, "delta": "Hi"},
        {"type": "response.completed", "sequence_number": 2, "response": done},
    ]
    lines = [
        part
        for event in events
        for part in (f"event: {event['type']}".encode(), b"data: " + json.dumps(event).encode())
    ]
    parsed = LineReader().read(lines)
    assert [event.usage for event in parsed.events] == [Usage(input_tokens=36, output_tokens=87)]
    assert parsed.rejects == ()


def pieces(*bodies: dict[str, Any]) -> list[UsageEvent]:
    parsed = LineReader().read([b"data: " + json.dumps(body).encode() for body in bodies])
    assert parsed.rejects == ()
    return list(parsed.events)


def test_the_first_piece_of_an_azure_stream_is_no_call() -> None:
    # As Azure OpenAI sends it (a recording of gpt-5-mini in eastus2): what it found in the prompt, and empty names.
    filtered = {"prompt_index": 0, "content_filter_results": {}}
    first = {
        "id": "", "choices": [], "created": 0, "model": "", "object": "", "usage": None,
        "prompt_filter_results": [filtered],
    }  # fmt: skip
    piece = {**DOCUMENTED, "object": "chat.completion.chunk", "usage": None}
    assert [event.id for event in pieces(first, {**piece, "choices": []}, {**piece, **LAST})] == ["chatcmpl-9x"]


LAST = {"choices": [], "usage": {"prompt_tokens": 1500, "completion_tokens": 420, "total_tokens": 1920}}


def test_openrouter_says_the_usage_in_a_piece_after_the_reason_for_the_end() -> None:
    # The last two pieces of a stream as OpenRouter sent them in November 2025.
    said = {"id": "gen-1764031697", "provider": "OpenAI", "model": "openai/gpt-4o", "object": "chat.completion.chunk"}
    delta = {"role": "assistant", "content": ""}
    usage = {"prompt_tokens": 1697, "completion_tokens": 52, "total_tokens": 1749}
    (event,) = pieces(
        {**said, "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]},
        {**said, "choices": [{"index": 0, "delta": delta, "finish_reason": "stop", "native_finish_reason": "stop"}]},
        {**said, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": usage},
    )
    assert event.usage == Usage(input_tokens=1697, output_tokens=52)


def test_a_growing_usage_in_every_piece_counts_once() -> None:
    piece = {"id": "x", "model": "grok-4", "object": "chat.completion.chunk"}
    growing = [
        {**piece, "choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 10, "completion_tokens": n}}
        for n in range(1, 4)
    ]
    (event,) = pieces(*growing, {**piece, "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4}})
    assert event.usage == Usage(input_tokens=10, output_tokens=4)


CLAUDE = Usage(input_tokens=200, cache_read_tokens=4000, cache_write_tokens=1000, output_tokens=410)
"""The same call to Claude however a gateway translates its counts."""


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        # LiteLLM's proxy: everything in the prompt, lifetimes in the details.
        (
            {
                "prompt_tokens": 5200, "completion_tokens": 410, "total_tokens": 5610,
                "cache_creation_input_tokens": 1000, "cache_read_input_tokens": 4000,
                "prompt_tokens_details": {
                    "cached_tokens": 4000, "cache_creation_tokens": 1000, "cache_creation_token_details": {
                        "ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 400,
                    },
                },
            },
            CLAUDE._replace(cache_write_tokens=0, cache_write_5m_tokens=600, cache_write_1h_tokens=400),
        ),
        # OpenRouter: OpenAI's own names.
        (
            {
                "prompt_tokens": 5200, "completion_tokens": 410, "total_tokens": 5610,
                "prompt_tokens_details": {"cached_tokens": 4000, "cache_write_tokens": 1000},
            },
            CLAUDE,
        ),
        # Portkey: Anthropic's names, the cache beside the prompt and in the total.
        (
            {
                "prompt_tokens": 200, "completion_tokens": 410, "total_tokens": 5610,
                "cache_creation_input_tokens": 1000, "cache_read_input_tokens": 4000,
            },
            CLAUDE,
        ),
        (
            {
                "prompt_tokens": 9000, "completion_tokens": 410, "total_tokens": 14_410,
                "cache_creation_input_tokens": 1000, "cache_read_input_tokens": 4000,
            },
            CLAUDE._replace(input_tokens=9000),
        ),
    ],
    ids=["litellm", "openrouter", "portkey", "portkey, little cached"],
)  # fmt: skip
def test_claude_in_openais_dialect_is_what_anthropic_counts(usage: dict[str, Any], expected: Usage) -> None:
    assert body(usage, model="claude-sonnet-4-5").usage == expected


def test_a_total_that_both_the_cache_and_the_reasoning_explain_holds_the_reasoning() -> None:
    # xAI counts reasoning beside the completion, and caches in blocks: both may be 128.
    usage = openai_usage(Counts(prompt=1000, completion=50, total=1178, cached=128, reasoning=128))
    assert usage == Usage(input_tokens=872, cache_read_tokens=128, output_tokens=178, reasoning_tokens=128)


def test_more_written_than_prompted_means_that_the_prompt_leaves_the_cache_out() -> None:
    usage = openai_usage(Counts(prompt=200, completion=410, written_5m=1000))
    assert usage == Usage(input_tokens=200, cache_write_5m_tokens=1000, output_tokens=410)


def test_more_cached_than_prompted_leaves_the_writes_out_too() -> None:
    usage = openai_usage(Counts(prompt=200, completion=10, cached=4000, written=1000))
    assert usage == Usage(input_tokens=200, cache_read_tokens=4000, cache_write_tokens=1000, output_tokens=10)


def test_a_search_that_a_gateway_ran_is_billed_as_one() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "server_tool_use": {"web_search_requests": 2}}
    assert body(usage).usage.units == (("web_searches", 2),)


def test_thinking_of_gemini_that_only_the_total_holds_is_output() -> None:
    # Counts of one answer of gemini-2.5-flash, 405 of them thinking, as a translation to this dialect gave them.
    usage = {"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623}
    assert body(usage, model="google/gemini-2.5-flash").usage == Usage(
        input_tokens=20, output_tokens=198 + 405, reasoning_tokens=405
    )
    assert body(usage, model="voxtral-mini").usage == Usage(input_tokens=20, output_tokens=198)


def test_deep_research_costs_what_perplexity_says_that_its_parts_cost() -> None:
    # The documented example: $0.000066 input, $0.057304 output, $0.221991 reasoning, $0.040032 citations, $0.09 searches.
    usage = {
        "prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 20_016,
        "num_search_queries": 18, "reasoning_tokens": 73_997, "cost": {"total_cost": 0.41},
    }  # fmt: skip
    event = body(usage, model="sonar-deep-research")
    card = Catalogue().find("perplexity", "sonar-deep-research")

    assert card is not None
    assert event.provider == "perplexity"
    parts = {line.item: line.nano_usd for line in make_bill(event.usage, card.offers[0].card).lines}
    assert parts == {
        "input": 66_000, "output": 57_304_000, "reasoning": 221_991_000, "output_citation_tokens": 40_032_000,
        "web_searches": 90_000_000,
    }  # fmt: skip


@pytest.mark.parametrize(("said", "units"), [(203, (("input_audio_seconds", 203),)), ({}, ()), (None, ()), (True, ())])
def test_sound_that_mistral_heard_is_billed_by_the_second(said: object, units: tuple[tuple[str, int], ...]) -> None:
    event = body({"prompt_tokens": 4, "completion_tokens": 635, "prompt_audio_seconds": said})
    assert event.usage.units == units


def test_searches_of_an_answer_are_billed_by_the_call_and_looking_at_what_was_found_is_not() -> None:
    output = [
        {"type": "reasoning", "summary": []},
        {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "a"}},
        {"type": "web_search_call", "status": "completed", "action": {"type": "open_page", "url": "b"}},
        {"type": "web_search_call", "status": "completed", "action": {"type": "find_in_page", "pattern": "c"}},
        {"type": "web_search_call", "status": "completed"},
        {"type": "file_search_call", "queries": ["d"]},
        {"type": "image_generation_call", "action": "edit"},
        {"type": "message", "content": []},
    ]
    assert answer(output=output).usage.units == (("storage_searches", 1), ("web_searches", 2))
    assert answer(output="gone").usage.units == answer().usage.units == ()


def test_an_answer_that_was_cancelled_is_cut_off() -> None:
    event = answer(status="cancelled", usage=None)
    assert (event.outcome, event.usage_missing, event.error) == (Outcome.CUT, True, None)
    assert answer(status="cancelled").usage.output_tokens == 420


def test_zero_is_not_missing_from_an_answer() -> None:
    assert not answer(usage={"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}).usage_missing
