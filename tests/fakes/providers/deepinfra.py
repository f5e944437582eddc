"""DeepInfra's month so far, in the shape of its documentation."""

from typing import Any

from tests.fakes.provider_server import Asked, Told

_USAGE = {
    "months": [
        {
            "period": "2026.11", "total_cost": 1234.5, "invoice_id": "NOT_FINAL",
            "items": [{
                "model": {"provider": "huggingface", "model_name": "meta-llama/Llama-3.3-70B-Instruct", "task": "text-generation"},
                "units": 1_000_000, "rate": 0.00123, "cost": 1234.5, "pricing_type": "input_tokens",
            }],
        }
    ],
    "initial_month": "2026.01",
}  # fmt: skip


def _answer(asked: Asked, _page_size: int) -> Any:
    return _USAGE if asked.path == "/payment/usage" and asked.value("from") == "current" else None


SCRIPT = Told(_answer, needed="total_cost", balances={"month": 12_345_000_000})
