"""The loop that polls, prices and writes: written once, with the clock and the sleep handed in."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple, TypeAlias, TypeVar

from collectors.clock import Clock
from collectors.errors import CollectorError, SourceAbsentError
from collectors.prices.pricer import Pricer
from collectors.source import Poll, Source
from store.facts import Batch, Reject, SourceHealth, SourceState
from store.retention import Retention
from store.tables import StoreError, StoreGoneError
from store.tidying import EVERY_MS
from store.writer import Writer

Answer = TypeVar("Answer")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Say: TypeAlias = Callable[[str], None]

MAX_BACK_OFF_SECONDS = 60.0
MOST_BY_KIND = {"engine": 0.0, "gpu": 10.0}
"""What is restarted by hand is looked for again soon, an engine at every poll: a refused connection costs nobody anything."""
ABSENT_SECONDS = 60.0
HEARTBEAT_MS = 1_000
"""A source that saw nothing new says so at most this often, so that a quiet store stays quiet."""


class Asked(NamedTuple):
    """One poll of one source, as it ended."""

    state: SourceState
    poll: Poll
    at_ms: int
    poll_ms: float | None = None


class Runner:
    """Follows sources into one store until it is cancelled.

    One thread writes, so each batch is a transaction of its own and sources never wait for each other's network.
    A batch that cannot be written is kept and written again: a full disk delays the recording and loses nothing.
    """

    def __init__(
        self,
        open_writer: Callable[[], Writer],
        pricer: Pricer,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        say: Say = lambda _: None,
        retention: Retention | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_writer = open_writer
        self._pricer = pricer
        self._clock = clock
        self._sleep = sleep
        self._say = say
        self._retention = retention or Retention()
        self._monotonic = monotonic
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._writer: Writer | None = None
        self._said: dict[str, str] = {}
        self.store_gone = asyncio.Event()
        """The store is another one by now, or none: nothing more can be written, nor may this one be closed."""

    async def start(self) -> Writer:
        """Open the store in the writing thread; raises StoreError."""
        loop = asyncio.get_running_loop()
        self._writer = await loop.run_in_executor(self._writing, self._open_writer)
        return self._writer

    async def in_writer(self, work: Callable[[Writer], Answer]) -> Answer:
        """Run something else on the writer, in its thread and in its turn."""
        assert self._writer is not None, "start() comes first"
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writing, work, self._writer)
        except StoreGoneError:
            self.store_gone.set()
            raise

    async def goes_on_until(self, stop: asyncio.Event) -> None:
        """Wait for that, or for the store to be gone."""
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self.store_gone)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def follow(self, source: Source) -> None:
        """Poll one source for ever; a failed poll is repeated after a growing pause."""
        failures, heartbeat_ms, recorded = 0, 0, SourceState.OK
        while True:
            started, now_ms = self._monotonic(), self._clock()
            state, poll = await _ask(source, now_ms)
            asked = Asked(state, poll, now_ms, (self._monotonic() - started) * 1_000)
            failures = failures + 1 if state is SourceState.FAILING else 0
            self._narrate(source, state, poll.late or poll.detail)
            if _is_news(poll, state) or state is not recorded or now_ms - heartbeat_ms >= HEARTBEAT_MS:
                await self._write(source, asked)
                heartbeat_ms, recorded = now_ms, state
            pause = _pause_seconds(source, state, failures) - (self._monotonic() - started)
            await self._sleep(0 if poll.more else max(0.0, pause))

    async def keep_tidy(self) -> None:
        """Forget what is older than its retention, now and then."""
        while True:
            try:
                await self.in_writer(lambda writer: writer.tidy(self._retention, self._clock()))
            except StoreError as error:
                self._say(str(error))
            await self._sleep(EVERY_MS / 1_000)

    async def close(self) -> None:
        """Close the store and end the writing thread."""
        if self._writer is not None:
            await self.in_writer(Writer.close)
        self._writing.shutdown()

    async def _write(self, source: Source, asked: Asked) -> None:
        """Write until it succeeds: nothing else of this source is read before."""
        failures = 0
        while True:
            try:
                await self.in_writer(lambda writer: self._price_and_write(writer, source, asked))
            except StoreError as error:
                self._say(str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the recording, nor pass unseen
                await self._tell_failure(source, f"cannot be recorded: {error!r}"[:300])
            else:
                return
            failures += 1
            await self._sleep(back_off_seconds(1.0, failures))

    async def _tell_failure(self, source: Source, why: str) -> None:
        """Record only the state of a source whose facts cannot be written."""
        self._narrate(source, SourceState.FAILING, why)
        failed = Asked(SourceState.FAILING, Poll(detail=why), self._clock())
        with suppress(StoreError):
            await self.in_writer(lambda writer: self._price_and_write(writer, source, failed))

    def _price_and_write(self, writer: Writer, source: Source, asked: Asked) -> None:
        state, poll, now_ms, poll_ms = asked
        priced = self._pricer.price(poll.events, now_ms=now_ms)
        readings, cards = self._pricer.price_readings(poll.readings)
        rejects: Sequence[Reject] = poll.rejects
        if priced.clock_skew:
            skew = Reject(
                reason="clock_skew: a time ahead of ours, stored as now",
                count=priced.clock_skew,
                example="",
                taken=True,
            )
            rejects = (*rejects, skew)
        batch = Batch(
            health=SourceHealth(
                name=source.name,
                kind=source.kind,
                state=state,
                detail=poll.late or poll.detail,
                polled_ms=now_ms,
                watermark_ms=_watermark_ms(poll, state, now_ms),
                poll_every_ms=round(source.poll_seconds * 1000),
                backlog_bytes=poll.backlog_bytes,
                poll_ms=poll_ms,
            ),
            events=priced.events,
            positions=poll.positions,
            rejects=rejects,
            gpus=poll.gpus,
            engines=poll.engines,
            processors=poll.processors,
            readings=readings,
            gap_bytes=poll.gap_bytes,
            gone=poll.gone,
        )
        writer.write(batch, (*priced.cards, *cards))

    def _narrate(self, source: Source, state: SourceState, detail: str) -> None:
        """Say a source's state once per change."""
        text = f"{source.name}: {state.value}" + (f": {detail}" if detail else "")
        key = text if state is not SourceState.OK else state.value
        if self._said.get(source.name) != key:
            self._said[source.name] = key
            self._say(text)


