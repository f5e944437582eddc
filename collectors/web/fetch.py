"""One metrics page over HTTP, with every way it can fail turned into a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from collectors.addresses import DIRECT, shown_url
from collectors.door import visible
from collectors.errors import CollectorError, KeyRefusedError

if TYPE_CHECKING:
    import httpx

LIMIT_BYTES = 32 * 1024 * 1024
"""Larger than any engine's page, and small enough to hold."""

HEADERS = {"Accept": "text/plain;version=0.0.4, */*;q=0.1", "Accept-Encoding": "identity"}
"""Not compressed: a small answer that unpacks to gigabytes is then refused by its header."""

LIFE_HEADER = "Process-Start-Time-Unix"
"""Some servers name their process' start in it, in whatever unit; another value means another process."""

STATUS_ADVICE = {
    401: "wants a key: name it in the source's configuration",
    403: "refuses this key or this machine",
    404: "has no such page: check the path, and that metrics are switched on in the engine",
    503: "says that it is not ready (503)",
}


class Answer(NamedTuple):
    """A page's body, and whatever tells one life of its process from the next, or None where nothing does."""

    body: bytes
    life: str | None


def open_client() -> httpx.AsyncClient:
    """A client for all engines: certificates are verified, redirects not followed, loopback never goes by a proxy."""
    import httpx

    return httpx.AsyncClient(
        follow_redirects=False,
        headers=HEADERS,
        mounts=DIRECT,
    )


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = 5.0,
    limit_bytes: int = LIMIT_BYTES,
) -> Answer:
    """What stands at `url`, whole and within `seconds`; raises CollectorError."""
    import httpx

    try:
        async with asyncio.timeout(seconds):
            return await _body(client, url, headers or {}, seconds, limit_bytes)
    except (TimeoutError, httpx.TimeoutException):
        raise CollectorError(f"{address(url)} has not answered within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CollectorError(
            f"{address(url)} {failure(error, refused='refuses connections: is the engine running, and is this its port?')}"
        ) from None


async def _body(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], seconds: float, limit_bytes: int
) -> Answer:
    async with client.stream(
        "GET", url, headers={**HEADERS, **headers}, timeout=seconds, follow_redirects=False
    ) as response:
        if response.status_code != 200:
            refused = KeyRefusedError if response.status_code in (401, 403) else CollectorError
            raise refused(f"{address(url)} {_status(response.status_code)}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise CollectorError(f"{address(url)} answers compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit_bytes:
                raise CollectorError(
                    f"{address(url)} answers with more than {limit_bytes / 2**20:g} MiB: that is no engine's page"
                )
    return Answer(bytes(body), response.headers.get(LIFE_HEADER))


def address(url: str) -> str:
    """A URL that may be shown: without user, password and query, which can be secrets."""
    try:
        return visible(shown_url(url).encode())
    except ValueError:
        return "the configured address"


def _status(code: int) -> str:
    if 300 <= code < 400:
        return "redirects elsewhere, which is not followed: give the address that it points to"
    return STATUS_ADVICE.get(code, f"answers with HTTP {code}")


def failure(error: Exception, *, refused: str) -> str:
    """What went wrong on the way to an address, to be said behind it; `refused` where nobody listens there."""
    import socket
    import ssl

    import httpx

    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "shows a certificate that is not trusted here: add its authority to the system's (SSL_CERT_FILE)"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "has a host name that cannot be resolved"
    if isinstance(error, httpx.ConnectError):
        return refused
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "is not an http or https address"
    return "hung up in the middle of its answer"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
