"""Anthropic's report on Claude Code, in the shape of its API reference."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page

_TODAY = datetime.fromtimestamp(NOW_MS / 1_000, UTC)


def _model(model: str, amount: float) -> dict[str, Any]:
    return {
        "model": model, "estimated_cost": {"amount": amount, "currency": "USD"},
        "tokens": {"input": 45_230, "output": 12_450, "cache_read": 8_790, "cache_creation": 2_340},
    }  # fmt: skip


def _record(ago: int, actor: dict[str, str], *models: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "date": (_TODAY - timedelta(days=ago)).strftime("%Y-%m-%dT00:00:00Z"), "actor": actor,
        "core_metrics": {"num_sessions": 15, "lines_of_code": {"added": 342, "removed": 128}},
        "customer_type": "acct", "terminal_type": "iTerm.app", "model_breakdown": list(models),
        "organization_id": "12345678-1234-5678-1234-567812345678", "tool_actions": {}, **changed,
    }  # fmt: skip


_ADA = {"type": "user_actor", "email_address": "ada@example.com"}
_ROBOT = {"type": "api_actor", "api_key_name": "ci"}
_SONNET, _HAIKU = _model("claude-sonnet-4-20250514", 186), _model("claude-3-5-haiku-20241022", 42.5)
_RECORDS = [
    _record(2, _ADA, _SONNET, _HAIKU),
    _record(1, _ADA, _SONNET),
    _record(1, _ADA, _SONNET, terminal_type="vscode"),
    _record(1, _ROBOT, _HAIKU),
    _record(1, _ADA, _SONNET, customer_type="another"),
    _record(0, _ROBOT, _HAIKU),
]
"""The tests' account stands for one of the two kinds of customers."""


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.path != "/v1/organizations/usage_report/claude_code":
        return None
    assert asked.headers["anthropic-version"] == "2023-06-01"
    rows = [record for record in _RECORDS if record["date"][:10] == asked.value("starting_at")]
    shown, following = rows_of_page(rows, asked, min(page_size, int(asked.value("limit"))))
    return {"data": shown, "has_more": following is not None, "next_page": following}


_ONE = Usage(input_tokens=45_230, output_tokens=12_450, cache_read_tokens=8_790, cache_write_tokens=2_340)
_THREE = Usage.of(3 * count for count in _ONE[:9])

SCRIPT = Told(
    _answer,
    needed="tokens",
    usage={"claude-sonnet-4-20250514": _THREE, "claude-3-5-haiku-20241022": _THREE},
    costs_nano_usd=6_855_000_000,
)
"""Three times 186 and three times 42.5 cents: $6.855."""
