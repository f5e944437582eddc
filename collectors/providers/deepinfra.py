"""DeepInfra: what the month has cost so far.

Format: `GET /payment/usage?from=current` (deepinfra/docs): amounts are cents, one total per month that grows through the day. What is
left of a deposit (`/payment/checklist`) is not read, since the unit of its balance is not documented.
"""

from decimal import Decimal

import msgspec

from collectors.providers.answers import cents, facts
from collectors.providers.provider import Ask, Endpoint, Page, Provider, Span
from store.provider_facts import BalanceCounts, BalanceReading


class _Month(msgspec.Struct):
    period: str
    total_cost: Decimal


class _Page(msgspec.Struct):
    months: list[msgspec.Raw]


_page = msgspec.json.Decoder(_Page).decode
_month = msgspec.json.Decoder(_Month).decode


def read(body: bytes, span: Span, _ask: Ask) -> Page:
    """What the newest month has cost; a fall is a new month."""
    months, rejects = facts(_page(body).months, _month, lambda month: month)
    if not months:
        return Page(rejects=rejects)
    newest = max(months, key=lambda month: month.period)
    spent = BalanceReading(
        account="month", at_ms=span.until_ms, nano=cents(newest.total_cost), counts=BalanceCounts.SPENT
    )
    return Page(balances=[spent], rejects=rejects)


PROVIDER = Provider(
    name="deepinfra",
    base_url="https://api.deepinfra.com",
    key_variables=("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
    endpoints=(
        Endpoint(
            dataset="month",
            asks=lambda _: [Ask("/payment/usage", (("from", "current"),))],
            read=read,
            permission="any DeepInfra API key",
            every_seconds=300.0,
        ),
    ),
)
