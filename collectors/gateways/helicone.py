"""Helicone's requests over HTTP.

Source of the endpoint: the request controller of Helicone/helicone: `POST /v1/request/query-clickhouse` with a filter, an
offset and a limit, in ascending order, so that rows which come meanwhile shift nothing out of sight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from collectors.door import text_milliseconds, visible
from collectors.errors import CollectorError
from collectors.formats.helicone import NAME
from collectors.gateways.polled import Page, Window, utc_text
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, PoliteClient

if TYPE_CHECKING:
    import httpx

URL = "https://api.helicone.ai"

_PATH = "/v1/request/query-clickhouse"
_ROWS_PER_PAGE = 500
_KEY = "a Helicone API key that may read"


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    error: str | None = None


class _Row(msgspec.Struct):
    request_created_at: str


class _Place(msgspec.Struct):
    """From when on is asked, and how many of those were read."""

    since_ms: int
    offset: int = 0


_decode = msgspec.json.Decoder(_Answer).decode
_decode_place = msgspec.json.Decoder(_Place).decode
_decode_row = msgspec.json.Decoder(_Row).decode


class Helicone:
    """Asks for the requests of one organisation."""

    kind: ClassVar[str] = "helicone"
    format_name: ClassVar[str] = NAME
    overlap_ms: ClassVar[int] = 15 * 60_000
    lag_ms: ClassVar[int] = 60_000
    poll_seconds: ClassVar[float] = 30.0

    def __init__(self, url: str, client: httpx.AsyncClient, key: str) -> None:
        self._url = url.rstrip("/") + _PATH
        self._client = PoliteClient(client, {"Authorization": f"Bearer {key}"}, _KEY)

    async def page(self, window: Window, place: str | None, now_ms: int) -> Page:
        """The next requests of a window."""
        at = _decode_place(place) if place else _Place(window.since_ms)
        body = msgspec.json.encode(
            {
                "filter": _between(Window(at.since_ms, window.until_ms)),
                "offset": at.offset,
                "limit": _ROWS_PER_PAGE,
                "sort": {"created_at": "asc"},
                "isCached": False,
            }
        )
        headers = {"Content-Type": "application/json"}
        try:
            said = await self._client.send("POST", self._url, {}, now_ms=now_ms, headers=headers, body=body)
        except NoSuchPageError:
            raise CollectorError(
                f"{address(self._url)} is not there (404): give Helicone's API address as `url`"
            ) from None
        rows = self._rows(said)
        return Page(rows, msgspec.json.encode(_next(rows, at)).decode() if len(rows) >= _ROWS_PER_PAGE else None)

    def _rows(self, said: bytes) -> list[bytes]:
        try:
            answer = _decode(said)
        except msgspec.MsgspecError:
            raise CollectorError(f"{address(self._url)} does not answer with requests: is it Helicone's API?") from None
        if answer.error:
            raise CollectorError(f"{address(self._url)} answers with an error: {visible(answer.error.encode())}")
        return [bytes(row) for row in answer.data or ()]


def _next(rows: list[bytes], at: _Place) -> _Place:
    """Where requests go on: from the instant of the last one, since those of one instant come in any order."""
    try:
        last_ms = text_milliseconds(_decode_row(rows[-1]).request_created_at)
    except ValueError:
        last_ms = at.since_ms
    return _Place(last_ms) if last_ms > at.since_ms else _Place(at.since_ms, at.offset + len(rows))


def _between(window: Window) -> dict[str, Any]:
    """Helicone's filter for when a request was made."""

    def limit(operator: str, at_ms: int) -> dict[str, Any]:
        return {"request_response_rmt": {"request_created_at": {operator: utc_text(at_ms)}}}

    return {"left": limit("gte", window.since_ms), "operator": "and", "right": limit("lte", window.until_ms)}
