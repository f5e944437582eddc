"""Asking an HTTP endpoint for JSON with manners: keys that do not fit, pages that are gone, servers that want a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias

from collectors.errors import CollectorError, KeyRefusedError, PausedError
from collectors.web.fetch import address, failure
from collectors.web.patience import REFUSED_PAUSE_MS, Patience

if TYPE_CHECKING:
    import httpx

Query: TypeAlias = Mapping[str, str] | tuple[tuple[str, str], ...]
"""What stands behind the question mark; names may repeat."""

LIMIT_BYTES = 64 * 1024 * 1024
"""A thousand rows without bodies are some megabytes."""

_SECONDS = 30.0


class NoSuchPageError(CollectorError):
    """The server has no such endpoint: an older version, or another program."""


class NotUnderstoodError(CollectorError):
    """The server does not understand what it was asked: another version of its interface."""


class TooLargeError(CollectorError):
    """An answer is larger than anybody can hold: ask for less."""


class PoliteClient:
    """One endpoint's server: asks, and after a refusal does not ask again before its time.

    Every failure is a CollectorError with a sentence, in which no key and no query stands.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        headers: Mapping[str, str],
        wanted_key: str,
        *,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`jitter` is that of `Patience`."""
        self._client = client
        self._headers = {"Accept": "application/json", **headers}
        self._wanted_key = wanted_key
        self._patience = Patience(jitter)

    def for_another(self, wanted_key: str) -> PoliteClient:
        """One for another endpoint of the same server, which has refused nothing yet."""
        another = PoliteClient(self._client, self._headers, wanted_key)
        another._patience = self._patience.for_another()
        return another

    @property
    def quiet_until_ms(self) -> int:
        """When the server may be asked again."""
        return self._patience.quiet_until_ms

    def take_up(self) -> None:
        """Ask again at once, since it is for something else than what failed."""
        self._patience.answered()

    async def get(self, url: str, query: Query, *, now_ms: int) -> bytes:
        """The body of a good answer."""
        return await self.send("GET", url, query, now_ms=now_ms)

    async def send(
        self,
        method: str,
        url: str,
        query: Query,
        *,
        now_ms: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """The body of a good answer to any request."""
        self._patience.check(now_ms)
        import httpx

        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._ask(method, url, query, {**self._headers, **(headers or {})}, body, now_ms)
        except (TimeoutError, httpx.TimeoutException):
            raise self._patience.pause(now_ms, f"{address(url)} has not answered within {_SECONDS:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = failure(error, refused="refuses connections, or no way leads there (HTTPS_PROXY names a proxy)")
            raise self._patience.pause(now_ms, f"{address(url)} {why}") from None
        self._patience.answered()
        return answer

    async def _ask(
        self, method: str, url: str, query: Query, headers: Mapping[str, str], body: bytes | None, now_ms: int
    ) -> bytes:
        async with self._client.stream(
            method, url, params=query, headers=headers, content=body, timeout=_SECONDS, follow_redirects=False
        ) as response:
            self._check(response, address(url), now_ms)
            answer = bytearray()
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > LIMIT_BYTES:
                    sentence = f"{address(url)} answers with more than {LIMIT_BYTES >> 20} MiB"
                    raise TooLargeError(str(self._patience.pause(now_ms, sentence)))
        return bytes(answer)

    def _check(self, response: httpx.Response, where: str, now_ms: int) -> None:
        code = response.status_code
        if code == 200:
            return
        if code in (401, 403):
            sentence = f"{where} refuses the key ({code}): it wants {self._wanted_key}; asking again in 5 minutes"
            self._patience.pause(now_ms, sentence, pause_ms=REFUSED_PAUSE_MS)
            raise KeyRefusedError(sentence)
        if code == 404:
            raise NoSuchPageError(f"{where} does not exist there (404)")
        if code == 429:
            pause_ms = retry_after_ms(response.headers.get("Retry-After", ""), now_ms)
            raise PausedError(
                str(self._patience.pause(now_ms, f"{where} wants fewer requests (429)", pause_ms=pause_ms))
            )
        if 300 <= code < 400:
            raise self._patience.pause(now_ms, f"{where} redirects elsewhere, which is not followed: give that address")
        sentence = f"{where} answers with HTTP {code}"
        pause = self._patience.pause(now_ms, sentence)
        raise NotUnderstoodError(sentence) if code in (400, 422) else pause


def retry_after_ms(text: str, now_ms: int) -> int | None:
    """How long a server wants to be left alone: seconds or a date; bounded by an hour."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(int(text), 3_600) * 1_000
    try:
        at_ms = round(parsedate_to_datetime(text).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None
    return min(max(0, at_ms - now_ms), 3_600_000)
