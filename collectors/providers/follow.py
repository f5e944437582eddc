"""Providers' sources out of a configuration, and out of keys that were found and that nobody has said yes to yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from collectors.errors import SourceAbsentError
from collectors.providers.registry import WITHOUT_FIGURES, found_keys, provider
from collectors.providers.source import KIND, ProviderSource
from collectors.settings.keys import provider_key
from collectors.settings.providers import provider_facts
from collectors.settings.sourceconfig import SourceConfig
from collectors.settings.written import seconds
from collectors.source import Absent, Poll, Source
from store.allowed import OFFER, is_key_allowed
from store.writer import Writer

if TYPE_CHECKING:
    import httpx


def configured_provider(source: SourceConfig, writer: Writer, client: httpx.AsyncClient) -> ProviderSource:
    """The source of one `[[source]]` that is a provider; goes on from where the store is."""
    name = source.name or source.type
    return ProviderSource(
        name,
        provider(source.type),
        client,
        partial(provider_key, source),
        base_url=source.url,
        account=source.account or "",
        known=writer.datasets(name),
        poll_seconds=seconds(source.poll_every) if source.poll_every else None,
    )


def found_providers(
    variables: Iterable[str], sources: Iterable[SourceConfig], writer: Writer, client: httpx.AsyncClient
) -> list[Source]:
    """What the keys in these variables could read, without what is configured anyway."""
    configured = {source.type for source in sources}
    found: list[Source] = []
    for variable, name in found_keys(variables).items():
        if name in configured:
            continue
        configured.add(name)
        if name in WITHOUT_FIGURES:
            found.append(Absent(name, KIND, f"{variable} is set. {WITHOUT_FIGURES[name]}"))
        elif provider(name).needs_account:
            said = f"{variable} is set; its [[source]] needs `account`: {provider(name).needs_account}."
            found.append(Absent(name, KIND, said))
        else:
            config = SourceConfig(type=name, api_key_env=variable)
            writer.set_providers(provider_facts([config]))
            found.append(OfferedProvider(variable, configured_provider(config, writer, client), writer))
    return found


class OfferedProvider:
    """A provider whose key was found: absent until somebody says yes, and from then on its own source."""

    kind = KIND

    def __init__(self, variable: str, source: ProviderSource, writer: Writer) -> None:
        self.name = source.name
        self._variable = variable
        self._source = source
        self._store = writer.path
        self._allowed = False

    @property
    def poll_seconds(self) -> float:
        """As often as the provider allows."""
        return self._source.poll_seconds

    async def poll(self, now_ms: int) -> Poll:
        """What the provider says; raises SourceAbsentError while its key may not be used."""
        if not self._allowed:
            self._allowed = await asyncio.to_thread(is_key_allowed, self._store, self.name)
        if not self._allowed:
            raise SourceAbsentError(
                f"{self._variable} {OFFER}: u on the Sources screen reads {self.name}'s own figures with it,"
                " and `usdtop init` writes it into a configuration."
            )
        return await self._source.poll(now_ms)
