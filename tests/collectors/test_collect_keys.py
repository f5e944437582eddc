"""A source whose key is not there says so, and stops none of the others."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from collectors.clock import now_ms
from collectors.collect import Collection
from collectors.settings.config import from_mapping
from store.facts import SourceState
from store.reader import Reader
from store.tables import StoreError
from tests.fakes.payloads import payload
from tests.fakes.waiting import eventually

WITHOUT_KEYS = [
    {"type": "helicone", "api_key_env": "NOWHERE"},
    {"type": "engine", "name": "vllm", "url": "http://127.0.0.1:9/metrics", "api_key_file": "/nowhere"},
    {"type": "postgres", "url": "postgresql://usdtop:hunter2@db/litellm"},
]


async def test_sources_without_their_keys_fail_with_a_sentence_and_the_log_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    log, store = tmp_path / "gateway.jsonl", tmp_path / "usdtop.db"
    log.write_bytes(payload("a") + b"\n")
    sources = [*WITHOUT_KEYS, {"type": "file", "name": "log", "path": str(log)}]
    config = from_mapping({"gpu": {"enabled": False}, "source": sources}, tmp_path / "c.toml")
    stop = asyncio.Event()
    running = asyncio.create_task(Collection(config, store, clock=now_ms, say=lambda _: None).run(stop))

    def states() -> dict[str, tuple[SourceState, str]]:
        try:
            with closing(Reader(store)) as reader:
                return {one.health.name: (one.health.state, one.health.detail) for one in reader.sources()}
        except StoreError:  # not there yet
            return {}

    await asyncio.to_thread(eventually, lambda: len(states()) == 4, 60, "all four sources")
    stop.set()
    await running
    found = states()
    assert found["log"][0] is SourceState.OK
    for name, why in (
        ("helicone", "NOWHERE holds no key"),
        ("vllm", "cannot be read"),
        ("postgres", "holds a password"),
    ):
        assert found[name][0] is SourceState.FAILING
        assert why in found[name][1]
    assert "hunter2" not in str(found)
