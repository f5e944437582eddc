"""OpenRouter's analytics: usage and cost by minute and hour, model and key.

Format: `POST /api/v1/analytics/query` (beta; OpenRouter's API reference and OpenRouterTeam/skills). A management key may ask
64 times a minute, by the minute about three hours at most, and for 10,000 rows; a longer answer is cut off and says so.
Counts arrive as text, money as dollars. `credits_usage` is all that is charged to the account: of calls with one's own key
at a provider the fee alone. Prompt tokens include the cached ones. A model is named by its dated slug, a key by its label.
How late a minute may be is not documented: it is taken as complete after ten.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from collectors.door import cut, text_milliseconds
from collectors.providers.answers import facts, instant, usd
from collectors.providers.provider import HOUR, MINUTE, Ask, Endpoint, Page, Span
from pricing.times import DAY_MS, MINUTE_MS
from pricing.usage import Usage
from store.facts import Reject
from store.provider_facts import CostBucket, UsageBucket

NAME = "openrouter"

_WIDTHS = {MINUTE: "minute", HOUR: "hour"}
_METRICS = ("credits_usage", "request_count", "tokens_prompt", "tokens_completion", "reasoning_tokens", "cached_tokens")
_MOST_ROWS = 10_000
_LAG_MS = 10 * MINUTE_MS


class _Range(msgspec.Struct):
    start: str
    end: str


class _Query(msgspec.Struct):
    granularity: str
    time_range: _Range
    metrics: Sequence[str] = _METRICS
    dimensions: Sequence[str] = ("model", "api_key_id")
    limit: int = _MOST_ROWS


class _Metadata(msgspec.Struct):
    truncated: bool


class _Data(msgspec.Struct):
    data: list[msgspec.Raw]
    metadata: _Metadata
    cachedAt: int | None = None  # noqa: N815 - the field's name


class _Answer(msgspec.Struct):
    data: _Data


class _Row(msgspec.Struct):
    tokens_prompt: int
    tokens_completion: int
    credits_usage: Decimal
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    request_count: int | None = None
    model: str | None = None
    api_key_id: str | int | None = None
    date__minute: str | None = None
    date__hour: str | None = None
    created_at__minute: str | None = None
    created_at__hour: str | None = None

    @property
    def begins_ms(self) -> int:
        """Where its bucket begins; the name of the column depends on the width and on the table behind it."""
        said = self.date__minute or self.date__hour or self.created_at__minute or self.created_at__hour
        if said is None:
            raise ValueError("usage without a time")
        return text_milliseconds(said)


_answer = msgspec.json.Decoder(_Answer).decode
_query = msgspec.json.Decoder(_Query).decode
_row = msgspec.json.Decoder(_Row, strict=False).decode


def ask(span: Span) -> Sequence[Ask]:
    """Everything of a span, by model and key; more than two dimensions are not allowed."""
    return [_asked(span.width_seconds, span.since_ms, span.until_ms)]


def _asked(width_seconds: int, since_ms: int, until_ms: int) -> Ask:
    query = _Query(_WIDTHS[width_seconds], _Range(instant(since_ms), instant(until_ms)))
    return Ask("/analytics/query", body=msgspec.json.encode(query))


def read(body: bytes, span: Span, asked: Ask) -> Page:
    """Usage and cost of each bucket; an answer that was cut off is asked for again in two halves."""
    answer = _answer(body).data
    since_ms, until_ms = _range(asked)
    halves = _halves(since_ms, until_ms, span.width_seconds) if answer.metadata.truncated else ()
    if halves:
        return Page(more=[_asked(span.width_seconds, *half) for half in halves])
    found, rejects = facts(answer.data, _row, lambda row: _bucket(row, span.width_seconds))
    within = [one for one in found if since_ms <= one[0].begins_ms < until_ms]
    if answer.metadata.truncated:
        rejects = [*rejects, Reject(reason="rows of one bucket that OpenRouter cuts off", count=1, example="")]
    return Page(
        usage=[usage for usage, _ in within],
        costs=[cost for _, cost in within],
        rejects=rejects,
        complete_until_ms=answer.cachedAt,
    )


def _range(asked: Ask) -> tuple[int, int]:
    """What the very request was about: rows beyond it are those of another one."""
    said = _query(asked.body or b"").time_range
    return text_milliseconds(said.start), text_milliseconds(said.end)


def _halves(since_ms: int, until_ms: int, width_seconds: int) -> Sequence[tuple[int, int]]:
    width_ms = width_seconds * 1_000
    middle_ms = since_ms + (until_ms - since_ms) // width_ms // 2 * width_ms
    return ((since_ms, middle_ms), (middle_ms, until_ms)) if middle_ms > since_ms else ()


def _bucket(row: _Row, width_seconds: int) -> tuple[UsageBucket, CostBucket]:
    begins_ms = row.begins_ms // (width_seconds * 1_000) * width_seconds * 1_000
    model, key, cached = cut(row.model), cut(str(row.api_key_id or "")), row.cached_tokens or 0
    if cached > row.tokens_prompt:
        raise ValueError("usage with more cached tokens than prompt tokens")
    usage = UsageBucket(
        begins_ms=begins_ms,
        width_seconds=width_seconds,
        provider=NAME,
        model=model,
        key=key,
        usage=Usage(
            input_tokens=row.tokens_prompt - cached,
            cache_read_tokens=cached,
            output_tokens=row.tokens_completion,
            reasoning_tokens=min(row.reasoning_tokens or 0, row.tokens_completion),
        ),
        requests=row.request_count,
    )
    cost = CostBucket(
        begins_ms=begins_ms, width_seconds=width_seconds, provider=NAME, model=model, key=key,
        nano_usd=usd(row.credits_usage),
    )  # fmt: skip
    return usage, cost


def analytics(permission: str, otherwise: Endpoint) -> Endpoint:
    """The endpoint, and what to read where the key may not or the beta is over."""
    return Endpoint(
        dataset=otherwise.dataset,
        asks=ask,
        read=read,
        permission=permission,
        optional=True,
        width_seconds=MINUTE,
        coarse_seconds=HOUR,
        first_look_ms=30 * DAY_MS,
        most_buckets=180,
        lag_ms=_LAG_MS,
        every_seconds=60.0,
        otherwise=otherwise,
    )
