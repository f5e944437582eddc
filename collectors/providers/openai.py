"""OpenAI: usage of every kind by minute and hour, costs by day, and whether calls are refused for the sake of a limit.

Formats: `GET /v1/organization/usage/{kind}`, `/costs` and `/spend_limit` (openai/openai-openapi). Input counts include
what was read from and written to the cache. Amounts are dollars as JSON numbers. Neither lag nor limits of the rate are
documented: minutes are taken as complete after ten, and usage is asked for once a minute.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import msgspec

from collectors.door import cut
from collectors.formats.modality import Modal, all_units, of_prompt
from collectors.providers.answers import cents, check_usd, seconds_text, usd
from collectors.providers.paged import WIDTHS, read_buckets
from collectors.providers.provider import DAY, HOUR, MINUTE, Ask, Endpoint, Page, Provider, Span
from pricing.money import usd_from_nano
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import Usage
from store.provider_facts import CostBucket, UsageBucket

KINDS = (
    "completions", "embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions", "vector_stores",
    "code_interpreter_sessions", "file_search_calls", "web_search_calls",
)  # fmt: skip

_PERMISSION = (
    "an OpenAI admin key (sk-admin-..., made by an owner of the organization) that may read usage (api.usage.read)"
)
_GROUPS = {
    "completions": ("project_id", "api_key_id", "model", "batch", "service_tier"),
    "vector_stores": ("project_id",),
    "code_interpreter_sessions": ("project_id",),
    "file_search_calls": ("project_id", "api_key_id"),
}
_USUAL_GROUPS = ("project_id", "api_key_id", "model")
_COUNTS = {
    "images": ("images", "images"),
    "audio_speeches": ("characters", "input_characters"),
    "audio_transcriptions": ("seconds", "audio_seconds"),
    "vector_stores": ("usage_bytes", "storage_bytes"),
    "code_interpreter_sessions": ("num_sessions", "code_interpreter_sessions"),
    "file_search_calls": ("num_requests", "storage_searches"),
    "web_search_calls": ("num_requests", "web_searches"),
}
"""What a kind counts that counts no tokens, and the unit that price books have for it."""


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_cached_tokens: int = 0
    input_cache_write_tokens: int = 0
    input_cache_write_30m_tokens: int = 0
    input_cache_write_12h_tokens: int = 0
    input_uncached_tokens: int | None = None
    input_audio_tokens: int = 0
    input_cached_audio_tokens: int = 0
    output_audio_tokens: int = 0
    input_image_tokens: int = 0
    input_cached_image_tokens: int = 0
    num_model_requests: int | None = None
    num_requests: int | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    batch: bool | None = None
    service_tier: str | None = None
    images: int | None = None
    characters: int | None = None
    seconds: int | None = None
    usage_bytes: int | None = None
    num_sessions: int | None = None


class _Amount(msgspec.Struct):
    value: Decimal
    currency: str = "usd"


class _Cost(msgspec.Struct):
    amount: _Amount
    line_item: str | None = None
    project_id: str | None = None
    api_key_id: str | None = None


class _Enforcement(msgspec.Struct):
    status: str


class _Limit(msgspec.Struct):
    threshold_amount: int
    """Cents."""
    enforcement: _Enforcement


_usage = msgspec.json.Decoder(_Usage).decode
_cost = msgspec.json.Decoder(_Cost).decode
_limit = msgspec.json.Decoder(_Limit).decode


def ask_usage(kind: str, span: Span) -> Sequence[Ask]:
    """Usage of one kind, split by everything that it can be priced and grouped by."""
    width, most = WIDTHS[span.width_seconds]
    groups = tuple(("group_by[]", group) for group in _GROUPS.get(kind, _USUAL_GROUPS))
    return [
        Ask(f"/v1/organization/usage/{kind}", (*_window(span), ("bucket_width", width), ("limit", str(most)), *groups))
    ]


def ask_costs(span: Span) -> Sequence[Ask]:
    """Costs by project and line item; there are only days."""
    groups = (("group_by[]", "project_id"), ("group_by[]", "line_item"))
    return [Ask("/v1/organization/costs", (*_window(span), ("bucket_width", "1d"), ("limit", "31"), *groups))]


def _window(span: Span) -> tuple[tuple[str, str], ...]:
    return ("start_time", seconds_text(span.since_ms)), ("end_time", seconds_text(span.until_ms))


def read_usage(kind: str, body: bytes, span: Span, ask: Ask) -> Page:
    """A page of usage buckets."""
    found, rejects, more = read_buckets(body, ask, _usage, partial(_usage_bucket, kind, span.width_seconds))
    return Page(usage=found, rejects=rejects, more=more)


def read_costs(body: bytes, span: Span, ask: Ask) -> Page:
    """A page of cost buckets; a line item reads "gpt-5, input"."""
    found, rejects, more = read_buckets(body, ask, _cost, partial(_cost_bucket, span.width_seconds))
    return Page(costs=found, rejects=rejects, more=more)


def read_limit(body: bytes, _span: Span, _ask: Ask) -> Page:
    """The organization's own limit says something once it is enforced: every call is refused then."""
    limit = _limit(body)
    if limit.enforcement.status != "enforcing":
        return Page()
    dollars = usd_from_nano(cents(Decimal(limit.threshold_amount)))
    return Page(
        notice=f"OpenAI refuses all calls: the organization's spend limit of ${dollars:,.2f} a month is reached"
    )


