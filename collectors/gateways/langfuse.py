"""Langfuse's observations over HTTP, from its cloud or one's own server.

Source of the endpoints: `fern/apis/server/definition` of langfuse/langfuse. `GET /api/public/v2/observations` has pages of
at most 1,000 with a cursor; older servers have `GET /api/public/observations` with numbered pages of at most 100. Both
take one type at a time. Observations come some seconds to a minute late, and change while they run.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, ClassVar

import msgspec

from collectors.errors import CollectorError
from collectors.formats.langfuse import CALLS, NAME
from collectors.gateways.polled import Page, Window, utc_text
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, PoliteClient

if TYPE_CHECKING:
    import httpx

URL = "https://cloud.langfuse.com"

_NEW, _OLD = "/api/public/v2/observations", "/api/public/observations"
_FIELDS = "core,basic,time,model,usage,metrics,trace_context"
_KEY = "a project's secret key, with its public key as `public_key`"


class _Meta(msgspec.Struct):
    cursor: str | None = None
    page: int | None = None
    total_pages: int | None = msgspec.field(default=None, name="totalPages")


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Place(msgspec.Struct):
    """Which type is read, and from which cursor or page on."""

    kind: int = 0
    cursor: str | None = None
    number: int = 1


_decode = msgspec.json.Decoder(_Page).decode
_decode_place = msgspec.json.Decoder(_Place).decode


class Langfuse:
    """Asks one project for the observations that can carry usage."""

    kind: ClassVar[str] = "langfuse"
    format_name: ClassVar[str] = NAME
    overlap_ms: ClassVar[int] = 15 * 60_000
    lag_ms: ClassVar[int] = 60_000
    poll_seconds: ClassVar[float] = 30.0

    def __init__(self, url: str, client: httpx.AsyncClient, public_key: str, secret_key: str) -> None:
        self._url = url.rstrip("/")
        token = b64encode(f"{public_key}:{secret_key}".encode()).decode()
        self._client = PoliteClient(client, {"Authorization": f"Basic {token}"}, _KEY)
        self._is_old = False

    async def page(self, window: Window, place: str | None, now_ms: int) -> Page:
        """The next observations of a window, of one type after the other."""
        at = _decode_place(place) if place else _Place()
        if not self._is_old:
            try:
                return await self._new(window, at, now_ms)
            except NoSuchPageError:
                self._is_old, at = True, _Place()
        try:
            return await self._old(window, at, now_ms)
        except NoSuchPageError:
            self._is_old = False
            raise CollectorError(
                f"{address(self._url)} is no Langfuse (404): give the server's address as `url`"
            ) from None

    async def _new(self, window: Window, at: _Place, now_ms: int) -> Page:
        query = {**_asked(window, at), "limit": "1000", "fields": _FIELDS}
        if at.cursor is not None:
            query["cursor"] = at.cursor
        page = await self._answer(_NEW, query, now_ms)
        return _page(page, _next(at, _Place(at.kind, page.meta.cursor) if page.meta.cursor else None))

    async def _old(self, window: Window, at: _Place, now_ms: int) -> Page:
        page = await self._answer(_OLD, {**_asked(window, at), "limit": "100", "page": str(at.number)}, now_ms)
        goes_on = bool(page.data) and at.number < (page.meta.total_pages or 0)
        following = _next(at, _Place(at.kind, number=at.number + 1) if goes_on else None)
        return _page(page, following, f"this Langfuse is older: read from {_OLD}")

    async def _answer(self, path: str, query: dict[str, str], now_ms: int) -> _Page:
        body = await self._client.get(self._url + path, query, now_ms=now_ms)
        try:
            return _decode(body)
        except msgspec.MsgspecError:
            raise CollectorError(f"{address(self._url)} does not answer with observations: is it Langfuse?") from None


def _asked(window: Window, at: _Place) -> dict[str, str]:
    return {
        "type": CALLS[at.kind],
        "fromStartTime": utc_text(window.since_ms),
        "toStartTime": utc_text(window.until_ms),
    }


def _next(at: _Place, following: _Place | None) -> _Place | None:
    """The next page of this type, else the first one of the next type."""
    if following is None and at.kind + 1 < len(CALLS):
        return _Place(at.kind + 1)
    return following


def _page(page: _Page, following: _Place | None, detail: str = "") -> Page:
    place = msgspec.json.encode(following).decode() if following else None
    return Page([bytes(row) for row in page.data], place, detail)
