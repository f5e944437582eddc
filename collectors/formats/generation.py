"""What Vercel's AI Gateway and OpenRouter answer when asked for one generation: the final counts and the final cost.

Source of the format: `gateway-generation-info.ts` of vercel/ai and the reference of OpenRouter. Billed are the native
counts, which contain the cache and the reasoning. With a key of one's own the provider bills the upstream cost beside it.
"""

from decimal import Decimal

import msgspec

from collectors.door import cut, duration, reported_nano, text_milliseconds
from collectors.formats.bodies.openai_usage import with_units
from collectors.formats.format import LineFormat
from collectors.formats.litellm import Count
from collectors.formats.split import Written, inclusive
from pricing.usage import NOTHING
from store.facts import Outcome, UsageEvent

NAME = "vercel.generation"


class _Generation(msgspec.Struct, gc=False):
    id: str
    created_at: str
    native_tokens_prompt: Count | None
    total_cost: Decimal | None = None
    upstream_inference_cost: Decimal | None = None
    is_byok: bool | None = None
    model: str | None = None
    provider_name: str | None = None
    cancelled: bool | None = None
    latency: float | None = None
    generation_time: float | None = None
    tokens_prompt: Count | None = None
    """By a count of OpenRouter's own, which Vercel does not have."""
    native_tokens_completion: Count | None = None
    native_tokens_reasoning: Count | None = None
    native_tokens_cached: Count | None = None
    native_tokens_cache_creation: Count | None = None
    billable_web_search_calls: Count | None = None


_decode = msgspec.json.Decoder(_Generation).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a generation."""
    return {"native_tokens_prompt", "created_at", "id"} <= keys


def parse(line: bytes) -> tuple[UsageEvent]:
    """One generation as its event."""
    said = _decode(line)
    usage = inclusive(
        said.native_tokens_prompt,
        said.native_tokens_completion,
        read=said.native_tokens_cached,
        written=Written(unsaid=said.native_tokens_cache_creation),
        reasoning=said.native_tokens_reasoning,
    )
    usage = with_units(usage, ("web_searches", said.billable_web_search_calls or 0))
    event = UsageEvent(
        id=said.id,
        ended_at_ms=text_milliseconds(said.created_at),
        duration_ms=duration(said.generation_time),
        first_token_ms=duration(said.latency),
        provider="openrouter" if said.tokens_prompt is not None else cut(said.provider_name),
        model=cut(said.model),
        outcome=Outcome.CUT if said.cancelled else Outcome.OK,
        usage=usage,
        usage_missing=usage == NOTHING,
        reported_nano_usd=_reported(said),
    )
    return (event,)


def _reported(said: _Generation) -> int | None:
    """What the gateway takes, and what the provider takes beside it for a key of one's own."""
    if said.total_cost is None:
        return None
    own = said.upstream_inference_cost if said.is_byok else None
    return reported_nano(said.total_cost + (own or 0))


FORMAT = LineFormat(NAME, recognises, parse)
