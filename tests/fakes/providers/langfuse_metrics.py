"""Langfuse's metrics, in the shape of its public API."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.fakes.provider_server import NOW_MS, Asked, Told

_HOUR = NOW_MS // 3_600_000 * 3_600
_ROWS = [
    (_HOUR - 90 * 3_600, "gpt-4o", "0.75"),
    (_HOUR - 7_200, "gpt-4o", 1.5),
    (_HOUR - 7_200, "anthropic/claude-haiku-4-5", 0.125),
    (_HOUR - 7_200, None, None),
]


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path != "/api/public/v2/metrics":
        return None
    query = json.loads(asked.value("query"))
    first, end = (datetime.fromisoformat(query[name]).timestamp() for name in ("fromTimestamp", "toTimestamp"))
    return {
        "data": [
            {
                "time_dimension": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "providedModelName": model, "sum_totalCost": cost,
            }
            for at, model, cost in _ROWS
            if first <= at < end
        ]
    }  # fmt: skip


SCRIPT = Told(_answer, needed="time_dimension", costs_nano_usd=2_375_000_000)
