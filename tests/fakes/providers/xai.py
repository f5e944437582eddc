"""xAI's usage and prepaid balance, in the shape of its management API."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.fakes.provider_server import NOW_MS, Asked, Told

_SERIES = {
    "Chat grok-4-0709": {1: 1.25, 3: 0.5},
    "Live search": {1: 0.025},
}


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path == "/v1/billing/teams/acct/prepaid/balance":
        return {"total": {"val": "-4250"}, "changes": [{"teamId": "acct", "changeOrigin": "PURCHASE"}]}
    if asked.path != "/v1/billing/teams/acct/usage":
        return None
    window = json.loads(asked.body)["analyticsRequest"]["timeRange"]
    first, end = (
        datetime.strptime(window[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for name in ("startTime", "endTime")
    )
    return {
        "timeSeries": [
            {
                "group": [name], "groupLabels": [name],
                "dataPoints": [
                    {"timestamp": day.strftime("%Y-%m-%dT%H:%M:%SZ"), "values": [dollars]}
                    for ago, dollars in days.items()
                    if first <= (day := datetime.fromtimestamp((NOW_MS // 86_400_000 - ago) * 86_400, UTC)) < end
                ],
            }
            for name, days in _SERIES.items()
        ],
        "limitReached": False,
    }  # fmt: skip


SCRIPT = Told(_answer, needed="timestamp", costs_nano_usd=1_775_000_000, balances={"prepaid": 42_500_000_000})
