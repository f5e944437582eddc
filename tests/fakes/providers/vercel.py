"""The Vercel AI Gateway's credits and report, in the shape of vercel/ai's client."""

from datetime import UTC, datetime
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told


def _row(hours_ago: int, **changed: Any) -> dict[str, Any]:
    hour = datetime.fromtimestamp(NOW_MS // 3_600_000 * 3_600 - hours_ago * 3_600, UTC)
    return {
        "hour": hour.strftime("%Y-%m-%dT%H:%M:%SZ"), "model": "anthropic/claude-sonnet-4.5", "total_cost": 0.5,
        "market_cost": 0.75, "input_tokens": 10_000, "output_tokens": 2_000, "cached_input_tokens": 4_000,
        "cache_creation_input_tokens": 1_000, "reasoning_tokens": 500, "request_count": 7, **changed,
    }  # fmt: skip


_ROWS = [_row(100), _row(2), _row(2, model="openai/gpt-5", cached_input_tokens=0, cache_creation_input_tokens=0)]


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path == "/v1/credits":
        return {"balance": "95.50", "total_used": "4.50"}
    if asked.path != "/v1/report" or asked.value("date_part") != "hour":
        return None
    days = asked.value("start_date"), asked.value("end_date")
    return {"results": [row for row in _ROWS if days[0] <= row["hour"][:10] <= days[1]]}


SCRIPT = Told(
    _answer,
    needed="total_cost",
    usage={
        "anthropic/claude-sonnet-4.5": Usage(
            input_tokens=10_000,
            cache_read_tokens=8_000,
            cache_write_tokens=2_000,
            output_tokens=4_000,
            reasoning_tokens=1_000,
        ),
        "openai/gpt-5": Usage(input_tokens=10_000, output_tokens=2_000, reasoning_tokens=500),
    },
    costs_nano_usd=1_500_000_000,
    balances={"credits": 95_500_000_000},
)
