"""A collector that watches, and two monitors on its store: an acknowledgement is seen by all, a webhook hears of it once."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.alerting.watch import Watch
from collectors.prices.pricer import Pricer
from collectors.runner import Runner
from collectors.settings.config import Config, from_mapping
from collectors.web.fetch import open_client
from pricing.books.book import PriceBook
from store.facts import Batch, SourceState
from store.writer import Writer
from tests.fakes.events import AT_MS, batch
from tests.fakes.webhooks import Receiver
from tui.acts.alerts import Acknowledge
from tui.pictures.view import View
from tui.questions.alerts import AlertsQuestion
from tui.questions.burn import BurnQuestion
from tui.storefeed import StoreFeed

pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


class Collector:
    """Watches a store round by round; each sleep lets its seconds pass, and writes what the source says then."""

    def __init__(self, store: Path, config: Config) -> None:
        self.store = store
        self.now_ms = AT_MS
        self.said: list[str] = []
        self._config = config

    def rounds(self, count: int, says: Callable[[int], Batch]) -> None:
        """Start, go round so many times, and stop: what a restarted collector does."""
        asyncio.run(self._rounds(count, says))

    async def _rounds(self, count: int, says: Callable[[int], Batch]) -> None:
        runner = Runner(lambda: Writer(self.store), Pricer(PriceBook([])), clock=lambda: self.now_ms)
        await runner.start()
        left, over = count, asyncio.Event()

        async def sleep(seconds: float) -> None:
            nonlocal left
            left -= 1
            if not left:
                over.set()
                await asyncio.Event().wait()
            self.now_ms += round(seconds * 1_000)
            await runner.in_writer(lambda writer: writer.write(says(self.now_ms)))

        watch = Watch(
            self._config, self.store, clock=lambda: self.now_ms, say=self.said.append, machine="gpu-host-3",
            names=lambda: ("gateway",), sleep=sleep,
        )  # fmt: skip
        async with open_client() as client:
            watching = asyncio.create_task(watch.run(runner, client))
            await over.wait()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await runner.close()


def works(now_ms: int) -> Batch:
    return batch(at_ms=now_ms)


def is_dead(now_ms: int) -> Batch:
    return batch(at_ms=now_ms, state=SourceState.FAILING, watermark_ms=None, detail="permission denied")


def configuration(receiver: Receiver, **alerts: Any) -> Config:
    hook = {"name": "hook", "url": receiver.url}
    return from_mapping({"webhook": [hook], "alerts": alerts}, None)


def test_one_alert_one_acknowledgement_one_message_whoever_looks_and_restarts(
    tmp_path: Path, receiver: Receiver
) -> None:
    store = tmp_path / "usdtop.db"
    collector = Collector(store, configuration(receiver))
    collector.rounds(3, works)
    here, there = (StoreFeed(store, clock=lambda: collector.now_ms, machine="m") for _ in range(2))
    assert (here.read(BurnQuestion(View())).header.alerts_firing, receiver.received) == (0, [])

    collector.rounds(10, is_dead)
    assert (
        here.read(BurnQuestion(View())).header.alerts_firing
        == there.read(BurnQuestion(View())).header.alerts_firing
        == 1
    )

    here.do(Acknowledge(there.read(AlertsQuestion(View())).rows[0].id))
    assert there.read(AlertsQuestion(View())).rows[0].state == "acknowledged"

    collector.rounds(10, is_dead)
    collector.rounds(10, is_dead)
    assert there.read(AlertsQuestion(View())).rows[0].state == "acknowledged", "a restart forgets nothing"
    assert [body["event"] for body in receiver.bodies] == ["firing"]

    collector.rounds(40, works)
    assert there.read(AlertsQuestion(View())).rows[0].state == "resolved"
    assert [body["event"] for body in receiver.bodies] == ["firing", "resolved"]
    assert collector.said == []


def test_a_rule_that_is_off_rings_nobody(tmp_path: Path, receiver: Receiver) -> None:
    collector = Collector(tmp_path / "usdtop.db", configuration(receiver, off=["stale_source"]))
    collector.rounds(15, is_dead)

    assert receiver.received == []


def test_a_bug_in_a_rule_is_said_once_and_the_watching_goes_on(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    collector = Collector(tmp_path / "usdtop.db", configuration(receiver))
    with monkeypatch.context() as patched:
        patched.setattr("collectors.alerting.evaluator.sources_seen", broken)
        collector.rounds(5, is_dead)
    assert collector.said == ["alerts cannot be judged: ZeroDivisionError('a bug')"]

    collector.rounds(10, is_dead)
    assert [body["event"] for body in receiver.bodies] == ["firing"]
