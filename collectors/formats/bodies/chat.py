"""Chat completions, completions and embeddings of OpenAI and of all who speak its dialect.

Source of the format: the OpenAI OpenAPI document, and the documentation of xAI, DeepSeek, Groq, Mistral, OpenRouter,
Perplexity and DeepInfra for what they add. Their own fields tell them apart; without any the provider is not said.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from collectors.door import cut, reported_nano
from collectors.formats.bodies.body import ended_ms, own_id
from collectors.formats.bodies.openai_usage import Counts, openai_usage
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import UsageEvent

NAME = "openai.chat"

TICKS_PER_USD = 10_000_000_000
_ABSENT = msgspec.Raw(b"null")

Ticks = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None


class _CostDetails(msgspec.Struct, gc=False):
    upstream_inference_cost: Decimal | None = None


class _Cost(msgspec.Struct, gc=False):
    total_cost: Decimal | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: Count | None = None
    prompt_cache_miss_tokens: Count | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    num_search_queries: Count | None = None
    cost_in_usd_ticks: Ticks | None = None
    num_sources_used: Count | None = None
    cost: Decimal | _Cost | None = None
    cost_details: _CostDetails | None = None
    is_byok: bool | None = None
    estimated_cost: Decimal | None = None
    queue_time: float | None = None
    prompt_audio_seconds: msgspec.Raw = _ABSENT


class _Groq(msgspec.Struct, gc=False):
    usage: _Usage | None = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Body(msgspec.Struct, gc=False):
    id: str | None = None
    object: str | None = None
    created: float | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: _Usage | None = None
    x_groq: _Groq | None = None
    choices: list[_Choice] | None = None
    data: msgspec.Raw = _ABSENT
    prompt_filter_results: msgspec.Raw = _ABSENT


_decode = msgspec.json.Decoder(_Body).decode
_NO_PROMPT = _PromptDetails()
_NO_COMPLETION = _CompletionDetails()
_NO_USAGE = _Usage()


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such an answer."""
    said = keys & {"id", "object", "usage", "model"}
    return ("choices" in keys and len(said) > 1) or ("data" in keys and {"usage", "model"} <= keys)


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The call that one body ends; none for a piece of a stream that is not its end or carries no usage.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    body = _decode(line)
    if body.choices is None and body.data == _ABSENT:
        raise NotUsageError("an answer with neither choices nor data")
    said = body.usage or (body.x_groq.usage if body.x_groq else None)
    if (body.object or "").endswith(".chunk") and (said is None or not _is_end(body)):
        return ()
    return (_event(body, said or _NO_USAGE, line),)


def _is_end(body: _Body) -> bool:
    """Whether no more usage follows: some providers repeat a growing usage in every piece of a stream."""
    return not body.choices or any(choice.finish_reason for choice in body.choices)


def _event(body: _Body, said: _Usage, line: bytes) -> UsageEvent:
    provider = _provider(body, said)
    usage = _usage(said, reasoning_outside=provider in _REASONING_OUTSIDE)
    cost = _reported_usd(said)
    return UsageEvent(
        id=own_id(body.id, line),
        ended_at_ms=ended_ms(body.created),
        provider=provider,
        model=cut(body.model),
        call_type="embeddings" if body.choices is None else "chat",
        usage=usage,
        usage_missing=usage == NOTHING and said.total_tokens is None,
        variant=body.service_tier or "",
        reported_nano_usd=None if cost is None else reported_nano(cost),
    )


_REASONING_OUTSIDE = ("xai", "perplexity")


def _provider(body: _Body, said: _Usage) -> str | None:
    """Whose answer it is, as far as fields that only one provider sends tell."""
    if said.cost_in_usd_ticks is not None or said.num_sources_used is not None:
        return "xai"
    if said.prompt_cache_hit_tokens is not None:
        return "deepseek"
    if said.num_search_queries is not None or isinstance(said.cost, _Cost):
        return "perplexity"
    if said.cost is not None or said.cost_details is not None:
        return "openrouter"
    if said.estimated_cost is not None:
        return "deepinfra"
    if body.x_groq is not None or said.queue_time is not None:
        return "groq"
    if said.prompt_audio_seconds != _ABSENT:
        return "mistral"
    if (body.model or "").startswith("accounts/fireworks/"):
        return "fireworks_ai"
    return "azure" if body.prompt_filter_results != _ABSENT else None


def _usage(said: _Usage, *, reasoning_outside: bool) -> Usage:
    inside = said.prompt_tokens_details or _NO_PROMPT
    outside = said.completion_tokens_details or _NO_COMPLETION
    hit, miss = said.prompt_cache_hit_tokens, said.prompt_cache_miss_tokens
    counts = Counts(
        prompt=said.prompt_tokens if hit is None or miss is None else hit + miss,
        completion=said.completion_tokens,
        total=said.total_tokens,
        cached=_first(hit, inside.cached_tokens, said.cached_tokens),
        written=inside.cache_write_tokens,
        reasoning=_first(outside.reasoning_tokens, said.reasoning_tokens),
        input_audio=inside.audio_tokens,
        output_audio=outside.audio_tokens,
    )
    usage = openai_usage(counts, reasoning_outside=reasoning_outside)
    if said.num_search_queries:
        return usage._replace(units=tuple(sorted((*usage.units, ("web_searches", said.num_search_queries)))))
    return usage


def _reported_usd(said: _Usage) -> Decimal | None:
    """What the answer says that it cost; with a key of one's own the gateway's fee and the provider's money."""
    if said.cost_in_usd_ticks is not None:
        return Decimal(said.cost_in_usd_ticks) / TICKS_PER_USD
    cost = said.cost.total_cost if isinstance(said.cost, _Cost) else said.cost
    if cost is None:
        return said.estimated_cost
    upstream = said.cost_details.upstream_inference_cost if said.cost_details else None
    return cost + upstream if said.is_byok and upstream is not None else cost


def _first(*counts: int | None) -> int | None:
    return next((count for count in counts if count is not None), None)


FORMAT = LineFormat(NAME, recognises, parse)
