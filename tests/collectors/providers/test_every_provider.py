"""Every registered provider against a server that speaks its documented schema, and everything that goes wrong with one."""

import asyncio
from pathlib import Path

import pytest

from collectors.providers.registry import NAMES, provider
from tests.fakes.provider_accounts import KEYED, SCRIPTS, account, balances, billed, holds_everything, used
from tests.fakes.provider_server import KEY, NOW_MS, Trouble, serving

every_provider = pytest.mark.parametrize("name", KEYED)

_PAUSE_MS = 600_000
"""Longer than any pause after a failure."""


@pytest.fixture(scope="module")
def asked_for() -> dict[str, int]:
    """With how many requests each provider is read in pages of two rows, once that is known."""
    return {}


@every_provider
async def test_everything_is_read_once_and_again_without_counting_twice(name: str, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(SCRIPTS[name]) as server:
        async with account(name, server, store) as reader:
            await reader.read()
            assert reader.errors == []
            assert reader.rejected == 0
            assert holds_everything(store, SCRIPTS[name])
            reader.now_ms += _PAUSE_MS * 3
            await reader.read()
            assert holds_everything(store, SCRIPTS[name])
        async with account(name, server, store, now_ms=NOW_MS + _PAUSE_MS * 6) as restarted:
            await restarted.read()
            assert holds_everything(store, SCRIPTS[name])


@every_provider
@pytest.mark.parametrize("page_size", [1, 2])
async def test_pages_are_followed_to_the_end(name: str, page_size: int, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(SCRIPTS[name]) as server:
        server.page_size = page_size
        async with account(name, server, store) as reader:
            await reader.read()
            assert reader.errors == []
    assert holds_everything(store, SCRIPTS[name])


@every_provider
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(429, {"Retry-After": "7"}),
        Trouble(429, {"Retry-After": "Wed, 18 Nov 2026 11:09:00 GMT"}),
        Trouble(429),
        Trouble(500),
        Trouble(503, {"Retry-After": "30"}),
        Trouble(529),
        Trouble(drops=True),
    ],
    ids=["429", "429-date", "429-bare", "500", "503", "529", "drop"],
)
async def test_a_trouble_at_any_request_loses_nothing_and_counts_nothing_twice(
    name: str, trouble: Trouble, asked_for: dict[str, int], tmp_path: Path
) -> None:
    if name not in asked_for:
        with serving(SCRIPTS[name]) as server:
            server.page_size = 2
            async with account(name, server, tmp_path / "whole.db") as reader:
                await reader.read()
            asked_for[name] = len(server.asked)
    requests = asked_for[name]
    for number in sorted({0, 1, requests // 2, requests - 1}):
        store = tmp_path / f"{number}.db"
        with serving(SCRIPTS[name]) as server:
            server.page_size, server.troubles, server.troubles_from = 2, [trouble], number
            async with account(name, server, store) as reader:
                await reader.read(step_ms=_PAUSE_MS)
                assert reader.errors != [] or number >= len(server.asked)
        assert holds_everything(store, SCRIPTS[name])


@every_provider
async def test_a_server_that_wants_a_pause_is_not_asked_before_it_is_over(name: str, tmp_path: Path) -> None:
    with serving(SCRIPTS[name]) as server:
        server.troubles = [Trouble(429, {"Retry-After": "7"})]
        async with account(name, server, tmp_path / "usdtop.db") as reader:
            for later_ms in (0, 3_000, 6_999):
                reader.now_ms = NOW_MS + later_ms
                await reader.poll()
                assert len(server.asked) == 1
            reader.now_ms = NOW_MS + round(provider(name).endpoints[0].every_seconds) * 1_000
            await reader.poll()
            assert len(server.asked) > 1


@every_provider
async def test_a_server_that_never_answers_is_given_up_for_a_while(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.web.polite._SECONDS", 0.05)
    with serving(SCRIPTS[name]) as server:
        server.troubles = [Trouble(hangs=True)]
        async with account(name, server, tmp_path / "usdtop.db") as reader:
            await reader.poll()
            monkeypatch.undo()
            assert "has not answered within 0.05 s" in " ".join(reader.errors)
            await reader.read(step_ms=_PAUSE_MS)
    assert holds_everything(tmp_path / "usdtop.db", SCRIPTS[name])


@every_provider
async def test_a_key_that_expired_is_left_alone_and_the_sentence_names_what_it_lacks(name: str, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(SCRIPTS[name]) as server:
        server.key = "another"
        async with account(name, server, store) as reader:
            await reader.read()
            asked = len(server.asked)
            for later_ms in range(0, 300_000, 60_000):
                reader.now_ms = NOW_MS + later_ms
                await reader.poll()
            assert len(server.asked) == asked
            first = provider(name).endpoints[0]
            assert f"it wants {first.permission}" in " ".join(reader.errors)
            server.key = KEY
            await reader.read(step_ms=_PAUSE_MS)
    assert holds_everything(store, SCRIPTS[name])


@every_provider
async def test_fields_that_are_not_known_yet_change_nothing(name: str, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(SCRIPTS[name]) as server:
        server.unknown_fields = True
        async with account(name, server, store) as reader:
            await reader.read()
            assert (reader.errors, reader.rejected) == ([], 0)
    assert holds_everything(store, SCRIPTS[name])


@every_provider
async def test_a_row_without_a_field_that_it_needs_costs_only_itself_and_is_counted(name: str, tmp_path: Path) -> None:
    found = []
    for broken in ("field", "row"):
        store = tmp_path / f"{broken}.db"
        with serving(SCRIPTS[name]) as server:
            server.broken = broken
            async with account(name, server, store) as reader:
                await reader.read()
        found.append((used(store), billed(store), balances(store)))
        if broken == "field":
            assert reader.rejected or "does not answer with" in " ".join(reader.errors)
    if server.broke:
        assert found[0] == found[1]


@every_provider
async def test_what_is_no_answer_at_all_is_a_sentence(name: str, tmp_path: Path) -> None:
    with serving(SCRIPTS[name]) as server:
        server.troubles = [Trouble(200)]
        async with account(name, server, tmp_path / "usdtop.db") as reader:
            await reader.poll()
            assert "does not answer with" in " ".join(reader.errors)
            await reader.read(step_ms=_PAUSE_MS)
    assert holds_everything(tmp_path / "usdtop.db", SCRIPTS[name])


@every_provider
async def test_without_a_key_nobody_is_asked(name: str, tmp_path: Path) -> None:
    with serving(SCRIPTS[name]) as server:
        async with account(name, server, tmp_path / "usdtop.db", key=None) as reader:
            await reader.poll()
            assert reader.errors == [f"{name}: {provider(name).key_variables[0]} is not set"]
        assert server.asked == []


@every_provider
def test_its_documented_intervals_cannot_be_shortened(name: str) -> None:
    from collectors.providers.source import ProviderSource
    from collectors.web.fetch import open_client

    async def seconds() -> list[float]:
        async with open_client() as client:
            return [
                ProviderSource(name, provider(name), client, lambda: KEY, poll_seconds=wanted).poll_seconds
                for wanted in (0.1, 100_000.0)
            ]

    assert asyncio.run(seconds()) == [min(one.every_seconds for one in provider(name).endpoints), 100_000.0]


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_names_its_keys_and_exactly_what_they_must_be_allowed(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "providers.md").read_text()
    known = provider(name)
    endpoints = [*known.endpoints, *(one.otherwise for one in known.endpoints if one.otherwise is not None)]
    said = (f"`{name}`", *known.key_variables, *(endpoint.permission for endpoint in endpoints))
    assert [text for text in said if text not in page] == []
