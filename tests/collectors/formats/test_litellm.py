"""LiteLLM's payload: the documented example by hand, the conventions that mislead, and 600 lines of a real gateway."""

import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats import litellm
from collectors.formats.litellm import parse
from pricing.bill import cost_nano_usd
from pricing.books.catalogue import Catalogue
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent
from tests.fakes import samples

EXAMPLE: dict[str, Any] = json.loads("""
{"id":"msg_01abc","litellm_call_id":"2f6c0e0e-6f3a-4a53-9a4c-0b7e5f1d0a11","trace_id":"t-77","call_type":"acompletion",
 "stream":true,"status":"success","response_cost":0.0117,"custom_llm_provider":"anthropic","model":"claude-sonnet-4-5",
 "model_group":"sonnet","model_id":"d1","api_base":"https://api.anthropic.com","startTime":1764000000.12,"endTime":1764000004.5,
 "completionStartTime":1764000000.9,"prompt_tokens":5200,"completion_tokens":410,"total_tokens":5610,"cache_hit":null,
 "saved_cache_cost":0.0,"request_tags":["env:prod"],"end_user":"tenant-9","error_str":null,
 "cost_breakdown":{"input_cost":0.00555,"cache_read_cost":0.0012,"cache_creation_cost":0.00375,"output_cost":0.00615,"total_cost":0.0117},
 "metadata":{"user_api_key_hash":"88dc","user_api_key_alias":"checkout","user_api_key_team_id":"team-a","user_api_key_team_alias":"Payments",
  "usage_object":{"prompt_tokens":5200,"completion_tokens":410,"total_tokens":5610,
   "cache_read_input_tokens":4000,"cache_creation_input_tokens":1000,
   "prompt_tokens_details":{"cached_tokens":4000,"cache_creation_tokens":1000,
     "cache_creation_token_details":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":0}},
   "completion_tokens_details":{"reasoning_tokens":120}}}}
""")
"""The example of the format's documentation: a prompt of 5,200 = 200 fresh + 4,000 read + 1,000 written for 5 minutes."""


def one(line: bytes) -> UsageEvent:
    """The one event of a line."""
    (event,) = parse(line)
    return event


def example(**changes: Any) -> UsageEvent:
    return one(json.dumps({**EXAMPLE, **changes}).encode())


def with_usage(prompt: int, output: int, **reported: Any) -> UsageEvent:
    """The example with other counts, and other details of them."""
    return example(prompt_tokens=prompt, completion_tokens=output, metadata={"usage_object": reported})


def test_the_documented_example_is_read_into_disjoint_classes() -> None:
    assert example() == UsageEvent(
        id="msg_01abc",
        call_id="2f6c0e0e-6f3a-4a53-9a4c-0b7e5f1d0a11",
        trace_id="t-77",
        ended_at_ms=1_764_000_004_500,
        duration_ms=4_380,
        first_token_ms=780,
        provider="anthropic",
        model="claude-sonnet-4-5",
        deployment="sonnet",
        tenant="Payments",
        key="checkout",
        call_type="acompletion",
        outcome=Outcome.OK,
        usage=Usage(
            input_tokens=200,
            cache_read_tokens=4_000,
            cache_write_5m_tokens=1_000,
            output_tokens=410,
            reasoning_tokens=120,
        ),
        reported_nano_usd=11_700_000,
        end_user="tenant-9",
        tags=("env:prod",),
    )


def test_who_asked_is_the_user_of_the_key_the_caller_s_own_user_and_the_conversation() -> None:
    said = example(
        session_id="s-1", end_user="", metadata={"user_api_key_user_id": "ana", "user_api_key_end_user_id": "e"}
    )
    assert (said.user, said.end_user, said.session) == ("ana", "e", "s-1")

    unsaid = example(session_id="", end_user=None, metadata=None)
    assert (unsaid.user, unsaid.end_user, unsaid.session) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        (["offline", "env:prod", "User-Agent: curl", "User-Agent: curl/8.5.0"], ("offline", "env:prod")),
        (["User-Agent: OpenAI/JS 5.8.2"], ()),
        (["a", "a", "", "b"], ("a", "b")),
        (["t" * 1_000], ("t" * 255 + "…",)),
        ([], ()),
        (None, ()),
    ],
)
def test_tags_are_those_of_the_caller_each_once(said: Any, tags: tuple[str, ...]) -> None:
    assert example(request_tags=said).tags == tags


