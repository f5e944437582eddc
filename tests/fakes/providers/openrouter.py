"""OpenRouter's key, credits and activity, in the shape of its API reference."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told

_TODAY = datetime.fromtimestamp(NOW_MS / 1_000, UTC)


def _day(ago: int, **changed: Any) -> dict[str, Any]:
    return {
        "date": (_TODAY - timedelta(days=ago)).strftime("%Y-%m-%d"), "model": "deepseek/deepseek-chat-v3.1",
        "model_permaslug": "deepseek/deepseek-chat-v3.1", "endpoint_id": "e-1", "provider_name": "DeepInfra",
        "usage": 0.25, "byok_usage_inference": 0, "requests": 5, "prompt_tokens": 1_000, "completion_tokens": 200,
        "reasoning_tokens": 50, "cached_tokens": 400, **changed,
    }  # fmt: skip


_ACTIVITY = [_day(2), _day(1), _day(1, endpoint_id="e-2"), _day(1, model="z-ai/glm-4.6")]


def _answer(asked: Asked, _page_size: int) -> Any:
    return {
        "/key": {"data": {
            "label": "sk-or-v1-0e6...1c9", "usage": 25.5, "usage_daily": 1.5, "usage_weekly": 9, "usage_monthly": 20,
            "byok_usage": 0, "limit": 100, "limit_remaining": 74.5, "limit_reset": None, "is_free_tier": False,
        }},
        "/credits": {"data": {"total_credits": 100.5, "total_usage": 25.75}},
        "/activity": {"data": _ACTIVITY},
    }.get(asked.path)  # fmt: skip


SCRIPT = Told(
    _answer,
    needed="prompt_tokens",
    usage={
        "deepseek/deepseek-chat-v3.1": Usage(
            input_tokens=1_800, cache_read_tokens=1_200, output_tokens=600, reasoning_tokens=150
        ),
        "z-ai/glm-4.6": Usage(input_tokens=600, cache_read_tokens=400, output_tokens=200, reasoning_tokens=50),
    },
    costs_nano_usd=1_000_000_000,
    balances={"key": 25_500_000_000, "key limit": 74_500_000_000, "credits": 74_750_000_000},
)
