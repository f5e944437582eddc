"""Spans of model calls: each call counts once, whatever family of names its instrumentation uses."""

import gzip
import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.formats import otlp
from collectors.formats.lines import LineReader
from collectors.formats.spans.wire import spans_of
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, Rank, UsageEvent
from tests.fakes import samples

DATA = Path(__file__).parents[2] / "data"
LINES = gzip.decompress((DATA / "otlp_493.jsonl.gz").read_bytes()).splitlines()
CALL = {"gen_ai.operation.name": "chat"}
TEN_AND_FOUR = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 4}


def attribute(name: str, value: Any) -> dict[str, Any]:
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def span(span_id: str = "a1", parent: str = "", name: str = "", **changes: Any) -> dict[str, Any]:
    attributes = changes.pop("attributes", {})
    plain = {
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": span_id, "parentSpanId": parent, "name": name,
        "startTimeUnixNano": "1764000000120000000", "endTimeUnixNano": "1764000004500000000",
        "attributes": [attribute(*pair) for pair in attributes.items()], "status": {},
    }  # fmt: skip
    return {**plain, **changes}


def export(*spans: dict[str, Any], service: str | None = None) -> bytes:
    resource = {"attributes": [attribute("service.name", service)]} if service else {}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}).encode()


def said_by(attributes: dict[str, Any]) -> UsageEvent:
    (event,) = otlp.parse(export(span(attributes={**CALL, **attributes})))
    return event


def sample_spans() -> list[dict[str, Any]]:
    """The attributes of every inference span of the sample, read without us."""
    found = []
    for line in LINES:
        for group in json.loads(line, parse_float=Decimal)["resourceSpans"]:
            for scope in group["scopeSpans"]:
                for one_span in scope["spans"]:
                    said = {pair["key"]: next(iter(pair["value"].values())) for pair in one_span["attributes"]}
                    if "gen_ai.operation.name" in said:
                        found.append(said)
    return found


def test_the_totals_of_a_real_gateway_are_met_exactly() -> None:
    raw = sample_spans()
    parsed = LineReader().read(LINES)
    nano = Decimal("1e-9")

    assert (len(raw), len(parsed.events), parsed.rejects) == (369, 369, ())
    for name, measured in (
        ("gen_ai.usage.input_tokens", sum(event.usage.prompt_tokens for event in parsed.events)),
        ("gen_ai.usage.output_tokens", sum(event.usage.output_tokens for event in parsed.events)),
    ):
        assert measured == sum(int(said.get(name, 0)) for said in raw)
    costs = [said["gen_ai.cost.total_cost"] for said in raw if "gen_ai.cost.total_cost" in said]
    assert sum(event.reported_nano_usd or 0 for event in parsed.events) == sum(
        int(cost.quantize(nano) / nano) for cost in costs
    )
    assert sum(event.outcome is Outcome.ERROR for event in parsed.events) == sum("error.type" in said for said in raw)


def test_a_span_and_the_gateways_own_record_of_one_call_have_the_same_identity() -> None:
    records = {(event.call_id, event.id): event for event in LineReader().read(samples.lines()).events}
    calls = {json.loads(line)["litellm_call_id"] for line in samples.lines()}
    seen_twice = [event for event in LineReader().read(LINES).events if event.call_id in calls]

    assert len(seen_twice) == sum(said["litellm.call_id"] in calls for said in sample_spans()) > 50
    for event in seen_twice:
        record = records[event.call_id, event.id]
        assert event.rank < record.rank
        assert (event.model, event.provider, event.tenant, event.key, event.call_type) == (
            record.model, record.provider, record.tenant, record.key, record.call_type,
        )  # fmt: skip
        if event.usage != NOTHING:
            assert event.usage == record.usage


def test_the_conventions_example() -> None:
    call = span(
        name="chat gpt-5",
        attributes={
            **CALL, "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5",
            "gen_ai.response.model": "gpt-5-2025-08-07", "gen_ai.usage.input_tokens": 1200,
            "gen_ai.usage.cache_read.input_tokens": 1024, "gen_ai.usage.output_tokens": 300,
        },
    )  # fmt: skip
    (event,) = otlp.parse(export(call, service="checkout"))

    assert event.usage == Usage(input_tokens=176, cache_read_tokens=1024, output_tokens=300)
    assert (event.ended_at_ms, event.duration_ms) == (1764000004500, 4380)
    assert (event.provider, event.model, event.tenant) == ("openai", "gpt-5-2025-08-07", "checkout")
    assert (event.id, event.call_id) == ("5b8efff798038103d269b633813fc60ca1", None)
    assert (event.outcome, event.rank, event.reported_nano_usd) == (Outcome.OK, Rank.SPAN, None)


