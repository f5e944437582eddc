"""Sources as a configuration writes them: what each entry becomes, with its key, its pace and what is known of it already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from collectors.addresses import LOOPBACK
from collectors.clock import Clock
from collectors.configured import ConfiguredSource
from collectors.engines.engine import EngineSource
from collectors.formats.dimensions import DimensionMap
from collectors.gpus.dcgm import POLL_SECONDS as DCGM_POLL_SECONDS
from collectors.gpus.dcgm import DcgmSource
from collectors.holders import Held, Holders
from collectors.keyed import Awaited, Rekeyed
from collectors.logs.copies import IMPORT, imported
from collectors.logs.files import POLL_SECONDS, FileSource
from collectors.providers.follow import configured_provider
from collectors.providers.registry import NAMES
from collectors.settings.config import ConfigError
from collectors.settings.keys import read_key
from collectors.settings.sourceconfig import KEEPERS, SourceConfig
from collectors.settings.written import host_and_port, instant_ms, seconds
from collectors.source import Source
from store.writer import Writer

if TYPE_CHECKING:
    import httpx

    from collectors.gateways.receiver import OtlpReceiver

ENGINE_POLL_SECONDS = 2.0


class SourceMaker:
    """Makes sources, in the writing thread where a position or a watermark is wanted."""

    def __init__(
        self,
        machine: str,
        holders: Holders,
        *,
        clock: Clock,
        in_writer: Callable[[Callable[[Writer], Source]], Awaitable[Source]],
    ) -> None:
        """`holders` knows which GPUs an engine of this machine holds; `in_writer` makes later what could not be made at once."""
        self._machine = machine
        self._holders = holders
        self._clock = clock
        self._in_writer = in_writer
        self.receivers: list[OtlpReceiver] = []
        """Those that were made, to be closed."""

    def make(self, source: SourceConfig, writer: Writer, client: httpx.AsyncClient) -> Source:
        """One source; where its key cannot be had, one that says so and waits for it, since the others go on."""
        try:
            return self._made(source, client, writer)
        except ConfigError as error:
            make = partial(self._in_writer, partial(self._made, source, client))
            return Awaited(source, str(error), make)

    def _made(self, source: SourceConfig, client: httpx.AsyncClient, writer: Writer) -> Source:
        """One source as it is configured; raises ConfigError."""
        if source.type == "file":
            return _as_configured(file_source(source, writer, now_ms=self._clock()), source)
        if source.type == "otlp":
            return _as_configured(self._receiver(source), source)
        if source.type in KEEPERS:
            return _as_configured(self._polled(source, writer, client), source)
        if source.type == "dcgm":
            return self._dcgm(source, client)
        if source.type in NAMES:
            return configured_provider(source, writer, client)
        return self.engine(source, client)

    def engine(self, source: SourceConfig, client: httpx.AsyncClient) -> Source:
        """An engine's page; one of this machine is asked with the GPUs that its processes hold. Raises ConfigError."""
        url, key = source.url or "", read_key(source)
        headers = _authorisation(key)
        engine = EngineSource(
            source.label,
            url,
            client,
            host=source.host or self._machine_at(url),
            model=source.model,
            gpus=tuple(gpu for gpu in source.gpus if isinstance(gpu, int)),
            uuids=tuple(gpu for gpu in source.gpus if isinstance(gpu, str)),
            holds=partial(self._holders.held_at, url) if self.is_here(url) else Held,
            headers=headers,
            poll_seconds=_pause(source, ENGINE_POLL_SECONDS),
        )
        return _rekeyed(engine, source, key, headers)

    def _receiver(self, source: SourceConfig) -> OtlpReceiver:
        from collectors.gateways.receiver import PORT, OtlpReceiver

        host, port = host_and_port(source.listen or str(PORT))
        receiver = OtlpReceiver(source.label, host, port, allow_remote=source.allow_remote)
        self.receivers.append(receiver)
        return receiver

    def _polled(self, source: SourceConfig, writer: Writer, client: httpx.AsyncClient) -> Source:
        from collectors.gateways.keepers import polled_source

        watermark_ms = writer.watermark_ms(source.label)
        return polled_source(source, client, watermark_ms=watermark_ms, now_ms=self._clock())

    def _dcgm(self, source: SourceConfig, client: httpx.AsyncClient) -> Source:
        url, key = source.url or "", read_key(source)
        headers = _authorisation(key)
        cards = DcgmSource(
            source.label,
            url,
            client,
            host=source.host,
            machine=self._machine_at(url),
            headers=headers,
            poll_seconds=_pause(source, DCGM_POLL_SECONDS),
        )
        return _rekeyed(cards, source, key, headers)

    def _machine_at(self, url: str) -> str:
        host = urlsplit(url).hostname
        return self._machine if host is None or host in LOOPBACK else host

    def is_here(self, url: str) -> bool:
        """Whether an address is one of this machine's."""
        return urlsplit(url).hostname in {*LOOPBACK, self._machine.lower()}


def file_source(source: SourceConfig, writer: Writer, *, now_ms: int) -> FileSource:
    """A log, to be read on from where a collector or an import has stopped."""
    name = source.label
    positions = writer.positions(name)
    # Once a log was read to its end, what comes after that is new, whatever times it carries.
    is_first = not positions or writer.watermark_ms(name) is None
    dated = is_first and source.start not in ("beginning", "end")
    if source.start == "beginning":
        positions += imported(str(Path(source.path or "").expanduser()), positions, writer.positions(IMPORT))
    return FileSource(
        name,
        source.path or "",
        positions,
        format_name=source.format,
        fields=source.fields,
        from_end=source.start == "end",
        not_before_ms=instant_ms(source.start, now_ms=now_ms) if dated else 0,
        poll_seconds=_pause(source, POLL_SECONDS),
    )


def _pause(source: SourceConfig, usual_seconds: float) -> float:
    return seconds(source.poll_every) if source.poll_every else usual_seconds


def _as_configured(source: Source, config: SourceConfig) -> Source:
    expect_seconds = seconds(config.expect_every) if config.expect_every else None
    return ConfiguredSource(source, DimensionMap(config.dimensions or {}), expect_seconds=expect_seconds)


def _authorisation(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _rekeyed(source: Source, config: SourceConfig, key: str | None, headers: dict[str, str]) -> Source:
    """A source that sends these headers with every question, and another key in them once this one is refused."""
    if key is None:
        return source
    return Rekeyed(source, config, key, lambda another: headers.update(_authorisation(another)))
