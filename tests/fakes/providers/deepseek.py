"""DeepSeek's balance, as api-docs.deepseek.com shows it."""

from typing import Any

from tests.fakes.provider_server import Asked, Told

_BALANCE = {
    "is_available": True,
    "balance_infos": [
        {"currency": "USD", "total_balance": "110.00", "granted_balance": "10.00", "topped_up_balance": "100.00"},
        {"currency": "CNY", "total_balance": "7.05", "granted_balance": "0.00", "topped_up_balance": "7.05"},
    ],
}


def _answer(asked: Asked, _page_size: int) -> Any:
    return _BALANCE if asked.path == "/user/balance" else None


SCRIPT = Told(_answer, needed="total_balance", balances={"balance USD": 110_000_000_000, "balance CNY": 7_050_000_000})
