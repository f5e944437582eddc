"""Keys that change while their sources are followed: read again where one was refused, or could not be had at the start."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from collectors.errors import CollectorError, KeyRefusedError
from collectors.settings.config import ConfigError
from collectors.settings.keys import read_key
from collectors.settings.sourceconfig import SourceConfig
from collectors.source import Around, Poll, Source

AGAIN_SECONDS = 60.0
"""How often a source that cannot be made is tried."""


class Rekeyed(Around):
    """A source whose key is read again once it was refused; another one in its place is used at once.

    Between two refusals a key's file is looked into at every poll, since that costs nothing; a command is not run.
    """

    def __init__(self, source: Source, config: SourceConfig, key: str, use: Callable[[str], None]) -> None:
        """`use` makes the source go on with another key than this one."""
        super().__init__(source)
        self._config = config
        self._digest = _digest(key)
        self._use = use
        self._is_refused = False

    async def poll(self, now_ms: int) -> Poll:
        """What the source saw; raises its errors."""
        if self._is_refused and self._config.api_key_file is not None:
            await asyncio.to_thread(self._renew)
        try:
            poll = await self._source.poll(now_ms)
        except KeyRefusedError:
            self._is_refused = True
            if not await asyncio.to_thread(self._renew):
                raise
            poll = await self._source.poll(now_ms)
        self._is_refused = False
        return poll

    def _renew(self) -> bool:
        """Whether there is another key by now, which is then used."""
        try:
            key = read_key(self._config)
        except ConfigError:
            return False
        if key is None or _digest(key) == self._digest:
            return False
        self._digest = _digest(key)
        self._use(key)
        return True


class Awaited:
    """A configured source that cannot be made yet, such as one whose key is not there: it fails, says why, and tries again."""

    def __init__(self, config: SourceConfig, why: str, make: Callable[[], Awaitable[Source]]) -> None:
        """`make` raises ConfigError as long as the source cannot be made."""
        self.name = config.label
        self._config = config
        self._why = why
        self._make = make
        self._source: Source | None = None
        self._is_first = True

    @property
    def kind(self) -> str:
        """Of the source, once it is there; until then its type."""
        return self._config.type if self._source is None else self._source.kind

    @property
    def poll_seconds(self) -> float:
        """Of the source, once it is there."""
        return AGAIN_SECONDS if self._source is None else self._source.poll_seconds

    async def poll(self, now_ms: int) -> Poll:
        """What the source saw; raises CollectorError with why there is none."""
        if self._source is None and not self._is_first:
            try:
                # A command may take its time, and whoever makes the source must not wait for it.
                await asyncio.to_thread(read_key, self._config)
                self._source = await self._make()
            except ConfigError as error:
                self._why = str(error)
        self._is_first = False
        if self._source is None:
            raise CollectorError(f"{self._why} It is tried again every minute.")
        return await self._source.poll(now_ms)


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
