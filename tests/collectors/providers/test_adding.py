"""Rows of one answer that agree in everything but their counts are parts of one bucket: none replaces another."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collectors.providers import fireworks, groq, litellm_activity
from collectors.providers.adding import added
from collectors.providers.provider import DAY, Ask, Page, Span
from pricing.times import DAY_MS
from pricing.usage import Usage
from store.provider_facts import CostBucket, UsageBucket

BEGINS_MS = 1_795_305_600_000
"""2026-11-22T00:00:00Z."""
SPAN = Span(since_ms=BEGINS_MS, until_ms=BEGINS_MS + DAY_MS, width_seconds=DAY, account="acct")


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_keys_without_a_name_are_added_up() -> None:
    metrics = {"spend": 0.25, "prompt_tokens": 100, "completion_tokens": 10, "api_requests": 2}
    keys = {number * 64: {"metrics": metrics, "metadata": {"key_alias": None, "team_id": None}} for number in "abc"}
    day = {"date": "2026-11-22", "breakdown": {"models": {"openai/gpt-4o": {"api_key_breakdown": keys}}}}
    page = added(litellm_activity.read_activity(body({"results": [day]}), SPAN, Ask("/")))
    assert [(one.usage, one.requests) for one in page.usage] == [(Usage(input_tokens=300, output_tokens=30), 6)]
    assert [one.nano_usd for one in page.costs] == [750_000_000]


def test_line_items_of_one_name_are_added_up() -> None:
    item = {"description": "serverless", "totalCost": {"currencyCode": "USD", "units": "1", "nanos": 500_000_000}}
    page = added(fireworks.read(body({"lineItems": [item, item]}), SPAN, fireworks.ask(SPAN)[0]))
    assert [one.nano_usd for one in page.costs] == [3_000_000_000]


def test_series_that_differ_in_a_label_that_is_not_kept_are_added_up() -> None:
    at = BEGINS_MS // 1_000 + 300
    series = [
        {"metric": {"model": "llama", "project_id": "p", "region": region}, "values": [[at, "1"]]} for region in "ab"
    ]
    ask = groq.ask(SPAN)[0]
    page = added(groq.read(body({"status": "success", "data": {"result": series}}), SPAN, ask))
    assert [one.usage.input_tokens for one in page.usage] == [600]


parts = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 10**9), st.none() | st.integers(0, 10**6)), max_size=8)


@given(parts)
def test_nothing_is_lost_and_each_bucket_is_there_once(said: list[tuple[str, int, int | None]]) -> None:
    usage = [
        UsageBucket(
            begins_ms=0, width_seconds=60, provider="p", key=key, usage=Usage(input_tokens=tokens), requests=requests
        )
        for key, tokens, requests in said
    ]
    costs = [
        CostBucket(begins_ms=0, width_seconds=60, provider="p", key=key, nano_usd=tokens) for key, tokens, _ in said
    ]
    page = added(Page(usage=usage, costs=costs))
    for key in {key for key, _, _ in said}:
        (bucket,) = (one for one in page.usage if one.key == key)
        (cost,) = (one for one in page.costs if one.key == key)
        counts = [requests for name, _, requests in said if name == key and requests is not None]
        assert bucket.usage.input_tokens == cost.nano_usd == sum(tokens for name, tokens, _ in said if name == key)
        assert bucket.requests == (sum(counts) if counts else None)
    assert len(page.usage) == len(page.costs) == len({key for key, _, _ in said})
