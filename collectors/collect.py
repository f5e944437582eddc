"""Everything that is followed, put together from a configuration and from what this machine shows."""

import asyncio
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.alerting.watch import Watch
from collectors.clock import Clock
from collectors.discovery import Discovered, discover, not_configured
from collectors.engines import ENGINES
from collectors.gpus.gpu import Gpus, GpuSource
from collectors.holders import Holders, port_of
from collectors.machine import engines_here, machine_name
from collectors.making import SourceMaker, file_source
from collectors.prices.books import price_book
from collectors.prices.bucket_repricer import BucketRepricing
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.prices.prepaid import Prepaid
from collectors.prices.pricer import Pricer
from collectors.prices.repricer import note_catalogue, unpriced_repricing
from collectors.processors import ProcessorSource
from collectors.providers.follow import found_providers
from collectors.rapl import Rapl
from collectors.runner import Runner, Say
from collectors.settings.config import Config
from collectors.settings.plans import budgets, capacities, commitments, hosts
from collectors.settings.providers import provider_facts
from collectors.settings.sourceconfig import SourceConfig
from collectors.source import Absent, Source
from collectors.study import Study
from collectors.web.fetch import open_client
from store.facts import GpuReading
from store.tables import StoreError, StoreGoneError
from store.writer import Writer

if TYPE_CHECKING:
    import httpx


LOOK_AROUND_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 5.0
"""At the earliest, when a GPU has a new holder: an engine was started or restarted."""
STUDY_SECONDS = 10.0
_READABLE_ENGINES = {engine.kind for engine in ENGINES}


