"""Portkey's graph of costs, in the shape of its API reference: cents."""

from datetime import datetime
from typing import Any

from tests.fakes.provider_server import NOW_MS, Asked, Told

_CENTS = {2: 123.45, 1: 50}


def _answer(asked: Asked, _page_size: int) -> Any:
    if not asked.path.endswith("/analytics/graphs/cost"):
        return None
    begins = datetime.fromisoformat(asked.value("time_of_generation_min")).timestamp()
    total = _CENTS.get(NOW_MS // 86_400_000 - int(begins) // 86_400, 0)
    return {"summary": {"total": total, "avg": total}, "data_points": [], "object": "analytics-graph"}


SCRIPT = Told(_answer, needed="total", costs_nano_usd=1_734_500_000)
