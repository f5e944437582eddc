"""Together's billing usage, in the shape of togethercomputer/together-python: decimal text, hours, a cursor named `after`."""

from datetime import UTC, datetime
from typing import Any

from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page


def _window(hours_ago: int, *items: dict[str, Any]) -> dict[str, Any]:
    begins = datetime.fromtimestamp(NOW_MS // 3_600_000 * 3_600 - hours_ago * 3_600, UTC)
    ends = datetime.fromtimestamp(begins.timestamp() + 3_600, UTC)
    return {
        "date": begins.strftime("%Y-%m-%d"), "start_time": begins.isoformat(), "end_time": ends.isoformat(),
        "line_items": list(items),
    }  # fmt: skip


def _item(cost: str, **changed: Any) -> dict[str, Any]:
    return {
        "product_name": "Llama 3.3 70B Turbo, input", "quantity": "1000000", "unit_price": "0.00000088", "cost": cost,
        "attributes": {"model": "meta-llama/Llama-3.3-70B-Instruct-Turbo"}, "pricing_dimensions": {"token_type": "input"},
        "applied_credit": None, **changed,
    }  # fmt: skip


_WINDOWS = [
    _window(24 * 19, _item("0.50")),
    _window(50, _item("0.88"), _item("0.44", pricing_dimensions={"token_type": "output"})),
    _window(3, _item("0.001"), _item("0.25", applied_credit={"type": "promotional"})),
]


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.path != "/v1/billing/usage":
        return None
    windows = [one for one in _WINDOWS if one["date"].startswith(asked.value("month"))]
    shown, following = rows_of_page(windows, asked, page_size, "after")
    return {
        "object": "list", "billing_period": asked.value("month"), "currency": "USD", "organization_id": "org-1",
        "data": shown, "next_cursor": following,
    }  # fmt: skip


SCRIPT = Told(_answer, needed="cost", costs_nano_usd=2_071_000_000)