class Collection:
    """Follows all sources of one store until it is stopped; engines that start later are found later."""

    def __init__(
        self,
        config: Config,
        store: Path,
        *,
        clock: Clock,
        say: Say,
        gpus: Gpus | None = None,
        beside: Sequence[Source] = (),
    ) -> None:
        """`beside` are sources that stand in no configuration, such as what is piped in."""
        self._config = config
        self._beside = beside
        self._clock = clock
        self._say = say
        self._gpus = gpus
        self._machine = machine_name()
        self._catalogue = KeptCatalogue()
        self._book = price_book(config, self._catalogue)
        self._pricer = Pricer(self._book)
        self._runner = Runner(
            lambda: Writer(store, group=config.store.group, limits=config.limits),
            self._pricer,
            clock=clock,
            say=say,
            retention=config.retention,
        )
        self._following: dict[str, asyncio.Task[None]] = {}
        self._watch = Watch(config, store, clock=clock, say=say, machine=self._machine, names=self._following.keys)
        self._holders = Holders()
        self._maker = SourceMaker(self._machine, self._holders, clock=clock, in_writer=self._runner.in_writer)
        self._new_holder = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until `stop` is set; raises StoreError when the store cannot be opened, StoreGoneError when it is no more."""
        await self._runner.start()
        await self._runner.in_writer(self._put_plans_in_force)
        tidying = asyncio.create_task(self._runner.keep_tidy())
        async with open_client() as client:
            for source in (*await self._runner.in_writer(partial(self._configured, client=client)), *self._beside):
                self._follow(source)
            if not self._config.discovers:
                await self._leave_out_the_others()
            looking = asyncio.create_task(self._look_around(client))
            pricing = asyncio.create_task(self._price_the_unpriced())
            alerting = asyncio.create_task(self._watch.run(self._runner, client))
            studying = asyncio.create_task(self._study_engines())
            await self._runner.goes_on_until(stop)
            await _end([tidying, looking, pricing, alerting, studying, *self._following.values()])
            for receiver in self._maker.receivers:
                await receiver.close()
        if self._runner.store_gone.is_set():
            # To close it would remove the files that lie beside a new store of the same name.
            raise StoreGoneError("the store was deleted or replaced while it was written.")
        await self._runner.close()

    def _follow(self, source: Source) -> None:
        before = self._following.get(source.name)
        if before is not None:
            before.cancel()
        self._following[source.name] = asyncio.create_task(self._runner.follow(source))

    async def _leave_out_the_others(self) -> None:
        """A source that was renamed, dropped or is gone since an earlier start must not read as late for ever."""
        followed = list(self._following)
        await self._runner.in_writer(lambda writer: writer.leave_out(followed, self._clock()))

    def _put_plans_in_force(self, writer: Writer) -> None:
        now_ms = self._clock()
        writer.set_hosts(hosts(self._config, machine=self._machine, now_ms=now_ms), now_ms)
        writer.set_capacities(capacities(self._config, now_ms=now_ms), now_ms)
        writer.set_commitments(commitments(self._config, now_ms=now_ms), now_ms)
        self._pricer.prepaid = Prepaid(writer.commitments())
        writer.set_budgets(budgets(self._config, now_ms=now_ms), now_ms)
        writer.set_providers(provider_facts(self._config.source))

    async def _study_engines(self) -> None:
        """Learn what engines can do, and find what their models cost elsewhere."""
        study, said = Study(self._config.rival, self._book, self._catalogue), ""
        while True:
            try:
                await self._runner.in_writer(lambda writer: study.step(writer, self._clock()))
            except Exception as error:  # noqa: BLE001 - neither a locked store nor a bug in here ends the recording
                sentence = (
                    str(error) if isinstance(error, StoreError) else f"engines cannot be studied: {error!r}"[:300]
                )
                if sentence != said:
                    self._say(said := sentence)
            await asyncio.sleep(STUDY_SECONDS)

    async def _price_the_unpriced(self) -> None:
        """Price what had no price when it came and has one now, in steps between which sources are written."""
        try:
            await self._runner.in_writer(self._note_catalogue)
            await self._price_the_unpriced_buckets()
            repricing = await self._runner.in_writer(lambda writer: unpriced_repricing(writer, self._book))
            if repricing is None:
                return
            await self._go_through(repricing.steps())
        except StoreError as error:
            self._say(f"{error} Unpriced requests stay as they are until the next start or `usdtop reprice`.")
            return
        requests = sum(change.requests for change in repricing.changes.values())
        if requests:
            self._say(f"{requests:,} requests that had no price have one now.")

    async def _price_the_unpriced_buckets(self) -> None:
        buckets = await self._runner.in_writer(
            lambda writer: BucketRepricing(writer, Pricer(self._book), only_unpriced=True)
        )
        await self._go_through(buckets.steps())

    async def _go_through(self, steps: Generator[float]) -> None:
        try:
            while await self._runner.in_writer(lambda _: next(steps, None)) is not None:
                pass
        finally:
            # What a generator cleans up must run in the thread that owns the connection.
            await self._runner.in_writer(lambda _: steps.close())

    def _note_catalogue(self, writer: Writer) -> None:
        note_catalogue(writer, KeptCatalogue(), now_ms=self._clock())

    def _configured(self, writer: Writer, client: "httpx.AsyncClient") -> list[Source]:
        sources = [self._maker.make(source, writer, client) for source in self._config.source]
        if self._config.gpu.enabled:
            makers = [self._gpus] if self._gpus else [_nvml(self._machine), *_amd(self._machine)]
            sources += [GpuSource(gpus, tell=partial(self._saw_gpus, gpus.name)) for gpus in makers]
        if any(host.measure_processors and (host.name or self._machine) == self._machine for host in self._config.host):
            sources.append(ProcessorSource(self._machine, Rapl()))
        return sources

    def _saw_gpus(self, source: str, readings: Sequence[GpuReading]) -> None:
        if self._holders.saw_gpus(readings, source):
            self._new_holder.set()

    async def _look_around(self, client: "httpx.AsyncClient") -> None:
        """Look now and then which engines run here, and for logs and engines to follow when that is left to us."""
        urls = [source.url or "" for source in self._config.source if source.type == "engine"]
        ports = {port for url in urls if self._maker.is_here(url) and (port := port_of(url)) is not None}
        while self._config.discovers or ports:
            processes = await asyncio.to_thread(engines_here, ports)
            self._holders.saw_engines(processes)
            if self._config.discovers:
                await self._follow_found(await asyncio.to_thread(discover, processes=processes), client)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._new_holder.wait(), LOOK_AROUND_SECONDS - LOOK_AGAIN_SECONDS)
            self._new_holder.clear()

    async def _follow_found(self, found: Discovered, client: "httpx.AsyncClient") -> None:
        for source in await self._runner.in_writer(partial(self._discovered, found, client)):
            if source.name not in self._following:
                self._follow(source)
        await self._leave_out_the_others()

    def _discovered(self, found: Discovered, client: "httpx.AsyncClient", writer: Writer) -> list[Source]:
        named = {source.url for source in self._config.source} | {source.path for source in self._config.source}
        sources: list[Source] = [
            file_source(SourceConfig(type="file", name=log.name, path=log.pattern), writer, now_ms=self._clock())
            for log in found.logs
            if log.pattern not in named
        ]
        here = [
            url for one in self._config.source if one.type == "engine" and self._maker.is_here(url := one.url or "")
        ]
        pids = {self._holders.held_at(url).pid for url in here}
        for engine in not_configured(found.engines, ports={port_of(url) for url in here}, pids=pids):
            if engine.kind not in _READABLE_ENGINES:
                sentence = f"{engine.kind} listens at {engine.url}; its metrics are not read by this version."
                sources.append(Absent(engine.name, "engine", sentence))
            elif engine.url not in named:
                sources.append(
                    self._maker.engine(SourceConfig(type="engine", name=engine.name, url=engine.url), client)
                )
        if not found.logs and not any(source.type == "file" for source in self._config.source):
            sources.append(Absent("logs", "file", found.logs_sentence))
        if not found.engines and not any(source.type == "engine" for source in self._config.source):
            sources.append(Absent("engines", "engine", found.engines_sentence))
        return [*sources, *found_providers(found.keys, self._config.source, writer, client)]


def run_collection(
    collection: Collection, *, ends_when: Callable[[], bool] | None = None, patience_seconds: int = 10
) -> None:
    """Collect until SIGTERM, SIGINT or SIGHUP, or until `ends_when` has held for some seconds."""
    asyncio.run(_run(collection, ends_when, patience_seconds))


async def _run(collection: Collection, ends_when: Callable[[], bool] | None, patience_seconds: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch(stop, ends_when, patience_seconds)) if ends_when else None
    await collection.run(stop)
    if watching is not None:
        await _end([watching])


async def _watch(stop: asyncio.Event, ends_when: Callable[[], bool], patience: int) -> None:
    alone_for = 0
    while alone_for < patience:
        await asyncio.sleep(1.0)
        alone_for = alone_for + 1 if ends_when() else 0
    stop.set()


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def _nvml(machine: str) -> Gpus:
    from collectors.gpus.nvml.gpus import NvmlGpus

    return NvmlGpus(machine)


def _amd(machine: str) -> list[Gpus]:
    """AMD's cards where their package is installed; it is looked for and not loaded."""
    from importlib.util import find_spec

    if find_spec("amdsmi") is None:
        return []
    from collectors.gpus.amd import AmdGpus

    return [AmdGpus(machine)]
