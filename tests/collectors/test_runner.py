"""The loop around every source: it backs off, it keeps what it cannot write, and no source stops another."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from collectors.errors import CollectorError, SourceAbsentError
from collectors.prices.pricer import CLOCK_SKEW_MS, Priced, Pricer
from collectors.runner import ABSENT_SECONDS, HEARTBEAT_MS, Runner, back_off_seconds
from collectors.source import Poll
from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook
from pricing.card import RateCard
from store.facts import Batch, Position, SourceState, UsageEvent
from store.reader import Reader
from store.records import SourceRecord
from store.requests.ready import Ready
from store.sums import total
from store.tables import StoreError
from store.writer import Writer, Written
from tests.fakes.events import AT_MS, event
from tests.fakes.sources import ScriptedSource, SleepDrivenTime

BOOK = PriceBook([UserBook.from_entries([{"model": "gpt-4o", "input": "2.5", "output": "10"}])])


class UnluckyWriter(Writer):
    """Cannot write the first so many batches, as on a full disk."""

    failures = 0
    written: list[Batch]

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written = []

    def write(self, batch: Batch, cards: Sequence[RateCard] = (), *, ready: Ready | None = None) -> Written:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        self.written.append(batch)
        return super().write(batch, cards, ready=ready)


class Stage:
    """A runner on a real store, with a time that only sleeping moves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.time = SleepDrivenTime()
        self.said: list[str] = []
        self.runner = Runner(
            lambda: UnluckyWriter(path),
            Pricer(BOOK),
            clock=self.time.clock,
            sleep=self.time.sleep,
            say=self.said.append,
            monotonic=itertools.count(0, 0.001).__next__,
        )
        self.writer: UnluckyWriter

    async def start(self) -> None:
        writer = await self.runner.start()
        assert isinstance(writer, UnluckyWriter)
        self.writer = writer

    async def follow(self, *sources: ScriptedSource) -> None:
        """Follow sources until each has come to the end of its script and everything is written."""
        tasks = [asyncio.create_task(self.runner.follow(source)) for source in sources]
        for source in sources:
            await asyncio.wait_for(source.finished.wait(), 30)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def source(self, name: str = "gateway") -> SourceRecord:
        reader = Reader(self.path)
        try:
            return next(record for record in reader.sources() if record.health.name == name)
        finally:
            reader.close()

    def requests(self) -> int:
        reader = Reader(self.path)
        try:
            return total(reader.sums(AT_MS - 10**9, AT_MS + 10**9)).requests
        finally:
            reader.close()


@asynccontextmanager
async def staged(path: Path) -> AsyncIterator[Stage]:
    stage = Stage(path / "usdtop.db")
    await stage.start()
    yield stage
    await stage.runner.close()


async def test_what_a_poll_saw_is_priced_and_stored_with_its_position(tmp_path: Path) -> None:
    position = Position(path="/log", device=1, inode=2, offset=3)
    async with staged(tmp_path) as stage:
        await stage.follow(
            ScriptedSource("gateway", [Poll(events=[event("a")], positions=[position], detail="litellm")])
        )

        reader = Reader(stage.path)
        (record,) = reader.newest_requests()
        reader.close()
        assert record.nano_usd == 3_500_000
        assert await stage.runner.in_writer(lambda writer: writer.positions("gateway")) == [position]
        health = stage.source().health
        assert (health.state, health.watermark_ms, health.detail) == (SourceState.OK, AT_MS, "litellm")


async def test_a_failing_poll_backs_off_further_each_time_and_recovers(tmp_path: Path) -> None:
    refused = [CollectorError("connection refused")] * 4
    script: list[Poll | Exception] = [*refused, Poll(events=[event("a")]), CollectorError("again"), Poll()]
    async with staged(tmp_path) as stage:
        source = ScriptedSource("gateway", script, poll_seconds=4)
        await stage.follow(source)

        pauses = stage.time.slept
        assert 4 < pauses[0] < pauses[1] < pauses[2] < pauses[3] <= 60
        assert pauses[4] <= 4, "a success forgets the failures"
        assert pauses[5] <= 8
        assert stage.requests() == 1
    assert [line for line in stage.said if "refused" in line] == ["gateway: failing: connection refused"], "said once"


def test_the_back_off_doubles_up_to_a_minute() -> None:
    assert [back_off_seconds(2, failures) for failures in range(1, 8)] == [4, 8, 16, 32, 60, 60, 60]
    assert back_off_seconds(0.01, 1) == 1
    assert back_off_seconds(1, 10**6) == 60


@pytest.mark.parametrize(("kind", "longest"), [("engine", 2.0), ("gpu", 10.0), ("file", 60.0)])
async def test_an_engine_that_is_restarted_is_found_within_seconds_however_long_it_was_gone(
    tmp_path: Path, kind: str, longest: float
) -> None:
    async with staged(tmp_path) as stage:
        source = ScriptedSource("a", [CollectorError("refused")] * 12 + [Poll()], poll_seconds=2.0)
        source.kind = kind
        await stage.follow(source)
    pauses = [(later - earlier) / 1_000 for earlier, later in itertools.pairwise(source.polled_at)]
    assert max(pauses) == pytest.approx(longest, abs=0.1)
    assert pauses[0] == pytest.approx(min(4.0, longest), abs=0.1)