def test_of_very_many_tags_the_first_are_kept() -> None:
    assert example(request_tags=[f"t{n}" for n in range(1_000)]).tags == tuple(f"t{n}" for n in range(32))


@pytest.mark.parametrize("said", [5, "env:prod", [5], {"a": "b"}])
def test_tags_that_are_no_list_of_names_are_refused(said: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        example(request_tags=said)


def test_an_answer_from_the_gateway_s_cache_keeps_its_tokens_and_is_marked() -> None:
    hit = example(cache_hit=True, response_cost=0.0, id="msg_01abc_cache_hit1764000010.5")

    assert hit.id == "msg_01abc", "every view ends the id of such an answer in a time of its own"
    assert hit.outcome is Outcome.CACHE
    assert hit.usage.total_tokens == 5_610
    assert hit.saved_nano_usd is None, "LiteLLM says 0 where it knows no price"
    assert example(cache_hit=False).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("said", "nano_usd"),
    [(0.000171, 171_000), ("0.5", 500_000_000), (0.0, None), (None, None), (-1, None), ("much", None), (1e300, None)],
)
def test_what_the_gateway_s_cache_saved_is_kept_and_unknown_where_it_makes_no_sense(
    said: Any, nano_usd: int | None
) -> None:
    assert example(cache_hit=True, saved_cache_cost=said).saved_nano_usd == nano_usd
    assert example(cache_hit=False, saved_cache_cost=said).saved_nano_usd is None


def test_hits_of_one_answer_without_a_call_id_stay_two_requests() -> None:
    assert example(cache_hit=True, litellm_call_id=None, id="msg_cache_hit1.5").id == "msg_cache_hit1.5"
    assert example(id="msg_cache_hit1.5").id == "msg_cache_hit1.5", "what was not served from the cache keeps its id"


def test_a_refused_call_used_nothing_and_says_why() -> None:
    refused = example(
        status="failure",
        prompt_tokens=0,
        completion_tokens=0,
        response_cost=0.0,
        error_information={"error_class": "RateLimitError", "error_code": "429"},
        metadata={"user_api_key_alias": None},
        model_group="",
    )

    assert (refused.outcome, refused.error) == (Outcome.ERROR, "RateLimitError")
    assert refused.usage == NOTHING
    assert not refused.usage_missing, "a call that failed need not have used anything"
    assert (refused.key, refused.tenant, refused.deployment) == (None, None, None)


def test_a_failure_in_mid_stream_keeps_what_it_used() -> None:
    failed = example(status="failure", error_information={"error_class": "APIError"})
    assert (failed.outcome, failed.usage.total_tokens) == (Outcome.ERROR, 5_610)


def test_a_stream_whose_client_hung_up_is_cut_and_not_an_error() -> None:
    cut = example(error_information={"error_class": "ClientDisconnected", "error_code": "499"})
    assert (cut.outcome, cut.error) == (Outcome.CUT, "ClientDisconnected")


def test_an_empty_error_class_is_no_error() -> None:
    assert example(error_information={"error_class": "", "error_message": ""}).error is None


def test_a_success_without_counts_surely_used_something() -> None:
    assert example(prompt_tokens=0, completion_tokens=0).usage_missing
    assert example(prompt_tokens=None, completion_tokens=None).usage_missing
    assert not example().usage_missing


