"""Tells webhooks of alerts: each once, tried again with growing pauses until it arrives or a day has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from collectors.alerting.messages import dedup_key, message, signature
from collectors.clock import Clock
from collectors.settings.alertconfig import PAGERDUTY_URL, WebhookConfig
from collectors.settings.config import ConfigError
from collectors.settings.keys import read_secret
from store.alerts.book import AlertBook, Delivery

if TYPE_CHECKING:
    import httpx

    from store.writer import Writer

Answer = TypeVar("Answer")

_SECONDS = 10.0
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 15_000, 3_600_000


class SendError(Exception):
    """It did not arrive; the text says why, without the address."""


class Sender:
    """Sends what is due. What was sent stands in the store, so a restart sends nothing twice."""

    def __init__(
        self,
        webhooks: Sequence[WebhookConfig],
        *,
        machine: str,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._webhooks = {hook.name: hook for hook in webhooks}
        self._machine = machine
        self._clock = clock
        self._say = say

    async def send_due(
        self, client: httpx.AsyncClient, in_writer: Callable[[Callable[[Writer], object]], Awaitable[object]]
    ) -> None:
        """Send everything that is due now, each outcome written at once; raises StoreError."""
        due: list[Delivery] = []
        await in_writer(lambda writer: due.extend(_due(writer, self._clock())))
        for delivery in due:
            error = await self._try(client, delivery)
            await in_writer(lambda writer, d=delivery, e=error: self._note(writer, d, e))  # type: ignore[misc]

    async def _try(self, client: httpx.AsyncClient, delivery: Delivery) -> str | None:
        """Send one; why it did not arrive, or None."""
        hook = self._webhooks.get(delivery.webhook)
        if hook is None or not hook.wants(delivery.alert.severity, delivery.event):
            return None  # nobody wants to know any more
        try:
            # Commands and files are read here, since a key may have been changed meanwhile.
            url, headers, body = await asyncio.to_thread(self._request, hook, delivery)
            await _post(client, url, headers, body)
        except (SendError, ConfigError) as error:
            self._say(f"{_named(hook, str(error))} It is tried again.")
            return str(error)
        return None

    def _request(self, hook: WebhookConfig, delivery: Delivery) -> tuple[str, dict[str, str], bytes]:
        now_ms, whose = self._clock(), f"webhook {hook.name}"
        key = read_secret(whose, "api_key", hook.api_key_env, hook.api_key_file, hook.api_key_command)
        secret = read_secret(whose, "secret", hook.secret_env, hook.secret_file, hook.secret_command)
        url = hook.url or read_secret(whose, "url", hook.url_env, hook.url_file, hook.url_command) or PAGERDUTY_URL
        body = msgspec.json.encode(message(hook.type, delivery, at_ms=now_ms, machine=self._machine, key=key))
        headers = {"Content-Type": "application/json", "User-Agent": "usdtop"}
        if hook.type != "pagerduty" and key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if hook.type == "json":
            headers["X-Usdtop-Delivery"] = f"{dedup_key(delivery, self._machine)}/{delivery.event}"
        if secret is not None:
            timestamp = str(now_ms // 1_000)
            headers |= {
                "X-Usdtop-Timestamp": timestamp,
                "X-Usdtop-Signature": signature(secret, timestamp, body),
            }
        return url, headers, body

    def _note(self, writer: Writer, delivery: Delivery, error: str | None) -> None:
        with writer.transaction() as connection:
            book = AlertBook(connection)
            if error is None:
                book.sent(delivery, self._clock())
            else:
                book.not_sent(delivery, error, next_ms=self._clock() + pause_ms(delivery.attempts))


def pause_ms(attempts: int) -> int:
    """How long to wait after so many attempts before: a quarter of a minute, doubling up to an hour."""
    return int(min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(attempts, 10)))


def _named(hook: WebhookConfig, error: str) -> str:
    whose = f"webhook {hook.name}: "
    return error if error.startswith(whose) else whose + error


def _due(writer: Writer, now_ms: int) -> list[Delivery]:
    with writer.transaction() as connection:
        return AlertBook(connection).due(now_ms)


async def _post(client: httpx.AsyncClient, url: str, headers: dict[str, str], body: bytes) -> None:
    """One request whose answer is only looked at for its status; errors never name the path, which can be a secret."""
    import httpx

    host = urlsplit(url).hostname or "its address"
    try:
        async with (
            asyncio.timeout(_SECONDS),
            client.stream("POST", url, content=body, headers=headers, follow_redirects=False) as response,
        ):
            status = response.status_code
    except (TimeoutError, httpx.TimeoutException):
        raise SendError(f"{host} has not answered within {_SECONDS:g} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SendError(f"{host} cannot be reached: {type(error).__name__}.") from None
    if not 200 <= status < 300:
        raise SendError(f"{host} answers with HTTP {status}.")
