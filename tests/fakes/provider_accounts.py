"""A provider's source that follows a loopback server into a real store, poll by poll, with the time handed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import msgspec

from collectors.errors import CollectorError
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.providers.registry import NAMES, provider
from collectors.providers.source import ProviderSource
from collectors.settings.config import Config
from collectors.source import Poll
from collectors.web.fetch import open_client
from pricing.totals import add_usage
from pricing.usage import NOTHING, Usage
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import batch
from tests.fakes.provider_server import KEY, NOW_MS, ProviderServer, Script

KEYED = tuple(name for name in NAMES if provider(name).key_variables)
"""Providers that are asked over plain HTTP with a key."""

SCRIPTS: dict[str, Script] = {name: import_module(f"tests.fakes.providers.{name}").SCRIPT for name in KEYED}
"""What each of them says."""

ACCOUNT = "acct"
"""The `account` of every source, for those that want one."""

_PATIENCE = 400
_PRICER = Pricer(price_book(Config()))


@dataclass(slots=True)
class Account:
    """One source, the store it is written into, and what it said on the way."""

    source: ProviderSource
    writer: Writer
    now_ms: int = NOW_MS
    polls: list[Poll] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def poll(self) -> Poll | None:
        """One poll, written as the runner would; None where it failed."""
        try:
            poll = await self.source.poll(self.now_ms)
        except CollectorError as error:
            self.errors.append(str(error))
            return None
        self.polls.append(poll)
        if trouble := poll.late or poll.detail:
            self.errors.append(trouble)
        readings, cards = _PRICER.price_readings(poll.readings)
        seen = batch(source=self.source.name, at_ms=self.now_ms, kind=self.source.kind, rejects=poll.rejects)
        self.writer.write(msgspec.structs.replace(seen, readings=readings), cards)
        return poll

    async def read(self, *, step_ms: int = 0) -> None:
        """Polls until everything is read; after each failure `step_ms` pass, as a pause."""
        for _ in range(_PATIENCE):
            poll = await self.poll()
            if poll is None or ((poll.late or poll.detail) and not poll.more):
                if not step_ms:
                    return
                self.now_ms += step_ms
            elif not poll.more:
                return
        raise AssertionError(f"there is always more: {self.errors[-3:]}")

    @property
    def rejected(self) -> int:
        """Rows that were refused."""
        return sum(reject.count for poll in self.polls for reject in poll.rejects)


@asynccontextmanager
async def account(
    name: str, server: ProviderServer, store: Path, *, key: str | None = KEY, now_ms: int = NOW_MS
) -> AsyncIterator[Account]:
    """An account at a provider whose server is on loopback; goes on from what the store holds."""
    writer = Writer(store)
    try:
        async with open_client() as client:
            source = ProviderSource(
                name,
                provider(name),
                client,
                lambda: key,
                base_url=server.url,
                account=ACCOUNT,
                known=writer.datasets(name),
                jitter=lambda: 0.0,
            )
            yield Account(source, writer, now_ms)
    finally:
        writer.close()


def used(store: Path) -> dict[str | None, Usage]:
    """Everything that the store holds of providers' usage, by model."""
    sums: dict[str | None, Usage] = {}
    reader = Reader(store)
    for key, record in reader.usage_buckets(0, NOW_MS * 2):
        model = key.dimensions.model
        sums[model] = add_usage(sums.get(model, NOTHING), record.usage)
    reader.close()
    return sums


def billed(store: Path) -> int:
    """Everything that the store holds of bills, in nano-dollars."""
    reader = Reader(store)
    found = sum(record.nano_usd for record in reader.cost_buckets(0, NOW_MS * 2))
    reader.close()
    return found


def balances(store: Path) -> dict[str, int]:
    """What each account stands at."""
    reader = Reader(store)
    found = {balance.account: balance.nano for balance in reader.balances()}
    reader.close()
    return found


def holds_everything(store: Path, script: Script) -> bool:
    """Whether the store holds exactly what the script says; AssertionError with the difference where it does not."""
    assert used(store) == dict(script.usage)
    assert billed(store) == script.costs_nano_usd
    assert balances(store) == dict(script.balances)
    return True
