"""Rows of LiteLLM's database: the same calls as its payloads, seen a second time."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.formats import litellm
from collectors.formats.litellm_rows import parse
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, Rank, UsageEvent
from tests.fakes import samples
from tests.fakes.gateway_lines import RECORDS, line, without

NAME = "litellm.spendlogs"
DATA = Path(__file__).parents[2] / "data" / "litellm_rows_150.jsonl.gz"
ROWS = gzip.decompress(DATA.read_bytes()).splitlines()
"""150 rows of the gateway that also wrote the 600 payloads, without what is not read."""
_METADATA: dict[str, Any] = RECORDS[NAME]["metadata"]


def one(raw: bytes) -> UsageEvent:
    (event,) = parse(raw)
    return event


def with_metadata(**changes: Any) -> UsageEvent:
    return one(line(NAME, metadata={**_METADATA, **changes}))


def test_a_row_is_read_like_the_payload_of_its_call() -> None:
    assert one(line(NAME)) == UsageEvent(
        id="msg_01abc",
        call_id="2f6c",
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
        usage=Usage(200, 4_000, 1_000, 0, 0, 0, 0, 410, 120),
        reported_nano_usd=11_700_000,
        rank=Rank.ROW,
        user="ana",
        end_user="tenant-9",
        tags=("env:prod",),
    )


def test_an_instant_without_a_zone_is_utc() -> None:
    assert one(line(NAME, endTime="2025-11-24T16:00:04.500+00:00")).ended_at_ms == 1_764_000_004_500
    assert one(line(NAME, endTime="2025-11-24 17:00:04.5+01:00")).ended_at_ms == 1_764_000_004_500


SHARED = ("tenant", "key", "model", "deployment", "user", "end_user", "tags", "trace_id")
SAID = [
    ("True", Outcome.CACHE), ("true", Outcome.CACHE), (True, Outcome.CACHE), ("False", Outcome.OK), ("", Outcome.OK),
    ("None", Outcome.OK), (None, Outcome.OK), (False, Outcome.OK),
]  # fmt: skip


@pytest.mark.parametrize(("said", "outcome"), SAID)
def test_whether_the_gateway_s_cache_answered_is_text(said: Any, outcome: Outcome) -> None:
    assert one(line(NAME, cache_hit=said)).outcome is outcome


def test_the_two_views_of_a_cache_hit_have_one_identity() -> None:
    row = one(line(NAME, cache_hit="True", request_id="chatcmpl-c4_cache_hit1795371669.075549"))
    hit = b'{"id":"chatcmpl-c4_cache_hit1795371669.0735517","litellm_call_id":"2f6c","status":"success",'
    (payload,) = litellm.parse(hit + b'"startTime":1795371669.0,"cache_hit":true}')

    assert (row.id, row.call_id) == (payload.id, payload.call_id) == ("chatcmpl-c4", "2f6c")


def test_older_rows_keep_the_status_and_the_cache_elsewhere() -> None:
    assert one(line(NAME, status=None)).outcome is Outcome.OK
    failed = {"status": "failure", "error_information": {"error_class": "RateLimitError"}}
    old = one(line(NAME, status=None, metadata={**_METADATA, **failed}))
    assert (old.outcome, old.error) == (Outcome.ERROR, "RateLimitError")
    counts = {"cache_read_input_tokens": 4_000, "cache_creation_input_tokens": 1_000}
    assert with_metadata(usage_object=None, additional_usage_values=counts).usage == Usage(
        200, 4_000, 0, 0, 0, 0, 1_000, 410
    )


def test_columns_of_json_may_be_text() -> None:
    text = one(line(NAME, metadata=json.dumps(_METADATA), request_tags='["env:prod", "User-Agent: curl"]'))
    assert text == one(line(NAME))
    assert one(line(NAME, request_tags="")).tags == ()


def test_a_column_that_newer_versions_added_is_preferred_and_not_needed() -> None:
    assert one(line(NAME, litellm_call_id="new")).call_id == "new"
    absent = ("status", "session_id", "organization_id", "cache_hit", "request_tags", "completionStartTime")
    bare = one(without(NAME, *absent))
    assert (bare.outcome, bare.trace_id, bare.first_token_ms, bare.tags) == (Outcome.OK, None, None, ())
    nobody = one(without(NAME, "metadata", "user", "end_user", "team_id"))
    assert (nobody.tenant, nobody.key, nobody.user, nobody.call_id) == (None, None, None, None)


def test_the_team_s_id_stands_in_for_its_alias() -> None:
    assert with_metadata(user_api_key_team_alias=None).tenant == "team-a"


@pytest.mark.parametrize("changes", [{"prompt_tokens": -1}, {"spend": 1e9}, {"startTime": "yesterday"}, {"spend": "x"}])
def test_a_row_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        parse(line(NAME, **changes))


def test_real_rows_add_up_to_sums_computed_without_us() -> None:
    events = [one(row) for row in ROWS]
    raw = [json.loads(row, parse_float=Decimal) for row in ROWS]
    cached = sum(
        (r["metadata"]["usage_object"].get("prompt_tokens_details") or {}).get("cached_tokens") or 0 for r in raw
    )

    # 462,665 less the 286 that nine refused calls did not use: their payloads say 0, and the proxy spent nothing on them.
    refused = [r for r in raw if r["status"] == "failure" and not r["completion_tokens"] and not r["spend"]]
    assert sum(r["prompt_tokens"] for r in raw) == 462_665
    assert sum(r["prompt_tokens"] for r in refused) == 286
    assert sum(event.usage.prompt_tokens for event in events) == 462_665 - 286
    assert sum(event.usage.output_tokens for event in events) == 19_738
    assert sum(event.usage.cache_read_tokens for event in events) == cached == 189_607
    assert sum(event.outcome is Outcome.ERROR for event in events) == 24
    assert [e.reported_nano_usd for e in events] == [round(Decimal(r["spend"]) * 10**9) for r in raw]
    assert not any(event.usage_missing for event in events if event.usage != NOTHING)


def test_real_rows_and_payloads_of_one_call_are_two_views_of_one_request() -> None:
    payloads = {(e.id, e.call_id): e for raw in samples.lines() for e in litellm.parse(raw)}
    both = [(row, payloads[row.id, row.call_id]) for row in map(one, ROWS) if (row.id, row.call_id) in payloads]

    assert len(both) > 100
    for row, payload in both:
        if payload.outcome is not Outcome.CUT:  # the database does not keep that a client hung up
            assert row.outcome is payload.outcome
        for name in SHARED:
            assert getattr(row, name) == getattr(payload, name)
        assert row.usage == payload.usage
        if row.outcome is not Outcome.ERROR:  # each view times a refusal for itself
            assert abs(row.ended_at_ms - payload.ended_at_ms) <= 1
        assert row.rank < payload.rank


def test_a_finished_batch_is_billed_as_one() -> None:
    assert one(line(NAME, call_type="aretrieve_batch")).variant == "batch"


@pytest.mark.parametrize("spend", [0.0, None])
def test_the_prompt_of_a_refused_call_is_the_proxy_s_estimate_and_was_not_used(spend: float | None) -> None:
    # As for a real 400 (ContextWindowExceededError): the prompt is counted, and neither answer nor money is.
    refused = {"status": "failure", "prompt_tokens": 300_000, "completion_tokens": 0, "spend": spend}
    event = one(line(NAME, **refused, metadata={**_METADATA, "usage_object": {}}))
    assert (event.outcome, event.usage, event.usage_missing) == (Outcome.ERROR, NOTHING, False)


def test_a_call_that_failed_in_mid_stream_keeps_what_it_used() -> None:
    answered = one(line(NAME, status="failure", spend=0.0))
    billed = one(line(NAME, status="failure", completion_tokens=0, spend=0.0057))
    assert (answered.usage.output_tokens, billed.usage.prompt_tokens) == (410, 5_200)
    free = one(line(NAME, completion_tokens=0, spend=0.0))
    assert free.usage.prompt_tokens == 5_200, "an embedding of a model without a price has no answer and no cost"
