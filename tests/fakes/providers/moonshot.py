"""Moonshot's balance, as platform.moonshot.ai shows it."""

from typing import Any

from tests.fakes.provider_server import Asked, Told

_BALANCE = {
    "code": 0,
    "data": {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001},
    "scode": "0x0",
    "status": True,
}


def _answer(asked: Asked, _page_size: int) -> Any:
    return _BALANCE if asked.path == "/v1/users/me/balance" else None


SCRIPT = Told(_answer, needed="available_balance", balances={"balance USD": 49_588_940_000})
