"""An engine is killed and started again under the running collector and screen: nothing old is shown as new, or twice."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collectors.engines.engine import EngineSource
from collectors.prices.pricer import Pricer
from collectors.runner import Runner
from collectors.web.fetch import open_client
from pricing.books.book import PriceBook
from store.facts import HostFact
from store.hosts.capacity import work_minutes
from store.reader import Reader
from store.writer import Writer
from tests.fakes.engine_process import EngineProcess
from tests.fakes.events import AT_MS
from tests.fakes.paced import PacedTime
from tests.fakes.screens import NEVER_SECONDS, press, settle, shown
from tui.app import MonitorApp
from tui.pictures.machines import DIM, GONE, LIVE, EngineRow, MachinesPicture
from tui.pictures.view import View
from tui.reading.machines import machines
from tui.storefeed import StoreFeed

INPUT, OUTPUT = 7_500, 1_500
"""Tokens per second of each engine: half of what it can do."""

POLL_S = 2
KILLED_S, BACK_S = 60, 80


@dataclass
class Drill:
    """Two engines on one host of 20 dollars an hour, the collector's own loop, and the time that both are told."""

    folder: Path
    engines: dict[str, EngineProcess] = field(default_factory=dict)
    time: PacedTime = field(default_factory=lambda: PacedTime(AT_MS, sleepers=2))
    born_s: dict[str, int] = field(default_factory=lambda: {"vllm-a": -3_600, "vllm-b": -3_600})

    def __post_init__(self) -> None:
        for name, model in (("vllm-a", "llama"), ("vllm-b", "qwen")):
            self.engines[name] = EngineProcess(self.folder / f"{name}.txt", model)
        self.say()
        for engine in self.engines.values():
            engine.start()

    @property
    def path(self) -> Path:
        return self.folder / "usdtop.db"

    @property
    def at_s(self) -> int:
        return (self.time.now_ms - AT_MS) // 1000

    def say(self) -> None:
        """Each engine has counted since it was born."""
        for name, engine in self.engines.items():
            lived = self.at_s - self.born_s[name]
            engine.say(started_s=AT_MS / 1000 + self.born_s[name], computed=lived * INPUT, output=lived * OUTPUT)

    async def until(self, second: int) -> None:
        """Let the collector poll, the engines' counters moving with the time."""
        while self.at_s < second:
            await self.time.reach(AT_MS + (self.at_s + 1) * 1000 - 1)
            self.time.now_ms += 1
            self.say()
            await self.time.reach(self.time.now_ms)

    async def through(self, second: int) -> None:
        """The whole drill up to some second."""
        await self.until(min(second, KILLED_S))
        if second <= KILLED_S:
            return
        self.engines["vllm-a"].kill()
        await self.until(min(second, BACK_S))
        if second <= BACK_S:
            return
        self.born_s["vllm-a"] = BACK_S
        self.say()
        self.engines["vllm-a"].start()
        await self.until(second)

    def picture(self) -> MachinesPicture:
        reader = Reader(self.path)
        try:
            return machines(reader, View(), self.time.now_ms, machine="h")
        finally:
            reader.close()

    def engine(self, name: str = "vllm-a") -> EngineRow:
        (host,) = self.picture().hosts
        return next(engine for engine in host.engines if engine.source == name)

    async def followed(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something while the collector's loop follows both engines."""
        runner = Runner(
            lambda: Writer(self.path), Pricer(PriceBook([])), clock=self.time.clock, sleep=self.time.sleep,
            monotonic=lambda: 0.0,
        )  # fmt: skip
        writer = await runner.start()
        host = HostFact(
            name="h", usd_per_hour_nano=20 * 10**9, since_ms=AT_MS - 10**6, prefill_tokens_per_second=30_000,
            decode_tokens_per_second=6_000,
        )  # fmt: skip
        await runner.in_writer(lambda _: writer.set_hosts([host], AT_MS - 10**6))
        async with open_client() as client:
            sources = [
                EngineSource(
                    name, engine.url, client, poll_seconds=POLL_S, host="h", monotonic=self.time.monotonic,
                    gpus=(place,),
                )
                for place, (name, engine) in enumerate(self.engines.items())
            ]  # fmt: skip
            loops = [asyncio.create_task(runner.follow(source)) for source in sources]
            try:
                await work()
            finally:
                for loop in loops:
                    loop.cancel()
                    with suppress(asyncio.CancelledError):
                        await loop
        await runner.close()


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    one = Drill(tmp_path)
    yield one
    for engine in one.engines.values():
        engine.kill()


async def test_while_both_answer_everything_is_live_and_nothing_is_a_lower_bound(drill: Drill) -> None:
    await drill.followed(lambda: drill.through(KILLED_S))
    engine, (host,) = drill.engine(), drill.picture().hosts

    assert (engine.freshness, engine.input_per_second, engine.output_per_second) == (LIVE, INPUT, OUTPUT)
    assert engine.utilisation == pytest.approx(0.5)
    assert float(engine.blended_usd_per_million or 0) == pytest.approx(10 / 9_000 / 3_600 * 1e6)
    assert (drill.picture().engines_read, host.lower_bound) == ((2, 2), False)


async def test_within_two_polls_after_the_kill_its_figures_are_dim_with_their_age(drill: Drill) -> None:
    await drill.followed(lambda: drill.through(KILLED_S + 2 * POLL_S))
    engine = drill.engine()

    assert (engine.state, engine.freshness) == ("failing", DIM)
    assert engine.output_per_second == OUTPUT, "what was true a moment ago, and says how long ago that was"
    assert 2 * POLL_S * 1000 - 1000 <= (engine.age_ms or 0) <= 3 * POLL_S * 1000


async def test_then_nothing_is_known_of_it_and_sums_are_lower_bounds_while_the_host_costs_the_same(
    drill: Drill,
) -> None:
    await drill.followed(lambda: drill.through(KILLED_S + 15))
    engine, (host,) = drill.engine(), drill.picture().hosts

    assert (engine.freshness, engine.output_per_second, engine.blended_usd_per_million) == (GONE, None, None)
    assert host.usd_per_hour == 20
    assert engine.usd_per_hour == 10
    assert (drill.picture().engines_read, host.lower_bound) == ((1, 2), True)
    assert host.idle_usd_per_hour == pytest.approx(5), "of the other engine alone: at least this"


async def test_an_engine_that_stays_dead_stays_on_the_screen(drill: Drill) -> None:
    await drill.followed(lambda: drill.through(BACK_S))
    drill.time.now_ms += 600_000
    engine = drill.engine()
    assert (engine.freshness, engine.model, engine.output_per_second) == (GONE, "llama", None)


async def test_after_the_restart_rates_are_right_at_once_and_nothing_is_counted_twice(drill: Drill) -> None:
    seen: list[tuple[int, EngineRow]] = []

    async def until_it_is_back() -> None:
        second = BACK_S
        while not seen:
            second += 1
            await drill.through(second) if second == BACK_S + 1 else await drill.until(second)
            engine = drill.engine()
            if engine.freshness == LIVE:
                seen.append((second, engine))
        await drill.until(second + 10)

    await drill.followed(until_it_is_back)
    ((second, engine),) = seen
    assert second - BACK_S <= POLL_S, "at the first poll that it can answer"
    assert engine.output_per_second == pytest.approx(OUTPUT, rel=0.05), "over the time that either life was observed"
    assert float(engine.blended_usd_per_million or 0) == pytest.approx(10 / 9_000 / 3_600 * 1e6, rel=0.05)

    reader = Reader(drill.path)
    minutes = work_minutes(reader.ask, "vllm-a", "llama", AT_MS, AT_MS + 600_000)
    reader.close()
    counted = sum(minute.output_tokens for minute in minutes)
    lived = KILLED_S + (second + 10 - BACK_S)
    assert OUTPUT * (lived - POLL_S) <= counted <= OUTPUT * lived


async def test_an_engine_that_is_a_minute_old_reads_as_if_it_had_always_been_there(drill: Drill) -> None:
    async def begin_under_watch() -> None:
        drill.engines["vllm-a"].kill()
        await drill.until(7)
        drill.born_s["vllm-a"] = 7
        drill.say()
        drill.engines["vllm-a"].start()
        await drill.until(67)

    await drill.followed(begin_under_watch)
    engine = drill.engine()
    assert engine.output_per_second == pytest.approx(OUTPUT, rel=0.1)
    assert engine.utilisation == pytest.approx(0.5, rel=0.1)
    assert float(engine.blended_usd_per_million or 0) == pytest.approx(10 / 9_000 / 3_600 * 1e6, rel=0.1)


STATES = [
    (KILLED_S, "1_both_answer", "18.0k tok/s"),
    (KILLED_S + 2 * POLL_S, "2_dim", "vllm-a 4 s old"),
    (KILLED_S + 15, "3_gone", "FAILING, last read 10 s ago"),
    (BACK_S + POLL_S, "4_back", "tok/s"),
]


@pytest.mark.parametrize(("second", "said"), [pytest.param(s, said, id=name) for s, name, said in STATES])
def test_every_state_on_the_screen(drill: Drill, snap_compare: Any, second: int, said: str) -> None:
    feed = StoreFeed(drill.path, clock=drill.time.clock, machine="h")
    app = MonitorApp(feed, refresh_seconds=NEVER_SECONDS)

    async def run_before(pilot: Pilot[Any]) -> None:
        async def look() -> None:
            await drill.through(second)
            await press(pilot, "2", "j")
            await settle(pilot)

        await drill.followed(look)
        assert said in shown(app)
        feed.close()

    assert snap_compare(app, terminal_size=(80, 24), run_before=run_before)
