"""Metrics pages without a network: what an engine's source is answered, poll by poll."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from collectors.engines.engine import EngineSource
from collectors.engines.exposition import scan
from collectors.engines.page import Count, Engine, EnginePage
from collectors.errors import CollectorError
from store.facts import EngineReading, Timed

NOW_MS = 1_700_000_000_000


class Shown(NamedTuple):
    """One page, and the headers that come with it."""

    text: str
    headers: dict[str, str]


def polled(pages: Sequence[str | Shown], *, model: str | None = None) -> list[EngineReading]:
    """What a source reads when it is shown these pages one after the other, two seconds apart."""
    found = answered(pages, model=model)
    assert not [one for one in found if isinstance(one, str)]
    return [one for one in found if not isinstance(one, str)]


def answered(pages: Sequence[str | Shown], *, model: str | None = None) -> list[EngineReading | str]:
    """The same, with the sentence of a poll that fails."""
    shown = iter([page if isinstance(page, Shown) else Shown(page, {}) for page in pages])

    def answer(_: httpx.Request) -> httpx.Response:
        page = next(shown)
        return httpx.Response(200, stream=httpx.ByteStream(page.text.encode()), headers=page.headers)

    async def poll_all() -> list[EngineReading | str]:
        found: list[EngineReading | str] = []
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            source = EngineSource("a", "http://engine.test/metrics", client, model=model)
            for number in range(len(pages)):
                try:
                    found.append(await source.scrape(NOW_MS + 2_000 * number))
                except CollectorError as error:
                    found.append(str(error))
        return found

    return asyncio.run(poll_all())


def read_page(engine: Engine, *lines: str) -> EnginePage:
    """A page of these lines in the words of every engine."""
    return engine.normalise(scan("\n".join(lines).encode(), engine.metrics).samples)


def sums(page: EnginePage) -> dict[Count, float]:
    """The counts of a page over all their series."""
    added: dict[Count, float] = {}
    for (count, _, _), value in page.counts.items():
        added[count] = added.get(count, 0.0) + value
    return added


def told(durations: Timed | None) -> tuple[float, int] | None:
    """Durations to the microsecond, which is less than any page tells."""
    return None if durations is None else (round(durations.seconds, 6), durations.count)