FAMILIES = {
    "conventions now": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.reasoning.output_tokens",
    ),
    "conventions 1.40": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning_tokens",
    ),
    "conventions before": (
        "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "llm.usage.reasoning_tokens",
    ),
    "details": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.output_tokens.reasoning",
    ),
    "Sentry": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.input_tokens.cached",
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.output_tokens.reasoning",
    ),
    "OpenInference": (
        "llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_write", "llm.token_count.completion_details.reasoning",
    ),
    "Vercel now": (
        "ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens", "ai.usage.reasoningTokens",
    ),
    "Vercel before": (
        "ai.usage.promptTokens", "ai.usage.completionTokens", "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens", "ai.usage.reasoningTokens",
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_every_family_of_names_says_the_same(family: tuple[str, ...]) -> None:
    event = said_by(dict(zip(family, (5200, 410, 4000, 1000, 120), strict=True)))

    assert event.usage == Usage(
        input_tokens=200, cache_read_tokens=4000, cache_write_tokens=1000, output_tokens=410, reasoning_tokens=120
    )


def test_an_instrumentation_that_leaves_the_cache_out_of_the_input_is_told_by_its_counts() -> None:
    event = said_by(
        {
            "gen_ai.usage.input_tokens": 200, "gen_ai.usage.output_tokens": 410,
            "gen_ai.usage.cache_read.input_tokens": 4000, "gen_ai.usage.cache_creation.input_tokens": 1000,
        }
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=200, cache_read_tokens=4000, cache_write_tokens=1000, output_tokens=410)


def test_the_total_tells_reasoning_that_stands_beside_the_output() -> None:
    said = {**TEN_AND_FOUR, "gen_ai.usage.reasoning_tokens": 3}

    assert said_by({**said, "gen_ai.usage.total_tokens": 14}).usage.output_tokens == 4
    assert said_by({**said, "gen_ai.usage.total_tokens": 17}).usage.output_tokens == 7
    assert said_by(said).usage.output_tokens == 4


@pytest.mark.parametrize(
    ("name", "value", "nano"),
    [
        ("gen_ai.usage.cost", 0.000171, 171_000),
        ("gen_ai.cost.total_cost", 0.0, 0),
        ("llm.cost.total", "0.5", 500_000_000),
        ("gen_ai.usage.cost_in_usd_ticks", 12345678900, 1_234_567_890),
        ("gen_ai.usage.cost", "NaN", None),
        ("gen_ai.usage.cost", -1.0, None),
    ],
)
def test_a_cost_that_the_span_reports(name: str, value: object, nano: int | None) -> None:
    assert said_by({**TEN_AND_FOUR, name: value}).reported_nano_usd == nano


def test_agents_and_tools_repeat_what_their_calls_used() -> None:
    line = export(
        span("a1", name="invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent", **TEN_AND_FOUR}),
        span("b1", "a1", name="chat x", attributes={**CALL, **TEN_AND_FOUR}),
        span("b2", "a1", name="execute_tool", attributes={"gen_ai.operation.name": "execute_tool", **TEN_AND_FOUR}),
        span("c1", "b2", name="embeddings x", attributes={"gen_ai.operation.name": "embeddings", **TEN_AND_FOUR}),
        span("b3", "a1", attributes={"gen_ai.operation.name": "fetch_response"}),
    )
    assert [event.id[32:] for event in otlp.parse(line)] == ["b1", "c1"]


def test_without_an_operation_the_innermost_span_with_usage_counts() -> None:
    line = export(
        span("a1", attributes=TEN_AND_FOUR), span("b1", "a1"), span("c1", "b1", attributes=TEN_AND_FOUR), span("d1")
    )
    assert [event.id[32:] for event in otlp.parse(line)] == ["c1"]


