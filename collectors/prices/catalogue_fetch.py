"""A catalogue over HTTP: whole, within its time and size, or a sentence that says what to do."""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from collectors.addresses import DIRECT, LOOPBACK
from collectors.prices.catalogue_file import LIMIT_BYTES, CatalogueError
from collectors.web.fetch import address

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json"
"""Where the genai-prices project publishes its data (genai_prices/update_prices.py of its package 0.2.3)."""

TIMEOUT_SECONDS = 30.0
STAYS = "the catalogue in use stays"


def fetch_catalogue(url: str, *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The bytes at `url`; certificates are verified, and plain HTTP is for this machine only. Raises CatalogueError."""
    import httpx

    _refuse_plain_http(url)
    client = httpx.Client(
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        mounts=DIRECT,
    )
    try:
        with client, client.stream("GET", url) as response:
            return _body(response, url, limit_bytes, time.monotonic() + TIMEOUT_SECONDS)
    except httpx.TimeoutException:
        raise CatalogueError(f"{address(url)} has not answered within {TIMEOUT_SECONDS:g} s; {STAYS}.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise CatalogueError(f"{address(url)} cannot be reached ({why}); {STAYS}.") from None


def _body(response: "httpx.Response", url: str, limit_bytes: int, until: float) -> bytes:
    if response.status_code != 200:
        raise CatalogueError(f"{address(url)} answers with HTTP {response.status_code}; {STAYS}.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise CatalogueError(f"{address(url)} answers compressed, which was not asked for; {STAYS}.")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit_bytes:
            raise CatalogueError(f"{address(url)} sends more than {limit_bytes:,} bytes: no catalogue; {STAYS}.")
        if time.monotonic() > until:
            raise CatalogueError(f"{address(url)} is too slow; {STAYS}.")
    return bytes(body)


def _refuse_plain_http(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise CatalogueError(f"this is no address of a catalogue; {STAYS}.") from None
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK):
        return
    raise CatalogueError(f"{address(url)} is not an https address, and prices decide; {STAYS}.")
