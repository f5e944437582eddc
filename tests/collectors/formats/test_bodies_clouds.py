"""Bodies of Gemini, Bedrock and Cohere: three other ideas of what contains what."""

import json
from typing import Any

import pytest

from collectors.formats.bodies import cohere, converse, gemini
from collectors.formats.format import NotUsageError
from pricing.bill import make_bill
from pricing.books.catalogue import Catalogue
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

GEMINI = {
    "responseId": "r1", "modelVersion": "gemini-2.5-pro",
    "usageMetadata": {
        "promptTokenCount": 3000, "cachedContentTokenCount": 2048, "candidatesTokenCount": 250,
        "thoughtsTokenCount": 900, "toolUsePromptTokenCount": 60, "totalTokenCount": 4210,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2500}, {"modality": "IMAGE", "tokenCount": 500}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 2048}], "trafficType": "ON_DEMAND",
    },
}  # fmt: skip
CONVERSE = {
    "output": {"message": {}}, "stopReason": "end_turn", "metrics": {"latencyMs": 1234},
    "usage": {
        "inputTokens": 200, "outputTokens": 410, "totalTokens": 610, "cacheReadInputTokens": 4000,
        "cacheWriteInputTokens": 1000,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 900}, {"ttl": "1h", "inputTokens": 100}],
    },
}  # fmt: skip
COHERE = {
    "id": "c1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": []},
    "usage": {
        "billed_units": {"input_tokens": 5.0, "output_tokens": 418.0},
        "tokens": {"input_tokens": 71.0, "output_tokens": 418.0}, "cached_tokens": 0,
    },
}  # fmt: skip


def of_gemini(usage: dict[str, Any], **changes: Any) -> UsageEvent:
    (event,) = gemini.parse(json.dumps({**GEMINI, "usageMetadata": usage, **changes}).encode())
    return event


def of_converse(**usage: Any) -> UsageEvent:
    (event,) = converse.parse(json.dumps({**CONVERSE, "usage": usage}).encode())
    return event


def test_the_documented_answer_of_gemini() -> None:
    (event,) = gemini.parse(json.dumps(GEMINI).encode())

    assert event.usage == Usage(
        input_tokens=3000 - 2048 + 60, cache_read_tokens=2048, output_tokens=250 + 900, reasoning_tokens=900,
        units=(("input_image_tokens", 500),),
    )  # fmt: skip
    assert event.usage.total_tokens == 4210, "pictures stay in the input"
    assert (event.id, event.model, event.provider) == ("r1", "gemini-2.5-pro", "vertex_ai")
    assert (event.variant, event.ended_at_ms) == ("", 0)


def test_the_python_library_spells_the_same_with_underscores() -> None:
    snake = {
        "response_id": "r1", "model_version": "gemini-2.5-pro",
        "usage_metadata": {
            "prompt_token_count": 3000, "cached_content_token_count": 2048, "candidates_token_count": 250,
            "thoughts_token_count": 900, "tool_use_prompt_token_count": 60, "total_token_count": 4210,
            "traffic_type": "ON_DEMAND", "prompt_tokens_details": [{"modality": "IMAGE", "token_count": 500}],
            "cache_tokens_details": [{"modality": "TEXT", "token_count": 2048}],
        },
    }  # fmt: skip
    assert gemini.parse(json.dumps(snake).encode()) == gemini.parse(json.dumps(GEMINI).encode())


def test_thoughts_that_the_total_finds_among_the_candidates_are_not_added() -> None:
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 950, "thoughtsTokenCount": 900, "totalTokenCount": 1050}
    assert of_gemini(usage).usage == Usage(input_tokens=100, output_tokens=950, reasoning_tokens=900)


def test_audio_has_prices_of_its_own_cached_and_not() -> None:
    usage = {
        "promptTokenCount": 1000, "cachedContentTokenCount": 400, "candidatesTokenCount": 50,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 600}, {"modality": "TEXT", "tokenCount": 400}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 100}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
    }  # fmt: skip
    units = (("cache_audio_read_tokens", 100), ("input_audio_tokens", 500), ("output_audio_tokens", 20))
    assert of_gemini(usage).usage == Usage(input_tokens=100, cache_read_tokens=400, output_tokens=30, units=units)


def test_pictures_are_told_apart_by_what_of_them_was_cached() -> None:
    # An answer of gemini-2.5-flash that somebody recorded: 326 asked, 258 of them a picture, of which 137 were cached.
    event = of_gemini(
        {
            "promptTokenCount": 326, "candidatesTokenCount": 63, "totalTokenCount": 543, "cachedContentTokenCount": 173,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 68}, {"modality": "IMAGE", "tokenCount": 258}],
            "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 137}, {"modality": "TEXT", "tokenCount": 36}],
            "thoughtsTokenCount": 154,
        }
    )  # fmt: skip
    assert event.usage == Usage(
        input_tokens=153, cache_read_tokens=173, output_tokens=217, reasoning_tokens=154,
        units=(("cache_image_read_tokens", 137), ("input_image_tokens", 121)),
    )  # fmt: skip
    assert event.usage.prompt_tokens == 326


