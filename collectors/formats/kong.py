"""Kong's file-log and http-log with the statistics of its AI plugins.

Source of the format: `kong/llm/plugin/shared-filters/serialize-analytics.lua` and the AI audit log reference; for 3.6 and
3.7 the reference of those versions (docs.konghq.com, AI audit log reference), in which each plugin that asks a model stands
under its own name, and counts are called `prompt_token` and `completion_token`. What Kong
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
_PROXY, _ASKED, _ANSWERED = "ai-proxy", "ai-request-transformer", "ai-response-transformer"
_Number: TypeAlias = int | float | str | None


class _PromptDetails(msgspec.Struct, frozen=True, gc=False):
    cached_tokens: _Number = None


class _OutputDetails(msgspec.Struct, frozen=True, gc=False):
    reasoning_tokens: _Number = None


class _Usage(msgspec.Struct, frozen=True, gc=False):
    prompt_tokens: _Number = None
    completion_tokens: _Number = None
    prompt_token: _Number = None
    completion_token: _Number = None
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


class _Ai(msgspec.Struct, gc=False, rename={"ai_proxy": _PROXY, "asked": _ASKED, "answered": _ANSWERED}):
    """The plugins that ask a model: newer versions have one name for all kinds of proxy."""

    proxy: _Proxy | None = None
    ai_proxy: _Proxy | None = None
    asked: _Proxy | None = None
    answered: _Proxy | None = None

    @property
    def calls(self) -> list[tuple[str, _Proxy]]:
        """The calls of one request, each with the plugin that made it, which is not said of the one that was asked for."""
        made = (("", self.proxy or self.ai_proxy), (_ASKED, self.asked), (_ANSWERED, self.answered))
        return [(plugin, call) for plugin, call in made if call is not None]


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
    """One line as its events, one for each call of a model; none for a request for which no AI plugin asked one."""
    logged = _decode(line)
    return tuple(_event(logged, plugin, call) for plugin, call in logged.ai.calls)


def _event(logged: _Line, plugin: str, proxy: _Proxy) -> UsageEvent:
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
        id=_id(logged, plugin, usage),
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
        tags=names(_tags(logged, route, plugin)),
    )


def _usage(said: _Usage) -> Usage:
    prompt = count(said.prompt_token if said.prompt_tokens is None else said.prompt_tokens)
    output = count(said.completion_token if said.completion_tokens is None else said.completion_tokens)
    inside, outside = said.prompt_tokens_details, said.completion_tokens_details
    return inclusive(
        prompt or count(said.input_tokens),
        output or count(said.output_tokens),
        read=count(inside.cached_tokens) if inside else None,
        reasoning=count(outside.reasoning_tokens) if outside else None,
    )


def _tags(logged: _Line, route: _Named, plugin: str) -> list[str]:
    service = logged.service.name if logged.service else None
    said = {"workspace": logged.workspace_name, "route": route.name, "service": service, "plugin": plugin}
    return [f"{name}:{value}" for name, value in said.items() if value]


def _id(logged: _Line, plugin: str, usage: Usage) -> str:
    """The request's, with the plugin that asked beside the proxy; older versions write no id of the request."""
    if logged.request.id:
        return f"{logged.request.id}:{plugin}" if plugin else logged.request.id
    route = logged.route.id if logged.route else None
    text = f"{logged.started_at}\0{route}\0{usage.tokens}" + (f"\0{plugin}" if plugin else "")
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


FORMAT = LineFormat(NAME, recognises, parse)
