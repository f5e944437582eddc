"""Chat completions, completions and embeddings of OpenAI and of all who speak its dialect.

Source of the format: the OpenAI OpenAPI document, and the documentation of xAI, DeepSeek, Groq, Mistral, OpenRouter,
Perplexity and DeepInfra for what they add. Their own fields tell them apart; without any the provider is not said.
"""

from decimal import Decimal
from typing import Annotated, Any

import msgspec

from collectors.door import cut, reported_nano
from collectors.formats.bodies.anthropic_usage import Lifetimes, ServerTools
from collectors.formats.bodies.body import ended_ms, own_id
from collectors.formats.bodies.openai_usage import Counts, openai_usage, with_units
from collectors.formats.bodies.pieces import Piece, pieces_format
from collectors.formats.format import NotUsageError
from collectors.formats.litellm import Count
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "openai.chat"

TICKS_PER_USD = 10_000_000_000
_ABSENT = msgspec.Raw(b"null")

Ticks = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class CachedDetails(msgspec.Struct, gc=False):
    """What of the cached tokens is no text; vLLM and SGLang say other things under the same name."""

    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_creation_tokens: Count | None = None
    cache_creation_token_details: Lifetimes | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    cached_tokens_details: CachedDetails | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


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
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    server_tool_use: ServerTools | None = None
    prompt_cache_hit_tokens: Count | None = None
    prompt_cache_miss_tokens: Count | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    num_search_queries: Count | None = None
    citation_tokens: Count | None = None
    cost_in_usd_ticks: Ticks | None = None
    num_sources_used: Count | None = None
    cost: Decimal | _Cost | None = None
    cost_details: _CostDetails | None = None
    is_byok: bool | None = None
    estimated_cost: Decimal | None = None
    queue_time: float | None = None
    prompt_audio_seconds: Any = None
    """Mistral's: a number, or an empty object in what its library dumps."""


