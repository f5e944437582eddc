"""Rows of LiteLLM's table `LiteLLM_SpendLogs`, as its HTTP endpoints and a query of the database give them.

Source of the format: `schema.prisma` and `spend_tracking` of LiteLLM 1.109. Counts are those of its payload; the classes
of the cache are no columns and stand in `metadata`. Times have no zone in the database and are UTC. For a call that was
refused the proxy writes its own estimate of the prompt, which nobody was billed for.
"""

from decimal import Decimal

import msgspec

from collectors.door import cut, reported_nano, text_milliseconds
from collectors.formats import litellm
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from pricing.usage import NOTHING
from store.facts import Outcome, Rank, UsageEvent

NAME = "litellm.spendlogs"


class _Metadata(litellm.Metadata, gc=False):
    status: str | None = None
    litellm_call_id: str | None = None
    cost_breakdown: litellm.CostBreakdown | None = None
    error_information: litellm.ErrorInformation | None = None
    additional_usage_values: litellm.UsageObject | None = None
    """Where older versions kept the counts of the cache."""


class _Row(msgspec.Struct, gc=False):
    request_id: str
    startTime: str  # noqa: N815 - LiteLLM's own name
    endTime: str | None = None  # noqa: N815 - LiteLLM's own name
    completionStartTime: str | None = None  # noqa: N815 - LiteLLM's own name
    request_duration_ms: int | None = None
    litellm_call_id: str | None = None
    session_id: str | None = None
    call_type: str | None = None
    status: str | None = None
    cache_hit: str | bool | None = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    spend: Decimal | None = None
    user: str | None = None
    end_user: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    request_tags: list[str] | str | None = None
    metadata: _Metadata | str | None = None


COLUMNS = _Row.__struct_fields__
"""The columns of the table that are read."""
METADATA = _Metadata.__struct_fields__
"""What is read of the column `metadata`."""

_decode = msgspec.json.Decoder(_Row).decode
_decode_metadata = msgspec.json.Decoder(_Metadata).decode
_decode_tags = msgspec.json.Decoder(list[str]).decode
_NO_METADATA = _Metadata()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such a row."""
    return {"request_id", "spend", "startTime"} <= keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One row as its event; raises msgspec.MsgspecError or ValueError when it is none."""
    return (_event(_decode(line)),)


def _event(row: _Row) -> UsageEvent:
    metadata = row.metadata or _NO_METADATA
    if isinstance(metadata, str):
        metadata = _decode_metadata(metadata)
    started_ms = text_milliseconds(row.startTime)
    ended_ms = text_milliseconds(row.endTime) if row.endTime else started_ms
    first_ms = text_milliseconds(row.completionStartTime) if row.completionStartTime else ended_ms
    call_id = row.litellm_call_id or metadata.litellm_call_id or None
    error = (metadata.error_information.error_class if metadata.error_information else None) or None
    status = row.status or metadata.status or "success"
    reported = metadata.usage_object or metadata.additional_usage_values
    outcome = litellm.outcome_of(status, error, str(row.cache_hit).lower() == "true")
    is_estimate = outcome is Outcome.ERROR and not row.completion_tokens and not row.spend
    usage = NOTHING if is_estimate else litellm.usage_of(row.prompt_tokens, row.completion_tokens, reported)
    return UsageEvent(
        id=litellm.record_id(row.request_id, call_id),
        call_id=call_id,
        trace_id=row.session_id or None,
        ended_at_ms=ended_ms,
        duration_ms=max(0, ended_ms - started_ms),
        first_token_ms=max(0, first_ms - started_ms) if first_ms < ended_ms else None,
        provider=cut(row.custom_llm_provider),
        model=cut(row.model),
        deployment=cut(row.model_group),
        tenant=litellm.tenant_of(metadata) or cut(row.team_id or row.organization_id),
        key=cut(metadata.user_api_key_alias),
        call_type=cut(row.call_type),
        outcome=outcome,
        usage=usage,
        usage_missing=status == "success" and usage == NOTHING,
        variant=litellm.BATCH
        if row.call_type in litellm.BATCHES
        else litellm.variant_of(reported, metadata.cost_breakdown),
        reported_nano_usd=None if row.spend is None else reported_nano(row.spend),
        error=cut(error),
        rank=Rank.ROW,
        user=cut(row.user or metadata.user_api_key_user_id),
        end_user=cut(row.end_user or metadata.user_api_key_end_user_id),
        tags=_tags(row.request_tags),
    )


def _tags(said: list[str] | str | None) -> tuple[str, ...]:
    if isinstance(said, str):
        said = _decode_tags(said) if said else None
    return litellm.tags_of(said) if said else ()


FORMAT = LineFormat(NAME, recognises, parse)
