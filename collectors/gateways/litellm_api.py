"""LiteLLM's spend logs over HTTP, for a proxy whose log and database are out of reach.

Source of the endpoints: `GET /spend/logs/v2` of LiteLLM 1.109 (`start_date` and `end_date` in UTC, `page`, `page_size` of
at most 1,000, sorted by `startTime`); older proxies have `/spend/logs/ui` with the same answer, or only `/spend/logs`,
which has no pages: `summarize=false` gives the rows of whole days, and without dates all rows that are kept. Rows appear
some fifteen seconds after a call has ended, and under the time at which it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from collectors.door import text_milliseconds
from collectors.errors import CollectorError
from collectors.formats.litellm_rows import NAME
from collectors.gateways.polled import Page, Window
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, PoliteClient, TooLargeError

if TYPE_CHECKING:
    import httpx

OVERLAP_MS = 15 * 60_000
"""Read again at every poll, for calls that took so long or whose rows were written late."""

_ROWS_PER_PAGE = 1_000
_PAGED = ("/spend/logs/v2", "/spend/logs/ui")
_UNPAGED = "/spend/logs"
_MOST_UNPAGED = 10_000
_REPEATED, _MOST_REPEATED = 20, 4
"""A page behind another repeats a twentieth of it, and no more than a quarter."""
_ONE_INSTANT = "more calls began in one instant than its pages tell apart: some may be missing"
_KEY = "LiteLLM's master key or the virtual key of an admin"


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    page_size: int | None = None


class _Row(msgspec.Struct):
    request_id: str | None = None
    start_time: str = msgspec.field(name="startTime", default="")


class _Place(msgspec.Struct):
    """From when on is asked, and how many rows of that were read."""

    since_ms: int
    read: int = 0
    border_ms: int | None = None
    """When the last of these rows began."""
    newest_first: bool = False

    def reaches(self, rows: Sequence[bytes]) -> bool:
        """Whether these rows begin before the instant at which the last page ended, so that none of that is missing."""
        if self.border_ms is None:
            return True
        begins_ms = _began_ms(rows[0]) if rows else None
        return begins_ms is not None and (
            begins_ms > self.border_ms if self.newest_first else begins_ms < self.border_ms
        )


class _Asked(NamedTuple):
    """A page as it is asked for: rows from (number - 1) * size on."""

    number: int
    size: int

    @property
    def begins(self) -> int:
        """Rows before it."""
        return (self.number - 1) * self.size

    @classmethod
    def behind(cls, read: int, repeated: int, most: int) -> _Asked:
        """The page that goes on farthest behind so many rows and repeats some of them; pages may have any size."""
        pages = [cls(max(0, read - repeated) // size + 1, size) for size in range(most // 2 + 1, most + 1)]
        farthest = max(pages, key=lambda page: page.begins + page.size)
        return farthest if farthest.begins + farthest.size > read or not repeated else cls.behind(read, 0, most)


_decode = msgspec.json.Decoder(_Page).decode
_decode_place = msgspec.json.Decoder(_Place).decode
_decode_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_row = msgspec.json.Decoder(_Row).decode


class LitellmProxy:
    """Asks one proxy by the newest of its endpoints that exists there."""

    kind: ClassVar[str] = "litellm"
    format_name: ClassVar[str] = NAME
    overlap_ms: ClassVar[int] = OVERLAP_MS
    lag_ms: ClassVar[int] = 20_000

    def __init__(self, url: str, client: httpx.AsyncClient, headers: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._client = PoliteClient(client, headers, _KEY)
        self._rows_per_page = _ROWS_PER_PAGE
        self._endpoint = 0
        """Index of the endpoint that was there; behind the last one stands the one without pages."""

    @property
    def poll_seconds(self) -> float:
        """Seldom where every answer has the rows of whole days."""
        return 15.0 if self._endpoint < len(_PAGED) else 300.0

    async def page(self, window: Window, place: str | None, now_ms: int) -> Page:
        """The next rows of a window."""
        while self._endpoint < len(_PAGED):
            at = _decode_place(place) if place else _Place(window.since_ms)
            try:
                return await self._paged(window, at, now_ms)
            except NoSuchPageError:
                self._endpoint, place = self._endpoint + 1, None
            except TooLargeError:
                if self._rows_per_page <= 1:
                    raise
                # Older proxies answer with prompts and answers where they keep them.
                self._rows_per_page //= 2
                self._client.take_up()
                place = msgspec.json.encode(_Place(at.since_ms)).decode()
        try:
            return await self._unpaged(window, place, now_ms)
        except NoSuchPageError:
            self._endpoint = 0
            raise CollectorError(
                f"{address(self._url)} has no spend logs (404): give the proxy's address as `url`, without a path"
            ) from None

    async def _paged(self, window: Window, at: _Place, now_ms: int) -> Page:
        detail = "" if self._endpoint == 0 else f"this proxy is older: read from {_PAGED[self._endpoint]}"
        repeated = self._rows_per_page // _REPEATED or 1
        while True:
            asked = _Asked.behind(at.read, repeated, self._rows_per_page)
            rows = await self._rows_of(asked, window, at, now_ms)
            if at.read and self._rows_per_page < asked.size:
                continue  # its pages are smaller, so that this was another one
            if at.reaches(rows):
                break
            repeated *= 2
            if repeated * _MOST_REPEATED > self._rows_per_page:
                detail = _ONE_INSTANT
                break
        is_full = bool(rows) and len(rows) >= min(asked.size, self._rows_per_page)
        following = _next(rows, at, asked.begins + len(rows)) if is_full else None
        return Page(rows, None if following is None else msgspec.json.encode(following).decode(), detail)

    async def _rows_of(self, asked: _Asked, window: Window, at: _Place, now_ms: int) -> list[bytes]:
        query = {
            "start_date": _utc(at.since_ms),
            "end_date": _utc(window.until_ms),
            "page": str(asked.number),
            "page_size": str(asked.size),
            "sort_by": "startTime",
            "sort_order": "asc",
        }
        page = _answer(await self._client.get(self._url + _PAGED[self._endpoint], query, now_ms=now_ms), self._url)
        if page.page_size is not None and 0 < page.page_size < asked.size:
            self._rows_per_page = page.page_size
        return [bytes(row) for row in page.data]

    async def _unpaged(self, window: Window, place: str | None, now_ms: int) -> Page:
        """The rows of one day, or all rows where the proxy answers dates with sums."""
        detail = f"this proxy is old: read from {_UNPAGED}, all of a day at once"
        day = (
            datetime.fromtimestamp(window.since_ms / 1_000, UTC).date() if place is None else date.fromisoformat(place)
        )
        after = day + timedelta(days=1)
        query = {"start_date": str(day), "end_date": str(after), "summarize": "false"}
        rows = _rows(await self._client.get(self._url + _UNPAGED, query, now_ms=now_ms), self._url)
        if len(rows) >= _MOST_UNPAGED:
            detail = f"this proxy is old: of a day with more rows {_UNPAGED} answers with {len(rows):,} alone, so some are missing"
        if not rows or not _is_sum(rows[0]):
            is_last = after > datetime.fromtimestamp(window.until_ms / 1_000, UTC).date()
            return Page(_within(rows, window), None if is_last else str(after), detail)
        rows = _rows(await self._client.get(self._url + _UNPAGED, {}, now_ms=now_ms), self._url)
        return Page(_within(rows, window), None, detail)


def _next(rows: Sequence[bytes], at: _Place, read: int) -> _Place:
    """Where rows go on behind a full page: from the second in which its last one began, all of which is asked for again.

    Rows of one instant come in any order, another one at each question, and rows that are deleted move those behind them:
    page by page some of them would be passed over. Rows are counted only where a second fills more than one page, and where
    an older proxy answers with the newest first; each page then repeats the end of the one before.
    """
    first_ms, last_ms = _began_ms(rows[0]), _began_ms(rows[-1])
    if first_ms is None or last_ms is None or last_ms <= first_ms or last_ms // 1_000 <= at.since_ms // 1_000:
        backwards = at.newest_first if first_ms == last_ms else (last_ms or 0) < (first_ms or 0)
        return _Place(at.since_ms, read, last_ms, backwards)
    return _Place(last_ms // 1_000 * 1_000)


def _began_ms(row: bytes) -> int | None:
    try:
        return text_milliseconds(_decode_row(row).start_time)
    except ValueError:
        return None


def _answer(body: bytes, url: str) -> _Page:
    try:
        return _decode(body)
    except msgspec.MsgspecError:
        raise _no_logs(url) from None


def _rows(body: bytes, url: str) -> Sequence[bytes]:
    try:
        return [bytes(row) for row in _decode_rows(body)]
    except msgspec.MsgspecError:
        raise _no_logs(url) from None


def _no_logs(url: str) -> CollectorError:
    return CollectorError(f"{address(url)} does not answer with spend logs: give the proxy's address as `url`")


def _is_sum(row: bytes) -> bool:
    """Whether this is the sum of a day and no call's row."""
    try:
        return _decode_row(row).request_id is None
    except msgspec.MsgspecError:
        return False  # a strange row, which is counted where rows are read


def _within(rows: Sequence[bytes], window: Window) -> Sequence[bytes]:
    """Without the calls that began before what is asked for, and without sums."""
    return [row for row in rows if not _is_sum(row) and (_began_ms(row) or window.since_ms) >= window.since_ms]


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
