"""DeepSeek: what is left of the balance; there is no usage endpoint.

Format: `GET /user/balance` (api-docs.deepseek.com): amounts as decimal strings, in dollars, yuan or both.
"""

from decimal import Decimal

import msgspec

from collectors.providers.answers import facts, usd
from collectors.providers.provider import Ask, Endpoint, Page, Provider, Span
from store.provider_facts import BalanceReading


class _Page(msgspec.Struct):
    balance_infos: list[msgspec.Raw]


class _Info(msgspec.Struct):
    currency: str
    total_balance: Decimal


_page = msgspec.json.Decoder(_Page).decode
_info = msgspec.json.Decoder(_Info).decode


def read_balance(body: bytes, span: Span, _ask: Ask) -> Page:
    """One balance per currency; granted and topped-up money together."""

    def balance(row: _Info) -> BalanceReading:
        currency = row.currency.upper()[:8]
        return BalanceReading(
            account=f"balance {currency}", at_ms=span.until_ms, nano=usd(row.total_balance), currency=currency
        )

    found, rejects = facts(_page(body).balance_infos, _info, balance)
    return Page(balances=found, rejects=rejects)


PROVIDER = Provider(
    name="deepseek",
    base_url="https://api.deepseek.com",
    key_variables=("DEEPSEEK_API_KEY",),
    endpoints=(
        Endpoint(
            dataset="balance",
            asks=lambda _: [Ask("/user/balance")],
            read=read_balance,
            permission="any DeepSeek API key",
        ),
    ),
)
