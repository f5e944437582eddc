"""Anthropic's usage report and cost report, in the shape of its Usage and Cost API; the key may not read analytics."""

from datetime import UTC, datetime
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page

_WIDTHS = {"1m": 60, "1h": 3_600, "1d": 86_400}
_NOW = NOW_MS // 1_000


def _used(**changed: Any) -> dict[str, Any]:
    return {
        "uncached_input_tokens": 40_000, "cache_read_input_tokens": 900_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 20_000, "ephemeral_1h_input_tokens": 3_000},
        "output_tokens": 12_000, "server_tool_use": {"web_search_requests": 3}, "model": "claude-sonnet-4-5-20250929",
        "workspace_id": "wrkspc_1", "api_key_id": "apikey_1", "service_tier": "standard", "context_window": "0-200k",
        "inference_geo": None, "account_id": None, **changed,
    }  # fmt: skip


_USAGE = [
    (_NOW - 4 * 86_400, _used()),
    (_NOW - 3_000, _used()),
    (_NOW - 3_000, _used(context_window="200k-1M")),
    (_NOW - 1_200, _used(api_key_id=None, workspace_id=None)),
    (_NOW - 1_100, _used(model="claude-haiku-4-5", server_tool_use=None)),
]


def _cost(amount: str, token_type: str, day: int) -> tuple[int, dict[str, Any]]:
    return _NOW - day * 86_400, {
        "amount": amount, "currency": "USD", "workspace_id": None, "description": f"Claude Sonnet 4.5 Usage - {token_type}",
        "cost_type": "tokens", "token_type": token_type, "model": "claude-sonnet-4-5-20250929",
        "service_tier": "standard", "context_window": "0-200k",
    }  # fmt: skip


_COSTS = [
    _cost("123.45", "uncached_input_tokens", 3),
    _cost("0.0001", "output_tokens", 3),
    _cost("200", "output_tokens", 1),
]


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.headers.get("anthropic-version") != "2023-06-01":
        raise AssertionError("every request names the version")
    name = asked.path.rpartition("/v1/organizations/")[2]
    rows = {"usage_report/messages": _USAGE, "cost_report": _COSTS}.get(name)
    if rows is None:
        return None
    first, end = (round(datetime.fromisoformat(asked.value(name)).timestamp()) for name in ("starting_at", "ending_at"))
    width = _WIDTHS[asked.value("bucket_width")]
    buckets: dict[int, list[dict[str, Any]]] = {first: []}
    for at, row in rows:
        if first <= at // width * width < end:
            buckets.setdefault(at // width * width, []).append(row)
    data = [
        {"starting_at": _text(begins), "ending_at": _text(begins + width), "results": results}
        for begins, results in sorted(buckets.items())
    ]
    shown, following = rows_of_page(data, asked, page_size)
    return {"data": shown, "has_more": following is not None, "next_page": following}


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_ONE = Usage(
    input_tokens=40_000, cache_read_tokens=900_000, cache_write_5m_tokens=20_000, cache_write_1h_tokens=3_000,
    output_tokens=12_000,
)  # fmt: skip

SCRIPT = Told(
    _answer,
    needed="uncached_input_tokens",
    usage={
        "claude-sonnet-4-5-20250929": Usage.of((4 * count for count in _ONE[:9]), (("web_searches", 12),)),
        "claude-haiku-4-5": _ONE,
    },
    costs_nano_usd=3_234_501_000,
)
