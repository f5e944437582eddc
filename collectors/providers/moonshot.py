"""Moonshot: what is left of the balance; there is no usage endpoint.

Format: `GET /v1/users/me/balance` (platform.moonshot.ai): numbers, in dollars on the .ai host and in yuan on the .cn one,
which `account = "cn"` chooses. What is available is cash and vouchers together.
"""

from decimal import Decimal

import msgspec

from collectors.providers.answers import usd
from collectors.providers.provider import Ask, Endpoint, Page, Provider, Span
from store.provider_facts import BalanceReading


class _Data(msgspec.Struct):
    available_balance: Decimal


class _Page(msgspec.Struct):
    data: _Data


_page = msgspec.json.Decoder(_Page).decode


def read_balance(body: bytes, span: Span, _ask: Ask) -> Page:
    """The balance in the currency of the host."""
    currency = "CNY" if span.account == "cn" else "USD"
    left = usd(_page(body).data.available_balance)
    return Page(
        balances=[BalanceReading(account=f"balance {currency}", at_ms=span.until_ms, nano=left, currency=currency)]
    )


PROVIDER = Provider(
    name="moonshot",
    base_url="https://api.moonshot.ai",
    base_urls={"cn": "https://api.moonshot.cn"},
    key_variables=("MOONSHOT_API_KEY",),
    endpoints=(
        Endpoint(
            dataset="balance",
            asks=lambda _: [Ask("/v1/users/me/balance")],
            read=read_balance,
            permission="any Moonshot API key",
        ),
    ),
)
