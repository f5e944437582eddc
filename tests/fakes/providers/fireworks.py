"""Fireworks' accounts and their billing summaries, in the shape of its API reference."""

from datetime import datetime
from typing import Any

from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page

_DAY = 86_400
_ITEMS = {
    2: [
        {"description": "Serverless: llama-v3p3-70b-instruct", "totalCost": {"currencyCode": "USD", "units": "12", "nanos": 500_000_000}},
        {"description": "Serverless: llama-v3p3-70b-instruct", "totalCost": {"currencyCode": "USD", "nanos": 250_000_000}},
    ],
    1: [{"description": "On-demand: H100", "totalCost": {"currencyCode": "USD", "units": "8", "nanos": 0}}],
}  # fmt: skip
_ACCOUNTS = [{"name": "accounts/acct", "displayName": "Acct"}]


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.path == "/v1/accounts":
        shown, following = rows_of_page(_ACCOUNTS, asked, page_size, "pageToken")
        return {"accounts": shown, "nextPageToken": following or ""}
    if asked.path != "/v1/accounts/acct/billing/summary":
        return None
    begins = datetime.fromisoformat(asked.value("startTime")).timestamp()
    days_ago = NOW_MS // 1_000 // _DAY - int(begins) // _DAY
    return {"lineItems": _ITEMS.get(days_ago, []), "usageBuckets": []}


SCRIPT = Told(_answer, needed="totalCost", costs_nano_usd=20_750_000_000)
