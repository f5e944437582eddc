"""A LiteLLM proxy's own figures: what it counted and priced by day, model and key, and what was spent in all.

Formats: `GET /user/daily/activity`, `/global/spend` and `/key/info` (a proxy of November 2026). Amounts are dollars as LiteLLM prices
them. Prompt tokens include what was read from and written to a cache, whoever served them; what the proxy's own response cache
answered repeats its tokens at no price. One day may come in parts, a part on each page, which add up.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from collectors.door import cut
from collectors.providers.answers import day_ms, facts, merged, usd
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span
from pricing.books.names import split_provider
from pricing.times import DAY_MS
from pricing.usage import Usage
from store.facts import Reject
from store.provider_facts import BalanceCounts, BalanceReading, CostBucket, UsageBucket

_ADMIN = "the proxy's master key or an admin's; another key sees only itself"
_PAGE_SIZE = "1000"


class _Metrics(msgspec.Struct):
    spend: Decimal
    prompt_tokens: int
    completion_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    api_requests: int | None = None


class _KeyMetadata(msgspec.Struct):
    key_alias: str | None = None
    team_id: str | None = None


class _OfKey(msgspec.Struct):
    metrics: _Metrics | None = None
    metadata: _KeyMetadata = msgspec.field(default_factory=_KeyMetadata)


class _OfModel(msgspec.Struct):
    metrics: _Metrics | None = None
    api_key_breakdown: dict[str, msgspec.Raw] = {}


class _Breakdown(msgspec.Struct):
    models: dict[str, msgspec.Raw] = {}


class _Day(msgspec.Struct):
    date: str
    breakdown: _Breakdown


class _Paging(msgspec.Struct):
    page: int = 1
    has_more: bool = False


class _Activity(msgspec.Struct):
    results: list[msgspec.Raw]
    metadata: _Paging = msgspec.field(default_factory=_Paging)


class _Spend(msgspec.Struct):
    spend: Decimal


class _KeyInfo(msgspec.Struct):
    spend: Decimal
    max_budget: Decimal | None = None


class _KeyPage(msgspec.Struct):
    info: _KeyInfo


_activity = msgspec.json.Decoder(_Activity).decode
_day = msgspec.json.Decoder(_Day).decode
_of_model = msgspec.json.Decoder(_OfModel).decode
_of_key = msgspec.json.Decoder(_OfKey).decode
_spend = msgspec.json.Decoder(_Spend).decode
_key_page = msgspec.json.Decoder(_KeyPage).decode


def ask_activity(span: Span) -> Sequence[Ask]:
    """Whole days, the last of which is included."""
    first, last = (
        datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d") for at_ms in (span.since_ms, span.until_ms - 1)
    )
    return [
        Ask(
            "/user/daily/activity",
            (("start_date", first), ("end_date", last), ("page_size", _PAGE_SIZE), ("page", "1")),
        )
    ]


def read_activity(body: bytes, _span: Span, ask: Ask) -> Page:
    """A page of days; the same model and key on another page is another part of its day."""
    page = _activity(body)
    part = "" if page.metadata.page <= 1 else f"page {page.metadata.page}"
    usage: list[UsageBucket] = []
    costs: list[CostBucket] = []
    days, rejects = facts(page.results, _day, lambda day: day)
    for day in days:
        begins_ms = day_ms(day.date)
        for model, raw in day.breakdown.models.items():
            try:
                place = begins_ms, model, part
                found = [(_usage(*place, said, metrics), _cost(*place, said, metrics)) for said, metrics in _keys(raw)]
            except (msgspec.MsgspecError, ValueError) as error:
                why = str(error) if type(error) is ValueError else "a model without a count that it needs"
                rejects.append(Reject(reason=why, count=1, example=""))
                continue
            usage += [one for one, _ in found]
            costs += [one for _, one in found]
    more = [ask.having(page=str(page.metadata.page + 1))] if page.metadata.has_more else ()
    return Page(usage=usage, costs=costs, rejects=merged(rejects), more=more)


def _keys(raw: msgspec.Raw) -> list[tuple[_KeyMetadata, _Metrics]]:
    """A model's metrics by key; as a whole where no key is told, and nothing for what has no metrics."""
    of_model = _of_model(raw)
    parts = [*map(_of_key, of_model.api_key_breakdown.values())]
    told = [(one.metadata, one.metrics) for one in parts if one.metrics is not None]
    return told or ([] if of_model.metrics is None else [(_KeyMetadata(), of_model.metrics)])


def _usage(begins_ms: int, model: str, part: str, key: _KeyMetadata, metrics: _Metrics) -> UsageBucket:
    provider, name = _provider(model)
    read, written = metrics.cache_read_input_tokens, metrics.cache_creation_input_tokens
    if metrics.prompt_tokens < read + written:
        raise ValueError("usage with more cached tokens than input tokens")
    return UsageBucket(
        begins_ms=begins_ms,
        width_seconds=DAY,
        provider=provider,
        model=cut(name),
        tenant=cut(key.team_id),
        key=cut(key.key_alias),
        rest=part,
        usage=Usage(
            input_tokens=metrics.prompt_tokens - read - written,
            cache_read_tokens=read,
            cache_write_tokens=written,
            output_tokens=metrics.completion_tokens,
        ),
        requests=metrics.api_requests,
    )


def _cost(begins_ms: int, model: str, part: str, key: _KeyMetadata, metrics: _Metrics) -> CostBucket:
    provider, name = _provider(model)
    return CostBucket(
        begins_ms=begins_ms, width_seconds=DAY, provider=provider, model=cut(name), tenant=cut(key.team_id),
        key=cut(key.key_alias), item=part, nano_usd=usd(metrics.spend),
    )  # fmt: skip


def _provider(model: str) -> tuple[str, str]:
    said, name = split_provider(None, model)
    return said or PROVIDER.name, name


def read_spend(body: bytes, span: Span, _ask: Ask) -> Page:
    """What the whole proxy has spent since its last reset."""
    spent = BalanceReading(
        account="proxy", at_ms=span.until_ms, nano=usd(_spend(body).spend), counts=BalanceCounts.SPENT
    )
    return Page(balances=[spent])


def read_key(body: bytes, span: Span, _ask: Ask) -> Page:
    """What is left of this key's budget, where it has one."""
    info = _key_page(body).info
    if info.max_budget is None:
        return Page()
    left = usd(info.max_budget) - usd(info.spend)
    return Page(balances=[BalanceReading(account="key budget", at_ms=span.until_ms, nano=left)])


PROVIDER = Provider(
    name="litellm_activity",
    base_url="http://127.0.0.1:4000",
    key_variables=("LITELLM_MASTER_KEY", "LITELLM_API_KEY"),
    is_gateway=True,
    endpoints=(
        Endpoint(
            dataset="activity",
            asks=ask_activity,
            read=read_activity,
            permission=_ADMIN,
            width_seconds=DAY,
            most_buckets=31,
            first_look_ms=31 * DAY_MS,
            lag_ms=DAY_MS,
            every_seconds=300.0,
        ),
        Endpoint(
            dataset="spend", asks=lambda _: [Ask("/global/spend")], read=read_spend, permission=_ADMIN, optional=True
        ),
        Endpoint(dataset="key", asks=lambda _: [Ask("/key/info")], read=read_key, permission=_ADMIN, optional=True),
    ),
)
