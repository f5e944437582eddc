"""On the way to a provider: proxies and authorities of the environment, and sentences for what fails before an answer."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from collectors.errors import CollectorError
from collectors.providers.registry import provider
from collectors.providers.source import ProviderSource
from collectors.web.fetch import open_client
from tests.fakes.provider_server import KEY, NOW_MS


class Proxy:
    """Refuses every tunnel, and remembers what was asked for."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.asked: list[bytes] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    opened = Proxy()
    yield opened
    opened.close()


def polled(name: str, base_url: str | None) -> str:
    """What a poll that fails says."""

    async def poll() -> str:
        async with open_client() as client:
            source = ProviderSource(name, provider(name), client, lambda: KEY, base_url=base_url)
            with pytest.raises(CollectorError) as failed:
                await source.poll(NOW_MS)
            return str(failed.value)

    return asyncio.run(poll())


def test_a_provider_is_asked_through_the_proxy_of_the_environment(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    said = polled("deepseek", None)

    assert [asked.split(b"\r\n")[0] for asked in proxy.asked] == [b"CONNECT api.deepseek.com:443 HTTP/1.1"]
    assert KEY.encode() not in b"".join(proxy.asked), "the key goes only to the provider itself"
    assert said.startswith("https://api.deepseek.com/user/balance ")


def test_a_server_on_this_machine_is_never_asked_through_a_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy.url)
    assert "refuses connections, or no way leads there (HTTPS_PROXY names a proxy)" in polled(
        "deepseek", "http://127.0.0.1:9"
    )
    assert proxy.asked == []
