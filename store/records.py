"""What the store answers: frozen values, and how they come out of rows."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pricing.usage import Usage
from store.facts import Dimensions, Outcome, SourceHealth
from store.sums import CardNote, Sum


class SourceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A source as the collector last saw it, with its counts."""

    health: SourceHealth
    state_since_ms: int
    events: int
    duplicates: int
    rejected: int
    gap_bytes: int
    rejects: tuple[tuple[str, int, str, int], ...] = ()
    """(reason, count, example, seen_ms), most frequent first."""


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One kept request."""

    id: int
    identity: int
    record_id: str
    ended_at_ms: int
    duration_ms: int | None
    first_token_ms: int | None
    dimensions: Dimensions
    card: CardNote
    usage: Usage
    nano_usd: int | None
    reported_nano_usd: int | None
    partial: bool
    error: str | None


class GpuState(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU over the last while: means of what was really read."""

    host: str
    uuid: str
    index: int
    name: str | None
    memory_total_bytes: int | None
    at_ms: int
    busy: float | None
    memory_used_bytes: int | None
    power_watts: float | None
    temperature_celsius: int | None
    pids: tuple[int, ...]
    lost: str | None


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """An engine over the last while: sums over the seconds really observed, and the newest gauges."""

    name: str
    host: str | None
    model: str | None
    kind: str | None
    pid: int | None
    gpus: tuple[int, ...]
    """Indices of the GPUs that it is configured to hold; empty is "not said"."""
    at_ms: int
    seconds: float
    input_tokens: int
    cache_read_tokens: int
    output_tokens: int
    running: int | None
    waiting: int | None
    kv_cache_used: float | None


class KeptSum(NamedTuple):
    """Kept requests that agree in their series, card, user, end user and tags."""

    sum: Sum
    sides: tuple[tuple[str, str], ...]
    """(dimension, value), several of the dimension `tag`."""


def dimensions(row: Sequence[str]) -> Dimensions:
    """A series row as its dimensions."""
    source, provider, model, deployment, tenant, key, host, call_type, outcome = row
    return Dimensions(source, provider, model, deployment, tenant, key, host, call_type, Outcome(outcome))


def indices(text: object) -> tuple[int, ...]:
    """Numbers kept as "0,1,2"."""
    return tuple(map(int, text.split(","))) if isinstance(text, str) and text else ()


def units(text: object) -> tuple[tuple[str, int], ...]:
    """What stands beside tokens, kept as JSON."""
    return tuple((unit, amount) for unit, amount in json.loads(text)) if isinstance(text, str) else ()


def engine_state(row: Sequence[object]) -> EngineState:
    """A row of an engine as its state."""
    name, host, model, kind, pid, gpus, at_ms, observed, *tokens, running, waiting, kv_cache_used = row
    counts = dict(zip(("input_tokens", "cache_read_tokens", "output_tokens"), (n or 0 for n in tokens), strict=True))
    return msgspec.convert(
        {
            "name": name, "host": host, "model": model or None, "kind": kind, "pid": pid, "gpus": indices(gpus),
            "at_ms": at_ms, "seconds": observed or 0.0, **counts, "running": running, "waiting": waiting,
            "kv_cache_used": kv_cache_used,
        },
        EngineState,
    )  # fmt: skip
