"""One provider's account as a source: asks each of its endpoints when it is due, to the end of its pages or not at all."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from collectors.errors import CollectorError, KeyRefusedError, SourceAbsentError
from collectors.providers.adding import added
from collectors.providers.answers import merged
from collectors.providers.provider import DAY, Ask, Endpoint, Page, Provider, Span, Transport
from collectors.source import Poll
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, NotUnderstoodError, PoliteClient
from pricing.times import DAY_MS
from store.facts import Reject
from store.provider_facts import ProviderReading
from store.providers.buckets import DatasetState

if TYPE_CHECKING:
    import httpx

KIND = "provider"
MOST_PAGES = 2_000
"""Of one span; a server that goes on for ever is not followed."""

_REFUSALS = (KeyRefusedError, NoSuchPageError, NotUnderstoodError)
"""What is about one endpoint, and not about the whole server."""

_MOST_ROWS = 1_000_000
_FINE_MS = DAY_MS
"""What is younger is read in the narrow buckets of an endpoint that has two widths."""


@dataclass(slots=True)
class _Reading:
    """How far one endpoint has been read."""

    endpoint: Endpoint
    client: Transport
    first_choice: Endpoint
    """What is read where the key may; `endpoint` is what stands in for it, or the same."""
    watermark_ms: int | None = None
    read_until_ms: int = 0
    width_ms: int = 0
    """Of the buckets that it was last read in: the next ones begin at an edge of theirs, so that none lies within another."""
    behind: bool = False
    """There is a past to catch up with before late corrections are of interest."""
    due_ms: int = 0
    problem: CollectorError | None = None
    notice: str = ""


def _read(endpoint: Endpoint, body: bytes, span: Span, ask: Ask) -> Page:
    return added(endpoint.read(body, span, ask))


class ProviderSource:
    """Polls one endpoint at a time; each answer is kept back until its last page is there, so that a connection that drops
    in the middle loses nothing and counts nothing twice.

    `key` is asked for the key when it is needed; the key is kept in no attribute that is shown, logged or stored.
    """

    kind = KIND

    def __init__(
        self,
        name: str,
        provider: Provider,
        client: httpx.AsyncClient,
        key: Callable[[], str | None],
        *,
        base_url: str | None = None,
        account: str = "",
        known: Mapping[str, DatasetState] | None = None,
        poll_seconds: float | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`known` is how far each dataset is in the store; `poll_seconds` may only lengthen the documented intervals."""
        self.name = name
        self._provider = provider
        named = (provider.base_urls or {}).get(account) or provider.base_url.replace("{account}", account)
        self._base_url = (base_url or named).rstrip("/")
        self._account = account
        self._key = key
        self._least_seconds = poll_seconds or 0.0
        self._headers: Mapping[str, str] | None = None
        self._readings = [
            _Reading(
                endpoint,
                provider.transport(account, base_url, endpoint.permission, jitter)
                if provider.transport
                else PoliteClient(client, {}, endpoint.permission, jitter=jitter),
                endpoint,
            )
            for endpoint in provider.endpoints
        ]
        for reading in self._readings:
            self._resume(reading, known or {})
        self.poll_seconds = min(map(self._every_seconds, self._readings))

    def _resume(self, reading: _Reading, known: Mapping[str, DatasetState]) -> None:
        state = known.get(reading.endpoint.dataset)
        if state is not None:
            reading.watermark_ms = state.watermark_ms
            reading.read_until_ms = state.watermark_ms or 0
            reading.width_ms = state.width_seconds * 1_000
            reading.due_ms = state.read_ms + round(self._every_seconds(reading) * 1_000)

    def _every_seconds(self, reading: _Reading) -> float:
        endpoint = reading.endpoint
        return max(self._least_seconds or endpoint.usual_seconds, endpoint.every_seconds)

    async def poll(self, now_ms: int) -> Poll:
        """The next span of the endpoint that has been due for longest; raises CollectorError when none can be read."""
        reading = min(self._readings, key=lambda one: one.due_ms)
        if reading.due_ms > now_ms:
            return self._answer(now_ms)
        span = self._span(reading, now_ms)
        try:
            pages = await self._pages(reading, span, now_ms)
        except SourceAbsentError:
            raise
        except CollectorError as error:
            self._failed(reading, error, now_ms)
            return self._answer(now_ms)
        rejects = merged([reject for page in pages for reject in page.rejects])
        return self._answer(now_ms, self._took(reading, span, pages, now_ms), rejects)

    async def try_each(self, now_ms: int) -> list[tuple[Endpoint, str | None]]:
        """Ask each endpoint about its newest bucket and keep nothing: what is wrong with it, or None.

        A server that cannot be reached is not asked for the rest. Raises SourceAbsentError without a key.
        """
        found: list[tuple[Endpoint, str | None]] = []
        for reading in self._readings:
            tried = reading
            while True:
                problem = await self._try(tried, now_ms)
                otherwise = tried.endpoint.otherwise
                if problem is None or otherwise is None:
                    break
                tried = _Reading(otherwise, tried.client.for_another(otherwise.permission), reading.endpoint)
            found.append((tried.endpoint, None if problem is None else str(problem)))
            if problem is not None and not isinstance(problem, _REFUSALS):
                break
        return found

    async def _try(self, reading: _Reading, now_ms: int) -> CollectorError | None:
        width_ms = reading.endpoint.width_seconds * 1_000
        until_ms = -(-now_ms // width_ms) * width_ms if width_ms else now_ms
        span = Span(
            since_ms=until_ms - width_ms, until_ms=until_ms, width_seconds=width_ms // 1_000, account=self._account
        )
        try:
            await self._pages(reading, span, now_ms)
        except SourceAbsentError:
            raise
        except CollectorError as error:
            return error
        return None

    def _answer(self, now_ms: int, found: ProviderReading | None = None, rejects: Sequence[Reject] = ()) -> Poll:
        """A poll that says what cannot be read; raises CollectorError when nothing can."""
        failed = [one for one in self._readings if one.problem]
        if len(failed) == len(self._readings):
            raise self._readings[0].problem or CollectorError("nothing can be read")
        return Poll(
            readings=() if found is None else (found,),
            rejects=rejects,
            detail="; ".join(
                (
                    *(one.notice for one in self._readings if one.notice),
                    *(f"{one.endpoint.dataset}: {one.problem}" for one in failed if one.endpoint.optional),
                )
            ),
            late="; ".join(f"{one.endpoint.dataset}: {one.problem}" for one in failed if not one.endpoint.optional)
            or None,
            watermark_ms=self._watermark_ms(),
            more=any(one.due_ms <= now_ms for one in self._readings),
        )

    def _watermark_ms(self) -> int | None:
        """Up to when everything is known of what is not known by the day; without any such, of what is.

        What the key may not read, and need not, holds nothing back.
        """
        readings = [one for one in self._readings if not (one.endpoint.optional and one.problem)] or self._readings
        narrow = [one for one in readings if 0 < one.endpoint.width_seconds < DAY]
        live = narrow or [one for one in readings if one.endpoint.width_seconds] or readings
        known = [one.watermark_ms for one in live if one.watermark_ms is not None]
        return min(known) if len(known) == len(live) else None

    def _span(self, reading: _Reading, now_ms: int) -> Span:
        """What to ask about: from where late corrections begin to now, or as much of it as may be asked at once."""
        endpoint = reading.endpoint
        width_ms, coarse_ms = endpoint.width_seconds * 1_000, endpoint.coarse_seconds * 1_000
        if not width_ms:
            return Span(since_ms=now_ms, until_ms=now_ms, width_seconds=0, account=self._account)
        since_ms, until_ms = self._since_ms(reading, now_ms), now_ms + width_ms - 1
        if reading.width_ms > width_ms:
            since_ms = since_ms // reading.width_ms * reading.width_ms
        if coarse_ms and since_ms < (fine_ms := (now_ms - _FINE_MS) // coarse_ms * coarse_ms):
            width_ms, until_ms = coarse_ms, fine_ms
        since_ms = since_ms // width_ms * width_ms
        until_ms = min(until_ms // width_ms * width_ms, since_ms + endpoint.most_buckets * width_ms)
        return Span(since_ms=since_ms, until_ms=until_ms, width_seconds=width_ms // 1_000, account=self._account)

    def _since_ms(self, reading: _Reading, now_ms: int) -> int:
        first_ms = now_ms - reading.endpoint.first_look_ms
        if not reading.read_until_ms:
            return first_ms
        if reading.behind:
            return max(first_ms, reading.read_until_ms)
        known_ms = min(reading.read_until_ms, reading.watermark_ms or now_ms, now_ms)
        return max(first_ms, known_ms - reading.endpoint.reread_back_ms)

    async def _pages(self, reading: _Reading, span: Span, now_ms: int) -> list[Page]:
        """Every page about a span; raises CollectorError, and then it was as if nothing had been asked."""
        waiting = deque(reading.endpoint.asks(span))
        asked: set[Ask] = set()
        pages: list[Page] = []
        rows = 0
        while waiting:
            ask = waiting.popleft()
            if ask in asked:
                raise CollectorError(f"{self._address(ask)} leads back to a page that was read: its pages have no end")
            asked.add(ask)
            page = await self._page(reading, span, ask, now_ms)
            rows += len(page.usage) + len(page.costs)
            pages.append(page)
            waiting.extend(page.more)
            if len(pages) > MOST_PAGES or rows > _MOST_ROWS:
                raise CollectorError(f"{self._address(ask)} has more pages than can be read at once")
        return pages

    async def _page(self, reading: _Reading, span: Span, ask: Ask, now_ms: int) -> Page:
        headers = {**await self._authorisation(), **dict(ask.headers)}
        if ask.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            body = await reading.client.send(
                "GET" if ask.body is None else "POST", self._base_url + ask.path, ask.query, now_ms=now_ms,
                headers=headers, body=ask.body,
            )  # fmt: skip
            return await asyncio.to_thread(_read, reading.endpoint, body, span, ask)
        except NoSuchPageError:
            if reading.endpoint.may_be_absent:
                return Page()
            raise
        except (msgspec.MsgspecError, ValueError, ArithmeticError):
            # The error's own text would repeat what the server sent.
            raise CollectorError(
                f"{self._address(ask)} does not answer with {self._provider.name}'s {reading.endpoint.dataset}: check `url`"
            ) from None

    async def _authorisation(self) -> Mapping[str, str]:
        """The headers with the key, read where the configuration points; a command may take its time."""
        if self._provider.transport:
            return {}
        if self._headers is None:
            key = await asyncio.to_thread(self._key)
            if key is None:
                raise SourceAbsentError(f"{self._provider.name}: {self._provider.key_variables[0]} is not set")
            self._headers = {"User-Agent": "usdtop", **self._provider.headers(key)}
        return self._headers

    def _address(self, ask: Ask) -> str:
        return address(self._base_url + ask.path)

    def _failed(self, reading: _Reading, error: CollectorError, now_ms: int) -> None:
        """Ask this endpoint again after its pause, and the others too where the whole server wants one."""
        otherwise = reading.endpoint.otherwise
        if otherwise is not None and isinstance(error, _REFUSALS):
            reading.client = reading.client.for_another(otherwise.permission)
            reading.endpoint, reading.due_ms = otherwise, now_ms
            return
        if isinstance(error, KeyRefusedError):
            self._headers = None  # Somebody may put another key in its place, and that one may read all.
            reading.endpoint = reading.first_choice
        reading.problem = error
        pause_ms = round(self._every_seconds(reading) * 1_000)
        reading.due_ms = max(reading.client.quiet_until_ms, now_ms + pause_ms)
        if not isinstance(error, _REFUSALS):
            for other in self._readings:
                other.due_ms = max(other.due_ms, reading.client.quiet_until_ms)

    def _took(self, reading: _Reading, span: Span, pages: Sequence[Page], now_ms: int) -> ProviderReading:
        """What the pages said, and the endpoint's next turn: at once while there is a past to catch up with."""
        endpoint, complete_ms = reading.endpoint, now_ms
        reading.problem = None
        reading.notice = "; ".join(page.notice for page in pages if page.notice)
        if endpoint.width_seconds:
            said = [page.complete_until_ms for page in pages if page.complete_until_ms is not None]
            width_ms = endpoint.width_seconds * 1_000
            complete_ms = min((*said, now_ms - endpoint.lag_ms, span.until_ms)) // width_ms * width_ms
            reading.read_until_ms, reading.behind = span.until_ms, span.until_ms < now_ms
            reading.width_ms = span.width_seconds * 1_000
        reading.watermark_ms = max(reading.watermark_ms or 0, complete_ms)
        reading.due_ms = now_ms + (0 if reading.behind else round(self._every_seconds(reading) * 1_000))
        return ProviderReading(
            dataset=endpoint.dataset,
            width_seconds=span.width_seconds,
            since_ms=span.since_ms if span.width_seconds else 0,
            until_ms=span.until_ms if span.width_seconds else 0,
            usage=[one for page in pages for one in page.usage if span.holds(one.begins_ms)],
            costs=[one for page in pages for one in page.costs if span.holds(one.begins_ms)],
            balances=[one for page in pages for one in page.balances],
            watermark_ms=reading.watermark_ms,
            read_ms=now_ms,
        )