def test_of_vercels_spans_the_inner_ones_count() -> None:
    used = {"ai.usage.inputTokens": 10, "ai.usage.outputTokens": 4}
    line = export(
        span("a1", name="ai.generateText", attributes=used),
        span("b1", "a1", name="ai.generateText.doGenerate", attributes={**used, "gen_ai.system": "openai.chat"}),
        span("a2", name="ai.streamText", attributes=used),
    )
    assert [event.id[32:] for event in otlp.parse(line)] == ["b1"]


@pytest.mark.parametrize(
    ("provider", "details", "fresh"),
    [
        ("anthropic.messages", {}, 10_572),
        ("vertex.anthropic.messages", {}, 10_572),
        ("amazon-bedrock", {}, 10_572),
        # OpenAI's input has contained the cache in every version, and every provider's from version 6 on.
        ("openai.responses", {}, 10_572 - 5_485),
        ("anthropic.messages", {"ai.usage.inputTokenDetails.noCacheTokens": 5_087}, 10_572 - 5_485),
        ("anthropic.messages", {"ai.usage.inputTokenDetails.cacheReadTokens": 5_485}, 10_572 - 5_485),
    ],
)
def test_claude_s_input_left_the_cache_out_before_version_6_of_vercels_sdk(
    provider: str, details: dict[str, Any], fresh: int
) -> None:
    used = {"ai.usage.inputTokens": 10_572, "ai.usage.outputTokens": 499, "ai.usage.cachedInputTokens": 5_485}
    attributes = {**used, **details, "ai.model.provider": provider}
    (event,) = otlp.parse(export(span("b1", name="ai.streamText.doStream", attributes=attributes)))
    assert event.usage == Usage(input_tokens=fresh, cache_read_tokens=5_485, output_tokens=499)


def test_of_vercels_embeddings_the_one_count_is_input() -> None:
    (event,) = otlp.parse(export(span("b1", name="ai.embed.doEmbed", attributes={"ai.usage.tokens": 12})))
    assert (event.usage, event.usage_missing) == (Usage(input_tokens=12), False)