def _usage_bucket(kind: str, width_seconds: int, begins_ms: int, row: _Usage) -> UsageBucket:
    return UsageBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(row.model),
        tenant=cut(row.project_id),
        key=cut(row.api_key_id),
        call_type=kind,
        variant="batch" if row.batch else row.service_tier or "",
        usage=_tokens(row) if kind not in _COUNTS else _units(kind, row),
        requests=row.num_model_requests if row.num_model_requests is not None else row.num_requests,
    )


def _tokens(row: _Usage) -> Usage:
    """Tokens in disjoint classes: what was read from and written to the cache is part of the input.

    Uncached audio has a price of its own and stands beside the tokens, as in logs.
    """
    if row.input_tokens is None:
        raise ValueError("usage without a count of input tokens")
    read, written = row.input_cached_tokens, row.input_cache_write_tokens
    in_30m, in_12h = row.input_cache_write_30m_tokens, row.input_cache_write_12h_tokens
    uncached = row.input_uncached_tokens
    if uncached is None:
        uncached = row.input_tokens - read - written
    if uncached < 0:
        raise ValueError("usage with more cached tokens than input tokens")
    heard, heard_and_seen = of_prompt(
        uncached,
        read,
        audio=Modal(row.input_audio_tokens, row.input_cached_audio_tokens),
        image=Modal(row.input_image_tokens, row.input_cached_image_tokens),
    )
    spoken = min(row.output_tokens or 0, row.output_audio_tokens)
    return Usage(
        input_tokens=uncached - heard,
        cache_read_tokens=read,
        cache_write_30m_tokens=in_30m,
        cache_write_12h_tokens=in_12h,
        cache_write_tokens=max(0, written - in_30m - in_12h),
        output_tokens=(row.output_tokens or 0) - spoken,
        units=all_units(heard_and_seen, (("output_audio_tokens", spoken),) if spoken else ()),
    )


def _units(kind: str, row: _Usage) -> Usage:
    field, unit = _COUNTS[kind]
    amount: int | None = getattr(row, field)
    if amount is None:
        raise ValueError(f"usage without a count of {field}")
    return Usage(units=((unit, amount),))


def _cost_bucket(width_seconds: int, begins_ms: int, row: _Cost) -> CostBucket:
    check_usd(row.amount.currency)
    item = row.line_item or ""
    model, comma, _ = item.rpartition(", ")
    return CostBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=PROVIDER.name,
        model=cut(model if comma else item),
        tenant=cut(row.project_id),
        key=cut(row.api_key_id),
        item=item[:256],
        nano_usd=usd(row.amount.value),
    )


def _usage_endpoint(kind: str) -> Endpoint:
    return Endpoint(
        dataset=f"usage/{kind}",
        asks=partial(ask_usage, kind),
        read=partial(read_usage, kind),
        permission=_PERMISSION,
        width_seconds=MINUTE,
        coarse_seconds=HOUR,
        lag_ms=10 * MINUTE_MS,
        every_seconds=60.0 if kind == "completions" else 300.0,
    )


PROVIDER = Provider(
    name="openai",
    base_url="https://api.openai.com",
    key_variables=("OPENAI_ADMIN_KEY",),
    endpoints=(
        *map(_usage_endpoint, KINDS),
        Endpoint(
            dataset="costs",
            asks=ask_costs,
            read=read_costs,
            permission=_PERMISSION,
            width_seconds=DAY,
            most_buckets=31,
            first_look_ms=31 * DAY_MS,
            lag_ms=DAY_MS,
            every_seconds=900.0,
        ),
        Endpoint(
            dataset="spend limit",
            asks=lambda _: [Ask("/v1/organization/spend_limit")],
            read=read_limit,
            permission=_PERMISSION,
            optional=True,
            may_be_absent=True,
        ),
    ),
)