async def test_a_failing_source_says_why_and_keeps_its_last_watermark(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.follow(ScriptedSource("gateway", [Poll(), CollectorError("permission denied: chmod o+r it")]))

        health = stage.source().health
        assert (health.state, health.detail) == (SourceState.FAILING, "permission denied: chmod o+r it")
        assert health.watermark_ms == AT_MS


async def test_how_long_a_poll_took_stands_beside_its_source(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.follow(ScriptedSource("gateway", [Poll()]))
    assert stage.source().health.poll_ms == pytest.approx(1.0), "the clock is read before and after"


async def test_what_does_not_exist_is_absent_and_asked_for_rarely(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = ScriptedSource("gpus", [SourceAbsentError("no NVIDIA driver"), SourceAbsentError("no NVIDIA driver")])
        await stage.follow(source)

        assert stage.source("gpus").health.state is SourceState.ABSENT
        assert stage.time.slept[0] == pytest.approx(ABSENT_SECONDS, abs=ABSENT_SECONDS / 2)


async def test_a_bug_in_one_source_does_not_stop_the_others(tmp_path: Path) -> None:
    broken = ScriptedSource("broken", [KeyError("surprise"), ZeroDivisionError(), Poll(events=[event("late")])])
    good = ScriptedSource("good", [Poll(events=[event(str(number))]) for number in range(5)])
    async with staged(tmp_path) as stage:
        await stage.follow(broken, good)

        assert stage.source("good").events == 5
        assert stage.source("broken").events == 1
    assert "broken: failing: unexpected: KeyError('surprise')" in stage.said


async def test_a_batch_that_cannot_be_written_is_kept_and_written_before_anything_else_is_read(tmp_path: Path) -> None:
    source = ScriptedSource("gateway", [Poll(events=[event("a")]), Poll(events=[event("b")])])
    async with staged(tmp_path) as stage:
        stage.writer.failures = 3
        await stage.follow(source)

        assert [[one.event.id for one in batch.events] for batch in stage.writer.written] == [["a"], ["b"]]
        assert stage.requests() == 2
        first, second = source.polled_at
        assert second - first > 7_000, "1, 2 and 4 seconds of waiting for the disk"
    assert stage.said.count("the disk is full") == 3


async def test_a_source_that_sees_nothing_new_says_so_at_most_once_a_second(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.follow(ScriptedSource("gateway", [Poll()] * 21, poll_seconds=0.25))

        polled = [batch.health.polled_ms for batch in stage.writer.written]
        assert all(later - earlier >= HEARTBEAT_MS for earlier, later in itertools.pairwise(polled))
        assert 2 <= len(polled) <= 6


async def test_news_is_written_at_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        polls = [Poll(events=[event(str(number))]) for number in range(4)]
        await stage.follow(ScriptedSource("gateway", polls, poll_seconds=0.01))

        assert [len(batch.events) for batch in stage.writer.written] == [1, 1, 1, 1]


async def test_a_source_with_more_to_read_goes_on_at_once_and_does_not_vouch_for_now(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = ScriptedSource(
            "gateway", [Poll(more=True, backlog_bytes=100), Poll(events=[event("a")], backlog_bytes=0)]
        )
        await stage.follow(source)

        first, second = stage.writer.written
        assert (first.health.watermark_ms, first.health.backlog_bytes) == (None, 100)
        assert (second.health.watermark_ms, second.health.backlog_bytes) == (AT_MS, 0)
        assert stage.time.slept[0] == 0


async def test_an_event_from_the_future_is_counted_as_a_doubt_and_not_lost(tmp_path: Path) -> None:
    ahead = event("a", ended_at_ms=AT_MS + CLOCK_SKEW_MS + 60_000)
    async with staged(tmp_path) as stage:
        await stage.follow(ScriptedSource("gateway", [Poll(events=[ahead])]))

        record = stage.source()
        assert (record.events, record.rejected) == (1, 0)
        assert record.rejects[0].reason.startswith("clock_skew")
        assert record.rejects[0].count == 1


async def test_a_bug_in_recording_is_seen_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    price, attempts = Pricer.price, itertools.count(1)

    def price_with_a_bug(self: Pricer, events: Sequence[UsageEvent], *, now_ms: int) -> Priced:
        if events and next(attempts) == 1:
            raise KeyError("surprise")
        return price(self, events, now_ms=now_ms)

    monkeypatch.setattr(Pricer, "price", price_with_a_bug)
    async with staged(tmp_path) as stage:
        await stage.follow(ScriptedSource("gateway", [Poll(events=[event("a")])]))

        assert "gateway: failing: cannot be recorded: KeyError('surprise')" in stage.said
        assert stage.requests() == 1


async def test_tidying_goes_on_after_a_store_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, tidied, attempts = asyncio.get_running_loop(), asyncio.Event(), itertools.count(1)

    def tidy(*_: object) -> None:
        attempt = next(attempts)
        if attempt == 1:
            raise StoreError("the store is locked")
        if attempt == 3:
            loop.call_soon_threadsafe(tidied.set)

    monkeypatch.setattr(Writer, "tidy", tidy)
    async with staged(tmp_path) as stage:
        tidying = asyncio.create_task(stage.runner.keep_tidy())
        await asyncio.wait_for(tidied.wait(), 30)
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
    assert stage.said == ["the store is locked"]
