"""OpenAI's usage and costs, in the shape of openai/openai-openapi."""

from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page

_WIDTHS = {"1m": 60, "1h": 3_600, "1d": 86_400}
_NOW = NOW_MS // 1_000


def _completion(**changed: Any) -> dict[str, Any]:
    return {
        "object": "organization.usage.completions.result", "input_tokens": 150_000, "input_cached_tokens": 90_000,
        "input_cache_write_tokens": 20_000, "input_cache_write_30m_tokens": 20_000, "input_cache_write_12h_tokens": 0,
        "input_uncached_tokens": 40_000, "output_tokens": 12_000, "input_audio_tokens": 0, "output_audio_tokens": 0,
        "num_model_requests": 240, "project_id": "proj_1", "user_id": None, "api_key_id": "key_1",
        "model": "gpt-5-2025-08-07", "batch": False, "service_tier": "default", **changed,
    }  # fmt: skip


_USAGE: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "completions": [
        (_NOW - 5 * 86_400, _completion()),
        (_NOW - 3_000, _completion()),
        (_NOW - 3_000, _completion(batch=True)),
        (_NOW - 3_000, _completion(api_key_id="key_2")),
        (_NOW - 1_200, _completion()),
        (_NOW - 1_100, _completion(model="gpt-4o-mini-2024-07-18")),
    ],
    "embeddings": [
        (_NOW - 1_200, {
            "object": "organization.usage.embeddings.result", "input_tokens": 1_000, "num_model_requests": 4,
            "project_id": "proj_1", "user_id": None, "api_key_id": "key_1", "model": "text-embedding-3-small",
        })
    ],
    "images": [
        (_NOW - 1_200, {
            "object": "organization.usage.images.result", "images": 3, "num_model_requests": 2, "project_id": "proj_1",
            "user_id": None, "api_key_id": "key_1", "model": "gpt-image-1",
        })
    ],
}  # fmt: skip


def _cost(value: float, item: str, project: str) -> dict[str, Any]:
    return {
        "object": "organization.costs.result", "amount": {"value": value, "currency": "usd"}, "line_item": item,
        "project_id": project, "organization_id": "org-1",
    }  # fmt: skip


_COSTS = [
    (_NOW - 5 * 86_400, _cost(0.06, "gpt-5-2025-08-07, input", "proj_1")),
    (_NOW - 5 * 86_400, _cost(0.12, "gpt-5-2025-08-07, output", "proj_1")),
    (_NOW - 86_400, _cost(12.34, "gpt-5-2025-08-07, input", "proj_1")),
    (_NOW - 86_400, _cost(0.000000001, "gpt-5-2025-08-07, input", "proj_2")),
]


def _answer(asked: Asked, page_size: int) -> Any:
    name = asked.path.rpartition("/")[2]
    if name == "spend_limit":
        return None  # There is none, which is said so.
    rows = _COSTS if name == "costs" else _USAGE.get(name, [])
    first, end, width = (
        int(asked.value("start_time")),
        int(asked.value("end_time")),
        _WIDTHS[asked.value("bucket_width")],
    )
    buckets: dict[int, list[dict[str, Any]]] = {first: []}
    for at, row in rows:
        if first <= at // width * width < end:
            buckets.setdefault(at // width * width, []).append(row)
    data = [
        {"object": "bucket", "start_time": begins, "end_time": begins + width, "results": results}
        for begins, results in sorted(buckets.items())
    ]
    shown, following = rows_of_page(data, asked, page_size)
    return {"object": "page", "data": shown, "has_more": following is not None, "next_page": following}


_ONE = Usage(
    input_tokens=40_000, cache_read_tokens=90_000, cache_write_30m_tokens=20_000, output_tokens=12_000
)  # fmt: skip

SCRIPT = Told(
    _answer,
    needed="input_tokens",
    usage={
        "gpt-5-2025-08-07": Usage.of(5 * count for count in _ONE[:9]),
        "gpt-4o-mini-2024-07-18": _ONE,
        "text-embedding-3-small": Usage(input_tokens=1_000),
        "gpt-image-1": Usage(units=(("images", 3),)),
    },
    costs_nano_usd=12_520_000_001,
)