async def _ask(source: Source, now_ms: int) -> tuple[SourceState, Poll]:
    """One poll and the state that it leaves its source in."""
    try:
        poll = await source.poll(now_ms)
    except SourceAbsentError as error:
        return SourceState.ABSENT, Poll(detail=str(error))
    except CollectorError as error:
        return SourceState.FAILING, Poll(detail=str(error))
    except Exception as error:  # noqa: BLE001 - a bug in one source must not end the recording of the others
        return SourceState.FAILING, Poll(detail=f"unexpected: {error!r}"[:300])
    return SourceState.LATE if poll.late else SourceState.OK, poll


def _pause_seconds(source: Source, state: SourceState, failures: int) -> float:
    if state is SourceState.ABSENT:
        return ABSENT_SECONDS
    if not failures:
        return source.poll_seconds
    most = MOST_BY_KIND.get(source.kind, MAX_BACK_OFF_SECONDS)
    return max(source.poll_seconds, min(most, back_off_seconds(source.poll_seconds, failures)))


def back_off_seconds(poll_seconds: float, failures: int) -> float:
    """The pause after the n-th failure in a row: doubling from the poll interval up to a minute."""
    return float(min(MAX_BACK_OFF_SECONDS, max(poll_seconds, 0.5) * 2 ** min(failures, 10)))


def _watermark_ms(poll: Poll, state: SourceState, now_ms: int) -> int | None:
    """Up to when a source is known after a poll; None leaves it where it was."""
    if poll.watermark_ms is not None:
        return poll.watermark_ms
    return now_ms if state is SourceState.OK and not poll.more else None


def _is_news(poll: Poll, state: SourceState) -> bool:
    seen = (
        poll.events,
        poll.positions,
        poll.rejects,
        poll.gpus,
        poll.engines,
        poll.processors,
        poll.readings,
        poll.gap_bytes,
        poll.gone,
    )
    return any(seen) or poll.more or state is not SourceState.OK