@pytest.mark.parametrize(
    ("changes", "variant"),
    [
        ({"cost_breakdown": {"service_tier": "flex"}}, "flex"),
        ({"cost_breakdown": {"service_tier": "flex"}, "model_parameters": {"service_tier": "priority"}}, "flex"),
        ({"cost_breakdown": None, "model_parameters": {"service_tier": "priority"}}, "priority"),
        ({"metadata": {"usage_object": {"speed": "fast"}}, "cost_breakdown": {"service_tier": "flex"}}, "fast"),
        ({"metadata": {"usage_object": {"inference_geo": "us"}}, "cost_breakdown": None}, "us"),
        (
            {"metadata": {"usage_object": {"inference_geo": "us"}}, "cost_breakdown": {"service_tier": "batch"}},
            "batch-us",
        ),
        ({"metadata": {"usage_object": {"inference_geo": "us", "speed": "fast"}}}, "fast-us"),
        ({"metadata": {"usage_object": {"inference_geo": "global"}}}, ""),
        ({"call_type": "aretrieve_batch"}, "batch"),
        ({}, ""),
    ],
)
def test_the_tier_that_was_billed_wins_over_the_one_asked_for(changes: dict[str, Any], variant: str) -> None:
    assert example(**changes).variant == variant


def test_mirrored_cache_counts_are_taken_once() -> None:
    mirrored = with_usage(
        1_000, 10, cache_read_input_tokens=300, cache_creation_input_tokens=200,
        prompt_tokens_details={"cached_tokens": 300, "cache_creation_tokens": 200, "cache_write_tokens": 200},
    )  # fmt: skip
    assert mirrored.usage == Usage(input_tokens=500, cache_read_tokens=300, cache_write_tokens=200, output_tokens=10)


def test_writes_whose_lifetime_is_not_said_stand_apart() -> None:
    mixed = with_usage(
        1_000, 10,
        prompt_tokens_details={
            "cache_creation_tokens": 500,
            "cache_creation_token_details": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 150},
        },
    )  # fmt: skip
    assert mixed.usage == Usage(
        input_tokens=500, cache_write_5m_tokens=100, cache_write_1h_tokens=150, cache_write_tokens=250, output_tokens=10
    )


def test_a_prompt_smaller_than_its_cache_follows_the_other_convention_and_nothing_is_negative() -> None:
    outside = with_usage(200, 410, cache_read_input_tokens=4_000, cache_creation_input_tokens=1_000)
    assert outside.usage == Usage(
        input_tokens=200, cache_read_tokens=4_000, cache_write_tokens=1_000, output_tokens=410
    )


@pytest.mark.parametrize(
    ("split", "usage"),
    [
        (None, Usage(cache_read_tokens=900, cache_write_tokens=100, output_tokens=10)),
        (
            {"ephemeral_30m_input_tokens": 300},
            Usage(cache_read_tokens=900, cache_write_30m_tokens=100, output_tokens=10),
        ),
        (
            {"ephemeral_30m_input_tokens": 40, "ephemeral_12h_input_tokens": 200},
            Usage(0, 900, 0, 0, 40, 60, 0, 10),
        ),
    ],
)
def test_openai_s_writes_are_not_adjusted_by_what_was_read_and_capped(
    split: dict[str, int] | None, usage: Usage
) -> None:
    unadjusted = with_usage(
        1_000, 10, prompt_tokens_details={
            "cached_tokens": 900, "cache_write_tokens": 300, "cache_creation_token_details": split,
        },
    )  # fmt: skip
    assert unadjusted.usage == usage
    assert unadjusted.usage.prompt_tokens == 1_000


def test_more_written_than_was_prompted_follows_the_other_convention() -> None:
    outside = with_usage(200, 410, cache_creation_input_tokens=1_000)
    assert outside.usage == Usage(input_tokens=200, cache_write_tokens=1_000, output_tokens=410)


def test_reasoning_is_a_part_of_the_answer_and_never_more_than_it() -> None:
    assert with_usage(10, 100, completion_tokens_details={"reasoning_tokens": 40}).usage.output_tokens == 100
    assert with_usage(10, 100, completion_tokens_details={"reasoning_tokens": 400}).usage.reasoning_tokens == 100


def test_audio_and_searches_are_billed_beside_the_text() -> None:
    spoken = with_usage(
        1_000, 500, prompt_tokens_details={"audio_tokens": 300, "web_search_requests": 2},
        completion_tokens_details={"audio_tokens": 100, "reasoning_tokens": 450},
    )  # fmt: skip
    assert spoken.usage == Usage(
        input_tokens=700,
        output_tokens=400,
        reasoning_tokens=400,
        units=(("input_audio_tokens", 300), ("output_audio_tokens", 100), ("web_searches", 2)),
    )


