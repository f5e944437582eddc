"""llama.cpp's server itself, with a model of random numbers: the store holds the tokens that its answers said, no more, no less."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collectors.engines.engine import EngineSource
from collectors.errors import CollectorError
from collectors.web.fetch import open_client
from store.hosts.capacity import work_minutes
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, batch
from tests.fakes.llama_server import LlamaServer, Usage


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LlamaServer]:
    one = LlamaServer(tmp_path)
    one.start()
    yield one
    one.kill()


def at_once(server: LlamaServer, prompts: list[str]) -> list[Usage]:
    """More of them at a time than the server has slots for."""
    with ThreadPoolExecutor(max_workers=len(prompts)) as clients:
        return list(clients.map(lambda prompt: server.complete(prompt, 40), prompts))


def stored(path: Path) -> tuple[int, int, int]:
    reader = Reader(path)
    minutes = work_minutes(reader.ask, "llama", "tiny", AT_MS - 60_000, AT_MS + 3_600_000)
    reader.close()
    columns = ((one.input_tokens, one.cache_read_tokens, one.output_tokens) for one in minutes)
    computed, cached, output = (sum(column) for column in zip(*columns, strict=True))
    return computed, cached, output


def told(answers: list[Usage]) -> tuple[int, int, int]:
    cached = sum(one.cached for one in answers)
    return sum(one.prompt for one in answers) - cached, cached, sum(one.output for one in answers)


async def test_what_is_stored_is_what_the_answers_said_across_idling_and_a_restart(
    server: LlamaServer, tmp_path: Path
) -> None:
    path, answers, at_ms = tmp_path / "usdtop.db", list[Usage](), AT_MS
    writer = Writer(path)
    async with open_client() as client:
        source = EngineSource("llama", server.url, client, model="tiny")

        async def poll() -> None:
            nonlocal at_ms
            at_ms += 2_000
            writer.write(
                batch(source="llama", kind="engine", at_ms=at_ms, engines=(await source.poll(at_ms)).engines)
            )  # fmt: skip

        server.complete("before anybody watched", 5)
        await poll()
        for prompt in ("who pays for this?", "who pays for this? and that?"):
            answers.append(server.complete(prompt, 30))
            await poll()
        busy = asyncio.to_thread(at_once, server, [f"question {number} of several" for number in range(6)])
        asked = asyncio.create_task(busy)
        while not asked.done():
            await poll()
        answers += await asked
        for _ in range(3):
            await poll()
        before_the_kill = sum(one.output for one in answers)
        assert stored(path) == told(answers)
        assert any(one.cached for one in answers), "the second prompt begins as the first"

        server.kill()
        with pytest.raises(CollectorError):
            await poll()
        server.start()
        # The new life has counted more than the old one had, before anybody looks at it.
        while sum(one.output for one in answers) < 2 * before_the_kill + 10:
            answers += at_once(server, ["again", "and again", "and once more"])
        await poll()
        answers.append(server.complete("the last one", 8))
        await poll()
    writer.close()
    assert stored(path) == told(answers)
