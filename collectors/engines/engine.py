"""A serving engine, asked for its metrics page at every poll."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from collectors.engines import ENGINES, recognise
from collectors.engines.counters import Counters, Difference, began_anew
from collectors.engines.durations import histogram_of, timed
from collectors.engines.exposition import scan
from collectors.engines.malformed import Malformed
from collectors.engines.page import QUEUE, TPOT, TTFT, Count, EnginePage, Series
from collectors.engines.processes import SEVERAL_ANSWER, Processes
from collectors.errors import CollectorError
from collectors.gpus.dcgm import FAMILY as DCGM_FAMILY
from collectors.holders import Held
from collectors.source import Poll
from collectors.web.fetch import LIMIT_BYTES, address, fetch
from store.facts import EngineReading, Reject

if TYPE_CHECKING:
    import httpx

_ANY_SAMPLE = re.compile(rb"^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^\n]*\})?[ \t]+[-+]?(?:[.0-9]|Inf|NaN)", re.MULTILINE)


class EngineSource:
    """One engine's page: what it did between two scrapes.

    `host` is where it runs, if that is not told by its address; `gpus` are the indices and `uuids` the UUIDs of its
    GPUs, where configured; `model` is what it serves, for pages that name none; `headers` may hold a key. The first
    scrape sets the baseline, except where the engine's process is younger than our first attempt: then everything it
    counted is new. `holds` says which process it is on this machine and which GPUs that holds; where it says nothing,
    `gpus` and `uuids` stand.
    """

    kind: ClassVar[str] = "engine"

    def __init__(
        self,
        name: str,
        url: str,
        client: httpx.AsyncClient,
        *,
        poll_seconds: float = 2.0,
        host: str | None = None,
        model: str | None = None,
        gpus: tuple[int, ...] = (),
        uuids: tuple[str, ...] = (),
        holds: Callable[[], Held] = Held,
        headers: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        timeout_seconds: float = 5.0,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        self._url = url
        self._fetch = partial(fetch, client, url, headers=headers, seconds=timeout_seconds, limit_bytes=limit_bytes)
        self._host = host
        self._model = model
        self._gpus = gpus
        self._uuids = uuids
        self._holds = holds
        self._monotonic = monotonic
        self._malformed = Malformed()
        self._watch = _Watch()

    async def poll(self, now_ms: int) -> Poll:
        """One scrape, with the lines that were wanted and could not be understood; raises CollectorError."""
        reading, rejects, remark = await self._scrape(now_ms)
        return Poll(engines=[reading], rejects=rejects, detail=remark)

    async def scrape(self, at_ms: int) -> EngineReading:
        """Read the page once; raises CollectorError, after which the next reading covers the time since the last."""
        return (await self._scrape(at_ms))[0]

    async def _scrape(self, at_ms: int) -> tuple[EngineReading, list[Reject], str]:
        self._watch.begin(at_ms, self._monotonic())
        text, life = await self._fetch()
        engine = recognise(text)
        if engine is None:
            raise CollectorError(f"{address(self._url)} {_what_it_is(text)}")
        found = scan(text, engine.metrics)
        page = engine.normalise(found.samples)
        seconds, gains = self._watch.advance(page, at_ms, self._monotonic(), life=life, complete=not found.malformed)
        return self._reading(at_ms, engine.kind, page, seconds, gains), self._malformed.rejects(found), engine.remark

    def _reading(
        self, at_ms: int, kind: str, page: EnginePage, seconds: float | None, gained: _Gained
    ) -> EngineReading:
        held, gains = self._holds(), gained.sums
        return EngineReading(
            at_ms=at_ms,
            engine=self.name,
            host=self._host,
            model=page.model or self._model,
            kind=kind,
            seconds=seconds,
            input_tokens=_whole(gains.get(Count.INPUT)),
            cache_read_tokens=_whole(gains.get(Count.CACHE_READ)),
            output_tokens=_whole(gains.get(Count.OUTPUT)),
            requests_finished=_whole(gains.get(Count.FINISHED)),
            ttft=timed(*gained, TTFT),
            tpot=timed(*gained, TPOT),
            queue=timed(*gained, QUEUE),
            idle_seconds=gains.get(Count.IDLE_SECONDS),
            running=page.running,
            running_limit=page.running_limit,
            waiting=page.waiting,
            kv_cache_used=page.kv_cache_used,
            pid=held.pid,
            gpus=held.gpus or self._gpus,
            gpu_uuids=held.uuids if held.gpus else self._uuids,
            gpus_from="processes" if held.gpus else "configuration" if self._gpus or self._uuids else None,
        )


def _whole(gain: float | None) -> int | None:
    return None if gain is None else round(gain)


def _what_it_is(text: bytes) -> str:
    if not _ANY_SAMPLE.search(text):
        return "answers with something that is no metrics page: check the path"
    if DCGM_FAMILY in text:
        return 'has the metrics of GPUs and of no engine: give this source type = "dcgm"'
    known = ", ".join(dict.fromkeys(engine.kind for engine in ENGINES))
    return f"has metrics, but of no engine known here ({known}): are the engine's statistics switched off?"


class _Gained(NamedTuple):
    """What was added between two pages: by what it counts, and by the series that say it."""

    sums: dict[Count, float]
    series: Mapping[Series, float]


class _Watch:
    """What the previous pages of one engine said, and since when it is watched."""

    def __init__(self) -> None:
        self._counters: Counters[Series] = Counters(histogram_of)
        self._uncached = Difference()
        self._metrics: set[str] = set()
        self._started_s: float | None = None
        self._life: str | None = None
        self._since_ms: int | None = None
        self._since_monotonic = 0.0
        self._baseline = False
        self._asked_at: float | None = None
        self._failed_at: float | None = None
        self._processes = Processes()

    def begin(self, at_ms: int, monotonic: float) -> None:
        """An attempt starts; the first one is the instant since which the engine is watched."""
        self._processes.watch(at_ms / 1000)
        if self._since_ms is None:
            self._since_ms, self._since_monotonic = at_ms, monotonic
        if self._asked_at is not None:
            self._failed_at = self._asked_at
        self._asked_at = monotonic

    def advance(
        self, page: EnginePage, at_ms: int, monotonic: float, *, life: str | None, complete: bool
    ) -> tuple[float | None, _Gained]:
        """Seconds since the previous page and what was gained in them; (None, nothing) where this is the first."""
        if self._processes.is_beside(page.started_s, life):
            self._take_up(page, life, at_ms, monotonic)
            raise CollectorError(SEVERAL_ANSWER)
        anew = self._is_another(life) or (
            self._since_ms is not None
            and began_anew(
                page.started_s,
                previous_start_s=self._started_s,
                watched_since_s=self._since_ms / 1000,
                now_s=at_ms / 1000,
            )
        )
        gains = self._gains(page, anew=anew, complete=complete)
        seconds = monotonic - self._since_monotonic if anew or self._baseline else None
        if seconds is not None and (anew or self._counters.fell):
            seconds = min(seconds, *self._ages(page.started_s, at_ms, monotonic))
        self._asked_at = self._failed_at = None
        self._since_ms, self._since_monotonic = at_ms, monotonic
        self._started_s, self._baseline = page.started_s or self._started_s, True
        return seconds, gains

    def _take_up(self, page: EnginePage, life: str | None, at_ms: int, monotonic: float) -> None:
        """Count on from this page."""
        self._counters, self._uncached = Counters(histogram_of), Difference()
        self._counters.take(page.counts)
        self._metrics = {metric for _, metric, _ in page.counts}
        self._asked_at = self._failed_at = None
        self._since_ms, self._since_monotonic, self._baseline = at_ms, monotonic, True
        self._started_s, self._life = page.started_s, life

    def _ages(self, started_s: float | None, at_ms: int, monotonic: float) -> list[float]:
        """How long a new process has served at most: since it started, and since an attempt found nobody."""
        ages = [monotonic - self._since_monotonic]
        if started_s is not None and started_s < at_ms / 1000:
            ages.append(at_ms / 1000 - started_s)
        if self._failed_at is not None:
            ages.append(monotonic - self._failed_at)
        return ages

    def _is_another(self, life: str | None) -> bool:
        """Whether the process is another one than the last that said who it is."""
        before, self._life = self._life, life or self._life
        return life is not None and before is not None and life != before

    def _gains(self, page: EnginePage, *, anew: bool, complete: bool) -> _Gained:
        # An engine that is now read by other metrics of its page has counted the same tokens in both.
        metrics = {metric for _, metric, _ in page.counts}
        same, self._metrics = self._metrics <= metrics, metrics
        taken = self._counters.take(page.counts, began_anew=anew, complete=complete, new_ones_count=same)
        if anew or self._counters.fell:
            self._uncached.forget()
        gains: dict[Count, list[float]] = {}
        for series, gain in taken.items():
            gains.setdefault(series[0], []).append(gain)
        sums = {count: sum(parts) for count, parts in gains.items()}
        if Count.IDLE_SECONDS in gains:  # of ranks that idle side by side
            sums[Count.IDLE_SECONDS] /= len(gains[Count.IDLE_SECONDS])
        if (prompt := sums.pop(Count.PROMPT, None)) is not None:
            sums[Count.INPUT] = self._uncached.take(prompt, sums.get(Count.CACHE_READ, 0.0))
        if Count.TPOT_SECONDS in sums and Count.TPOTS not in sums and Count.OUTPUT in sums:
            sums[Count.TPOTS] = sums[Count.OUTPUT]
        return _Gained(sums, taken)
