"""LiteLLM's spend logs over HTTP, for a proxy whose log and database are out of reach.

Source of the endpoint: `GET /spend/logs/v2` of LiteLLM 1.109 (`start_date` and `end_date` in UTC, `page`, `page_size` of
at most 1,000, sorted by `startTime`); older proxies have `/spend/logs/ui` with the same answer. Rows appear some fifteen
seconds after a call has ended, and under the time at which it began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec

from collectors.errors import CollectorError
from collectors.formats.lines import LineReader
from collectors.source import Poll
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, PoliteClient
from store.facts import UsageEvent

if TYPE_CHECKING:
    import httpx

POLL_SECONDS = 15.0
OVERLAP_MS = 15 * 60_000
"""Read again at every poll, for calls that took so long or whose rows were written late."""
FIRST_LOOK_MS = 24 * 3_600_000

_AHEAD_MS = 5 * 60_000
"""The proxy's clock may be ahead of ours."""
_ROWS_PER_PAGE = 1_000
_FORMAT = "litellm.spendlogs"
_ENDPOINTS = ("/spend/logs/v2", "/spend/logs/ui")
_KEY = "LiteLLM's master key or the virtual key of an admin"


_RowId: TypeAlias = tuple[str, str | None]
"""Id and call: an answer from the cache has the id of the one that filled it."""


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    page_size: int | None = None


_decode = msgspec.json.Decoder(_Page).decode


class LitellmApiSource:
    """Polls one proxy, page by page, from `since_ms` less the overlap to now: in ascending order, so that rows which come meanwhile
    shift nothing out of sight.

    Rows that were handed over before and say nothing new are left out; the store recognises them in any case.
    """

    kind: ClassVar[str] = "litellm"

    def __init__(
        self,
        name: str,
        url: str,
        client: httpx.AsyncClient,
        *,
        headers: Mapping[str, str] | None = None,
        since_ms: int | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        self._url = url.rstrip("/")
        self._endpoint = 0
        self._client = PoliteClient(client, headers or {}, _KEY)
        self._lines = LineReader(_FORMAT)
        self._since_ms = since_ms
        self._page = 1
        self._before: dict[_RowId, int] = {}
        """Digests of the rows that the last reading to the end found and that the next one may find again, by id."""
        self._seen: dict[_RowId, int] = {}

    async def poll(self, now_ms: int) -> Poll:
        """The next page; `more` until it was a short one. Raises CollectorError with what to do."""
        since_ms = now_ms - FIRST_LOOK_MS if self._since_ms is None else self._since_ms - OVERLAP_MS
        query = {
            "start_date": _utc(since_ms),
            "end_date": _utc(now_ms + _AHEAD_MS),
            "page": str(self._page),
            "page_size": str(_ROWS_PER_PAGE),
            "sort_by": "startTime",
            "sort_order": "asc",
        }
        page = _page(await self._body(query, now_ms), self._url)
        parsed = await asyncio.to_thread(self._lines.read, [bytes(row) for row in page.data])
        more = bool(page.data) and len(page.data) >= min(_ROWS_PER_PAGE, page.page_size or _ROWS_PER_PAGE)
        poll = Poll(events=self._new(parsed.events, now_ms), rejects=parsed.rejects, detail=self._detail(), more=more)
        self._turn(now_ms, more=more)
        return poll

    async def _body(self, query: Mapping[str, str], now_ms: int) -> bytes:
        """The page from the first endpoint that exists."""
        for endpoint in range(self._endpoint, len(_ENDPOINTS)):
            try:
                body = await self._client.get(self._url + _ENDPOINTS[endpoint], query, now_ms=now_ms)
            except NoSuchPageError:
                continue
            self._endpoint = endpoint
            return body
        raise CollectorError(f"{self.name} has no spend logs (404): give the proxy's address as `url`, without a path")

    def _new(self, events: Sequence[UsageEvent], now_ms: int) -> list[UsageEvent]:
        """The events that were not handed over as they are."""
        new = []
        for event in events:
            digest = hash(event)
            row = event.id, event.call_id
            if self._before.get(row) != digest and self._seen.get(row) != digest:
                new.append(event)
            if event.ended_at_ms >= now_ms - 2 * OVERLAP_MS:
                self._seen[row] = digest
        return new

    def _turn(self, now_ms: int, *, more: bool) -> None:
        """Go on to the next page, or after the last one begin with the first again."""
        if more:
            self._page += 1
        else:
            self._since_ms, self._page = now_ms, 1
            self._before, self._seen = self._seen, {}

    def _detail(self) -> str:
        return "" if self._endpoint == 0 else f"this proxy is older: read from {_ENDPOINTS[self._endpoint]}"


def _page(body: bytes, url: str) -> _Page:
    try:
        return _decode(body)
    except msgspec.MsgspecError:
        raise CollectorError(
            f"{address(url)} does not answer with spend logs: give the proxy's address as `url`"
        ) from None


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
