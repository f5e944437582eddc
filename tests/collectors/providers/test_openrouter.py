"""OpenRouter's two ways of telling usage: minutes where the beta answers, whole days where it does not, and never both."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.providers.adding import added
from collectors.providers.openrouter_analytics import ask, read
from collectors.providers.provider import HOUR, MINUTE, Ask, Page, Span
from pricing.usage import Usage
from tests.fakes.provider_accounts import account, billed, holds_everything, used
from tests.fakes.provider_server import NOW_MS, Trouble, serving
from tests.fakes.providers.openrouter import SCRIPT, WITHOUT_ANALYTICS

DAY_MS = 86_400_000
SPAN = Span(since_ms=1_795_000_020_000, until_ms=1_795_000_260_000, width_seconds=MINUTE)
"""2026-11-18T11:07:00Z and four minutes."""


def answer(*rows: dict[str, Any], truncated: bool = False, **more: Any) -> bytes:
    metadata = {"query_time_ms": 1, "row_count": len(rows), "truncated": truncated}
    return json.dumps({"data": {"data": rows, "metadata": metadata, **more}}).encode()


def row(minute: str = "2026-11-18 11:08:00", **changed: Any) -> dict[str, Any]:
    return {
        "date__minute": minute, "model": "openai/gpt-5.2", "api_key_id": "backend", "credits_usage": 0.5,
        "request_count": "2", "tokens_prompt": "186685", "tokens_completion": "1544", "reasoning_tokens": "44",
        "cached_tokens": "84480", **changed,
    }  # fmt: skip


def said(*rows: dict[str, Any], asked: Ask | None = None, truncated: bool = False, **more: Any) -> Page:
    (first,) = ask(SPAN)
    return read(answer(*rows, truncated=truncated, **more), SPAN, asked or first)


async def test_days_are_read_where_the_beta_is_not_offered(tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(WITHOUT_ANALYTICS) as server:
        async with account("openrouter", server, store) as reader:
            await reader.read()
            assert reader.errors == []
    assert holds_everything(store, WITHOUT_ANALYTICS)


async def test_minutes_take_the_place_of_the_days_in_which_they_lie(tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(WITHOUT_ANALYTICS) as server:
        async with account("openrouter", server, store) as reader:
            await reader.read()
    with serving(SCRIPT) as server:
        async with account("openrouter", server, store, now_ms=NOW_MS + 3_600_000) as reader:
            await reader.read()
    # The days are complete up to the 17th: from the day before that on, all is read anew, and that is the last two hours.
    assert used(store) == {
        "deepseek/deepseek-chat-v3.1": Usage(
            input_tokens=1_200, cache_read_tokens=800, output_tokens=400, reasoning_tokens=100
        ),
        "z-ai/glm-4.6": Usage(input_tokens=1_000, output_tokens=200),
    }
    assert billed(store) == 750_000_000


async def test_a_key_that_may_again_read_minutes_is_asked_for_minutes(tmp_path: Path) -> None:
    with serving(SCRIPT) as server:
        server.troubles, server.troubles_from = [Trouble(403), Trouble(403)], 2
        async with account("openrouter", server, tmp_path / "usdtop.db") as reader:
            await reader.read(step_ms=600_000)
            assert [asked.path for asked in server.asked][:4] == ["/key", "/credits", "/analytics/query", "/activity"]
    assert holds_everything(tmp_path / "usdtop.db", SCRIPT)


async def test_a_key_for_inference_alone_is_current_as_far_as_its_balance(tmp_path: Path) -> None:
    with serving(SCRIPT) as server:
        server.troubles, server.troubles_from = [Trouble(403)] * 3, 1
        async with account("openrouter", server, tmp_path / "usdtop.db") as reader:
            while (poll := await reader.poll()) is not None and poll.more:
                pass
    assert poll is not None
    assert poll.watermark_ms == NOW_MS
    assert "it wants an OpenRouter management key" in poll.detail


def test_counts_are_text_and_prompts_include_their_cached_part() -> None:
    page = said(row())
    (usage,), (cost,) = page.usage, page.costs
    assert usage.usage == Usage(
        input_tokens=102_205, cache_read_tokens=84_480, output_tokens=1_544, reasoning_tokens=44
    )
    assert (usage.model, usage.key, usage.requests, cost.nano_usd) == ("openai/gpt-5.2", "backend", 2, 500_000_000)
    assert usage.begins_ms == cost.begins_ms == SPAN.since_ms + 60_000


@pytest.mark.parametrize(
    "column",
    [
        {"date__minute": "2026-11-18T11:08:00.000Z"},
        {"date__minute": None, "created_at__minute": "2026-11-18 11:08:00"},
        {"date__minute": None, "created_at__minute": "2026-11-18T11:08:00Z"},
    ],
)
def test_the_time_stands_in_a_column_named_after_the_table_behind_it(column: dict[str, Any]) -> None:
    assert [one.begins_ms for one in said(row(**column)).usage] == [SPAN.since_ms + 60_000]


def test_keys_of_one_label_are_added_up() -> None:
    page = added(said(row(), row(request_count=None, credits_usage=0.25), row(api_key_id="")))
    assert [(one.key, one.requests, one.usage.prompt_tokens) for one in page.usage] == [
        ("backend", 2, 373_370), (None, 2, 186_685)
    ]  # fmt: skip
    assert [one.nano_usd for one in page.costs] == [750_000_000, 500_000_000]


def test_an_answer_that_was_cut_off_is_asked_for_in_halves_down_to_one_bucket() -> None:
    (whole,) = ask(SPAN)
    left, right = said(row(), truncated=True).more
    spans = [json.loads(one.body or b"")["time_range"] for one in (whole, left, right)]
    assert [(one["start"][11:16], one["end"][11:16]) for one in spans] == [
        ("11:07", "11:11"), ("11:07", "11:09"), ("11:09", "11:11"),
    ]  # fmt: skip
    (minute,) = (one for one in said(asked=left, truncated=True).more if "11:08:00Z" in str(one.body).split("end")[0])
    last = said(row(), asked=minute, truncated=True)
    assert (len(last.usage), last.more) == (1, ())
    assert [reject.reason for reject in last.rejects] == ["rows of one bucket that OpenRouter cuts off"]


def test_a_row_beyond_what_was_asked_for_belongs_to_another_question() -> None:
    left, _ = said(truncated=True).more
    assert said(row("2026-11-18 11:09:00"), asked=left).usage == []


def test_an_answer_from_a_cache_is_complete_up_to_when_it_was_made() -> None:
    assert said(row(), cachedAt=1_795_000_100_000).complete_until_ms == 1_795_000_100_000


def test_older_traffic_is_asked_for_by_the_hour() -> None:
    (asked,) = ask(Span(since_ms=0, until_ms=DAY_MS, width_seconds=HOUR))
    assert json.loads(asked.body or b"")["granularity"] == "hour"