def test_sound_that_nobody_tells_apart_by_its_cache_was_cached_where_it_fits_nowhere_else() -> None:
    usage = {
        "promptTokenCount": 1000, "cachedContentTokenCount": 400, "candidatesTokenCount": 50,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 700}, {"modality": "TEXT", "tokenCount": 300}],
    }  # fmt: skip
    units = (("cache_audio_read_tokens", 100), ("input_audio_tokens", 600))
    assert of_gemini(usage).usage == Usage(cache_read_tokens=400, output_tokens=50, units=units)


def test_a_turn_of_the_live_api_names_its_answer_otherwise() -> None:
    event = of_gemini({"promptTokenCount": 10, "responseTokenCount": 7, "totalTokenCount": 17})
    assert event.usage == Usage(input_tokens=10, output_tokens=7)


@pytest.mark.parametrize(
    ("traffic", "variant"),
    [("ON_DEMAND_PRIORITY", "priority"), ("ON_DEMAND_FLEX", "flex"), ("PROVISIONED_THROUGHPUT", "provisioned")],
)
def test_vertex_says_what_kind_of_traffic_was_billed(traffic: str, variant: str) -> None:
    event = of_gemini({"promptTokenCount": 1, "candidatesTokenCount": 1, "trafficType": traffic})
    assert (event.variant, event.provider) == (variant, "vertex_ai")


def test_the_gemini_api_says_a_tier_or_nothing() -> None:
    plain = {"promptTokenCount": 1, "candidatesTokenCount": 1}
    assert (of_gemini(plain).provider, of_gemini(plain).variant) == ("gemini", "")
    assert of_gemini(plain, serviceTier="flex").variant == "flex"


@pytest.mark.parametrize("said", ["TRAFFIC_TYPE_UNSPECIFIED", "unspecified", "SERVICE_TIER_UNSPECIFIED"])
def test_a_tier_that_is_called_unspecified_is_none(said: str) -> None:
    plain = {"promptTokenCount": 1, "candidatesTokenCount": 1}
    assert of_gemini({**plain, "trafficType": said}).variant == of_gemini(plain, serviceTier=said).variant == ""


def test_of_a_stream_the_last_piece_counts() -> None:
    piece = {**GEMINI, "candidates": [{"content": {}}]}
    last = {**GEMINI, "candidates": [{"content": {}, "finishReason": "STOP"}]}

    assert gemini.parse(json.dumps(piece).encode()) == ()
    assert len(gemini.parse(json.dumps(last).encode())) == 1


def test_an_answer_of_gemini_without_counts_is_missing_them() -> None:
    assert of_gemini({}).usage_missing
    assert of_gemini({}, responseId=None).id


def test_the_documented_answer_of_converse() -> None:
    (event,) = converse.parse(json.dumps(CONVERSE).encode())

    assert event.usage == Usage(
        input_tokens=200, cache_read_tokens=4000, cache_write_5m_tokens=900, cache_write_1h_tokens=100,
        output_tokens=410,
    )  # fmt: skip
    assert (event.provider, event.duration_ms, event.ended_at_ms, event.model) == ("bedrock", 1234, 0, None)


def test_writes_without_details_have_no_said_lifetime() -> None:
    event = of_converse(inputTokens=1, outputTokens=2, cacheWriteInputTokens=1000)
    assert event.usage == Usage(input_tokens=1, cache_write_tokens=1000, output_tokens=2)


def test_what_stands_beside_an_answer_of_converse_is_used() -> None:
    beside = {
        "modelId": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "serviceTier": {"type": "flex"},
        "ResponseMetadata": {"RequestId": "req-1"},
    }  # fmt: skip
    (event,) = converse.parse(json.dumps({**CONVERSE, **beside}).encode())

    assert (event.id, event.model, event.variant) == ("req-1", beside["modelId"], "flex")


def test_the_documented_answer_of_cohere_is_billed_by_its_billed_units() -> None:
    (event,) = cohere.parse(json.dumps(COHERE).encode())

    assert event.usage == Usage(input_tokens=5, output_tokens=418)
    assert (event.id, event.provider, event.model, event.ended_at_ms) == ("c1", "cohere", None, 0)


@pytest.mark.parametrize("cached", [{}, {"cached_tokens": None}, {"cached_tokens": 64}])
def test_coheres_cached_tokens_change_nothing(cached: dict[str, Any]) -> None:
    usage = {"billed_units": {"input_tokens": 5.0, "output_tokens": 418.0}, **cached}
    (event,) = cohere.parse(json.dumps({**COHERE, "usage": usage}).encode())
    assert event.usage == Usage(input_tokens=5, output_tokens=418)


def test_rerank_bills_searches() -> None:
    ranked = {"id": "r", "results": [], "meta": {"api_version": {}, "billed_units": {"search_units": 1.0}}}
    (event,) = cohere.parse(json.dumps(ranked).encode())
    assert event.usage == Usage(units=(("rerank_searches", 1),))


