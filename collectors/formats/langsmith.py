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
from collectors.formats.split import Written, inclusive, with_sound
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "langsmith.run"

_PENDING = "pending"


class _Details(msgspec.Struct, gc=False):
    cache_read: Count | None = None
    cache_write: Count | None = None
    cache_creation: Count | None = None
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None
    reasoning: Count | None = None
    audio: Count | None = None
    flex: Count | None = None
    flex_cache_read: Count | None = None
    flex_reasoning: Count | None = None
    priority: Count | None = None
    priority_cache_read: Count | None = None
    priority_reasoning: Count | None = None
    raw: "_Details | None" = None

    @property
    def tier(self) -> str:
        """The service tier, which LangChain writes into the names of the counts."""
        if self.flex is not None or self.flex_cache_read is not None:
            return "flex"
        return "priority" if self.priority is not None or self.priority_cache_read is not None else ""

    @property
    def read(self) -> int | None:
        """What was read from the cache, in any tier."""
        return self.cache_read or self.flex_cache_read or self.priority_cache_read

    @property
    def written(self) -> Written:
        """What was written to the cache; where lifetimes are said, newer versions leave them out of the whole."""
        for_5m, for_1h = self.ephemeral_5m_input_tokens or 0, self.ephemeral_1h_input_tokens or 0
        whole = self.cache_write or self.cache_creation or 0
        return Written(for_5m, for_1h, max(0, whole - for_5m - for_1h))


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
        usage_missing=not failed and usage == NOTHING and not _counts_nothing(run),
        variant=_raw(run.prompt_token_details).tier,
        reported_nano_usd=None if run.total_cost is None else reported_nano(run.total_cost),
        error="error" if failed else None,
        user=cut(run.ls_user_id),
        session=cut(run.thread_id),
        tags=names(run.tags or ()),
    )


def _name(said: object) -> str | None:
    return cut(said) if isinstance(said, str) else None


def _counts_nothing(run: _Run) -> bool:
    """Whether zero is what was counted."""
    return run.prompt_tokens == run.completion_tokens == 0


def _raw(details: _Details | None) -> _Details:
    return (details.raw or details) if details else _NO_DETAILS


def _usage(run: _Run) -> Usage:
    inside, outside = _raw(run.prompt_token_details), _raw(run.completion_token_details)
    usage = inclusive(
        run.prompt_tokens,
        run.completion_tokens,
        read=inside.read,
        written=inside.written,
        reasoning=outside.reasoning or outside.flex_reasoning or outside.priority_reasoning,
    )
    return with_sound(usage, inside.audio, outside.audio)


FORMAT = LineFormat(NAME, recognises, parse)
