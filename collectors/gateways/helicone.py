"""Helicone's requests over HTTP.

Source of the endpoint: the request controller of Helicone/helicone: `POST /v1/request/query-clickhouse` with a filter, an
offset and a limit, in ascending order, so that rows which come meanwhile shift nothing out of sight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from collectors.door import visible
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


_decode = msgspec.json.Decoder(_Answer).decode


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
        offset = int(place or 0)
        body = msgspec.json.encode(
            {
                "filter": _between(window),
                "offset": offset,
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
        return Page(rows, str(offset + len(rows)) if len(rows) >= _ROWS_PER_PAGE else None)

    def _rows(self, said: bytes) -> list[bytes]:
        try:
            answer = _decode(said)
        except msgspec.MsgspecError:
            raise CollectorError(f"{address(self._url)} does not answer with requests: is it Helicone's API?") from None
        if answer.error:
            raise CollectorError(f"{address(self._url)} answers with an error: {visible(answer.error.encode())}")
        return [bytes(row) for row in answer.data or ()]


def _between(window: Window) -> dict[str, Any]:
    """Helicone's filter for when a request was made."""

    def limit(operator: str, at_ms: int) -> dict[str, Any]:
        return {"request_response_rmt": {"request_created_at": {operator: utc_text(at_ms)}}}

    return {"left": limit("gte", window.since_ms), "operator": "and", "right": limit("lte", window.until_ms)}