def test_thinking_of_gemini_that_only_the_total_holds_is_output() -> None:
    used = {"gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 198, "gen_ai.usage.total_tokens": 623}
    assert said_by({**used, "gen_ai.request.model": "gemini-2.5-flash"}).usage == Usage(
        input_tokens=20, output_tokens=603, reasoning_tokens=405
    )
    assert said_by({**used, "gen_ai.request.model": "gpt-5"}).usage == Usage(input_tokens=20, output_tokens=198)


def test_a_total_that_holds_the_cache_beside_the_input_says_that_the_input_leaves_it_out() -> None:
    event = said_by(
        {
            "llm.token_count.prompt": 9_000, "llm.token_count.completion": 410, "llm.token_count.total": 14_410,
            "llm.token_count.prompt_details.cache_read": 4_000, "llm.token_count.prompt_details.cache_write": 1_000,
        }
    )  # fmt: skip
    assert event.usage == Usage(
        input_tokens=9_000, cache_read_tokens=4_000, cache_write_tokens=1_000, output_tokens=410
    )


def test_pictures_that_were_made_have_a_price_of_their_own() -> None:
    event = said_by(
        {
            "gen_ai.usage.input_tokens": 6, "gen_ai.usage.output_tokens": 1_299,
            "gen_ai.usage.image.output_tokens": 1_290,
        }
    )  # fmt: skip
    assert event.usage == Usage(input_tokens=6, output_tokens=9, units=(("output_image_tokens", 1_290),))


def test_what_a_prompt_holds_beside_text_is_told_apart_by_its_cache() -> None:
    # The registry's own example: 100 tokens of text, 40 of them cached, and a picture of 200, are 300 of input.
    event = said_by(
        {
            "gen_ai.usage.input_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 40,
            "gen_ai.usage.text.input_tokens": 100, "gen_ai.usage.text.cache_read.input_tokens": 40,
            "gen_ai.usage.image.input_tokens": 200, "gen_ai.usage.output_tokens": 7,
        }
    )  # fmt: skip
    assert event.usage == Usage(
        input_tokens=260, cache_read_tokens=40, output_tokens=7, units=(("input_image_tokens", 200),)
    )
    heard = said_by(
        {
            "gen_ai.usage.input_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 90, "gen_ai.usage.output_tokens": 7,
            "gen_ai.usage.image.input_tokens": 120, "gen_ai.usage.image.cache_read.input_tokens": 20,
            "gen_ai.usage.audio.input_tokens": 100, "gen_ai.usage.audio.cache_read.input_tokens": 70,
        }
    )  # fmt: skip
    assert heard.usage == Usage(
        input_tokens=180, cache_read_tokens=90, output_tokens=7,
        units=(
            ("cache_audio_read_tokens", 70), ("cache_image_read_tokens", 20), ("input_audio_tokens", 30),
            ("input_image_tokens", 100),
        ),
    )  # fmt: skip


def test_of_openinference_spans_models_and_embeddings_count() -> None:
    used = {"llm.token_count.prompt": 10, "llm.token_count.completion": 4}
    kinds = ("AGENT", "CHAIN", "LLM", "EMBEDDING", "TOOL")
    line = export(*(span(kind, attributes={**used, "openinference.span.kind": kind}) for kind in kinds))

    assert [event.id[32:] for event in otlp.parse(line)] == ["llm", "embedding"]


def test_a_call_that_client_and_gateway_saw_in_one_trace_counts_once() -> None:
    answered = {**CALL, **TEN_AND_FOUR, "gen_ai.response.id": "chatcmpl-1"}
    line = export(span("a1", attributes=answered), span("b1", "a1", attributes=answered))
    other = export(
        span("a1", attributes=answered), span("b1", "a1", attributes={**answered, "gen_ai.response.id": "2"})
    )

    assert [event.id[32:] for event in otlp.parse(line)] == ["b1"]
    assert len(otlp.parse(other)) == 2


def test_spans_that_name_each_other_as_parents_do_no_harm() -> None:
    line = export(span("a1", "b1", attributes=TEN_AND_FOUR), span("b1", "a1", attributes=TEN_AND_FOUR))
    assert otlp.parse(line) == []


def test_a_failed_call_has_an_error_and_misses_nothing() -> None:
    failed = span(attributes={**CALL, "error.type": "openai.RateLimitError"}, status={"code": 2})
    (event,) = otlp.parse(export(failed))

    assert (event.outcome, event.error, event.usage_missing) == (Outcome.ERROR, "RateLimitError", False)


def test_a_call_that_says_no_usage_is_missing_it_and_one_that_says_zero_is_not() -> None:
    assert said_by({}).usage_missing
    assert not said_by({"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}).usage_missing


def test_a_hit_of_the_gateways_cache_is_told_by_its_id() -> None:
    event = said_by({**TEN_AND_FOUR, "litellm.call_id": "c", "gen_ai.response.id": "chatcmpl-7_cache_hit1764000000.1"})

    assert (event.outcome, event.call_id, event.id) == (Outcome.CACHE, "c", "chatcmpl-7")


def test_who_asked_and_which_tier_are_what_the_span_says() -> None:
    event = said_by(
        {
            "user.id": "ana", "enduser.id": "cust-9", "gen_ai.conversation.id": "s1", "service.name": "from the span",
            "openai.response.service_tier": "priority", "openai.request.service_tier": "auto",
        }
    )  # fmt: skip
    assert (event.user, event.end_user, event.session) == ("ana", "cust-9", "s1")
    assert (event.tenant, event.variant) == ("from the span", "priority")


@pytest.mark.parametrize(
    ("name", "field"),
    [("llm.request.model", "model"), ("langfuse.user.id", "end_user"), ("gen_ai.conversation.id", "session")],
)
def test_names_that_may_not_exist_are_used_where_they_do_and_missed_by_nobody(name: str, field: str) -> None:
    assert getattr(said_by({name: "here"}), field) == "here"
    assert getattr(said_by({}), field) is None


def test_numbers_may_be_numbers_and_ids_of_any_case() -> None:
    call = span("EEE19B7EC3C1B174", traceId="5B8EFFF798038103D269B633813FC60C", endTimeUnixNano=1764000004500000000)
    call["attributes"] = [
        attribute("gen_ai.operation.name", "chat"),
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 10}},
        {"key": "gen_ai.usage.output_tokens", "value": {"doubleValue": 4.0}},
    ]
    (event,) = otlp.parse(export(call))

    assert event.id == "5b8efff798038103d269b633813fc60ceee19b7ec3c1b174"
    assert (event.usage.input_tokens, event.usage.output_tokens) == (10, 4)
    assert event.ended_at_ms == 1764000004500


@pytest.mark.parametrize("value", [{}, None, {"arrayValue": {"values": []}}, {"intValue": "-3"}, {"stringValue": 7}, 5])
def test_an_attribute_that_cannot_be_read_is_as_good_as_absent(value: object) -> None:
    call = span(attributes={**CALL, "gen_ai.usage.output_tokens": 4})
    call["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": value})
    (event,) = otlp.parse(export(call))

    assert event.usage == Usage(output_tokens=4)


