"""A LiteLLM proxy's daily activity and spend, as a real proxy answered; with one model per page, a day comes in parts."""

from datetime import UTC, datetime
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told

_YESTERDAY = datetime.fromtimestamp((NOW_MS // 86_400_000 - 1) * 86_400, UTC).strftime("%Y-%m-%d")


def _metrics(spend: float, prompt: int, completion: int, read: int, written: int, requests: int) -> dict[str, Any]:
    return {
        "spend": spend, "flat_cost": 0.0, "prompt_tokens": prompt, "completion_tokens": completion,
        "cache_read_input_tokens": read, "cache_creation_input_tokens": written, "total_tokens": prompt + completion,
        "successful_requests": requests, "failed_requests": 0, "api_requests": requests,
    }  # fmt: skip


def _of(spend: float, *counts: int, alias: str = "search-prod") -> dict[str, Any]:
    metrics = _metrics(spend, *counts)
    return {
        "metrics": metrics,
        "metadata": {},
        "api_key_breakdown": {
            "ab" * 32: {"metrics": metrics, "metadata": {"key_alias": alias, "team_id": "team-search"}}
        },
    }


_MODELS = [
    ("anthropic/claude-sonnet-4-5-20250929", _of(0.011136, 2_867, 169, 400, 100, 2)),
    ("anthropic/claude-sonnet-4-5-20250929", _of(0.5, 1_000, 50, 0, 0, 1)),
    ("gpt-4o-mini", {"metrics": _metrics(0.25, 10, 5, 0, 0, 1), "metadata": {}, "api_key_breakdown": {}}),
]


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path == "/global/spend":
        return {"spend": 35.9368077, "max_budget": 0.0}
    if asked.path == "/key/info":
        return {"key": "cd" * 32, "info": {"key_alias": "me", "spend": 7.5, "max_budget": 60.0}}
    if asked.path != "/user/daily/activity":
        return None
    within = asked.value("start_date") <= _YESTERDAY <= asked.value("end_date")
    page = int(asked.value("page"))
    models = dict(_MODELS[page - 1 : page]) if within else {}
    day = {"date": _YESTERDAY, "metrics": _metrics(0, 0, 0, 0, 0, 0), "breakdown": {"models": models, "providers": {}}}
    return {
        "results": [day] if models else [],
        "metadata": {"page": page, "total_pages": len(_MODELS), "has_more": within and page < len(_MODELS)},
    }


SCRIPT = Told(
    _answer,
    needed="date",
    usage={
        "claude-sonnet-4-5-20250929": Usage(
            input_tokens=3_367, cache_read_tokens=400, cache_write_tokens=100, output_tokens=219
        ),
        "gpt-4o-mini": Usage(input_tokens=10, output_tokens=5),
    },
    costs_nano_usd=761_136_000,
    balances={"proxy": 35_936_807_700, "key budget": 52_500_000_000},
)
