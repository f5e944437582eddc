"""Kong's file-log and http-log with the statistics of its AI plugins.

Source of the format: `kong/llm/plugin/shared-filters/serialize-analytics.lua` and the AI audit log reference. What Kong
counts is less than what is billed: its open-source code drops cache tokens of Anthropic and Bedrock and the thinking of
Gemini, and estimates answers of streams that say no usage. A metric that is absent is logged as 0.
"""

from decimal import Decimal
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from collectors.door import count, cut, duration, milliseconds, names, reported_nano
from collectors.formats.doubts import UNDERCOUNT, note
from collectors.formats.format import LineFormat
from collectors.formats.split import inclusive
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

NAME = "kong.ai"

_LESS_THAN_BILLED = ("anthropic", "bedrock", "gemini")
_Number: TypeAlias = int | float | str | None


class _PromptDetails(msgspec.Struct, frozen=True, gc=False):
    cached_tokens: _Number = None


class _OutputDetails(msgspec.Struct, frozen=True, gc=False):
    reasoning_tokens: _Number = None


class _Usage(msgspec.Struct, frozen=True, gc=False):
    prompt_tokens: _Number = None
    completion_tokens: _Number = None
    input_tokens: _Number = None
    output_tokens: _Number = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    cost: Decimal | None = None
    time_to_first_token: float | None = None


class _Meta(msgspec.Struct, frozen=True, gc=False):
    request_model: str | None = None
    response_model: str | None = None
    provider_name: str | None = None
    request_mode: str | None = None


class _Cache(msgspec.Struct, frozen=True, gc=False):
    cache_status: str | None = None


class _Proxy(msgspec.Struct, gc=False):
    meta: _Meta = _Meta()
    usage: _Usage = _Usage()
    cache: _Cache = _Cache()


class _Ai(msgspec.Struct, gc=False):
    proxy: _Proxy | None = None


class _Request(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None


class _Response(msgspec.Struct, frozen=True, gc=False):
    status: int | None = None


class _Latencies(msgspec.Struct, frozen=True, gc=False):
    request: float | None = None


class _Named(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None


class _Consumer(msgspec.Struct, gc=False):
    id: str | None = None
    username: str | None = None
    custom_id: str | None = None


class _Line(msgspec.Struct, gc=False):
    started_at: float
    ai: _Ai
    request: _Request = _Request()
    response: _Response = _Response()
    latencies: _Latencies = _Latencies()
    consumer: _Consumer | None = None
    route: _Named | None = None
    service: _Named | None = None
    workspace_name: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a line of a log with AI statistics."""
    return "ai" in keys and ("started_at" in keys or "latencies" in keys)


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One line as its event; nothing for a request that no AI plugin proxied."""
    logged = _decode(line)
    return () if logged.ai.proxy is None else (_event(logged, logged.ai.proxy),)


def _event(logged: _Line, proxy: _Proxy) -> UsageEvent:
    usage = _usage(proxy.usage)
    if proxy.meta.provider_name in _LESS_THAN_BILLED and proxy.usage.prompt_tokens_details is None and usage != NOTHING:
        note(UNDERCOUNT)
    status = logged.response.status
    failed = status is not None and status >= 400
    hit = "hit" in (proxy.cache.cache_status or "").lower()
    outcome = Outcome.CACHE if hit else Outcome.ERROR if failed else Outcome.OK
    took_ms = duration(logged.latencies.request)
    first_ms, cost = proxy.usage.time_to_first_token, proxy.usage.cost
    consumer, route = logged.consumer or _Consumer(), logged.route or _Named()
    return UsageEvent(
        id=logged.request.id or _made_id(logged, route, usage),
        ended_at_ms=milliseconds(logged.started_at) + (took_ms or 0),
        duration_ms=took_ms,
        first_token_ms=duration(first_ms) if first_ms and proxy.meta.request_mode != "oneshot" else None,
        provider=cut(proxy.meta.provider_name),
        model=cut(proxy.meta.response_model or proxy.meta.request_model),
        deployment=cut(proxy.meta.request_model),
        tenant=cut(consumer.username or consumer.custom_id or consumer.id),
        outcome=outcome,
        usage=usage,
        usage_missing=outcome is Outcome.OK and usage == NOTHING,
        # Zero is what Kong writes where the operator has set no price.
        reported_nano_usd=reported_nano(cost) if cost else None,
        error=f"HTTP {status}" if failed else None,
        tags=names(_tags(logged, route)),
    )


def _usage(said: _Usage) -> Usage:
    prompt, output = count(said.prompt_tokens), count(said.completion_tokens)
    inside, outside = said.prompt_tokens_details, said.completion_tokens_details
    return inclusive(
        prompt or count(said.input_tokens),
        output or count(said.output_tokens),
        read=count(inside.cached_tokens) if inside else None,
        reasoning=count(outside.reasoning_tokens) if outside else None,
    )


def _tags(logged: _Line, route: _Named) -> list[str]:
    service = logged.service.name if logged.service else None
    said = {"workspace": logged.workspace_name, "route": route.name, "service": service}
    return [f"{name}:{value}" for name, value in said.items() if value]


def _made_id(logged: _Line, route: _Named, usage: Usage) -> str:
    """Older versions write no id of the request."""
    text = f"{logged.started_at}\0{route.id}\0{usage.tokens}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


FORMAT = LineFormat(NAME, recognises, parse)
