"""Records of calls that somebody keeps and answers for, read page by page with an overlap: rows are written late, and change.

What is asked and how its answer is paged differs from keeper to keeper and stands in a file of its own for each.
"""

import asyncio
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from collectors.errors import CollectorError, KeyRefusedError, PausedError
from collectors.formats.lines import LineReader
from collectors.logs.gathered import Gathered
from collectors.source import Poll

FIRST_LOOK_MS = 24 * 3_600_000
"""How far back the first reading goes unless the configuration says otherwise."""

AHEAD_MS = 5 * 60_000
"""The keeper's clock may be ahead of ours."""

DEEP_EVERY_MS = 60_000
"""The whole overlap is read so often, and between that only the youngest part of it, to spare who is asked."""

_SHALLOW_MS = 2 * 60_000
_ROUND = "its pages lead back to one that was read: what comes after that is not answered; the reading begins anew"
_PATIENCE = 3
"""Failures at one place after which a reading begins anew."""


class Window(NamedTuple):
    """Which calls are asked for: those that began between these instants."""

    since_ms: int
    until_ms: int


class Page(NamedTuple):
    """One answer."""

    rows: Sequence[bytes]
    """Each one record in JSON."""
    next: str | None
    """Where the next page begins, for the keeper to understand; None after the last one."""
    detail: str = ""
    """What a person should know of how it is read."""


class Keeper(Protocol):
    """Who keeps the records. Rows of a window come in ascending order, so that new ones shift nothing out of sight."""

    @property
    def kind(self) -> str:
        """What it is, as a source's type."""
        ...

    @property
    def format_name(self) -> str:
        """The format of a row."""
        ...

    @property
    def overlap_ms(self) -> int:
        """How long a call may run, or its row may come late or change, and still be found."""
        ...

    @property
    def lag_ms(self) -> int:
        """How long after a call its row usually comes."""
        ...

    @property
    def poll_seconds(self) -> float:
        """How often it may be asked."""
        ...

    async def page(self, window: Window, place: str | None, now_ms: int, /) -> Page:
        """The page at a place, None being the first. Raises CollectorError with what to do."""
        ...


class PolledSource:
    """Reads one keeper from `since_ms` less the overlap to now, one page a poll.

    Rows that were read before and have not changed are left out; the store recognises their calls in any case.
    """

    def __init__(
        self, name: str, keeper: Keeper, *, since_ms: int | None = None, poll_seconds: float | None = None
    ) -> None:
        self.name = name
        self.kind = keeper.kind
        self._keeper = keeper
        self._poll_seconds = poll_seconds
        self._lines = LineReader(keeper.format_name)
        self._since_ms = since_ms
        """When the newest call ended that was read. A reading begins there, and not where our clock was at the last one, which
        may have been wrong: what answers with nothing moves nothing."""
        self._floor_ms: int | None = None
        """Nothing before that is asked for."""
        self._newest_ms = 0
        """Of the reading that goes on."""
        self._window: Window | None = None
        """Of the reading that goes on: a place in it means nothing in another."""
        self._began_ms = self._deep_ms = 0
        """When this reading began, and the last one over the whole overlap."""
        self._is_deep = True
        self._place: str | None = None
        self._places: set[str] = set()
        """Where the reading that goes on has been."""
        self._failures = 0
        """In a row, at one place."""
        self._before: Set[int] = frozenset()
        """Digests of the rows that the last reading to the end has found and the next one may find again."""
        self._seen: set[int] = set()
        self._mute: set[int] = set()
        """Of rows that tell of no call."""
        self._last_page: Set[int] = frozenset()
        """Of its rows, some stand on the next one again."""

    @property
    def poll_seconds(self) -> float:
        """As configured, else as the keeper can bear."""
        return self._poll_seconds or self._keeper.poll_seconds

    def use(self, keeper: Keeper) -> None:
        """Ask this one from now on, such as the same one with another key."""
        self._keeper = keeper

    async def poll(self, now_ms: int) -> Poll:
        """The next page; `more` until it was the last. Raises CollectorError with what to do."""
        page = await self._page(self._window or self._begin(now_ms), now_ms)
        gathered = await asyncio.to_thread(self._read, page.rows, self._began_ms - 2 * self._keeper.overlap_ms)
        poll = gathered.poll(page.detail)
        if page.next in self._places:
            self._window = self._place = None
            return msgspec.structs.replace(poll, backlog_bytes=None, late=_ROUND)
        self._place, more = page.next, page.next is not None
        if page.next is None:
            self._end()
        else:
            self._places.add(page.next)
        watermark_ms = None if more else self._began_ms - self._keeper.lag_ms
        return msgspec.structs.replace(poll, more=more, backlog_bytes=None, watermark_ms=watermark_ms)

    async def _page(self, window: Window, now_ms: int) -> Page:
        """The next page; a place that fails again and again may have become unknown, so the reading begins anew."""
        try:
            page = await self._keeper.page(window, self._place, now_ms)
        except (PausedError, KeyRefusedError):
            raise
        except CollectorError:
            self._failures += 1
            if self._failures >= _PATIENCE and self._place is not None:
                self._window = self._place = None
            raise
        self._failures = 0
        return page

    def _begin(self, now_ms: int) -> Window:
        overlap_ms = self._keeper.overlap_ms
        self._is_deep = not 0 <= now_ms - self._deep_ms < DEEP_EVERY_MS
        since_ms = self._since_ms
        if since_ms is None or since_ms - overlap_ms > now_ms:
            # Nothing was read yet, or while our clock was ahead.
            since_ms = self._floor_ms = now_ms - FIRST_LOOK_MS
        elif self._floor_ms is None:
            self._floor_ms = since_ms - overlap_ms
        since_ms = min(since_ms, now_ms) - (overlap_ms if self._is_deep else min(overlap_ms, _SHALLOW_MS))
        self._began_ms, self._newest_ms, self._places = now_ms, 0, set()
        self._window = Window(max(since_ms, self._floor_ms), now_ms + AHEAD_MS)
        return self._window

    def _end(self) -> None:
        if self._newest_ms:
            self._since_ms = max(self._since_ms or 0, min(self._newest_ms, self._began_ms))
        elif self._seen and self._seen <= self._mute:
            self._since_ms = self._began_ms  # rows, and none of them a call that says when it was
        self._window = None
        if self._is_deep:
            self._deep_ms, self._before = self._began_ms, self._seen
            self._mute &= self._seen
        else:
            self._before = self._before | self._seen
        self._seen = set()

    def _read(self, rows: Sequence[bytes], keep_from_ms: int) -> Gathered:
        """What the rows say that were not read as they are; those that are too old to come again are not remembered."""
        gathered = Gathered()
        last_page, self._last_page = self._last_page, {hash(row) for row in rows}
        for row in rows:
            digest = hash(row)
            if digest in last_page or digest in self._before or digest in self._seen:
                self._seen.add(digest)
                continue
            parsed = self._lines.read([row])
            gathered.take(parsed.events, parsed.rejects)
            self._newest_ms = max([self._newest_ms, *(event.ended_at_ms for event in parsed.events)])
            if not parsed.events or parsed.events[-1].ended_at_ms >= keep_from_ms:
                self._seen.add(digest)
            if not parsed.events:
                self._mute.add(digest)
        return gathered


def utc_text(at_ms: int) -> str:
    """An instant in RFC 3339 to the millisecond."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