def test_sound_that_was_read_from_the_cache_is_not_taken_from_the_fresh_prompt() -> None:
    heard = with_usage(
        1_000, 50, prompt_tokens_details={"cached_tokens": 900, "audio_tokens": 850},
        completion_tokens_details={"audio_tokens": 60},
    )  # fmt: skip
    assert heard.usage == Usage(
        cache_read_tokens=900,
        units=(("cache_audio_read_tokens", 750), ("input_audio_tokens", 100), ("output_audio_tokens", 50)),
    )


def test_what_is_seen_stays_in_its_class_and_is_told_apart() -> None:
    # LiteLLM's details of a prompt of Gemini leave out what was cached; those of OpenAI say of which what was.
    gemini = with_usage(
        326, 217, prompt_tokens_details={
            "cached_tokens": 173, "text_tokens": 32, "image_tokens": 100, "video_tokens": 21, "audio_tokens": None,
        },
    )  # fmt: skip
    assert gemini.usage == Usage(
        input_tokens=153, cache_read_tokens=173, output_tokens=217,
        units=(("input_image_tokens", 100), ("input_video_tokens", 21)),
    )  # fmt: skip
    realtime = with_usage(
        132, 121, prompt_tokens_details={
            "cached_tokens": 64, "text_tokens": 100, "audio_tokens": 22, "image_tokens": 10,
            "cached_tokens_details": {"text_tokens": 48, "audio_tokens": 12, "image_tokens": 4},
        },
    )  # fmt: skip
    assert realtime.usage == Usage(
        input_tokens=132 - 64 - 10, cache_read_tokens=64, output_tokens=121,
        units=(
            ("cache_audio_read_tokens", 12), ("cache_image_read_tokens", 4), ("input_audio_tokens", 10),
            ("input_image_tokens", 6),
        ),
    )  # fmt: skip


def test_a_picture_that_was_made_is_billed_as_the_provider_billed_it() -> None:
    # LiteLLM's own example of an answer of OpenRouter: 1,290 of 1,299 tokens are a picture, and it cost $0.0387243.
    event = example(
        custom_llm_provider="openrouter", model="google/gemini-2.5-flash-image", prompt_tokens=6,
        completion_tokens=1_299, metadata={"usage_object": {"completion_tokens_details": {"image_tokens": 1_290}}},
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=6, output_tokens=9, units=(("output_image_tokens", 1_290),))
    priced = Catalogue().find("google", "gemini-2.5-flash-image")
    assert priced is not None
    assert cost_nano_usd(event.usage, priced.offers[0].card) == (38_724_300, False)


def test_searches_named_in_two_places_are_counted_once() -> None:
    searched = with_usage(
        1, 1, prompt_tokens_details={"web_search_requests": 2}, server_tool_use={"web_search_requests": 2}
    )
    assert searched.usage.units == (("web_searches", 2),)


@pytest.mark.parametrize(
    ("metadata", "tenant"),
    [
        ({"user_api_key_team_alias": "Payments", "user_api_key_team_id": "team-a"}, "Payments"),
        ({"user_api_key_team_id": "team-a", "user_api_key_org_id": "org"}, "team-a"),
        ({"user_api_key_team_alias": "", "user_api_key_org_alias": "Org", "user_api_key_org_id": "org"}, "Org"),
        ({"user_api_key_org_id": "org"}, "org"),
        ({}, None),
        (None, None),
    ],
)
def test_the_tenant_is_the_team_else_the_organisation_else_not_said(metadata: Any, tenant: str | None) -> None:
    assert example(metadata=metadata).tenant == tenant


def test_only_what_is_needed_has_to_be_there() -> None:
    bare = one(b'{"id":"x","status":"success","startTime":1764000000.0}')

    assert bare == UsageEvent(id="x", ended_at_ms=1_764_000_000_000, duration_ms=0, usage_missing=True)
    assert bare.reported_nano_usd is None, "a cost that is not said is unknown, not zero"