class _Groq(msgspec.Struct, gc=False):
    usage: _Usage | None = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    delta: dict[str, msgspec.Raw] | None = None


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
NO_CACHED = CachedDetails()
_NO_PROMPT = _PromptDetails()
_NO_COMPLETION = _CompletionDetails()
_NO_LIFETIMES = Lifetimes()
_NO_USAGE = _Usage()
_SAYS_NOTHING = (b"null", b'""', b"[]", b"{}")
_BROKEN = "error"
"""Why an answer ends that the provider could not finish, as OpenRouter says."""
_DEEP_RESEARCH = "deep-research"
_MOST_SECONDS = 1_000_000


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is such an answer."""
    said = keys & {"id", "object", "usage", "model"}
    return ("choices" in keys and len(said) > 1) or ("data" in keys and {"usage", "model"} <= keys)


def _read(line: bytes) -> Piece | None:
    """One body, or a piece of a stream; None for a piece that names no call.

    Raises msgspec.MsgspecError, ValueError, or NotUsageError for a body of another kind.
    """
    body = _decode(line)
    if body.choices is None and body.data == _ABSENT:
        raise NotUsageError("an answer with neither choices nor data")
    said = body.usage or (body.x_groq.usage if body.x_groq else None)
    is_piece = body.object is not None and (not body.object or body.object.endswith(".chunk"))
    return Piece(
        call=body.id or "",
        event=lambda: _event(body, said or _NO_USAGE, line),
        is_last=not is_piece or (said is not None and _is_end(body)),
        tells_usage=said is not None,
        has_ended=any(choice.finish_reason for choice in body.choices or ()),
    )


def _is_end(body: _Body) -> bool:
    """Whether a piece of a stream says nothing but its usage, or that it is the last one.

    Some providers repeat a growing usage in every piece. OpenRouter's last one follows the one with the reason for the
    end, and carries a choice with an empty text.
    """
    return all(choice.finish_reason or _is_mute(choice.delta or {}) for choice in body.choices or ())


def _is_mute(delta: dict[str, msgspec.Raw]) -> bool:
    return all(name == "role" or bytes(said) in _SAYS_NOTHING for name, said in delta.items())


def _event(body: _Body, said: _Usage, line: bytes) -> UsageEvent:
    cost = _reported_usd(said)
    provider = _provider(body, said)
    usage = _usage(said, body.model or "", outside=provider == "xai")
    broke = any(choice.finish_reason == _BROKEN for choice in body.choices or ())
    return UsageEvent(
        id=own_id(body.id, line),
        ended_at_ms=ended_ms(body.created),
        provider=provider,
        model=cut(body.model),
        call_type="embeddings" if body.choices is None else "chat",
        outcome=Outcome.ERROR if broke else Outcome.OK,
        usage=usage,
        usage_missing=not broke and usage == NOTHING and said.total_tokens is None,
        variant=body.service_tier or "",
        reported_nano_usd=None if cost is None else reported_nano(cost),
        error=_BROKEN if broke else None,
    )


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
    if said.prompt_audio_seconds is not None:
        return "mistral"
    if (body.model or "").startswith("accounts/fireworks/"):
        return "fireworks_ai"
    return "azure" if body.prompt_filter_results != _ABSENT else None


def _usage(said: _Usage, model: str, *, outside: bool) -> Usage:
    counts = _counts(said)
    if said.citation_tokens is not None or _DEEP_RESEARCH in model:
        # Perplexity's deep research bills its reasoning beside the completion, whatever its total says.
        counts = counts._replace(completion=(counts.completion or 0) + (counts.reasoning or 0), total=None)
    return with_units(openai_usage(counts, reasoning_outside=outside, thinks_unsaid="gemini" in model), *_units(said))


def _counts(said: _Usage) -> Counts:
    inside = said.prompt_tokens_details or _NO_PROMPT
    outside = said.completion_tokens_details or _NO_COMPLETION
    lifetimes = inside.cache_creation_token_details or _NO_LIFETIMES
    cached = inside.cached_tokens_details or NO_CACHED
    hit, miss = said.prompt_cache_hit_tokens, said.prompt_cache_miss_tokens
    return Counts(
        prompt=said.prompt_tokens if hit is None or miss is None else hit + miss,
        completion=said.completion_tokens,
        total=said.total_tokens,
        cached=hit or inside.cached_tokens or said.cache_read_input_tokens or said.cached_tokens,
        written=inside.cache_write_tokens or inside.cache_creation_tokens or said.cache_creation_input_tokens,
        written_5m=lifetimes.ephemeral_5m_input_tokens,
        written_1h=lifetimes.ephemeral_1h_input_tokens,
        reasoning=outside.reasoning_tokens or said.reasoning_tokens,
        input_audio=inside.audio_tokens,
        output_audio=outside.audio_tokens,
        output_image=outside.image_tokens,
        input_image=inside.image_tokens,
        cached_audio=cached.audio_tokens,
        cached_image=cached.image_tokens,
    )


def _units(said: _Usage) -> tuple[tuple[str, int], ...]:
    """What is billed beside the prompt and the answer."""
    heard = said.prompt_audio_seconds
    searches = said.num_search_queries or (said.server_tool_use.web_search_requests if said.server_tool_use else None)
    is_amount = isinstance(heard, int) and not isinstance(heard, bool) and 0 < heard < _MOST_SECONDS
    return (
        ("input_audio_seconds", heard if is_amount else 0),
        ("output_citation_tokens", said.citation_tokens or 0),
        ("web_searches", searches or 0),
    )


def _reported_usd(said: _Usage) -> Decimal | None:
    """What the answer says that it cost; with a key of one's own the gateway's fee and the provider's money."""
    if said.cost_in_usd_ticks is not None:
        return Decimal(said.cost_in_usd_ticks) / TICKS_PER_USD
    cost = said.cost.total_cost if isinstance(said.cost, _Cost) else said.cost
    if cost is None:
        return said.estimated_cost
    upstream = said.cost_details.upstream_inference_cost if said.cost_details else None
    return cost + upstream if said.is_byok and upstream is not None else cost


FORMAT = pieces_format(NAME, recognises, _read)
parse = FORMAT.parse
