"""Runs of LangSmith, as both generations of its API give them.

Source of the format: `types/run.py` and `schemas.py` of langchain-ai/langsmith-sdk. Headline counts contain the cache and
the reasoning; the details are parts of them. Chains repeat the sums of their children, so only runs of a model count.
"""

from decimal import Decimal
from typing import Any

import msgspec

from collectors.door import cut, names, reported_nano, text_milliseconds
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import Written, inclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "langsmith.run"

_PENDING = "pending"


class _Details(msgspec.Struct, gc=False):
    cache_read: Count | None = None
    cache_write: Count | None = None
    cache_creation: Count | None = None
    reasoning: Count | None = None
    raw: "_Details | None" = None


class _Extra(msgspec.Struct, gc=False):
    metadata: dict[str, Any] | None = None


class _Run(msgspec.Struct, gc=False):
    id: str
    run_type: str
    start_time: str
    end_time: str | None = None
    first_token_time: str | None = None
    trace_id: str | None = None
    thread_id: str | None = None
    status: str | None = None
    error: str | None = None
    ls_user_id: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_token_details: _Details | None = None
    completion_token_details: _Details | None = None
    total_cost: Decimal | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    extra: _Extra | None = None


_decode = msgspec.json.Decoder(_Run).decode
_NO_DETAILS = _Details()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a run."""
    return {"run_type", "start_time"} <= keys


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One run as its event; nothing for chains and tools, and while a run is under way."""
    run = _decode(line)
    if run.run_type.lower() != "llm" or (run.status or "").lower() == _PENDING:
        return ()
    return (_event(run),)


def _event(run: _Run) -> UsageEvent:
    started_ms = text_milliseconds(run.start_time)
    ended_ms = text_milliseconds(run.end_time) if run.end_time else started_ms
    first_ms = text_milliseconds(run.first_token_time) if run.first_token_time else None
    failed = (run.status or "").lower() == "error" or bool(run.error)
    usage = _usage(run)
    metadata = run.metadata or (run.extra.metadata if run.extra else None) or {}
    return UsageEvent(
        id=run.id,
        trace_id=run.trace_id or None,
        ended_at_ms=ended_ms,
        duration_ms=max(0, ended_ms - started_ms) if run.end_time else None,
        first_token_ms=None if first_ms is None else max(0, first_ms - started_ms),
        provider=_name(metadata.get("ls_provider")),
        model=_name(metadata.get("ls_model_name")),
        call_type=cut(run.run_type.lower()),
        outcome=Outcome.ERROR if failed else Outcome.OK,
        usage=usage,
        usage_missing=not failed and usage == NOTHING,
        reported_nano_usd=None if run.total_cost is None else reported_nano(run.total_cost),
        error="error" if failed else None,
        user=cut(run.ls_user_id),
        session=cut(run.thread_id),
        tags=names(run.tags or ()),
    )


def _name(said: object) -> str | None:
    return cut(said) if isinstance(said, str) else None


def _usage(run: _Run) -> Usage:
    inside, outside = run.prompt_token_details or _NO_DETAILS, run.completion_token_details or _NO_DETAILS
    inside, outside = inside.raw or inside, outside.raw or outside
    return inclusive(
        run.prompt_tokens,
        run.completion_tokens,
        read=inside.cache_read,
        written=Written(unsaid=inside.cache_creation if inside.cache_write is None else inside.cache_write),
        reasoning=outside.reasoning,
    )


FORMAT = LineFormat(NAME, recognises, parse)