def test_the_time_to_the_first_token_is_known_only_of_streams() -> None:
    assert example(stream=None).first_token_ms is None
    assert example(completionStartTime=1764000004.5).first_token_ms is None, "the end is no first token"
    assert example(completionStartTime=None).first_token_ms is None


def test_a_clock_that_ran_backwards_gives_no_negative_duration() -> None:
    assert example(startTime=1764000009.0).duration_ms == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt_tokens": -1},
        {"prompt_tokens": 10**12},
        {"completion_tokens": 1.5},
        {"prompt_tokens": "12"},
        {"response_cost": 1e30},
        {"response_cost": 1_000_001},
        {"response_cost": -1_000_001},
        {"endTime": 0},
        {"endTime": -5.0},
        {"startTime": None},
        {"id": None},
        {"status": 3},
        {"metadata": {"usage_object": {"cache_read_input_tokens": -1}}},
    ],
)
def test_a_number_that_no_request_can_have_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        example(**changes)


@given(st.decimals(-10, 999_999, places=11) | st.decimals(0, 1, places=20) | st.floats(0, 999).map(repr).map(Decimal))
@hypothesis.example(Decimal("0.0000000005")).via("a half, to the even one")
@hypothesis.example(Decimal("0.0001234565")).via("a half that no float can say")
@hypothesis.example(Decimal("0.00012345650000000000000001")).via("more than a half, by less than a float can say")
def test_a_reported_cost_is_the_nearest_nano_dollar_whatever_its_digits(cost: Decimal) -> None:
    line = json.dumps(EXAMPLE).replace('"response_cost": 0.0117', f'"response_cost": {cost}')
    assert one(line.encode()).reported_nano_usd == round(cost * 10**9)


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity"])
def test_a_cost_that_is_no_number_is_refused(cost: str) -> None:
    line = json.dumps(EXAMPLE).replace('"response_cost": 0.0117', f'"response_cost": {cost}')
    assert cost in line
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        parse(line.encode())


def test_long_lists_of_tags_are_read_and_not_kept_in_memory() -> None:
    before = litellm._known_tags.cache_info().currsize
    assert example(request_tags=[f"{number:0200}" for number in range(9)]).tags[8] == f"{8:0200}"
    assert litellm._known_tags.cache_info().currsize == before


def test_a_long_name_is_cut_and_never_lost() -> None:
    assert example(model="m" * 1_000).model == "m" * 255 + "…"


REAL, TOTALS = samples.lines(), samples.totals()


def _summed(line: bytes, event: UsageEvent) -> dict[str, int]:
    usage = event.usage
    return {
        "lines": 1,
        "failure": event.outcome is Outcome.ERROR,
        "success": event.outcome is not Outcome.ERROR,
        "gateway_cache_hits": event.outcome is Outcome.CACHE,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.output_tokens,
        "cached_tokens": usage.cache_read_tokens,
        "cache_creation_tokens": usage.cache_write_any_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


@pytest.mark.parametrize(
    ("name", "of"),
    [("by_model", lambda event: event.model), ("by_key_alias", lambda event: str(event.key))],
)
def test_the_real_lines_add_up_to_the_sums_computed_without_us(name: str, of: Callable[[UsageEvent], str]) -> None:
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in REAL:
        event = one(line)
        for measure, amount in _summed(line, event).items():
            found[of(event)][measure] += amount

    expected = {
        group: {m: v for m, v in measures.items() if m not in ("response_cost", "zero_cost_success")}
        for group, measures in TOTALS[name].items()
    }
    assert {group: dict(measures) for group, measures in found.items()} == expected


def test_each_real_line_s_reported_cost_is_kept_to_the_nano_dollar() -> None:
    for line in REAL:
        said = json.loads(line, parse_float=Decimal)["response_cost"]
        assert one(line).reported_nano_usd == round(Decimal(said) * 10**9)


def test_whole_lines_with_prompts_and_answers_are_read_like_the_cut_down_ones() -> None:
    whole = samples.whole_lines()
    cut_down = {event.id: event for event in map(one, REAL)}

    assert len(whole) == 20
    for event in map(one, whole):
        assert event == cut_down[event.id]
