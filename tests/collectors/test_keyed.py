"""A key that was changed heals its source without a restart; no key is asked for more often than it must be."""

import asyncio
import os
import shlex
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.clock import now_ms
from collectors.collect import Collection
from collectors.errors import CollectorError, KeyRefusedError
from collectors.gateways.keepers import polled_source
from collectors.keyed import Rekeyed
from collectors.settings.config import from_mapping
from collectors.settings.sourceconfig import SourceConfig
from collectors.source import Poll
from store.facts import SourceState
from store.reader import Reader
from store.tables import StoreError
from tests.fakes.waiting import eventually
from tests.fakes.webserver import Asked, Told, serving

NOW_MS = 1_795_335_400_000


class Proxy:
    """A LiteLLM proxy, or an engine, that lets one key in."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.seen: list[str] = []

    def answer(self, asked: Asked) -> Told:
        said = asked.headers.get("authorization", "")
        self.seen.append(said)
        if said != f"Bearer {self.key}":
            return Told(401)
        if asked.path == "/metrics":
            return Told(body=b"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 1\n")
        return Told(body=b'{"data": [], "page_size": 1000}')


def config(tmp_path: Path, **source: Any) -> SourceConfig:
    (only,) = from_mapping({"source": [source]}, tmp_path / "c.toml").source
    return only


async def test_a_refused_key_is_read_again_from_its_file_and_the_new_one_used_in_the_same_poll(
    tmp_path: Path, client: httpx.AsyncClient
) -> None:
    file, proxy = tmp_path / "key", Proxy("sk-old")
    file.write_text("sk-old\n")
    with serving(proxy.answer) as url:
        source = polled_source(
            config(tmp_path, type="litellm", url=url, api_key_file=str(file)), client, watermark_ms=None, now_ms=NOW_MS
        )
        await source.poll(NOW_MS)
        proxy.key = "sk-new"
        file.write_text("sk-new\n")
        await source.poll(NOW_MS + 60_000)
        assert proxy.seen[-2:] == ["Bearer sk-old", "Bearer sk-new"]


async def test_a_key_that_comes_while_the_refusal_is_waited_out_heals_at_the_next_poll(
    tmp_path: Path, client: httpx.AsyncClient
) -> None:
    file, proxy = tmp_path / "key", Proxy("sk-new")
    file.write_text("sk-old")
    with serving(proxy.answer) as url:
        source = polled_source(
            config(tmp_path, type="litellm", url=url, api_key_file=str(file)), client, watermark_ms=None, now_ms=NOW_MS
        )
        with pytest.raises(KeyRefusedError, match="refuses the key"):
            await source.poll(NOW_MS)
        for _ in range(3):
            with pytest.raises(CollectorError, match="refuses the key"):
                await source.poll(NOW_MS + 1_000)
        assert len(proxy.seen) == 1, "the server is left alone meanwhile"
        file.write_text("sk-new")
        await source.poll(NOW_MS + 2_000)
        assert proxy.seen == ["Bearer sk-old", "Bearer sk-new"]


class Refusing:
    """A source that takes one key, and is asked without pauses."""

    name, kind, poll_seconds = "refusing", "litellm", 15.0

    def __init__(self, key: str, wanted: Callable[[], str]) -> None:
        self.key, self.wanted = key, wanted

    async def poll(self, _now_ms: int) -> Poll:
        if self.key != self.wanted():
            raise KeyRefusedError("refuses the key")
        return Poll()


def rekeyed(said: SourceConfig, key: str, wanted: str) -> tuple[Rekeyed, Refusing]:
    refusing = Refusing(key, lambda: wanted)
    return Rekeyed(refusing, said, key, lambda another: setattr(refusing, "key", another)), refusing


async def test_a_command_runs_once_for_each_refusal(tmp_path: Path) -> None:
    script, count = tmp_path / "tell", tmp_path / "count"
    script.write_text(f"#!/bin/sh\necho x >> {shlex.quote(str(count))}\ncat {shlex.quote(str(tmp_path / 'vault'))}\n")
    script.chmod(0o700)
    (tmp_path / "vault").write_text("sk-old")
    said = config(tmp_path, type="litellm", url="http://127.0.0.1:9", api_key_command=str(script))
    source, refusing = rekeyed(said, "sk-old", "sk-new")
    for runs in (1, 2):
        with pytest.raises(KeyRefusedError):
            await source.poll(NOW_MS)
        assert len(count.read_text().split()) == runs
    (tmp_path / "vault").write_text("sk-new")
    await source.poll(NOW_MS)
    assert refusing.key == "sk-new"
    for _ in range(3):
        await source.poll(NOW_MS)
    assert len(count.read_text().split()) == 3, "not while it is let in"


async def test_a_variable_of_the_environment_is_read_again_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "A_KEY", "sk-new")
    said = config(tmp_path, type="litellm", url="http://127.0.0.1:9", api_key_env="A_KEY")
    source, refusing = rekeyed(said, "sk-old", "sk-new")
    await source.poll(NOW_MS)
    assert refusing.key == "sk-new"


async def test_a_key_that_cannot_be_read_any_more_leaves_the_refusal_as_it_is(tmp_path: Path) -> None:
    said = config(tmp_path, type="litellm", url="http://127.0.0.1:9", api_key_file=str(tmp_path / "gone"))
    source, _ = rekeyed(said, "sk-old", "sk-new")
    for _ in range(2):
        with pytest.raises(KeyRefusedError, match="refuses the key"):
            await source.poll(NOW_MS)


async def test_keys_that_come_or_change_while_it_collects_heal_an_engine_and_a_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.keyed.AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("collectors.runner.back_off_seconds", lambda *_: 0.05)
    file, proxy, store = tmp_path / "key", Proxy("sk-new"), tmp_path / "usdtop.db"
    other = tmp_path / "later"
    file.write_text("sk-old")
    with serving(proxy.answer) as url:
        sources = [
            {
                "type": "engine",
                "name": "vllm",
                "url": f"{url}/metrics",
                "api_key_file": str(file),
                "poll_every": "0.05s",
            },
            {"type": "litellm", "name": "gateway", "url": url, "api_key_file": str(other)},
        ]
        said = from_mapping({"gpu": {"enabled": False}, "source": sources}, tmp_path / "c.toml")
        stop = asyncio.Event()
        running = asyncio.create_task(Collection(said, store, clock=now_ms, say=lambda _: None).run(stop))

        def states() -> dict[str, SourceState]:
            try:
                with closing(Reader(store)) as reader:
                    return {one.health.name: one.health.state for one in reader.sources()}
            except StoreError:  # not there yet
                return {}

        failing = {"vllm": SourceState.FAILING, "gateway": SourceState.FAILING}
        await asyncio.to_thread(eventually, lambda: states() == failing, 60, "both refused")
        file.write_text("sk-new")
        other.write_text("sk-new")
        healed = {"vllm": SourceState.OK, "gateway": SourceState.OK}
        await asyncio.to_thread(eventually, lambda: states() == healed, 60, "both healed")
        stop.set()
        await running
