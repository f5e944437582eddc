"""What doctor says of a provider's key that is there, missing or wrong, and of keys that merely stand in the environment."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.discovery import discover
from collectors.providers.registry import provider
from collectors.settings.config import Config, from_mapping
from collectors.settings.sourceconfig import SourceConfig
from tests.fakes.provider_accounts import ACCOUNT, KEYED, SCRIPTS
from tests.fakes.provider_server import KEY, ProviderServer, Trouble, serving
from tui.acts.keys import AllowKey
from tui.commands.doctor_providers import key_sentences, provider_sentences
from tui.commands.init import configuration
from tui.feed import FeedError
from tui.storefeed import StoreFeed

every_provider = pytest.mark.parametrize("name", KEYED)


def said(name: str, server: ProviderServer, monkeypatch: pytest.MonkeyPatch, key: str | None) -> list[tuple[str, str]]:
    monkeypatch.delenv("A_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("A_KEY", key)
    source = SourceConfig(type=name, url=server.url, api_key_env="A_KEY", account=ACCOUNT)
    return list(provider_sentences(Config(source=(source,))))


@every_provider
def test_a_key_that_fits_reads_every_endpoint(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SCRIPTS[name]) as server:
        ((mark, sentence),) = said(name, server, monkeypatch, KEY)
    assert mark == "ok"
    assert sentence.startswith(f"{name}: its key reads {provider(name).endpoints[0].dataset}")


@every_provider
def test_a_key_that_is_refused_is_told_what_it_lacks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SCRIPTS[name]) as server:
        found = said(name, server, monkeypatch, "sk-wrong")
    wanted = provider(name).endpoints[0].permission
    assert {mark for mark, _ in found} == {"fail"}
    assert f"refuses the key (401): it wants {wanted}" in found[0][1]
    assert "sk-wrong" not in str(found)


@every_provider
def test_a_missing_key_is_asked_for_by_name_with_what_it_must_be(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SCRIPTS[name]) as server:
        ((mark, sentence),) = said(name, server, monkeypatch, None)
    assert mark == "todo"
    assert "the variable A_KEY holds no key" in sentence
    assert provider(name).endpoints[0].permission in sentence


def test_a_server_that_cannot_be_reached_is_not_asked_for_all_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SCRIPTS["openai"]) as server:
        server.troubles = [Trouble(503)]
        ((mark, sentence),) = said("openai", server, monkeypatch, KEY)
        assert len(server.asked) == 1
    assert (mark, "answers with HTTP 503" in sentence) == ("fail", True)


def test_what_common_keys_may_not_read_is_a_note_beside_what_this_one_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SCRIPTS["openrouter"]) as server:
        server.troubles, server.troubles_from = [Trouble(403)] * 3, 1
        found = said("openrouter", server, monkeypatch, KEY)
    assert [mark for mark, _ in found] == ["ok", "note", "note"]
    assert found[0][1] == "openrouter: its key reads key."
    assert "it wants an OpenRouter management key" in found[1][1]


def keys(config: Config, **environment: str) -> Sequence[tuple[str, str]]:
    found = discover(environment=environment, places=(), processes=[])
    return list(key_sentences(found.keys, config))


def test_a_key_that_was_found_is_named_with_what_it_must_be_and_left_alone() -> None:
    ((mark, sentence),) = keys(Config(), OPENAI_ADMIN_KEY=KEY, PATH="/bin")
    assert mark == "note"
    assert sentence.startswith("OPENAI_ADMIN_KEY is set and not used. openai's own figures want an OpenAI admin key")
    assert KEY not in sentence


def test_a_key_whose_provider_is_configured_is_no_news() -> None:
    assert keys(Config(source=(SourceConfig(type="openai"),)), OPENAI_ADMIN_KEY=KEY) == []


@pytest.mark.parametrize(("variable", "named"), [("COHERE_API_KEY", "Cohere"), ("GEMINI_API_KEY", "AI Studio")])
def test_providers_that_tell_nothing_are_said_to(variable: str, named: str) -> None:
    ((_, sentence),) = keys(Config(), **{variable: KEY})
    assert named in sentence
    assert "no usage or cost endpoint" in sentence


def test_init_writes_a_source_for_each_key_that_was_found_and_never_the_key() -> None:
    import tomllib

    found = discover(
        environment={"OPENAI_ADMIN_KEY": KEY, "COHERE_API_KEY": KEY, "DEEPSEEK_API_KEY": KEY}, places=(), processes=[]
    )
    text = "\n".join(configuration(found, (), "here"))
    sources = from_mapping(tomllib.loads(text), Path("config.toml")).source
    assert [(one.type, one.api_key_env) for one in sources] == [
        ("openai", "OPENAI_ADMIN_KEY"),
        ("deepseek", "DEEPSEEK_API_KEY"),
    ]
    assert KEY not in text
    assert "# COHERE_API_KEY is set. Cohere has no usage or cost endpoint" in text


def test_what_tells_nothing_cannot_be_allowed(tmp_path: Path) -> None:
    feed = StoreFeed(tmp_path / "usdtop.db", clock=lambda: 0, machine="here")
    with pytest.raises(FeedError, match="Cohere has no usage or cost endpoint"):
        feed.do(AllowKey("cohere"))
    with pytest.raises(FeedError, match="needs `account`: the region"):
        feed.do(AllowKey("bedrock"))
    with pytest.raises(FeedError, match="nothing was allowed: there is no store"):
        feed.do(AllowKey("openai"))