def test_a_span_without_times_was_received_now() -> None:
    call = span(attributes=CALL, startTimeUnixNano=None, endTimeUnixNano="0")
    (event,) = otlp.parse(export(call))

    assert (event.ended_at_ms, event.duration_ms) == (0, None)


@pytest.mark.parametrize("signal", ["resourceMetrics", "resourceLogs"])
def test_other_signals_are_known_and_hold_no_calls(signal: str) -> None:
    parsed = LineReader().read([json.dumps({signal: [{}]}).encode()])
    assert (parsed.events, parsed.rejects, parsed.format_name) == ([], (), "otel.span")


def test_what_is_no_export_is_refused() -> None:
    for line in (b"{}", b'{"resourceSpans": 3}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}'):
        with pytest.raises(ValueError, match=r"."):
            otlp.parse(line)


def test_the_binary_encoding_of_the_sdk_says_the_same() -> None:
    """`otlp_export.pb` was written by opentelemetry-sdk 1.45.2: an agent over one answered and one refused call."""
    answered, refused = otlp.events_of(spans_of((DATA / "otlp_export.pb").read_bytes()))

    assert answered.usage == Usage(input_tokens=476, cache_read_tokens=1024, output_tokens=420, reasoning_tokens=300), (
        "1,500 of which 1,024 were cached"
    )
    assert (answered.model, answered.tenant, answered.reported_nano_usd) == ("gpt-5-2025-08-07", "checkout", 12_500_000)
    assert (answered.ended_at_ms, answered.duration_ms) == (1764000004500, 4380)
    assert (refused.outcome, refused.error, refused.ended_at_ms) == (Outcome.ERROR, "RateLimitError", 1764000006000)
    assert len(answered.id) == 48
    assert answered.trace_id == refused.trace_id


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_spans_or_are_refused_with_a_value_error(message: bytes) -> None:
    with suppress(ValueError):
        assert len(otlp.events_of(spans_of(message))) <= len(message)


@settings(deadline=None)
@given(st.integers(0, 1405))
def test_an_export_that_was_cut_off_is_refused_or_holds_no_more_than_the_whole(length: int) -> None:
    with suppress(ValueError):
        assert len(otlp.events_of(spans_of((DATA / "otlp_export.pb").read_bytes()[:length]))) <= 2


@settings(deadline=None)
@given(st.lists(st.integers(1, 5), max_size=6))
def test_calls_count_the_same_however_they_are_put_into_lines(groups: list[int]) -> None:
    numbers = iter(range(sum(groups)))
    calls = [[span(f"{next(numbers):02x}", attributes={**CALL, **TEN_AND_FOUR}) for _ in range(n)] for n in groups]
    together = otlp.parse(export(*(call for group in calls for call in group)))

    assert together == [event for group in calls for event in otlp.parse(export(*group))]
    assert len(together) == sum(groups)


@pytest.mark.parametrize(
    "strange",
    [{"spanId": None}, {"name": 4}, {"endTimeUnixNano": 1.5}, {"status": "x"}, {"attributes": {"a": 1}}],
)
def test_a_span_that_is_none_costs_none_of_those_around_it(strange: dict[str, Any]) -> None:
    good = [span(span_id, attributes={**CALL, **TEN_AND_FOUR}) for span_id in ("a", "b")]
    parsed = LineReader().read([export(good[0], {**span("odd", attributes=CALL), **strange}, good[1], service="shop")])
    assert [(event.id[32:], event.tenant) for event in parsed.events] == [("a", "shop"), ("b", "shop")]
    (reject,) = parsed.rejects
    assert (reject.count, reject.taken) == (1, False)


def test_an_export_without_a_good_span_is_no_good_line() -> None:
    parsed = LineReader().read([export({**span("odd"), "name": 4})])
    assert (parsed.events, [reject.reason[:28] for reject in parsed.rejects]) == (
        [],
        ["a field is not as expected: E"[:28]],
    )
