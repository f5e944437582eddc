"""Which keeper of records a configured source asks, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectors.gateways.polled import FIRST_LOOK_MS, Keeper, PolledSource
from collectors.keyed import Rekeyed
from collectors.settings.config import ConfigError
from collectors.settings.keys import read_key
from collectors.settings.sourceconfig import SourceConfig
from collectors.settings.written import instant_ms, seconds
from collectors.source import Source

if TYPE_CHECKING:
    import httpx


def polled_source(source: SourceConfig, client: httpx.AsyncClient, *, watermark_ms: int | None, now_ms: int) -> Source:
    """The source as configured; it goes on from its watermark, else from `start`. Raises ConfigError."""
    key = read_key(source)
    keeper = _keeper(source, client, key)
    since_ms = watermark_ms
    if since_ms is None and source.start == "beginning":
        since_ms = now_ms - FIRST_LOOK_MS + keeper.overlap_ms
    elif since_ms is None:
        begin_ms = now_ms if source.start == "end" else instant_ms(source.start, now_ms=now_ms)
        since_ms = begin_ms + keeper.overlap_ms
    poll_seconds = seconds(source.poll_every) if source.poll_every else None
    polled = PolledSource(source.label, keeper, since_ms=since_ms, poll_seconds=poll_seconds)
    if key is None:
        return polled
    return Rekeyed(polled, source, key, lambda another: polled.use(_keeper(source, client, another)))


def _keeper(source: SourceConfig, client: httpx.AsyncClient, key: str | None) -> Keeper:
    if source.type == "litellm":
        from collectors.gateways.litellm_api import LitellmProxy

        return LitellmProxy(source.url or "", client, {} if key is None else {"Authorization": f"Bearer {key}"})
    if source.type == "postgres":
        from collectors.gateways.postgres import SpendLogTable

        try:
            return SpendLogTable(source.url or "", key)
        except ValueError as error:
            raise ConfigError(f"source {source.label}: {error}.") from None
    if key is None:
        raise ConfigError(
            f"source {source.label}: it wants a key: name it by api_key_env, api_key_file or api_key_command."
        )
    if source.type == "langfuse":
        from collectors.gateways import langfuse

        return langfuse.Langfuse(source.url or langfuse.URL, client, source.public_key or "", key)
    if source.type == "helicone":
        from collectors.gateways import helicone

        return helicone.Helicone(source.url or helicone.URL, client, key)
    from collectors.gateways import langsmith

    return langsmith.Langsmith(source.url or langsmith.URL, client, key, source.projects or ())
