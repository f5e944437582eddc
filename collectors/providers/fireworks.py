"""Fireworks: billed line items by the day, account by account.

Formats: `GET /v1/accounts` and `/v1/accounts/{id}/billing/summary` (docs.fireworks.ai). Costs are added up by UTC day, the end is
exclusive, and money is Google's: whole units and billionths. Each day is asked about by itself, so that its line items are
certainly its own.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from collectors.providers.answers import check_usd, facts, instant, units_and_nanos
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.times import DAY_MS
from store.provider_facts import CostBucket

_PAGE = "200"


class _Account(msgspec.Struct):
    name: str


class _Accounts(msgspec.Struct):
    accounts: list[_Account]
    nextPageToken: str = ""  # noqa: N815 (the answer's own name)


class _Money(msgspec.Struct):
    units: int = 0
    nanos: int = 0
    currencyCode: str = "USD"  # noqa: N815 (the answer's own name)


class _Item(msgspec.Struct):
    totalCost: _Money  # noqa: N815 (the answer's own name)
    description: str | None = None
    name: str | None = None
    model: str | None = None


class _Summary(msgspec.Struct):
    """A day on which nothing was billed may have no line items; what has an error is no summary."""

    lineItems: list[msgspec.Raw] = []  # noqa: N815 (the answer's own name)
    error: msgspec.Raw | None = None
    message: str | None = None


_accounts = msgspec.json.Decoder(_Accounts).decode
_summary = msgspec.json.Decoder(_Summary).decode
_item = msgspec.json.Decoder(_Item, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """Which accounts there are, or the days of the one that is configured."""
    return list(_days(span.account, span)) if span.account else [Ask("/v1/accounts", (("pageSize", _PAGE),))]


def _days(account: str, span: Span) -> Iterator[Ask]:
    for begins_ms in range(span.since_ms, span.until_ms, DAY_MS):
        window = (("startTime", instant(begins_ms)), ("endTime", instant(begins_ms + DAY_MS)))
        yield Ask(f"/v1/accounts/{account}/billing/summary", window)


def read(body: bytes, span: Span, ask: Ask) -> Page:
    """The accounts, which lead to their days; or the line items of one day."""
    if ask.path == "/v1/accounts":
        return _listed(body, span, ask)
    begins_ms, account = _day_of(ask, span), ask.path.split("/")[3]
    summary = _summary(body)
    if summary.error is not None or summary.message is not None:
        raise ValueError("an error instead of a summary")
    found, rejects = facts(summary.lineItems, _item, partial(_cost, begins_ms, account))
    return Page(costs=found, rejects=rejects)


def _listed(body: bytes, span: Span, ask: Ask) -> Page:
    page = _accounts(body)
    names = [account.name.removeprefix("accounts/") for account in page.accounts]
    more = [one for name in names for one in _days(name, span)]
    return Page(more=[*more, ask.having(pageToken=page.nextPageToken)] if page.nextPageToken else more)


def _day_of(ask: Ask, span: Span) -> int:
    starts = dict(ask.query)["startTime"]
    return next(day for day in range(span.since_ms, span.until_ms, DAY_MS) if instant(day) == starts)


def _cost(begins_ms: int, account: str, item: _Item) -> CostBucket:
    check_usd(item.totalCost.currencyCode)
    return CostBucket(
        begins_ms=begins_ms,
        width_seconds=DAY,
        provider=PROVIDER.name,
        model=item.model,
        tenant=account,
        item=(item.description or item.name or "")[:256],
        nano_usd=units_and_nanos(item.totalCost.units, item.totalCost.nanos),
    )


PROVIDER = Provider(
    name="fireworks",
    base_url="https://api.fireworks.ai",
    key_variables=("FIREWORKS_API_KEY",),
    endpoints=(
        Endpoint(
            dataset="costs",
            asks=ask,
            read=read,
            permission="a Fireworks API key of a user who may see the account's billing",
            width_seconds=DAY,
            most_buckets=31,
            first_look_ms=8 * DAY_MS,
            lag_ms=DAY_MS,
            every_seconds=3_600.0,
        ),
    ),
)
