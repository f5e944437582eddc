"""On the way to a provider: proxies and authorities of the environment, and sentences for what fails before an answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collectors.errors import CollectorError
from collectors.providers.registry import provider
from collectors.providers.source import ProviderSource
from collectors.web.fetch import open_client
from tests.fakes.authority import Authority
from tests.fakes.provider_accounts import SCRIPTS, account, holds_everything
from tests.fakes.provider_server import KEY, NOW_MS, serving
from tests.fakes.proxy import Proxy

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@contextmanager
def proxied(leads_to: int | None = None) -> Iterator[Proxy]:
    proxy = Proxy(leads_to)
    try:
        yield proxy
    finally:
        proxy.close()


def polled(name: str, base_url: str | None) -> str:
    """What a poll that fails says."""

    async def poll() -> str:
        async with open_client() as client:
            source = ProviderSource(name, provider(name), client, lambda: KEY, base_url=base_url)
            with pytest.raises(CollectorError) as failed:
                await source.poll(NOW_MS)
            return str(failed.value)

    return asyncio.run(poll())


def test_a_provider_is_asked_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxied() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        said = polled("deepseek", None)
    assert [asked.split(b"\r\n")[0] for asked in proxy.asked] == [b"CONNECT api.deepseek.com:443 HTTP/1.1"]
    assert KEY.encode() not in b"".join(proxy.asked), "the key goes only to the provider itself"
    assert said.startswith("https://api.deepseek.com/user/balance ")


def test_a_server_on_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxied() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert "refuses connections, or no way leads there (HTTPS_PROXY names a proxy)" in polled(
            "deepseek", "http://127.0.0.1:9"
        )
    assert proxy.asked == []


async def test_an_authority_of_ones_own_is_believed_where_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    with serving(SCRIPTS["deepseek"], authority.server()) as server:
        async with account("deepseek", server, tmp_path / "refused.db") as reader:
            await reader.read()
            assert "certificate" in " ".join(reader.errors)
        assert server.asked == [], "no key goes to a server that cannot be believed"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        async with account("deepseek", server, tmp_path / "usdtop.db") as reader:
            await reader.read()
            assert reader.errors == []
    assert holds_everything(tmp_path / "usdtop.db", SCRIPTS["deepseek"])


async def test_everything_is_read_through_a_proxy_and_only_the_provider_sees_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, host = Authority(tmp_path), "api.provider.example"
    with serving(SCRIPTS["openai"], authority.server(host)) as server, proxied(urlsplit(server.url).port) as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        server.url = f"https://{host}"
        async with account("openai", server, tmp_path / "usdtop.db") as reader:
            await reader.read()
            assert reader.errors == []
    assert holds_everything(tmp_path / "usdtop.db", SCRIPTS["openai"])
    assert {asked.split(b"\r\n")[0] for asked in proxy.asked} == {f"CONNECT {host}:443 HTTP/1.1".encode()}
    assert len(proxy.carried) > 1_000
    assert KEY.encode() not in b"".join(proxy.asked) + proxy.carried
