"""Events of the Realtime API: what a response and a transcription used, and whose model the session says it was."""

import json
from typing import Any

import pytest

from collectors.formats.bodies.realtime import FORMAT, Session
from collectors.formats.lines import LineReader
from pricing.bill import cost_nano_usd
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.modal import card_assuming
from pricing.usage import Usage
from store.facts import Outcome, UsageEvent

CREATED = {
    "type": "session.created", "event_id": "event_1", "session": {
        "object": "realtime.session", "id": "sess_001", "model": "gpt-realtime-2025-08-28",
        "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}},
    },
}  # fmt: skip
# The response of OpenAI's guide (developers.openai.com/api/docs/guides/realtime-costs).
DOCUMENTED = {
    "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}  # fmt: skip
_NOVEMBER_MS = 1_795_000_000_000


def done(usage: dict[str, Any] | None = DOCUMENTED, **said: Any) -> dict[str, Any]:
    response = {"object": "realtime.response", "id": "resp_001", "status": "completed", "usage": usage, **said}
    return {"type": "response.done", "event_id": "event_9", "response": response}


def read(*events: dict[str, Any]) -> list[UsageEvent]:
    session = Session()
    return [found for event in events for found in session.parse(json.dumps(event).encode())]


def cost(event: UsageEvent) -> tuple[int | None, bool, str]:
    assert event.model is not None
    card = PriceBook([Catalogue()]).card("openai", event.model, at_ms=_NOVEMBER_MS, prompt_tokens=0)
    return *cost_nano_usd(event.usage, card), card_assuming(event.usage, card).status.value


def test_the_documented_response_costs_what_the_price_page_of_its_model_says() -> None:
    (event,) = read(CREATED, {"type": "response.created", "event_id": "event_2", "response": {}}, done())
    assert event.usage == Usage(
        input_tokens=55, cache_read_tokens=64, output_tokens=30,
        units=(("input_audio_tokens", 13), ("output_audio_tokens", 91)),
    )  # fmt: skip
    assert (event.id, event.model, event.call_type, event.outcome) == (
        "resp_001", "gpt-realtime-2025-08-28", "realtime", Outcome.OK,
    )  # fmt: skip
    # Text 4, cached 0.40, out 16; sound 32 in, 64 out: 220 + 25.6 + 480 + 416 + 5,824 millionths.
    assert cost(event) == (6_965_600, False, "priced")


def test_cached_sound_and_pictures_have_prices_of_their_own() -> None:
    details = {
        "text_tokens": 1_000, "audio_tokens": 9_000, "image_tokens": 2_000, "cached_tokens": 8_600,
        "cached_tokens_details": {"text_tokens": 600, "audio_tokens": 7_000, "image_tokens": 1_000},
    }  # fmt: skip
    mini = {**CREATED, "session": {"model": "gpt-realtime-mini"}}
    (event,) = read(mini, done({"input_tokens": 12_000, "output_tokens": 0, "input_token_details": details}))
    assert event.usage.prompt_tokens == 12_000
    # Text 0.60 and 0.06 cached, sound 10 and 0.30, pictures 0.80 and 0.08 (developers.openai.com, gpt-realtime-mini):
    # 240 + 36, 20,000 + 2,100, 800 + 80 millionths.
    assert cost(event) == (23_256_000, False, "priced")


def test_a_cache_beside_the_prompt_as_in_the_reference_loses_nothing() -> None:
    # The example of the reference of response.done has more cached than asked: its prompt leaves the cache out.
    usage = {
        "total_tokens": 275, "input_tokens": 127, "output_tokens": 148,
        "input_token_details": {
            "cached_tokens": 384, "text_tokens": 119, "audio_tokens": 8,
            "cached_tokens_details": {"text_tokens": 128, "audio_tokens": 256},
        },
        "output_token_details": {"text_tokens": 36, "audio_tokens": 112},
    }  # fmt: skip
    (event,) = read(CREATED, done(usage))
    assert event.usage == Usage(
        input_tokens=119, cache_read_tokens=384, output_tokens=36,
        units=(("cache_audio_read_tokens", 256), ("input_audio_tokens", 8), ("output_audio_tokens", 112)),
    )  # fmt: skip


@pytest.mark.parametrize(("status", "outcome"), [("cancelled", Outcome.CUT), ("failed", Outcome.ERROR)])
def test_a_response_that_was_broken_off_is_billed_for_what_it_used(status: str, outcome: Outcome) -> None:
    (event,) = read(CREATED, done(status=status))
    assert (event.outcome, event.usage.cache_read_tokens) == (outcome, 64)
    (failed,) = read(CREATED, done(None, status="failed"))
    assert (failed.usage, failed.usage_missing) == (Usage(), False)
    (unsaid,) = read(CREATED, done(None))
    assert unsaid.usage_missing


def test_a_transcription_is_billed_by_the_model_that_the_session_names_for_it() -> None:
    item = {
        "type": "conversation.item.input_audio_transcription.completed", "event_id": "event_3", "item_id": "item_003",
        "transcript": "Hi, can you hear me?",
        "usage": {
            "type": "tokens", "total_tokens": 26, "input_tokens": 17, "output_tokens": 9,
            "input_token_details": {"text_tokens": 0, "audio_tokens": 17},
        },
    }  # fmt: skip
    (event,) = read(CREATED, item)
    assert (event.model, event.usage) == (
        "gpt-4o-transcribe", Usage(output_tokens=9, units=(("input_audio_tokens", 17),)),
    )  # fmt: skip
    beta = {**CREATED, "session": {"model": "gpt-realtime", "input_audio_transcription": {"model": "whisper-1"}}}
    (timed,) = read(beta, {**item, "usage": {"type": "duration", "seconds": 2.4}})
    assert (timed.model, timed.usage) == ("whisper-1", Usage(units=(("audio_seconds", 3),)))


def test_the_model_is_known_as_long_as_the_log_is_followed_and_never_guessed() -> None:
    first = LineReader()
    memory = first.read([json.dumps(CREATED).encode()]).memory
    later = LineReader(FORMAT.name).read([json.dumps(done()).encode()], memory)
    assert [event.model for event in later.events] == ["gpt-realtime-2025-08-28"]
    assert [event.model for event in LineReader().read([json.dumps(done()).encode()]).events] == [None]


def test_events_of_something_else_are_no_usage_and_say_so() -> None:
    parsed = LineReader().read([b'{"type": "order.created", "event_id": "e"}'])
    assert [(reject.reason, reject.count) for reject in parsed.rejects] == [("no event of the Realtime API", 1)]