def test_an_answer_of_cohere_without_billed_units_is_missing_them() -> None:
    (event,) = cohere.parse(json.dumps({**COHERE, "usage": {"tokens": {"input_tokens": 71.0}}}).encode())
    assert (event.usage, event.usage_missing) == (NOTHING, True)


def test_what_is_no_answer_of_these_is_refused() -> None:
    with pytest.raises(NotUsageError):
        converse.parse(b'{"output": {}, "stopReason": "x", "usage": {"input_tokens": 3}}')
    with pytest.raises(NotUsageError):
        cohere.parse(b'{"id": "x"}')
    with pytest.raises(ValueError, match="usage_metadata"):
        gemini.parse(b'{"id": "x"}')
    with pytest.raises(ValueError, match="billed units"):
        cohere.parse(b'{"meta": {"billed_units": {"input_tokens": -1}}}')


def test_pictures_and_films_that_were_made_have_prices_of_their_own() -> None:
    # One picture is 1,290 tokens, $0.039 at $30 per million (Gemini API pricing, gemini-2.5-flash-image).
    made = [{"modality": "IMAGE", "tokenCount": 1290}, {"modality": "TEXT", "tokenCount": 10}]
    event = of_gemini(
        {
            "promptTokenCount": 8, "candidatesTokenCount": 1300, "thoughtsTokenCount": 5, "totalTokenCount": 1313,
            "candidatesTokensDetails": made,
        },
        modelVersion="gemini-2.5-flash-image",
    )  # fmt: skip
    assert event.usage == Usage(
        input_tokens=8, output_tokens=15, reasoning_tokens=5, units=(("output_image_tokens", 1290),)
    )
    priced = Catalogue().find("google", "gemini-2.5-flash-image")
    assert priced is not None
    bill = make_bill(event.usage, priced.offers[0].card)
    assert {line.item: line.nano_usd for line in bill.lines}["output_image_tokens"] == 38_700_000


def test_details_that_say_more_than_was_answered_are_not_believed() -> None:
    usage = {"promptTokenCount": 8, "candidatesTokenCount": 10}
    details = {"candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}]}
    assert of_gemini({**usage, **details}).usage == Usage(input_tokens=8, output_tokens=10)


@pytest.mark.parametrize(
    ("model", "searches"), [("gemini-3-flash-preview", 2), ("gemini-2.5-flash", 1), ("gemini-2.0-flash-001", 1)]
)
def test_searches_are_billed_by_the_query_and_up_to_gemini_2_5_by_the_prompt(model: str, searches: int) -> None:
    # "For billing purposes, we ignore the empty web search queries when counting unique queries."
    queries = ["", "best platforms 2026", "", "a against b", "a against b"]
    usage = {"promptTokenCount": 8, "candidatesTokenCount": 10}
    camel = [{"finishReason": "STOP", "groundingMetadata": {"webSearchQueries": queries}}]
    assert of_gemini(usage, modelVersion=model, candidates=camel).usage.units == (("web_searches", searches),)

    snake = {
        "usage_metadata": {"prompt_token_count": 8, "candidates_token_count": 10}, "model_version": model,
        "candidates": [{"finish_reason": "STOP", "grounding_metadata": {"web_search_queries": queries}}],
    }  # fmt: skip
    (event,) = gemini.parse(json.dumps(snake).encode())
    assert event.usage.units == (("web_searches", searches),)


def test_an_answer_that_was_grounded_in_nothing_searched_for_nothing() -> None:
    candidates = [{"finishReason": "STOP", "groundingMetadata": {"webSearchQueries": [""]}}, {"finishReason": "STOP"}]
    assert of_gemini({"promptTokenCount": 8}, candidates=candidates).usage.units == ()


def test_pictures_that_cohere_embeds_have_a_price_of_their_own() -> None:
    body = {"id": "e", "embeddings": [], "meta": {"billed_units": {"images": 1.0, "image_tokens": 1610.0}}}
    (event,) = cohere.parse(json.dumps(body).encode())
    assert event.usage == Usage(input_tokens=1610, units=(("images", 1), ("input_image_tokens", 1610)))


def test_writes_of_one_lifetime_in_several_places_are_added() -> None:
    details = [{"ttl": "5m", "inputTokens": 900}, {"ttl": "1h", "inputTokens": 60}, {"ttl": "1h", "inputTokens": 40}]
    event = of_converse(inputTokens=1, outputTokens=1, cacheWriteInputTokens=1000, cacheDetails=details)
    assert event.usage == Usage(input_tokens=1, cache_write_5m_tokens=900, cache_write_1h_tokens=100, output_tokens=1)


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_cohere_could_not_finish_is_an_error(reason: str) -> None:
    (event,) = cohere.parse(json.dumps({**COHERE, "finish_reason": reason}).encode())
    assert (event.outcome, event.error, event.usage.output_tokens) == (Outcome.ERROR, reason, 418)
    (refused,) = cohere.parse(json.dumps({**COHERE, "finish_reason": reason, "usage": {}}).encode())
    assert not refused.usage_missing
