"""Keys that were found are used after somebody said yes, and not before; the configuration decides the rest."""

from contextlib import closing
from pathlib import Path

import pytest

from collectors.errors import SourceAbsentError
from collectors.providers.follow import OfferedProvider, configured_provider, found_providers
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.sourceconfig import SourceConfig
from collectors.web.fetch import open_client
from store.allowed import allow_key
from store.writer import Writer
from tests.fakes.provider_accounts import SCRIPTS
from tests.fakes.provider_server import KEY, NOW_MS, serving


async def test_a_found_key_is_used_only_after_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
    with closing(Writer(tmp_path / "usdtop.db")) as writer, serving(SCRIPTS["deepseek"]) as server:
        async with open_client() as client:
            config = SourceConfig(type="deepseek", api_key_env="DEEPSEEK_API_KEY", url=server.url)
            source = OfferedProvider("DEEPSEEK_API_KEY", configured_provider(config, writer, client), writer)
            with pytest.raises(
                SourceAbsentError, match="DEEPSEEK_API_KEY is set and not used: u on the Sources screen"
            ):
                await source.poll(NOW_MS)
            assert server.asked == []

            allow_key(writer.path, "deepseek")
            (reading,) = (await source.poll(NOW_MS)).readings
            assert [balance.currency for balance in reading.balances] == ["USD", "CNY"]


async def test_what_is_found_leaves_out_what_is_configured_and_says_what_tells_nothing(tmp_path: Path) -> None:
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        async with open_client() as client:
            found = found_providers(
                ["OPENAI_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY", "CO_API_KEY", "COHERE_API_KEY", "SOME_OTHER_KEY"],
                [SourceConfig(type="openai")],
                writer,
                client,
            )
            assert [(source.name, source.kind) for source in found] == [
                ("anthropic", "provider"),
                ("cohere", "provider"),
            ]
            with pytest.raises(SourceAbsentError, match=r"CO_API_KEY is set\. Cohere has no usage or cost endpoint"):
                await found[1].poll(NOW_MS)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"type": "cohere"}, "Cohere has no usage or cost endpoint"),
        ({"type": "openai", "role": "judge"}, "role of a source must be live or reconcile; it is `judge`"),
        ({"type": "openai", "covers": "modle=gpt"}, "did you mean model"),
        ({"type": "openai", "url": "http://api.openai.com"}, "must begin with https://"),
        ({"type": "openai", "url": "http://127.0.0.1.example.com"}, "must begin with https://"),
        ({"type": "openai", "url": "ftp://127.0.0.1"}, "must begin with http:// or https://"),
        ({"type": "file", "path": "x", "role": "live"}, "`role` belongs to a provider's source"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_a_sentence(source: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        from_mapping({"source": [source]}, None)


@pytest.mark.parametrize(
    "url", ["https://proxy.example.com/openai", "http://127.0.0.1:8080", "http://[::1]:80", "http://localhost"]
)
def test_a_key_goes_over_https_or_stays_on_this_machine(url: str) -> None:
    (source,) = from_mapping({"source": [{"type": "openai", "url": url}]}, None).source
    assert source.url == url
