"""OpenRouter's key, credits, analytics and activity, in the shape of its API reference."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told

_NOW = NOW_MS // 1_000
_TODAY = datetime.fromtimestamp(_NOW, UTC)
_WIDTHS = {"minute": 60, "hour": 3_600}


def _used(ago_seconds: int, **changed: Any) -> tuple[int, dict[str, Any]]:
    return _NOW - ago_seconds, {
        "model": "deepseek/deepseek-chat-v3.1", "api_key_id": "backend", "credits_usage": 0.25, "request_count": "5",
        "tokens_prompt": "1000", "tokens_completion": "200", "reasoning_tokens": "50", "cached_tokens": "400", **changed,
    }  # fmt: skip


_ANALYTICS = [
    _used(20 * 86_400),
    _used(3 * 86_400, model="z-ai/glm-4.6"),
    _used(2 * 3_600),
    _used(1_200, api_key_id="batch jobs"),
    _used(600, model="z-ai/glm-4.6", cached_tokens="0", reasoning_tokens=None),
]
"""Never two in one bucket, so that an answer can be cut off after any row."""


def _query(asked: Asked, page_size: int) -> Any:
    query = json.loads(asked.body)
    assert len(query["dimensions"]) <= 2
    first, end = (datetime.fromisoformat(query["time_range"][name]).timestamp() for name in ("start", "end"))
    width = _WIDTHS[query["granularity"]]
    assert width > 60 or end - first <= 3 * 3_600, "minutes are told of three hours at most"
    rows = [
        {f"date__{query['granularity']}": _text(at // width * width), **row}
        for at, row in sorted(_ANALYTICS, key=lambda one: -one[0])
        if first <= at // width * width < end
    ]
    most = min(page_size, query["limit"])
    shown = rows[:most]
    metadata = {"query_time_ms": 142, "row_count": len(shown), "truncated": len(rows) > most}
    return {"data": {"data": shown, "metadata": metadata, "cachedAt": NOW_MS}}


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _day(ago: int, **changed: Any) -> dict[str, Any]:
    return {
        "date": (_TODAY - timedelta(days=ago)).strftime("%Y-%m-%d"), "model": "deepseek/deepseek-chat-v3.1",
        "model_permaslug": "deepseek/deepseek-chat-v3.1", "endpoint_id": "e-1", "provider_name": "DeepInfra",
        "usage": 0.25, "byok_usage_inference": 0, "requests": 5, "prompt_tokens": 1_000, "completion_tokens": 200,
        "reasoning_tokens": 50, "cached_tokens": 400, **changed,
    }  # fmt: skip


_ACTIVITY = [_day(2), _day(1), _day(1, endpoint_id="e-2"), _day(1, model="z-ai/glm-4.6")]


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.path == "/analytics/query":
        return _query(asked, page_size) if asked.method == "POST" else None
    return {
        "/key": {"data": {
            "label": "sk-or-v1-0e6...1c9", "usage": 25.5, "usage_daily": 1.5, "usage_weekly": 9, "usage_monthly": 20,
            "byok_usage": 0, "limit": 100, "limit_remaining": 74.5, "limit_reset": None, "is_free_tier": False,
        }},
        "/credits": {"data": {"total_credits": 100.5, "total_usage": 25.75}},
        "/activity": {"data": _ACTIVITY},
    }.get(asked.path)  # fmt: skip


BALANCES = {"key": 25_500_000_000, "key limit": 74_500_000_000, "credits": 74_750_000_000}

SCRIPT = Told(
    _answer,
    needed="tokens_prompt",
    usage={
        "deepseek/deepseek-chat-v3.1": Usage(
            input_tokens=1_800, cache_read_tokens=1_200, output_tokens=600, reasoning_tokens=150
        ),
        "z-ai/glm-4.6": Usage(input_tokens=1_600, cache_read_tokens=400, output_tokens=400, reasoning_tokens=50),
    },
    costs_nano_usd=1_250_000_000,
    balances=BALANCES,
)

WITHOUT_ANALYTICS = Told(
    lambda asked, page_size: None if asked.path.startswith("/analytics") else _answer(asked, page_size),
    needed="prompt_tokens",
    usage={
        "deepseek/deepseek-chat-v3.1": Usage(
            input_tokens=1_800, cache_read_tokens=1_200, output_tokens=600, reasoning_tokens=150
        ),
        "z-ai/glm-4.6": Usage(input_tokens=600, cache_read_tokens=400, output_tokens=200, reasoning_tokens=50),
    },
    costs_nano_usd=1_000_000_000,
    balances=BALANCES,
)
"""The same account where the beta is not offered."""
